#include "tests/json_examples.h"

#include <stdlib.h>
#include <string.h>

#include "feed/venue/binance/json.h"

const struct json_example json_examples[] = {
	/* spot */
	{"{\"stream\":\"abcusdt@trade\",\"data\":{\"e\":\"trade\",\"E\":1700000000123,"
	 "\"s\":\"ABCUSDT\",\"t\":77,\"p\":\"12.34000000\",\"q\":\"0.50000000\",\"b\":88,"
	 "\"a\":99,\"T\":1700000000120,\"m\":true,\"M\":true}}",
	    EVENT_TRADE},
	{"{\"e\":\"aggTrade\",\"E\":1700000000123,\"s\":\"ABCUSDT\",\"a\":5,"
	 "\"p\":\"12.34000000\",\"q\":\"0.50000000\",\"f\":10,\"l\":12,\"T\":1700000000121,"
	 "\"m\":false,\"M\":true}",
	    EVENT_AGG_TRADE},
	{"{\"u\":400,\"s\":\"ABCUSDT\",\"b\":\"1.10000000\",\"B\":\"2.00000000\","
	 "\"a\":\"1.20000000\",\"A\":\"3.00000000\"}",
	    EVENT_QUOTE},
	{"{\"stream\":\"abcusdt@depth@100ms\",\"data\":{\"e\":\"depthUpdate\","
	 "\"E\":1700000000123,\"s\":\"ABCUSDT\",\"U\":5,\"u\":9,\"b\":[[\"1.10000000\","
	 "\"2.00000000\"],[\"1.09000000\",\"0.00000000\"]],\"a\":[]}}",
	    EVENT_DEPTH},
	{"{\"stream\":\"abcusdt@depth5\",\"data\":{\"lastUpdateId\":160,\"bids\":[[\"1.1\","
	 "\"2\"]],\"asks\":[[\"1.2\",\"3\"],[\"1.3\",\"4\"]]}}",
	    EVENT_PARTIAL_DEPTH},
	{"{\"e\":\"kline\",\"E\":1700000000123,\"s\":\"ABCUSDT\",\"k\":{\"t\":1700000000000,"
	 "\"T\":1700000059999,\"s\":\"ABCUSDT\",\"i\":\"1m\",\"f\":100,\"L\":200,"
	 "\"o\":\"0.0010\",\"c\":\"0.0020\",\"h\":\"0.0025\",\"l\":\"0.0015\",\"v\":\"1000\","
	 "\"n\":101,\"x\":true,\"q\":\"1.0\",\"V\":\"500\",\"Q\":\"0.5\",\"B\":\"0\"}}",
	    EVENT_KLINE},
	/* USD-M */
	{"{\"e\":\"trade\",\"E\":1700000000123,\"T\":1700000000120,\"s\":\"ABCUSDT\",\"t\":77,"
	 "\"p\":\"12.34\",\"q\":\"5\",\"X\":\"MARKET\",\"m\":false}",
	    EVENT_TRADE},
	{"{\"e\":\"aggTrade\",\"E\":1700000000123,\"a\":5,\"s\":\"ABCUSDT\",\"p\":\"12.34\","
	 "\"q\":\"5\",\"nq\":\"5\",\"f\":10,\"l\":12,\"T\":1700000000121,\"m\":true}",
	    EVENT_AGG_TRADE},
	{"{\"e\":\"bookTicker\",\"u\":7,\"s\":\"ABCUSDT\",\"b\":\"10.5\",\"B\":\"7\","
	 "\"a\":\"10.6\",\"A\":\"4\",\"T\":1700000000111,\"E\":1700000000112}",
	    EVENT_QUOTE},
	{"{\"e\":\"depthUpdate\",\"E\":1700000000123,\"T\":1700000000122,\"s\":\"ABCUSDT\","
	 "\"ps\":\"ABCUSDT\",\"U\":5,\"u\":9,\"pu\":4,\"b\":[[\"1.1\",\"2\"]],\"a\":[[\"1.2\","
	 "\"0\"]],\"st\":1}",
	    EVENT_DEPTH},
	{"{\"stream\":\"abcusdt@depth20@500ms\",\"data\":{\"e\":\"depthUpdate\","
	 "\"E\":1700000000123,\"T\":1700000000122,\"s\":\"ABCUSDT\",\"U\":5,\"u\":9,\"pu\":-1,"
	 "\"b\":[],\"a\":[[\"1.2\",\"3\"]]}}",
	    EVENT_PARTIAL_DEPTH},
	/* COIN-M */
	{"{\"stream\":\"abcusd_perp@bookTicker\",\"data\":{\"u\":1,\"e\":\"bookTicker\","
	 "\"s\":\"ABCUSD_PERP\",\"ps\":\"ABCUSD\",\"b\":\"10.5\",\"B\":\"7\",\"a\":\"10.6\","
	 "\"A\":\"4\",\"T\":1700000000111,\"E\":1700000000112}}",
	    EVENT_QUOTE},
	/* replies */
	{"{\"result\":null,\"id\":1}", EVENT_REPLY},
	{"{\"result\":[\"abcusdt@trade\"],\"id\":3}", EVENT_REPLY},
	{"{\"code\":2,\"msg\":\"Invalid request\",\"id\":4}", EVENT_ERROR_REPLY},
	{"{\"error\":{\"code\":3,\"msg\":\"Invalid JSON\"},\"id\":\"k1\"}", EVENT_ERROR_REPLY},
	/* shutdown */
	{"{\"e\":\"serverShutdown\",\"E\":1700000000123}", EVENT_SERVER_SHUTDOWN},
	{"{\"stream\":\"!serverShutdown\",\"data\":{\"e\":\"serverShutdown\","
	 "\"E\":1700000000123}}",
	    EVENT_SERVER_SHUTDOWN},
	{"{\"event\":{\"e\":\"serverShutdown\",\"E\":1700000000123}}", EVENT_SERVER_SHUTDOWN},
	/* what we do not know */
	{"{\"e\":\"assetIndexUpdate\",\"E\":1700000000123,\"s\":\"ABCUSD\",\"i\":\"0.27\"}",
	    EVENT_UNKNOWN},
	{"{\"e\":[1,2],\"E\":1700000000123,\"o\":{\"s\":\"A\"}}", EVENT_UNKNOWN},
	{"\"text\"", EVENT_UNKNOWN},
	/* figures, states, arrays */
	{"{\"stream\":\"abcusdt@avgPrice\",\"data\":{\"e\":\"avgPrice\",\"E\":1700000000123,"
	 "\"s\":\"ABCUSDT\",\"i\":\"5m\",\"w\":\"1.5\",\"T\":1700000000000}}",
	    EVENT_AVG_PRICE},
	{"{\"e\":\"blockTrade\",\"E\":1700000000123,\"s\":\"ABCUSDT\",\"t\":582,"
	 "\"p\":\"0.052\",\"q\":\"5838\",\"T\":1700000000120,\"m\":true}",
	    EVENT_BLOCK_TRADE},
	{"{\"stream\":\"abcusdt@miniTicker\",\"data\":{\"e\":\"24hrMiniTicker\","
	 "\"E\":1700000000123,\"s\":\"ABCUSDT\",\"c\":\"0.0025\",\"o\":\"0.0010\","
	 "\"h\":\"0.0026\",\"l\":\"0.0009\",\"v\":\"10000\",\"q\":\"18.5\"}}",
	    EVENT_MINI_TICKER},
	{"{\"e\":\"24hrTicker\",\"E\":1700000000123,\"s\":\"ABCUSDT\",\"p\":\"-0.0015\","
	 "\"P\":\"-25.000\",\"w\":\"0.00181234\",\"x\":\"0.0009\",\"c\":\"0.0025\","
	 "\"Q\":\"10\",\"b\":\"0.0024\",\"B\":\"11\",\"a\":\"0.0026\",\"A\":\"100\","
	 "\"o\":\"0.0010\",\"h\":\"0.0027\",\"l\":\"0.0008\",\"v\":\"10000\",\"q\":\"18\","
	 "\"O\":1699913600123,\"C\":1700000000123,\"F\":7,\"L\":18150,\"n\":18144}",
	    EVENT_TICKER},
	{"{\"e\":\"24hrTicker\",\"E\":1700000000123,\"s\":\"ABCUSD_PERP\",\"ps\":\"ABCUSD\","
	 "\"p\":\"-0.03180\",\"P\":\"-4.920\",\"w\":\"0.62978119\",\"c\":\"0.61456\","
	 "\"Q\":\"75\",\"o\":\"0.64636\",\"h\":\"0.65259\",\"l\":\"0.60408\","
	 "\"v\":\"7642536\",\"q\":\"121352243.91177693\",\"O\":1699913580000,"
	 "\"C\":1700000000111,\"F\":112137197,\"L\":112256137,\"n\":118941}",
	    EVENT_TICKER},
	{"{\"stream\":\"abcusdt@ticker_4h\",\"data\":{\"e\":\"4hTicker\",\"E\":1700000000123,"
	 "\"s\":\"ABCUSDT\",\"p\":\"0.0015\",\"P\":\"250.00\",\"o\":\"0.0010\","
	 "\"h\":\"0.0025\",\"l\":\"0.0010\",\"c\":\"0.0025\",\"w\":\"0.0018\",\"v\":\"10000\","
	 "\"q\":\"18\",\"O\":0,\"C\":1700000000111,\"F\":0,\"L\":18150,\"n\":18151}}",
	    EVENT_TICKER},
	{"{\"e\":\"referencePrice\",\"s\":\"ABCUSDT\",\"r\":\"86699.09224517\","
	 "\"t\":1700000000012}",
	    EVENT_REFERENCE_PRICE},
	{"{\"e\":\"referencePrice\",\"s\":\"ABCUSDT\",\"r\":null,\"t\":1700000000012}",
	    EVENT_REFERENCE_PRICE},
	{"{\"stream\":\"abcusdt@markPrice@1s\",\"data\":{\"e\":\"markPriceUpdate\","
	 "\"E\":1700000000123,\"s\":\"ABCUSDT\",\"p\":\"68005.80802899\",\"ap\":\"68005.1\","
	 "\"P\":\"67836.82194783\",\"i\":\"68035.14043478\",\"r\":\"-0.00004435\","
	 "\"T\":1700028800000}}",
	    EVENT_MARK_PRICE},
	{"{\"e\":\"markPriceUpdate\",\"E\":1700000000123,\"s\":\"ABCUSD_231229\","
	 "\"p\":\"29996.97713232\",\"P\":\"29910.05037677\",\"r\":\"\",\"T\":0}",
	    EVENT_MARK_PRICE},
	{"{\"stream\":\"abcusd@indexPrice\",\"data\":{\"e\":\"indexPriceUpdate\","
	 "\"E\":1700000000123,\"i\":\"ABCUSD\",\"p\":\"29931.29009091\"}}",
	    EVENT_MARK_PRICE},
	{"{\"e\":\"compositeIndex\",\"E\":1700000000123,\"s\":\"DEFUSDT\",\"p\":\"859.6\","
	 "\"C\":\"baseAsset\",\"c\":[{\"b\":\"A\",\"q\":\"USDT\",\"w\":\"33.2\"}]}",
	    EVENT_MARK_PRICE},
	{"{\"e\":\"forceOrder\",\"E\":1700000000123,\"o\":{\"s\":\"ABCUSDT\",\"S\":\"SELL\","
	 "\"o\":\"LIMIT\",\"f\":\"IOC\",\"q\":\"1065.9\",\"p\":\"8.037\",\"ap\":\"7.92055\","
	 "\"X\":\"FILLED\",\"l\":\"111.4\",\"z\":\"1065.9\",\"T\":1700000000120}}",
	    EVENT_LIQUIDATION},
	{"{\"stream\":\"abcusd_perpetual@continuousKline_5m\","
	 "\"data\":{\"e\":\"continuous_kline\",\"E\":1700000000123,\"ps\":\"ABCUSD\","
	 "\"ct\":\"PERPETUAL\",\"k\":{\"t\":1700000000000,\"T\":1700000299999,\"i\":\"5m\","
	 "\"f\":473,\"L\":474,\"o\":\"29949.2\",\"c\":\"29947.9\",\"h\":\"29949.3\","
	 "\"l\":\"29947.8\",\"v\":\"4217\",\"n\":64,\"x\":false,\"q\":\"14.08\",\"V\":\"276\","
	 "\"Q\":\"0.92\",\"B\":\"0\"}}}",
	    EVENT_KLINE},
	{"{\"e\":\"contractInfo\",\"E\":1700000000123,\"s\":\"ABCUSDT\",\"ps\":\"ABCUSDT\","
	 "\"ct\":\"PERPETUAL\",\"dt\":4133404800000,\"ot\":1569398400000,"
	 "\"cs\":\"PENDING_TRADING\",\"bks\":[{\"bs\":1,\"mmr\":0.01}]}",
	    EVENT_STATUS},
	{"[{\"e\":\"24hrMiniTicker\",\"s\":\"A\"},{\"e\":\"24hrMiniTicker\",\"s\":\"B\"}]",
	    EVENT_LIST},
	{"{\"stream\":\"!markPrice@arr\",\"data\":[{\"e\":\"markPriceUpdate\"}]}",
	    EVENT_LIST},
	{NULL, EVENT_UNKNOWN},
};

static struct event_scratch scratch;

enum decode_result
json_example_decode(struct bytes text, struct event *out)
{
	static char *copy;

	free(copy);
	copy = malloc(text.n + JSON_PADDING);
	if (copy == NULL)
		abort();
	if (text.n > 0)
		memcpy(copy, text.p, text.n);
	memset(copy + text.n, '5', JSON_PADDING);
	return json_decode((struct bytes){copy, text.n}, &scratch, out);
}

enum decode_result
json_example_decode_text(const char *text, struct event *out)
{
	return json_example_decode(bytes_of(text), out);
}

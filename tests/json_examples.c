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
	{"{\"stream\":\"abcusdt@avgPrice\",\"data\":{\"e\":\"avgPrice\",\"E\":1700000000123,"
	 "\"s\":\"ABCUSDT\",\"i\":\"5m\",\"w\":\"1.5\",\"T\":1700000000000}}",
	    EVENT_UNKNOWN},
	{"[{\"e\":\"24hrTicker\",\"s\":\"A\"},{\"e\":\"24hrTicker\",\"s\":\"B\"}]",
	    EVENT_UNKNOWN},
	{"{\"e\":\"forceOrder\",\"E\":1700000000123,\"o\":{\"s\":\"A\",\"X\":\"FILLED\","
	 "\"l\":[1,2]}}",
	    EVENT_UNKNOWN},
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

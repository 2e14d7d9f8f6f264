#include "feed/venue/binance/rest_host.h"

#include <stddef.h>

struct pair {
	const char *key, *value;
};

/* From Binance's API documentation as of 2026-08. */
static const struct pair hosts[] = {
	{"stream.binance.com", "api.binance.com"},
	{"data-stream.binance.vision", "data-api.binance.vision"},
	{"stream-sbe.binance.com", "api.binance.com"},
	{"fstream.binance.com", "fapi.binance.com"},
	{"dstream.binance.com", "dapi.binance.com"},
	{"stream.testnet.binance.vision", "testnet.binance.vision"},
	{"stream-sbe.testnet.binance.vision", "testnet.binance.vision"},
	{"demo-stream.binance.com", "demo-api.binance.com"},
};

static const struct pair prefixes[] = {
	{"spot", "/api/v3"},
	{"spot-sbe", "/api/v3"},
	{"usdm", "/fapi/v1"},
	{"coinm", "/dapi/v1"},
	{"options", "/eapi/v1"},
};

static const char *
look_up(const struct pair *pair, size_t n, struct bytes key)
{
	for (size_t i = 0; i < n; i++)
		if (bytes_equal(bytes_of(pair[i].key), key))
			return pair[i].value;
	return NULL;
}

const char *
rest_host_of(struct bytes stream_host)
{
	return look_up(hosts, sizeof(hosts) / sizeof(hosts[0]), stream_host);
}

const char *
rest_prefix_of(struct bytes product)
{
	return look_up(prefixes, sizeof(prefixes) / sizeof(prefixes[0]), product);
}

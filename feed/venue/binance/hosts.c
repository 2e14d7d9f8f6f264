#include "feed/venue/binance/hosts.h"

#include <stddef.h>

/* Binance, 2026-08. `products`: venues' names, each followed by a blank. */
static const struct row {
	const char *host, *products, *words;
	bool rest;
} rows[] = {
	{"stream.binance.com", "spot ", "streams of spot", false},
	{"data-stream.binance.vision", "spot ", "streams of spot", false},
	{"stream-sbe.binance.com", "spot-sbe ", "streams of spot-sbe", false},
	{"fstream.binance.com", "usdm options ", "streams of usdm and options", false},
	{"dstream.binance.com", "coinm ", "streams of coinm", false},
	{"stream.binance.us", "us ", "streams of us", false},
	{"stream.testnet.binance.vision", "testnet ", "streams of testnet", false},
	{"stream-sbe.testnet.binance.vision", "testnet-sbe ", "streams of testnet-sbe", false},
	{"demo-stream.binance.com", "demo ", "streams of demo", false},
	{"api.binance.com", "spot spot-sbe ", "REST of spot", true},
	{"api-gcp.binance.com", "spot spot-sbe ", "REST of spot", true},
	{"api1.binance.com", "spot spot-sbe ", "REST of spot", true},
	{"api2.binance.com", "spot spot-sbe ", "REST of spot", true},
	{"api3.binance.com", "spot spot-sbe ", "REST of spot", true},
	{"api4.binance.com", "spot spot-sbe ", "REST of spot", true},
	{"data-api.binance.vision", "spot spot-sbe ", "REST of spot", true},
	{"fapi.binance.com", "usdm ", "REST of usdm", true},
	{"dapi.binance.com", "coinm ", "REST of coinm", true},
	{"eapi.binance.com", "options ", "REST of options", true},
	{"api.binance.us", "us ", "REST of us", true},
	{"testnet.binance.vision", "testnet testnet-sbe ", "REST of testnet", true},
	{"demo-api.binance.com", "demo ", "REST of demo", true},
};

static char
lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* Host names know no case, and may end with a dot. */
static bool
is_host(struct bytes host, const char *known)
{
	size_t n = strlen(known);

	if (host.n == n + 1 && host.p[n] == '.')
		host.n = n;
	if (host.n != n)
		return false;
	for (size_t i = 0; i < n; i++)
		if (lower(host.p[i]) != known[i])
			return false;
	return true;
}

static bool
has_product(const char *products, struct bytes product)
{
	for (const char *end; (end = strchr(products, ' ')) != NULL; products = end + 1)
		if (bytes_equal(product, (struct bytes){products, (size_t)(end - products)}))
			return true;
	return false;
}

const char *
hosts_mismatch(struct bytes host, struct bytes product, bool rest)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (is_host(host, rows[i].host))
			return rows[i].rest == rest && has_product(rows[i].products, product)
			    ? NULL : rows[i].words;
	return NULL;
}

#include "feed/venue/binance/limits.h"

#include <stddef.h>
#include <string.h>

#define MS(n) {(int64_t)(n) * 1000000}
#define S(n) MS((n) * 1000)
#define MIN(n) S((n) * 60)
#define H(n) MIN((n) * 60)

/* Binance, web-socket-streams.md and the futures' "Connect" pages (2026-08); 4000: practice. */
static const struct limits rows[] = {
	{"spot", S(20), S(60), 5, 1024, 300, MIN(5), H(24), 4000},
	{"usdm", MIN(3), MIN(10), 10, 1024, 300, MIN(5), H(24), 4000},
	{"coinm", MIN(3), MIN(10), 10, 1024, 300, MIN(5), H(24), 4000},
	{"options", MIN(5), MIN(15), 10, 200, 300, MIN(5), H(24), 4000},
};

const struct limits *
limits_find(const char *product)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (strcmp(rows[i].product, product) == 0)
			return &rows[i];
	return NULL;
}

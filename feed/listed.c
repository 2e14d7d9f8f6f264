#include <string.h>

#include "feed/pipeline_impl.h"
#include "feed/venue/binance/streams.h"

uint32_t
listed_number(const struct pipeline *p, struct bytes name)
{
	char symbol[TICK_SYMBOL_MAX];
	struct stream_name parts;
	enum event_kind kind;
	uint32_t number;
	int64_t id;
	size_t n;

	if (stream_parse(name, &parts) != STREAM_FINE || !pipeline_kind_of(parts.class, &kind))
		return ROSTER_NONE;
	number = roster_find_name(&p->roster, p->instruments_max, kind, name);
	if (number != ROSTER_NONE)
		return number;
	n = stream_symbol_upper(parts.symbol, symbol, sizeof(symbol));
	id = n == 0 ? -1 : ring_find(p->cfg.ring, symbol, n);
	return id < 0 ? ROSTER_NONE : roster_find_name(&p->roster, (uint32_t)id, kind, name);
}

/* Streams that are not watched count as listed: nobody could tell. */
static void
begin(struct pipeline *p)
{
	for (uint32_t number = 0; number < p->roster.streams_max; number++) {
		uint64_t bit = UINT64_C(1) << number % 64;

		if (p->roster.stream[number].name == NULL)
			p->listed[number / 64] |= bit;
		else
			p->listed[number / 64] &= ~bit;
	}
}

bool
listed_read(struct pipeline *p, struct bytes result)
{
	const char *at = result.p, *end = result.p + result.n, *quote;
	uint32_t number;

	if (result.n < 2 || *at != '[' || p->listed_waits)
		return false;
	begin(p);
	/* No escapes: a name that has some is not found, and asked for once more. */
	while ((at = memchr(at, '"', (size_t)(end - at))) != NULL) {
		at++;
		quote = memchr(at, '"', (size_t)(end - at));
		if (quote == NULL)
			break;
		number = listed_number(p, (struct bytes){at, (size_t)(quote - at)});
		if (number != ROSTER_NONE)
			p->listed[number / 64] |= UINT64_C(1) << number % 64;
		at = quote + 1;
	}
	p->listed_waits = true;
	return true;
}

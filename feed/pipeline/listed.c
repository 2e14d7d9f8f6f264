#include <string.h>

#include "feed/pipeline/pipeline_impl.h"
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

/* Of any stream; UINT32_MAX: it has none. */
static uint32_t
number_of(const struct pipeline *p, struct bytes name)
{
	uint32_t number = listed_number(p, name);

	if (number == ROSTER_NONE && p->cfg.number_of != NULL)
		number = p->cfg.number_of(p->cfg.number_context, name);
	return number < p->roster.streams_max ? number : UINT32_MAX;
}

bool
listed_read(struct pipeline *p, unsigned line, struct bytes result)
{
	const char *at = result.p, *end = result.p + result.n, *quote;
	uint64_t *listed = p->listed + line * p->listed_words;
	uint32_t number;

	if (result.n < 2 || *at != '[')
		return false;
	memset(listed, 0, p->listed_words * sizeof(*listed));
	/* No escapes: a name that has some is not found, and asked for once more. */
	while ((at = memchr(at, '"', (size_t)(end - at))) != NULL) {
		at++;
		quote = memchr(at, '"', (size_t)(end - at));
		if (quote == NULL)
			break;
		number = number_of(p, (struct bytes){at, (size_t)(quote - at)});
		if (number != UINT32_MAX)
			listed[number / 64] |= UINT64_C(1) << number % 64;
		at = quote + 1;
	}
	return true;
}

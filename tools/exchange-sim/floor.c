#include "tools/exchange-sim/floor.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const struct floor *sorting; /* qsort() has no context argument */

static int
by_name(const void *a, const void *b)
{
	const uint32_t *x = a, *y = b;

	return strcmp(sorting->symbol[*x].what.name, sorting->symbol[*y].what.name);
}

/* Reads the list; an item of digits only stands for that many symbols. */
static int
read_list(struct floor *f, const char *list)
{
	struct bytes rest = bytes_of(list), part;
	char name[24], *end;
	unsigned long n = strtoul(list, &end, 10);

	if (list[0] != '\0' && *end == '\0') {
		if (n == 0)
			return -EDOM;
		if (n > FLOOR_SYMBOLS_MAX)
			return -ERANGE;
		for (f->nsymbols = 0; f->nsymbols < n; f->nsymbols++)
			instrument_numbered(&f->symbol[f->nsymbols].what, f->nsymbols);
		return 0;
	}
	while (rest.n > 0) {
		const char *comma = memchr(rest.p, ',', rest.n);

		part = (struct bytes){rest.p, comma ? (size_t)(comma - rest.p) : rest.n};
		rest.p += part.n + (comma != NULL);
		rest.n -= part.n + (comma != NULL);
		if (part.n >= sizeof(name) || f->nsymbols == FLOOR_SYMBOLS_MAX)
			return -ERANGE;
		memcpy(name, part.p, part.n);
		name[part.n] = '\0';
		if (!instrument_named(&f->symbol[f->nsymbols++].what, name))
			return -EINVAL;
	}
	return f->nsymbols > 0 ? 0 : -EINVAL;
}

int
floor_init(struct floor *f, const char *symbols, uint64_t seed)
{
	int r;

	*f = (struct floor){.seed = seed, .random = {seed}};
	f->symbol = calloc(FLOOR_SYMBOLS_MAX, sizeof(*f->symbol));
	f->by_name = calloc(FLOOR_SYMBOLS_MAX, sizeof(*f->by_name));
	f->active = calloc(FLOOR_SYMBOLS_MAX, sizeof(*f->active));
	if (!publisher_init(&f->publisher) || !f->symbol || !f->by_name || !f->active)
		return -ENOMEM;
	r = read_list(f, symbols);
	if (r < 0)
		return r;
	for (uint32_t i = 0; i < f->nsymbols; i++)
		f->by_name[i] = i;
	sorting = f;
	qsort(f->by_name, f->nsymbols, sizeof(*f->by_name), by_name);
	for (uint32_t i = 1; i < f->nsymbols; i++)
		if (by_name(&f->by_name[i - 1], &f->by_name[i]) == 0)
			return -EEXIST;
	return 0;
}

void
floor_set_product(struct floor *f, enum product product)
{
	f->product = product;
	for (uint32_t i = 0; i < f->nsymbols; i++)
		f->symbol[i].what.product = product;
}

void
floor_fini(struct floor *f)
{
	for (uint32_t i = 0; i < f->nsymbols; i++)
		if (f->symbol[i].built)
			market_fini(&f->symbol[i].market);
	publisher_fini(&f->publisher);
	free(f->symbol);
	free(f->by_name);
	free(f->active);
	*f = (struct floor){0};
}

/* Index of an upper case name, or -1. */
static int
index_of(const struct floor *f, struct bytes name)
{
	uint32_t low = 0, high = f->nsymbols;
	char key[sizeof(f->symbol->what.name)];

	if (name.n >= sizeof(key))
		return -1;
	memcpy(key, name.p, name.n);
	key[name.n] = '\0';
	while (low < high) {
		uint32_t mid = (low + high) / 2;
		int order = strcmp(f->symbol[f->by_name[mid]].what.name, key);

		if (order == 0)
			return (int)f->by_name[mid];
		if (order < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return -1;
}

/* The market of symbol number `i`; NULL without memory. */
static struct market *
market_at(struct floor *f, uint32_t i)
{
	struct floor_symbol *s = &f->symbol[i];
	struct random seeds = {f->seed + i};

	if (!s->built)
		s->built = market_init(&s->market, &s->what, random_next(&seeds));
	return s->built ? &s->market : NULL;
}

struct market *
floor_market(struct floor *f, struct bytes name)
{
	int i = index_of(f, name);

	return i < 0 ? NULL : market_at(f, (uint32_t)i);
}

/* The symbol and slot of a stream, by its name. NULL: not ours, it stays silent. */
static struct floor_symbol *
symbol_of(struct floor *f, const struct stream *s, enum slot *slot)
{
	struct bytes lower;
	char upper[STREAM_NAME_MAX];
	int i;

	if (!stream_slot((struct bytes){s->name, s->name_n}, &lower, slot))
		return NULL;
	for (size_t k = 0; k < lower.n; k++) {
		char c = lower.p[k];

		if (c >= 'A' && c <= 'Z')
			return NULL; /* Binance: symbols of streams are lower case */
		upper[k] = (char)(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
	}
	i = index_of(f, (struct bytes){upper, lower.n});
	return i < 0 || market_at(f, (uint32_t)i) == NULL ? NULL : &f->symbol[i];
}

void
floor_on_wanted(void *ctx, struct stream *s)
{
	struct floor *f = ctx;
	enum slot slot;
	struct floor_symbol *symbol = symbol_of(f, s, &slot);

	if (symbol == NULL)
		return;
	symbol->stream[slot] = s;
	f->realtime += slot <= SLOT_QUOTE;
	if (symbol->wanted++ == 0)
		f->active[f->nactive++] = (uint32_t)(symbol - f->symbol);
}

void
floor_on_unwanted(void *ctx, struct stream *s)
{
	struct floor *f = ctx;
	enum slot slot;
	struct floor_symbol *symbol = symbol_of(f, s, &slot);
	uint32_t i = 0;

	if (symbol == NULL)
		return;
	symbol->stream[slot] = NULL;
	f->realtime -= slot <= SLOT_QUOTE;
	if (--symbol->wanted > 0)
		return;
	while (&f->symbol[f->active[i]] != symbol)
		i++;
	f->active[i] = f->active[--f->nactive];
}

static struct floor_symbol *
symbol_with(const struct market *m)
{
	char *at = (char *)(uintptr_t)m;

	return (struct floor_symbol *)(at - offsetof(struct floor_symbol, market));
}

static bool
wanted(void *ctx, const struct market *m, enum slot slot)
{
	(void)ctx;
	return symbol_with(m)->stream[slot] != NULL;
}

static void
send_event(void *ctx, const struct market_event *e)
{
	struct floor *f = ctx;

	publisher_send(&f->publisher, symbol_with(e->market)->stream[e->slot], e);
	f->messages++;
}

void
floor_advance(struct floor *f, wall_t now)
{
	struct market_sink sink = {wanted, send_event, f};

	for (uint32_t i = 0; i < f->nactive; i++)
		market_advance(&f->symbol[f->active[i]].market, now, &sink);
}

int64_t
floor_move(struct floor *f, int64_t n, wall_t now)
{
	struct market_sink sink = {wanted, send_event, f};
	int64_t before = f->messages, steps = 0;

	if (f->nactive == 0)
		return n;
	while ((f->realtime > 0 ? f->messages - before : steps) < n) {
		uint32_t i = f->active[random_below(&f->random, f->nactive)];

		market_step(&f->symbol[i].market, now, &sink);
		steps++;
	}
	return f->realtime > 0 ? f->messages - before : steps;
}

#include "tools/shm-inspect/filter.h"

#include <string.h>

void
filter_init(struct filter *f, const struct options *o)
{
	f->o = o;
	f->known = 0;
	for (unsigned i = 0; i < OPTIONS_SYMBOLS_MAX; i++)
		f->id[i] = TICK_NO_INSTRUMENT;
}

static unsigned char
upper(char c)
{
	return (unsigned char)(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
}

/* Letters of ASCII in either case: the exchange writes "btcusdt" in its stream names. */
static bool
is_alike(const struct tick_instrument *i, const char *symbol)
{
	size_t n = strlen(symbol);

	if (i->symbol_bytes != n || n > TICK_SYMBOL_MAX)
		return false;
	while (n > 0 && upper(i->symbol[n - 1]) == upper(symbol[n - 1]))
		n--;
	return n == 0;
}

/* The instrument of that very name, else the first that differs only in case. */
static uint32_t
look_up(const struct tick_reader *reader, const char *symbol)
{
	int64_t exact = tick_reader_find(reader, symbol);

	if (exact >= 0)
		return (uint32_t)exact;
	for (uint32_t id = 0; id < tick_reader_instruments(reader); id++)
		if (is_alike(tick_reader_instrument(reader, id), symbol))
			return id;
	return TICK_NO_INSTRUMENT;
}

void
filter_on_directory(struct filter *f, const struct tick_reader *reader)
{
	f->known = tick_reader_instruments(reader);
	for (unsigned i = 0; i < f->o->symbols; i++)
		f->id[i] = look_up(reader, f->o->symbol[i]);
}

bool
filter_wants_instrument(struct filter *f, const struct tick_reader *reader, uint32_t id)
{
	if (f->o->symbols == 0)
		return true;
	if (id == TICK_NO_INSTRUMENT)
		return false;
	if (id >= f->known)
		filter_on_directory(f, reader);
	for (unsigned i = 0; i < f->o->symbols; i++)
		if (f->id[i] == id)
			return true;
	return false;
}

bool
filter_wants(struct filter *f, const struct tick_reader *reader, const struct tick *tick)
{
	if (f->o->types != 0 && (tick->type >= TICK_TYPE_COUNT || !(f->o->types >> tick->type & 1)))
		return false;
	return filter_wants_instrument(f, reader, tick->instrument);
}

const char *
filter_missing(struct filter *f, const struct tick_reader *reader)
{
	filter_on_directory(f, reader);
	for (unsigned i = 0; i < f->o->symbols; i++)
		if (f->id[i] == TICK_NO_INSTRUMENT)
			return f->o->symbol[i];
	return NULL;
}

#include "tools/shm-inspect/filter.h"

void
filter_init(struct filter *f, const struct options *o)
{
	f->o = o;
	f->known = 0;
	for (unsigned i = 0; i < OPTIONS_SYMBOLS_MAX; i++)
		f->id[i] = TICK_NO_INSTRUMENT;
}

void
filter_on_directory(struct filter *f, const struct tick_reader *reader)
{
	f->known = tick_reader_instruments(reader);
	for (unsigned i = 0; i < f->o->symbols; i++) {
		int64_t id = tick_reader_find(reader, f->o->symbol[i]);

		f->id[i] = id < 0 ? TICK_NO_INSTRUMENT : (uint32_t)id;
	}
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

#include <tickring/reader.h>

#include <stdlib.h>
#include <string.h>

#include "shm/reader_impl.h"
#include "shm/words.h"

#define TYPES_TOLD_APART 64u

/* The word of a slot that says what it is: struct ring_tick.meta of the writer. */
static uint64_t
meta_of(const struct tick *t)
{
	return __atomic_load_n((const shm_word *)&t->instrument, __ATOMIC_RELAXED);
}

static unsigned
type_of(uint64_t meta)
{
	return (unsigned)(meta >> 32) & 0xff;
}

static int
passes(const struct reader_filter *f, uint64_t meta)
{
	uint32_t instrument = (uint32_t)meta;
	unsigned type = type_of(meta);

	if (type >= TYPES_TOLD_APART ? f->types != UINT64_MAX : !(f->types >> type & 1))
		return 0;
	if (!f->wanted)
		return 1;
	if (instrument == TICK_NO_INSTRUMENT)
		return type == TICK_FEED_EVENT;
	return instrument < f->ids && (f->wanted[instrument / 64] >> instrument % 64 & 1);
}

/* As tick_reader_peek(), going past what does not pass. */
static int
filtered(struct tick_reader *r, const struct tick **out)
{
	uint32_t epoch;

	for (int looked = 0; looked < TICK_SKIP_MAX; looked++) {
		const struct tick *t = &r->slots[r->next & r->mask];
		uint64_t wanted = 2 * r->next + 2, meta;
		uint64_t seq = __atomic_load_n(&t->seq, __ATOMIC_ACQUIRE);

		if (seq < wanted)
			return reader_nothing(r);
		if (seq > wanted)
			return reader_lapped(r);
		meta = meta_of(t);
		if (type_of(meta) == TICK_FEED_EVENT && reader_is_new_epoch(r, t, &epoch))
			return reader_told_restart(r, epoch);
		if (passes(&r->filter, meta)) {
			*out = t;
			return TICK_MORE;
		}
		/* It may have become another tick before its word was read: lost, not skipped. */
		if (!tick_reader_valid(r))
			return reader_lapped(r);
		r->next++;
		r->skipped++;
	}
	return TICK_END;
}

int
reader_detour(struct tick_reader *r, const struct tick **out)
{
	if (r->detour & DETOUR_EPOCH)
		return reader_told_restart(
		    r, __atomic_load_n(&r->header->epoch, __ATOMIC_ACQUIRE));
	return filtered(r, out);
}

static void
set_detour(struct tick_reader *r)
{
	if (r->filter.wanted || r->filter.types != UINT64_MAX)
		r->detour |= DETOUR_FILTER;
	else
		r->detour &= ~DETOUR_FILTER;
}

void
tick_reader_filter_types(struct tick_reader *reader, uint64_t types)
{
	reader->filter.types = types;
	set_detour(reader);
}

/* Room for every id that the directory can hold; a reattached segment may have a larger one. */
static int
make_room(struct tick_reader *r)
{
	uint64_t words = (r->at.checked.directory_max + 63) / 64;
	uint64_t had = r->filter.ids / 64;
	uint64_t *wanted;

	if (r->filter.wanted && had >= words)
		return 0;
	wanted = realloc(r->filter.wanted, words * sizeof(*wanted));
	if (!wanted)
		return TICK_E_SYSTEM;
	memset(wanted + had, 0, (words - had) * sizeof(*wanted));
	r->filter.wanted = wanted;
	r->filter.ids = words * 64;
	return 0;
}

int
tick_reader_filter_add(struct tick_reader *reader, uint32_t id)
{
	if (id >= reader->at.checked.directory_max)
		return TICK_E_RANGE;
	if (make_room(reader) != 0)
		return TICK_E_SYSTEM;
	reader->filter.wanted[id / 64] |= UINT64_C(1) << id % 64;
	set_detour(reader);
	return 0;
}

int
tick_reader_filter_remove(struct tick_reader *reader, uint32_t id)
{
	if (id >= reader->at.checked.directory_max)
		return TICK_E_RANGE;
	if (id < reader->filter.ids)
		reader->filter.wanted[id / 64] &= ~(UINT64_C(1) << id % 64);
	return 0;
}

void
tick_reader_filter_clear(struct tick_reader *reader)
{
	free(reader->filter.wanted);
	reader->filter = (struct reader_filter){.types = UINT64_MAX};
	set_detour(reader);
}

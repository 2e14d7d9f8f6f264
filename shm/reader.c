#include <tickring/reader.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <tickring/reasons.h>

#include "shm/reader_impl.h"
#include "shm/unload.h"
#include "shm/words.h"

#define IDLE_CALLS_PER_LOOK 64
#define LOOK_EVERY_NS 10000000
#define BACKLOG_MIN 64 /* ticks in a row before it counts as one */
#define EXPECT_AHEAD 24

int64_t
reader_now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

uint64_t
reader_oldest_safe(const struct tick_reader *r, uint64_t published)
{
	uint64_t half = (r->mask + 1) / 2, first = r->at.checked.first;

	return published > first + half ? published - half : first;
}

void
reader_use_mapping(struct tick_reader *r)
{
	const char *base = (const char *)r->at.header;

	r->header = r->at.header;
	r->slots = (const struct tick *)(base + r->at.checked.records_at);
	r->mask = r->at.checked.records - 1;
}

static void
take_over(struct tick_reader *r)
{
	reader_use_mapping(r);
	r->epoch = __atomic_load_n(&r->header->epoch, __ATOMIC_ACQUIRE);
	r->idle = 0;
	r->health = TICK_END;
	r->detour &= ~DETOUR_EPOCH;
	r->backlog = 0;
}

int
tick_reader_open(struct tick_reader **out, const char *feed, enum tick_start from)
{
	struct tick_reader *r;
	int outcome;

	*out = NULL;
	r = calloc(1, sizeof(*r));
	if (!r)
		return TICK_E_SYSTEM;
	outcome = attach_feed(&r->at, feed, "ring", TICK_SEGMENT_RING);
	if (outcome != 0) {
		free(r);
		return outcome;
	}
	take_over(r);
	r->filter.types = UINT64_MAX;
	r->bell_fd = -1;
	r->next = reader_find_end(r);
	if (from == TICK_FROM_OLDEST)
		r->next = reader_oldest_safe(r, r->next);
	r->start = r->next;
	*out = r;
	return 0;
}

void
tick_reader_close(struct tick_reader **reader)
{
	if (!*reader)
		return;
	attach_close(&(*reader)->at);
	reader_drop_bell(*reader);
	free((*reader)->filter.wanted);
	free(*reader);
	*reader = NULL;
}

void
reader_unload(struct tick_reader *r)
{
	attach_unload(&r->at);
}

void
reader_note_epoch(struct tick_reader *r)
{
	if (__atomic_load_n(&r->header->epoch, __ATOMIC_ACQUIRE) != r->epoch &&
	    __atomic_load_n(&r->header->epoch_first, __ATOMIC_ACQUIRE) < r->next)
		r->detour |= DETOUR_EPOCH;
}

int
reader_lose(struct tick_reader *r, uint64_t to)
{
	r->lost += to - r->next;
	r->overruns++;
	r->next = to;
	reader_note_epoch(r);
	return TICK_E_OVERRUN;
}

int
tick_reader_check(struct tick_reader *reader)
{
	reader->looked_ns = reader_now_ns();
	reader->health = attach_check(&reader->at);
	return reader->health;
}

int
reader_nothing(struct tick_reader *r)
{
	/* Ticks were found since the writer was called ill: the news is old. */
	int moved = r->health != TICK_END && r->next != r->ended;
	int doubt;

	r->ended = r->next;
	if (++r->idle % IDLE_CALLS_PER_LOOK != 0 && r->health == TICK_END)
		return TICK_END;
	if (!moved && reader_now_ns() - r->looked_ns < LOOK_EVERY_NS)
		return r->health;
	if (tick_reader_check(r) == TICK_E_TRUNCATED)
		return r->health; /* touch nothing more */
	doubt = reader_doubt(r);
	return doubt != TICK_END ? doubt : r->health;
}

int
reader_told_restart(struct tick_reader *r, uint32_t epoch)
{
	r->epoch = epoch;
	r->detour &= ~DETOUR_EPOCH;
	r->restarts++;
	return TICK_E_RESTARTED;
}

int
reader_is_new_epoch(const struct tick_reader *r, const struct tick *t, uint32_t *epoch)
{
	int64_t reason = TICK_LOAD(&t->event.reason);

	*epoch = (uint32_t)TICK_LOAD(&t->event.a);
	return reason == TICK_REASON_RESTART && *epoch > r->epoch && tick_reader_valid(r);
}

/* The cold ways out of peek: outside of it, so that the way to a tick needs no stack. */
#define COLD __attribute__((noinline, cold))

static COLD int
not_there(struct tick_reader *r, uint64_t seq)
{
	return seq < 2 * r->next + 2 ? reader_nothing(r) : reader_lapped(r);
}

/* A tick that is there, but the writer may be one that we have not met. */
static COLD int
feed_event(struct tick_reader *r, const struct tick *t, const struct tick **out)
{
	uint32_t epoch;

	if (reader_is_new_epoch(r, t, &epoch))
		return reader_told_restart(r, epoch);
	*out = t;
	return TICK_MORE;
}

/*
 * After many ticks without a pause the hint tells how many more are there; as
 * long as that is not used up, the hint's line is left to the writer.
 */
static COLD void
look_ahead(struct tick_reader *r)
{
	if (r->next >= r->backlog && r->next - r->ended >= BACKLOG_MIN)
		r->backlog = __atomic_load_n(&r->header->hint, __ATOMIC_RELAXED);
}

/*
 * Asks for a line that will be read soon. Not for one that the writer may not
 * have written yet: that would take it away from the writer.
 */
static inline void
expect(struct tick_reader *r)
{
	uint64_t soon = r->next + EXPECT_AHEAD;

	if (soon < r->backlog)
		__builtin_prefetch(&r->slots[soon & r->mask], 0, 3);
	if (__builtin_expect(r->next % BACKLOG_MIN == 0, 0))
		look_ahead(r);
}

int
tick_reader_peek(struct tick_reader *reader, const struct tick **out)
{
	const struct tick *t = &reader->slots[reader->next & reader->mask];
	uint64_t seq = __atomic_load_n(&t->seq, __ATOMIC_ACQUIRE);

	if (__builtin_expect(seq != 2 * reader->next + 2, 0))
		return not_there(reader, seq);
	if (__builtin_expect(reader->detour, 0))
		return reader_detour(reader, out);
	if (__builtin_expect(TICK_LOAD(&t->type) == TICK_FEED_EVENT, 0))
		return feed_event(reader, t, out);
	expect(reader);
	*out = t;
	return TICK_MORE;
}

int
tick_reader_valid(const struct tick_reader *reader)
{
	const struct tick *t = &reader->slots[reader->next & reader->mask];

	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	return __atomic_load_n(&t->seq, __ATOMIC_RELAXED) == 2 * reader->next + 2;
}

void
tick_reader_advance(struct tick_reader *reader)
{
	reader->next++;
	reader->received++;
}

int
tick_reader_next(struct tick_reader *reader, struct tick *out)
{
	const struct tick *t;
	int outcome = tick_reader_peek(reader, &t);

	/* Both lines come at once then, and not the second one after the first. */
	if (outcome == TICK_END)
		__builtin_prefetch(&reader->slots[reader->next & reader->mask].id, 0, 3);
	if (outcome != TICK_MORE)
		return outcome;
	words_load(out, t, sizeof(*out));
	if (__builtin_expect(!tick_reader_valid(reader), 0))
		return reader_lapped(reader);
	out->seq = 2 * reader->next + 2;
	tick_reader_advance(reader);
	return TICK_MORE;
}

/* A writer that only changed the segment goes on counting; another one starts anew. */
static void
go_on_in_new_segment(struct tick_reader *r, uint64_t lineage)
{
	uint64_t end = reader_find_end(r), oldest = reader_oldest_safe(r, end);

	if (lineage != r->at.checked.lineage || r->next > end) {
		reader_move(r, oldest);
	} else if (r->next < oldest) {
		r->lost += oldest - r->next;
		r->next = oldest;
	}
}

int
tick_reader_reattach(struct tick_reader *reader)
{
	uint64_t lineage = reader->at.checked.lineage;
	struct attachment at;
	int outcome = attach_open(&at, reader->at.path, TICK_SEGMENT_RING);

	if (outcome != 0)
		return outcome;
	memcpy(at.path, reader->at.path, sizeof(at.path));
	attach_close(&reader->at);
	reader->at = at;
	reader_drop_bell(reader);
	take_over(reader);
	go_on_in_new_segment(reader, lineage);
	return 0;
}

struct tick_reader_stats
tick_reader_stats(const struct tick_reader *reader)
{
	return (struct tick_reader_stats){
		.received = reader->received,
		.lost = reader->lost,
		.overruns = reader->overruns,
		.restarts = reader->restarts,
		.next = reader->next,
		.start = reader->start,
		.skipped = reader->skipped,
		.slept = reader->slept,
		.polled = reader->polled,
		.damaged = reader->damaged,
	};
}

uint64_t
tick_reader_lag(const struct tick_reader *reader)
{
	uint64_t hint = TICK_LOAD(&reader->header->hint);

	return hint > reader->next ? hint - reader->next : 0;
}

uint32_t
tick_reader_instruments(const struct tick_reader *reader)
{
	uint32_t n = __atomic_load_n(&reader->header->instruments, __ATOMIC_ACQUIRE);

	/* Nothing is there that the geometry has no room for, whatever the count says. */
	return n <= reader->at.checked.directory_max ? n :
	                                               (uint32_t)reader->at.checked.directory_max;
}

const struct tick_instrument *
tick_reader_instrument(const struct tick_reader *reader, uint32_t id)
{
	const char *base = (const char *)reader->header;

	if (id >= tick_reader_instruments(reader))
		return NULL;
	return (const struct tick_instrument *)(base + reader->at.checked.directory_at) + id;
}

int64_t
tick_reader_find(const struct tick_reader *reader, const char *symbol)
{
	uint32_t n = tick_reader_instruments(reader);
	size_t bytes = strlen(symbol);

	for (uint32_t id = 0; id < n; id++) {
		const struct tick_instrument *i = tick_reader_instrument(reader, id);

		if (i->symbol_bytes == bytes && bytes <= sizeof(i->symbol) &&
		    memcmp(i->symbol, symbol, bytes) == 0)
			return id;
	}
	return -1;
}

const struct tick_segment_header *
tick_reader_header(const struct tick_reader *reader)
{
	return reader->header;
}

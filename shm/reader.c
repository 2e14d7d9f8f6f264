#include <tickring/reader.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <tickring/reasons.h>

#include "shm/reader_impl.h"
#include "shm/words.h"

#define IDLE_CALLS_PER_LOOK 64
#define LOOK_EVERY_NS 10000000

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
	uint64_t half = (r->mask + 1) / 2, first = r->header->first;

	return published > first + half ? published - half : first;
}

uint64_t
reader_find_end(const struct tick_reader *r)
{
	uint64_t n = __atomic_load_n(&r->header->hint, __ATOMIC_ACQUIRE);

	for (uint64_t i = 0; i <= r->mask; i++) {
		uint64_t seq = __atomic_load_n(&r->slots[n & r->mask].seq, __ATOMIC_ACQUIRE);

		if (seq < 2 * n + 2)
			break;
		n = seq / 2; /* one further, or a whole lap */
	}
	return n;
}

void
reader_use_mapping(struct tick_reader *r)
{
	const char *base = (const char *)r->at.header;

	r->header = r->at.header;
	r->slots = (const struct tick *)(base + r->header->records_at);
	r->mask = r->header->records - 1;
}

static void
take_over(struct tick_reader *r)
{
	reader_use_mapping(r);
	r->epoch = __atomic_load_n(&r->header->epoch, __ATOMIC_ACQUIRE);
	r->idle = 0;
	r->health = TICK_END;
	r->detour &= ~DETOUR_EPOCH;
}

int
tick_reader_open(struct tick_reader **out, const char *feed, enum tick_start from)
{
	char path[PATH_MAX];
	struct tick_reader *r;
	int outcome;

	*out = NULL;
	outcome = attach_path(feed, "ring", path);
	if (outcome != 0)
		return outcome;
	r = calloc(1, sizeof(*r));
	if (!r)
		return TICK_E_SYSTEM;
	outcome = attach_open(&r->at, path, TICK_SEGMENT_RING);
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

/* The slot holds a younger tick than ours: go on half a ring behind the writer. */
int
reader_lapped(struct tick_reader *r, uint64_t seq)
{
	uint64_t at = (seq - 1) / 2, to;
	uint64_t hint = __atomic_load_n(&r->header->hint, __ATOMIC_ACQUIRE);

	if (hint > at)
		at = hint;
	to = reader_oldest_safe(r, at);
	return reader_lose(r, to > r->next ? to : r->next + 1);
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
	if (++r->idle % IDLE_CALLS_PER_LOOK != 0 && r->health == TICK_END)
		return TICK_END;
	if (reader_now_ns() - r->looked_ns >= LOOK_EVERY_NS)
		tick_reader_check(r);
	return r->health;
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

int
tick_reader_peek(struct tick_reader *reader, const struct tick **out)
{
	const struct tick *t = &reader->slots[reader->next & reader->mask];
	uint64_t wanted = 2 * reader->next + 2;
	uint64_t seq = __atomic_load_n(&t->seq, __ATOMIC_ACQUIRE);
	uint32_t epoch;

	if (__builtin_expect(seq != wanted, 0)) {
		if (seq < wanted)
			return reader_nothing(reader);
		return reader_lapped(reader, seq);
	}
	if (__builtin_expect(reader->detour, 0))
		return reader_detour(reader, out);
	if (__builtin_expect(TICK_LOAD(&t->type) == TICK_FEED_EVENT, 0) &&
	    reader_is_new_epoch(reader, t, &epoch))
		return reader_told_restart(reader, epoch);
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

	if (outcome != TICK_MORE)
		return outcome;
	words_load(out, t, sizeof(*out));
	if (__builtin_expect(!tick_reader_valid(reader), 0))
		return reader_lapped(reader, __atomic_load_n(&t->seq, __ATOMIC_ACQUIRE));
	out->seq = 2 * reader->next + 2;
	tick_reader_advance(reader);
	return TICK_MORE;
}

/* A writer that only changed the geometry goes on counting; another one starts anew. */
static void
go_on_in_new_segment(struct tick_reader *r)
{
	uint64_t end = reader_find_end(r), oldest = reader_oldest_safe(r, end);

	if (r->next >= oldest && r->next <= end)
		return;
	if (r->next < oldest) {
		r->lost += oldest - r->next;
		r->next = oldest;
	} else {
		reader_move(r, oldest);
	}
}

int
tick_reader_reattach(struct tick_reader *reader)
{
	struct attachment at;
	int outcome = attach_open(&at, reader->at.path, TICK_SEGMENT_RING);

	if (outcome != 0)
		return outcome;
	memcpy(at.path, reader->at.path, sizeof(at.path));
	attach_close(&reader->at);
	reader->at = at;
	reader_drop_bell(reader);
	take_over(reader);
	go_on_in_new_segment(reader);
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

	return n <= reader->header->directory_max ? n : (uint32_t)reader->header->directory_max;
}

const struct tick_instrument *
tick_reader_instrument(const struct tick_reader *reader, uint32_t id)
{
	const char *base = (const char *)reader->header;

	if (id >= tick_reader_instruments(reader))
		return NULL;
	return (const struct tick_instrument *)(base + reader->header->directory_at) + id;
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

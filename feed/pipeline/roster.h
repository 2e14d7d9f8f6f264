/*
 * Which configured stream a message belongs to, and who was heard since the
 * control plane asked last.
 *
 * Owned by the pipeline; feed thread. The data path costs two loads: names are
 * compared only where an instrument has several streams of one kind, or may have
 * had them, such as klines of two intervals.
 */
#ifndef FEED_PIPELINE_ROSTER_H
#define FEED_PIPELINE_ROSTER_H

#include <stdbool.h>
#include <stdint.h>

#include "feed/base/bytes.h"
#include "feed/core/arbiter.h"
#include "feed/core/pool.h"
#include "feed/venue/venue.h"

#define ROSTER_NONE UINT32_MAX
#define ROSTER_NO_LINE UINT8_MAX
#define ROSTER_KINDS EVENT_MARKET_KINDS
#define ROSTER_GARBLED 3 /* messages in a row that could not be decoded: no accident any more */
#define ROSTER_FOREIGN UINT8_MAX /* a kind of stream that is never decoded */

/* What was published last of messages without ids in a row, and who brought it. */
struct roster_last {
	uint8_t line;
	uint8_t older; /* messages of other lines in a row that were not newer */
	int64_t start, rank;
};

struct roster_stream {
	/* What each message looks at comes first, in one cache line. */
	uint64_t lines;      /* heard there since roster_take() */
	uint32_t messages;   /* since roster_take() */
	uint32_t next;       /* of the same instrument and kind */
	uint8_t line_of[ARBITER_LEGS_MAX]; /* whose messages the arbiter knows by that number */
	bool stale;          /* as the control plane says */
	uint8_t garbled;     /* messages in a row, up to ROSTER_GARBLED; or ROSTER_FOREIGN */
	char *name;          /* NULL: this number is not in use */
	uint32_t instrument; /* or the roster's instruments_max: of all symbols */
	enum event_kind kind;
	uint8_t left_line;   /* that it left last, connected still; or ROSTER_NO_LINE */
	mono_t left_at;
	struct roster_last last;
	struct roster_last *each; /* streams of all symbols: one per instrument, in place of it */
};

struct roster {
	struct roster_stream *stream; /* by the caller's number */
	uint32_t streams_max;
	uint32_t (*first)[ROSTER_KINDS]; /* per instrument and kind; the last row: all symbols */
	uint32_t by_name;    /* bit: of that kind, a stream is found by its name only */
	uint32_t instruments_max;
	uint32_t *heard; /* numbers of those with messages */
	uint32_t nheard;
	uint32_t undecoded; /* streams from ROSTER_GARBLED on */
};

/* Returns 0 or -ENOMEM. Nobody is on it. */
int roster_init(struct roster *roster, uint32_t streams_max, uint32_t instruments_max);
void roster_fini(struct roster *roster);

/*
 * Puts a stream on it (copies the name); `instrument` is instruments_max for a
 * stream of all symbols. Returns 0, -ENOSPC (no such number) or -ENOMEM.
 */
int roster_add(struct roster *roster, uint32_t number, struct bytes name, uint32_t instrument,
    enum event_kind kind);

/* A stream of a kind that is never decoded, which has a number and no place: it is counted. */
void roster_add_foreign(struct roster *roster, uint32_t number);

/* A message of it came and could not be decoded. */
void roster_on_garbled(struct roster *roster, uint32_t number);

/* Takes it off; its number may be used anew. */
void roster_remove(struct roster *roster, uint32_t number);

/* roster_find() where there is a choice, and names are compared. */
uint32_t roster_find_among(const struct roster *roster, uint32_t instrument, enum event_kind kind,
    struct bytes name);

/*
 * The number of the stream called `name` in the combined envelope, of that
 * instrument or of all; ROSTER_NONE: not on it.
 */
static inline uint32_t
roster_find(const struct roster *roster, uint32_t instrument, enum event_kind kind,
    struct bytes name)
{
	uint32_t number;

	if (instrument >= roster->instruments_max || (unsigned)kind >= ROSTER_KINDS)
		return ROSTER_NONE;
	number = roster->first[instrument][kind];
	if ((roster->by_name >> kind & 1) == 0 &&
	    (number == ROSTER_NONE || roster->stream[number].next == ROSTER_NONE))
		return number;
	return roster_find_among(roster, instrument, kind, name);
}

/* The same by name alone, of that instrument (instruments_max: of all) only. */
uint32_t roster_find_name(const struct roster *roster, uint32_t instrument, enum event_kind kind,
    struct bytes name);

/* What was published last of a stream and instrument. */
struct roster_last *roster_last(struct roster *roster, uint32_t number, uint32_t instrument);

/* A message of it came on that line. */
static inline void
roster_on_message(struct roster *roster, uint32_t number, unsigned line)
{
	struct roster_stream *s = &roster->stream[number];

	if (s->garbled > 0) {
		roster->undecoded -= s->garbled >= ROSTER_GARBLED;
		s->garbled = 0;
	}
	if (s->messages++ == 0)
		roster->heard[roster->nheard++] = number;
	s->lines |= UINT64_C(1) << line;
}

/* Who was heard since the last call: up to `max` in out[]; returns how many. */
unsigned roster_take(struct roster *roster, struct pool_heard *out, unsigned max);

#endif

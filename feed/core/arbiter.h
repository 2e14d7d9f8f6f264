/*
 * Is this message new, seen already, or are ids missing before it?
 *
 * Keeps the last good id per instrument and class of stream. Pure, feed
 * thread; memory is the caller's. First come wins: with redundant legs both
 * report here, and the later one is the duplicate.
 */
#ifndef FEED_CORE_ARBITER_H
#define FEED_CORE_ARBITER_H

#include <stdint.h>

#define ARBITER_NO_ID INT64_MIN

/* An id that is so far below the last one is no late message: ids start anew there. */
#define ARBITER_RESET_DISTANCE (1 << 20)

/* Classes with ids of their own, and how their ids run. */
enum arbiter_class {
	ARBITER_TRADE,     /* t: consecutive */
	ARBITER_AGG_TRADE, /* a: consecutive */
	ARBITER_QUOTE,     /* u: jumps, the highest wins, nothing is ever missing */
	ARBITER_DEPTH,     /* U..u: spot U == last u + 1, futures pu == last u */
	ARBITER_CLASSES
};

enum arbiter_verdict {
	ARBITER_NEW,       /* publish */
	ARBITER_GAP,       /* publish, but ids before it are missing: *gap tells which */
	ARBITER_DUPLICATE, /* seen: its id is not above the last one */
	ARBITER_OLD,       /* quote: a newer one was published */
	ARBITER_RESET,     /* publish: far below the last id, the exchange counts anew */
	ARBITER_INVALID,   /* no such instrument or class, negative id, first above last: drop */
	ARBITER_VERDICTS
};

/* Ids that are missing, both ends included. */
struct arbiter_gap {
	int64_t first, last;
};

/* What a message says of itself. */
struct arbiter_message {
	uint32_t instrument;
	enum arbiter_class class;
	int64_t id;       /* t, a, u */
	int64_t first_id; /* depth: U; other classes: not looked at */
	int64_t prev_id;  /* futures depth: pu; ARBITER_NO_ID: none */
};

struct arbiter_last {
	int64_t id[ARBITER_CLASSES]; /* ARBITER_NO_ID: none yet */
};

struct arbiter {
	struct arbiter_last *last; /* one per instrument */
	uint32_t instruments_max;
	uint64_t counts[ARBITER_CLASSES][ARBITER_VERDICTS];
	uint64_t missing[ARBITER_CLASSES]; /* ids in all gaps */
	uint64_t invalid;                  /* messages of no class or instrument */
};

/* `memory` has room for instruments_max entries and outlives the arbiter. No ids are known. */
void arbiter_init(struct arbiter *arbiter, struct arbiter_last *memory, uint32_t instruments_max);

/*
 * Takes a last good id over, from shared memory after a restart: what comes
 * next is judged by it. ARBITER_NO_ID forgets what is known, so that the next
 * id is NEW whatever it is. Ignores an unknown instrument.
 */
void arbiter_seed(struct arbiter *arbiter, uint32_t instrument, enum arbiter_class class,
    int64_t id);

/* Judges the message and remembers its id. Fills *gap on ARBITER_GAP only. */
enum arbiter_verdict arbiter_on_id(struct arbiter *arbiter, const struct arbiter_message *message,
    struct arbiter_gap *gap);

/* The last good id, ARBITER_NO_ID when there is none. */
int64_t arbiter_last_id(const struct arbiter *arbiter, uint32_t instrument,
    enum arbiter_class class);

#endif

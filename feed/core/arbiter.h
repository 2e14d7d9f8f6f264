/*
 * Is this message new, seen already, or are ids missing before it?
 *
 * Keeps the last good id per instrument and class of stream, and what every
 * leg has shown. Pure, feed thread; memory is the caller's. First come wins:
 * all legs report here, and the later one is the duplicate.
 *
 * Ids come out in order, each at most once. The common message is judged at
 * once and never held: it is the next id, or a duplicate. Only when ids are
 * missing before it and another leg, known to be behind them, may still bring
 * them, the verdict is HOLD for at most wait_max: one leg's head start (a new
 * line whose first message is ahead of the old one's, a hole in one leg) is no
 * gap. Publishing at once instead would make the ids in between late, and late
 * is lost in a feed that keeps order. With one leg, or when every leg has
 * passed the hole, nothing waits: the gap is told at once, once.
 *
 * HOLD: the caller keeps the message (hold.h) and shows what it keeps of that
 * instrument and class again, lowest id first: after every HOLD, NEW and GAP of
 * it (a HOLD may be what proves the hole), and when one is wait_max old.
 * `arrived` stays the first arrival: nothing waits twice. A message beyond one
 * that is kept is HOLD, too: order goes first. A caller without room shows
 * everything of that instrument and class again with `arrived` ARBITER_AT_ONCE.
 *
 * LATE: an id that was told missing and came after all. It cannot be published
 * in order any more (a caller may publish it flagged REPLAY); told once per id.
 *
 * RESET: the exchange counts anew. The message is to be published and its id is
 * the last good one. With no other leg to ask, an id ARBITER_RESET_DISTANCE
 * below the last one is enough: no leg lags that far behind itself. While other
 * legs run, all messages for reset_after have to be far (reset_distance) below,
 * rising, at least ARBITER_RESET_MIN of them, and nothing new may come
 * meanwhile: a lagging leg catches up, and one leg's nonsense is outvoted. What
 * this rule, which holds for one leg as well, took to decide is lost.
 *
 * Closer than reset_distance a message counts as evidence when its own leg has
 * shown higher ids on this connection, where ids come in order, or when it is
 * younger than the last good one by again_after: no leg lags that far, and it
 * goes up to its own highest id and beyond. Younger by the exchange's clock (and
 * then younger at all is the least: a repetition is not), or where there is no
 * such time by the order of arrival; after arbiter_seed() time counts from the
 * first message. ARBITER_AGAIN_MIN of them in a row, rising, from every leg
 * that runs, are a RESET; where one of the legs says nothing, the row has to
 * last for again_after. A message that is no evidence begins the row anew, and
 * so does one below a row, of either kind, that has not risen for again_after:
 * what began it was not of the new count.
 */
#ifndef FEED_CORE_ARBITER_H
#define FEED_CORE_ARBITER_H

#include <stdint.h>

#include "feed/base/hist.h"
#include "feed/base/mono.h"

#define ARBITER_NO_ID INT64_MIN
#define ARBITER_NO_TIME INT64_MIN

#define ARBITER_LEGS_MAX 6     /* 3 legs, each twice while a line replaces another */
#define ARBITER_RESET_MIN 16   /* messages that make a reset */
/* An id so far below the last one is no late message, unless another leg contradicts. */
#define ARBITER_RESET_DISTANCE (1 << 20)
#define ARBITER_AGAIN_MIN 64   /* and of those that are closer */
#define ARBITER_PROBES 64      /* ids whose skew is being measured */
#define ARBITER_AT_ONCE ((mono_t){INT64_MIN / 2}) /* `arrived` of what cannot wait */

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
	ARBITER_INVALID,   /* no such instrument, class, leg; negative id; first above last: drop */
	ARBITER_HOLD,      /* keep it and show it again; *gap tells what it waits for */
	ARBITER_LATE,      /* told missing before: drop, or publish as a replay */
	ARBITER_RESET,     /* publish: ids start anew here; a book has to be synced again */
	ARBITER_VERDICTS
};

/* Ids that are missing, both ends included. */
struct arbiter_gap {
	int64_t first, last;
};

/* What a message says of itself. The last four may be zero in a feed of one leg. */
struct arbiter_message {
	uint32_t instrument;
	enum arbiter_class class;
	int64_t id;       /* t, a, u */
	int64_t first_id; /* depth: U; other classes: not looked at */
	int64_t prev_id;  /* futures depth: pu; ARBITER_NO_ID: none */
	int64_t exch_ns;  /* the exchange's time of the trade or change; ARBITER_NO_TIME */
	unsigned leg;     /* < ARBITER_LEGS_MAX */
	mono_t arrived;   /* first arrival; of a message shown again, the same as before */
	mono_t now;       /* >= arrived */
};

struct arbiter_cfg {
	span_t wait_max;        /* longest hold, >= 0; 0: never hold */
	span_t reset_after;     /* nothing but old ids for this long, > 0 */
	int64_t reset_distance; /* so far below the last id, > 0 */
	span_t again_after;     /* so much younger: no leg lags that far behind another, >= 0 */
};

/* One class of one instrument. */
struct arbiter_cell {
	int64_t id;                    /* last good one, ARBITER_NO_ID: none yet */
	int64_t exch_ns;               /* of it, ARBITER_NO_TIME: unknown */
	mono_t heard;                  /* when it was; after a seed the first message, MONO_NEVER */
	int64_t again_id;              /* highest of the ids in a row that are counted anew */
	mono_t again_since;            /* when that row began */
	uint16_t again;                /* how many in it */
	uint16_t again_legs;           /* bit: the leg has shown some of them */
	struct arbiter_gap told;       /* last gap told, less what came late; first > last: none */
	mono_t low_since;              /* first of the old ids in a row, MONO_NEVER: none */
	int64_t low_id;                /* highest of them */
	int64_t held_low;              /* lowest id that was told HOLD; INT64_MAX: none */
	uint32_t lows;                 /* how many, saturating */
	mono_t rose;                   /* when again_id or low_id was set last */
	uint32_t legs;                 /* bit: the leg has shown an id on this connection */
	int64_t leg_id[ARBITER_LEGS_MAX]; /* highest id it has shown */
};

struct arbiter_last {
	struct arbiter_cell cell[ARBITER_CLASSES];
};

/* An id that was published, to see when the other legs bring it. */
struct arbiter_probe {
	uint32_t instrument;
	uint16_t class;
	uint16_t leg; /* that brought it first */
	int64_t id;
	mono_t arrived;
};

struct arbiter_leg_counts {
	uint64_t wins;       /* published: NEW, GAP or RESET */
	uint64_t duplicates; /* dropped: DUPLICATE or OLD, another leg (or a reconnect) was first */
	uint64_t late;       /* LATE */
	uint64_t held;       /* HOLD */
};

struct arbiter {
	struct arbiter_cfg cfg;    /* defaults after init; the caller may set it before use */
	struct arbiter_last *last; /* one per instrument */
	uint32_t instruments, instruments_max; /* that are in use; that there is room for */
	uint64_t counts[ARBITER_CLASSES][ARBITER_VERDICTS];
	uint64_t missing[ARBITER_CLASSES]; /* ids in all gaps, those that came late included */
	uint64_t invalid;                  /* messages of no class, instrument or leg */
	struct arbiter_leg_counts leg[ARBITER_LEGS_MAX];
	struct hist skew[ARBITER_LEGS_MAX]; /* how much later than the first; sampled ids */
	struct arbiter_probe probe[ARBITER_PROBES];
};

/*
 * `memory` has room for instruments_max entries and outlives the arbiter; it is
 * written as far as instruments are in use. No ids are known. Defaults:
 * wait_max 20 ms, reset_after 30 s, distance 100,000, again_after 10 s.
 */
void arbiter_init(struct arbiter *arbiter, struct arbiter_last *memory, uint32_t instruments_max);

/*
 * Takes a last good id over, from shared memory after a restart: what comes
 * next is judged by it. ARBITER_NO_ID (or any negative one) forgets what is known, so that the next
 * id is NEW whatever it is. Ignores an unknown instrument.
 */
void arbiter_seed(struct arbiter *arbiter, uint32_t instrument, enum arbiter_class class,
    int64_t id);

/*
 * Judges the message and remembers its id. Fills *gap on GAP and HOLD, and on
 * RESET: `first` is the last good id that was, `last` the new one.
 */
enum arbiter_verdict arbiter_on_id(struct arbiter *arbiter, const struct arbiter_message *message,
    struct arbiter_gap *gap);

/*
 * The leg lost that stream (line down, moved, unsubscribed): nobody waits for
 * it any more. It counts again from its next message on. Unknown ones: ignored.
 */
void arbiter_on_leg_down(struct arbiter *arbiter, uint32_t instrument, enum arbiter_class class,
    unsigned leg);

/* The last good id, ARBITER_NO_ID when there is none. */
int64_t arbiter_last_id(const struct arbiter *arbiter, uint32_t instrument,
    enum arbiter_class class);

#endif

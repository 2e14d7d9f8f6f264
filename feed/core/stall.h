/*
 * Which streams have gone silent although they should not?
 *
 * One per feed thread; an entry is one stream on one leg, numbered by the
 * caller. Owns no clock; memory is the caller's.
 *
 * The limit of a stream is learned from its own arrivals: STALL_FACTOR times
 * the longest gap between two messages, where old gaps are forgotten by time
 * (with a time constant of STALL_MEMORY such gaps, 5 minutes at least). The
 * longest gap and not an average: a burst of a thousand trades does not make
 * the next quiet minute suspicious. The class of the stream gives the limit
 * until enough was learned, the floor and the cap.
 *
 * False alarms, for arrivals at random (Poisson) of mean gap m: with factor F
 * and memory M the longest gap remembered, x m, is distributed as exp(-M e^-x),
 * so it stays near ln M, 6 m, and the limit near 24 m; the integral of e^-Fx
 * over that is F! / M^F = 5.6e-9 false alarms per arrival once learned,
 * whatever the rate, below the cap. The test allows none in 10^6. Detection
 * takes the limit and at most one STALL_TICK: 1.75 s for quotes at 50/s whose
 * longest gap was up to 375 ms.
 *
 * A stream whose limit would exceed the cap is too rare to be judged by its
 * silence: at the cap it is told as LIST, again and again, never further, and
 * stall_is_sparse() says that it is not to be called stale. The exchange's
 * list of subscriptions is then the only proof there is.
 *
 * Healing goes by stages, LIST -> RESUBSCRIBE -> MOVE -> RECYCLE, each after
 * the spacing of the one before; a message at any time ends it, a new
 * connection (end, begin) starts it afresh. A stream that is not learned goes no
 * further than MOVE: what may hardly ever trade does not cost a line. When a
 * round of stages brought nothing, the next begins a limit later, which doubles
 * every round up to the cap: a dead stream does not recycle its line for ever.
 * A silence that a message ends before we interfered (LIST or less) was a
 * false alarm, and is learned as the gap it was; after that, our own deed may
 * have ended it: it counts as at most twice the longest gap known.
 *
 * A message costs O(1): it touches its entry only. Entries hang in a timer
 * wheel at a time not after their deadline and are looked at when it comes.
 */
#ifndef FEED_CORE_STALL_H
#define FEED_CORE_STALL_H

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>

#include "feed/base/mono.h"

#define STALL_FACTOR 4   /* limit / longest gap remembered */
#define STALL_MEMORY 256 /* time constant of forgetting / longest gap remembered */
#define STALL_SLOTS 256  /* of the wheel */
#define STALL_TICK span_ms(250)
#define STALL_NONE UINT32_MAX

enum stall_class {
	STALL_TRADE,    /* trade, aggTrade: at random */
	STALL_QUOTE,    /* bookTicker, bestBidAsk: at random, dense */
	STALL_DEPTH,    /* depth, partial depth up to 250 ms: when the book changed */
	STALL_SLOW,     /* 1 s and slower: depth, kline, tickers: when something changed */
	STALL_PERIODIC, /* markPrice, array tickers: every 1 to 3 s without condition */
	STALL_RARE,     /* liquidations, block trades, contract info: never judged */
	STALL_CLASSES
};

/* What is known of a class before a stream was heard. */
struct stall_prior {
	span_t limit;         /* until the stream's own is learned */
	span_t floor, cap;    /* the limit is never below, never above */
	span_t learn_within;  /* the stream's own limit counts after this long ... */
	unsigned learn_after; /* ... and this many gaps, 1 to 65535 */
};

struct stall_cfg {
	struct stall_prior prior[STALL_CLASSES];
	span_t list_for;        /* after LIST, until RESUBSCRIBE, > 0 */
	span_t resubscribe_for; /* after RESUBSCRIBE, until MOVE, > 0 */
	span_t move_for;        /* after MOVE, until RECYCLE, > 0 */
	span_t recycle_for;     /* after RECYCLE, until the next round, > 0 */
};

enum stall_stage {
	STALL_OK,
	STALL_LIST,        /* silent beyond its limit: tell the readers; LIST_SUBSCRIPTIONS */
	STALL_RESUBSCRIBE, /* UNSUBSCRIBE and SUBSCRIBE on the same line */
	STALL_MOVE,        /* to another line */
	STALL_RECYCLE,     /* the line itself is suspected: reconnect it */
	STALL_STAGES
};

/* One entry; only stall.c touches the fields. */
struct stall_stream {
	mono_t heard;       /* last message; begin or resume before the first */
	mono_t began;       /* learning since */
	mono_t due;         /* next stage, in a stage; else MONO_NEVER */
	span_t longest;     /* gap between messages, fading */
	uint32_t next, prev; /* in the slot; STALL_NONE */
	uint16_t slot;      /* STALL_SLOTS: in none */
	uint16_t gaps;      /* learned from, saturating */
	uint8_t class, stage;
	uint8_t rounds;     /* of stages that brought nothing */
	uint8_t flags;
};

static_assert(sizeof(struct stall_stream) <= 64, "a cache line per stream and leg");

struct stall {
	const struct stall_cfg *cfg;
	struct stall_stream *stream;
	uint32_t n;
	uint64_t tick;                     /* the wheel has turned up to here */
	uint32_t head[STALL_SLOTS];
	uint64_t occupied[STALL_SLOTS / 64];
	uint32_t stages[STALL_STAGES];     /* watched entries per stage */
	uint64_t alarms[STALL_STAGES];     /* stages entered so far; OK: data came back */
};

/* What stall_next() found. */
struct stall_alarm {
	uint32_t entry;
	enum stall_stage stage; /* LIST to RECYCLE, to be carried out now */
	bool sparse;            /* too rare to be judged: list it, but do not call it stale */
	span_t silence;         /* since its last message, or since it was begun */
	span_t limit;           /* that it exceeded */
};

/* The shipped priors and spacings, with their reasons in stall.c. */
extern const struct stall_cfg stall_cfg_default;

/* `memory` has room for n entries, n < STALL_NONE; it and `cfg` outlive this. Watches nothing. */
void stall_init(struct stall *stall, const struct stall_cfg *cfg, struct stall_stream *memory,
    uint32_t n, mono_t now);

/* Entry is a new stream: everything learned is forgotten; watched from stall_begin() on. */
void stall_assign(struct stall *stall, uint32_t entry, enum stall_class class);

/* Entry is the same stream on another line: what was learned there is known here, too. */
void stall_inherit(struct stall *stall, uint32_t entry, uint32_t from);

/*
 * It is subscribed on a (new) connection: from now it is expected to produce.
 * Not after a RESUBSCRIBE on the same one, which is a stage of healing.
 * Stage and silence start afresh; what was learned and the rounds stay.
 */
void stall_begin(struct stall *stall, uint32_t entry, mono_t now);

/* Its connection ended, or it was unsubscribed: not watched until the next begin. */
void stall_end(struct stall *stall, uint32_t entry);

/* Its instrument does not trade: silence is no alarm until stall_resume(). Messages are welcome. */
void stall_suspend(struct stall *stall, uint32_t entry);

/* It trades again: silence counts from now. Nothing to do when it is not suspended. */
void stall_resume(struct stall *stall, uint32_t entry, mono_t now);

/* A message of it. Returns the stage that this ended; OK: none (or no such entry). */
enum stall_stage stall_on_message(struct stall *stall, uint32_t entry, mono_t now);

/*
 * For so long, until now, nobody listened: what came meanwhile comes from now on,
 * so that it is no silence of anybody's, and nothing to learn from.
 */
void stall_forgive(struct stall *stall, span_t span, mono_t now);

/*
 * The next entry that enters a stage by now; call it until it returns false.
 * Stages that were due while nobody asked are not made up for: one now, the next by its spacing.
 */
bool stall_next(struct stall *stall, mono_t now, struct stall_alarm *alarm);

/* When stall_next() has to look again (it may find nothing); MONO_NEVER: nothing is watched. */
mono_t stall_deadline(const struct stall *stall);

/* Its limit now: how long it may be silent. */
span_t stall_limit(const struct stall *stall, uint32_t entry);

/* Is that limit its own, and not that of its class? */
bool stall_is_learned(const struct stall *stall, uint32_t entry);

/* Is it too rare to be judged by its silence? */
bool stall_is_sparse(const struct stall *stall, uint32_t entry);

/* Its stage; OK when it is not watched. */
enum stall_stage stall_stage(const struct stall *stall, uint32_t entry);

#endif

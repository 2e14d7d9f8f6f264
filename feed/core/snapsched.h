/*
 * Which book's snapshot is fetched next, when, and how deep: the owner of the
 * REST weight budget.
 *
 * Pure, owns no clock; whoever owns it asks snapsched_next() when its deadline
 * comes. Memory is the caller's, an item per instrument.
 *
 * The budget holds in every window, not only from one full minute to the next:
 * weight counts from the moment a request is sent until a window after its
 * answer came, for the exchange counts it somewhere between. What the
 * exchange says is used (X-MBX-USED-WEIGHT-1M) and we did not spend, somebody
 * else at our address did: it counts, too. Within a window requests are
 * spread, so that they do not come as one burst.
 *
 * 429 stops everything for Retry-After: to go on leads to 418, a ban of minutes
 * to days. 403 is the firewall, 451 a blocked region (Binance, 2026-08).
 */
#ifndef FEED_CORE_SNAPSCHED_H
#define FEED_CORE_SNAPSCHED_H

#include <stdbool.h>
#include <stdint.h>

#include "feed/base/mono.h"

#define SNAPSCHED_LIMITS_MAX 8
#define SNAPSCHED_SLOTS 256 /* of time, in which weight is remembered */
#define SNAPSCHED_SLOT_NS 250000000

/* Why a snapshot is wanted; the first goes first. */
enum snapsched_why {
	SNAPSCHED_GAP,     /* it was in use a moment ago */
	SNAPSCHED_CROSSED,
	SNAPSCHED_NEVER,   /* not synced yet */
	SNAPSCHED_REFRESH, /* right, but not deep enough any more */
};

struct snapsched_weight {
	uint32_t limit, weight; /* levels a side, and what they cost */
};

struct snapsched_cfg {
	struct snapsched_weight weight[SNAPSCHED_LIMITS_MAX]; /* rising limits */
	unsigned weights;     /* >= 1 */
	int64_t budget;       /* weight per window, >= the first row's */
	span_t window;        /* at most SNAPSCHED_SLOTS - 8 quarters of a second */
	span_t spread;        /* what a whole budget takes at least */
	unsigned in_flight_max;
	uint32_t limit;       /* always so deep; 0: by what is left of the budget */
	uint32_t limit_usual; /* limit 0: when many are waiting */
	uint32_t limit_max;   /* limit 0: deeper is of no use */
	span_t retry_base, retry_max; /* after failures that concern one item; doubling */
};

enum snapsched_state { SNAPSCHED_IDLE, SNAPSCHED_WAITING, SNAPSCHED_ASKED };

struct snapsched_item {
	enum snapsched_state state;
	enum snapsched_why why, again_why;
	bool again;          /* ASKED: wanted anew meanwhile */
	bool forgotten;      /* ASKED: not wanted any more */
	bool rejected;       /* IDLE: not asked for, although perhaps wanted (again) */
	uint32_t failures;   /* in a row */
	uint32_t weight;     /* ASKED: of the request */
	uint64_t order;      /* WAITING: first wanted, first served */
	mono_t not_before;
};

enum snapsched_verdict {
	SNAPSCHED_FINE,         /* 2xx */
	SNAPSCHED_NETWORK,      /* no answer: again after a while */
	SNAPSCHED_SERVER,       /* 5xx: again after a while */
	SNAPSCHED_RATE_LIMITED, /* 429: everything pauses */
	SNAPSCHED_BANNED,       /* 418: everything pauses */
	SNAPSCHED_FORBIDDEN,    /* 403: everything pauses */
	SNAPSCHED_BLOCKED,      /* 451: everything pauses */
	SNAPSCHED_REFUSED,      /* any other status: this item, again after retry_max */
	SNAPSCHED_VERDICTS
};

struct snapsched_spent {
	int64_t slot;   /* quarter seconds since 0 */
	int64_t weight;
};

struct snapsched {
	struct snapsched_cfg cfg;
	struct snapsched_item *item;
	uint32_t items;
	uint32_t waiting, asked;
	uint64_t order;
	struct snapsched_spent spent[SNAPSCHED_SLOTS]; /* answered, by time of answer */
	int64_t in_flight;    /* weight that was sent and not answered */
	mono_t next_at;       /* spread */
	mono_t paused_until;
	enum snapsched_verdict paused_why;
	uint64_t verdicts[SNAPSCHED_VERDICTS];
};

struct snapsched_request {
	uint32_t item;
	uint32_t limit;
	enum snapsched_why why;
};

/* An answer, or that there was none. */
struct snapsched_answer {
	int status;         /* HTTP; 0: no answer */
	int64_t used;       /* X-MBX-USED-WEIGHT-1M; negative: not said */
	span_t retry_after; /* negative: not said */
};

/* `memory` has room for that many items and outlives the scheduler; none is wanted. */
void snapsched_init(struct snapsched *s, const struct snapsched_cfg *cfg,
    struct snapsched_item *memory, uint32_t items);

/*
 * A snapshot of that item is wanted. When it is waited for already, the better
 * reason counts; when one is on its way, another follows it. `stale`: the last
 * one was of no use, so there is a pause before it, longer each time.
 */
void snapsched_want(struct snapsched *s, uint32_t item, enum snapsched_why why, bool stale,
    mono_t now);

/* It is not wanted any more. An answer may still come; it only counts. */
void snapsched_forget(struct snapsched *s, uint32_t item);

/*
 * After its answer: the exchange does not know it. It is not asked for any
 * more until it is admitted, and then if it is wanted still, or forgotten.
 */
void snapsched_reject(struct snapsched *s, uint32_t item);
void snapsched_admit(struct snapsched *s, uint32_t item, mono_t now);

static inline bool
snapsched_is_rejected(const struct snapsched *s, uint32_t item)
{
	return s->item[item].rejected;
}

/* The exchange wants nothing until then, as is known from elsewhere. */
void snapsched_pause(struct snapsched *s, mono_t until, enum snapsched_verdict why);

/* What is to be sent now; false: nothing. Each is answered with snapsched_on_answer(). */
bool snapsched_next(struct snapsched *s, mono_t now, struct snapsched_request *out);

enum snapsched_verdict snapsched_on_answer(struct snapsched *s, uint32_t item,
    const struct snapsched_answer *answer, mono_t now);

/*
 * Other requests at the expense of the same budget: true, and counted, when
 * one of that weight may be sent now. Its answer goes to snapsched_on_other().
 */
bool snapsched_take(struct snapsched *s, uint32_t weight, mono_t now);

/*
 * The same for what is less urgent than any snapshot: not while one waits that
 * could go, and only of the first half of the budget, so that the other half is
 * there for a book that is lost a moment later. A request of more weight than
 * that is alone in its window.
 */
bool snapsched_take_spare(struct snapsched *s, uint32_t weight, mono_t now);

enum snapsched_verdict snapsched_on_other(struct snapsched *s, uint32_t weight,
    const struct snapsched_answer *answer, mono_t now);

/* When snapsched_next() may have something; MONO_NEVER: when something happens. */
mono_t snapsched_deadline(const struct snapsched *s, mono_t now);

/* When snapsched_take_spare() may allow it; MONO_NEVER: after a snapshot or an answer. */
mono_t snapsched_spare_deadline(const struct snapsched *s, uint32_t weight, mono_t now);

/* Weight that counts now: in flight, and of the last window. */
int64_t snapsched_used(const struct snapsched *s, mono_t now);

/* How long `count` snapshots take with that limit, if the network takes no time. */
span_t snapsched_plan(const struct snapsched_cfg *cfg, uint32_t count, uint32_t limit);

/* What a snapshot of that limit costs. */
uint32_t snapsched_weight(const struct snapsched_cfg *cfg, uint32_t limit);

/* The limit that is used when many are waiting. */
uint32_t snapsched_usual_limit(const struct snapsched_cfg *cfg);

/* "429 too many requests" and the like: a word for logs and metrics. */
const char *snapsched_verdict_name(enum snapsched_verdict verdict);

#endif

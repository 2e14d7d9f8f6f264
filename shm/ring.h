/*
 * The writer of a ring: ring_publish() and the instrument directory. Owned by
 * the feed thread; nobody else writes. Publishing loads nothing that a reader
 * touches, takes no lock, makes no system call and cannot be slowed down.
 */
#ifndef SHM_RING_H
#define SHM_RING_H

#include "shm/segment.h"
#include "shm/words.h"

struct ring_cfg {
	const char *directory; /* NULL: /dev/shm */
	const char *feed;
	gid_t group;           /* readers' group or (gid_t)-1 */
	bool claimed;          /* the caller holds the feed's claim (claim.h) */
	uint64_t slots;        /* power of two, >= 16 */
	uint32_t instruments_max;
	int64_t heartbeat_every_ns;
	bool huge_pages;       /* wanted; see segment.warning */
	/*
	 * NULL, or why a ring that is there is not taken over, in words: a new one takes
	 * its name, with numbers and ids of its own.
	 */
	const char *discard;
};

/* A tick to publish: struct tick after its sequence word, made of whole words. */
struct ring_tick {
	uint64_t meta; /* ring_meta() */
	int64_t exch_ns, recv_ns;
	int64_t v[4];
	int64_t id, first_id, trade_ns, mono_ns;
	int64_t w[4];
};

TICK_STATIC_ASSERT(sizeof(struct ring_tick) == sizeof(struct tick) - 8, "all but the sequence");

static inline uint64_t
ring_meta(uint32_t instrument, enum tick_type type, unsigned flags, unsigned leg)
{
	return instrument | (uint64_t)type << 32 | (uint64_t)(flags & 0xff) << 40 |
	    (uint64_t)(leg & 0xffff) << 48;
}

/* What may change of an instrument in the directory. */
struct ring_terms {
	uint8_t trading;              /* enum tick_trading */
	int64_t price_step, qty_step; /* mantissas; 0: not known */
};

struct ring {
	struct tick *slots;
	uint64_t mask;
	uint64_t hint_mask;  /* the hint is stored when the low bits of a number are all set */
	uint64_t next;       /* number of the next tick; private memory */
	struct tick_segment_header *header;
	struct tick_instrument *directory;
	uint32_t instruments;
	uint32_t *index;     /* hash table: instrument id + 1, 0 = free */
	uint32_t index_mask;
	struct segment segment;
	/* What the last writer left, valid after ring_open(). */
	bool restarted;        /* there was one */
	bool torn;             /* it died inside a slot: that number is used again */
	int64_t silent_since_ns; /* its last heartbeat, CLOCK_MONOTONIC */
	struct tick last;      /* the last tick that it published; type EMPTY: none is known */
};

/*
 * Creates the ring or takes it over: the sequence goes on where it stopped,
 * the directory stands. Says nothing in band; the caller's first tick is
 * FEED_EVENT START or RESTART. Returns 0 or -errno as segment_open().
 */
int ring_open(struct ring *r, const struct ring_cfg *cfg, char *why);

/*
 * The two halves of ring_open(), for a caller that opens several segments as
 * one: ring_prepare() changes nothing that a reader sees, ring_start() begins
 * the epoch. Both return as ring_open(); a failure leaves the ring closed.
 */
int ring_prepare(struct ring *r, const struct ring_cfg *cfg, char *why);
int ring_start(struct ring *r, char *why);

/* Ends in good order; see segment_close(). */
void ring_close(struct ring *r, bool unlink_it);

/*
 * So many ticks ahead the writer asks for the slot's lines to be its own: a
 * round trip to the core of a reader that read them a lap ago then passes
 * before the stores need them, and a burst does not wait for each in turn.
 */
#define RING_OWN_AHEAD 32

/*
 * Publishes one tick. W1 to W3 and F1 are named in docs/SHM.md, which holds
 * the proof (after Boehm, "Can seqlocks get along with programming language
 * memory models?", MSPC 2012).
 */
static inline void
ring_publish(struct ring *r, const struct ring_tick *t)
{
	uint64_t n = r->next++;
	struct tick *slot = &r->slots[n & r->mask];
	words_own(&r->slots[(n + RING_OWN_AHEAD) & r->mask], sizeof(*slot));
	__atomic_store_n(&slot->seq, 2 * n + 1, __ATOMIC_RELAXED); /* W1 */
	__atomic_thread_fence(__ATOMIC_RELEASE);                   /* F1 */
	words_store(&slot->seq + 1, t, sizeof(*t));                /* W2 */
	__atomic_store_n(&slot->seq, 2 * n + 2, __ATOMIC_RELEASE); /* W3 */
	if ((n & r->hint_mask) == r->hint_mask)
		__atomic_store_n(&r->header->hint, n + 1, __ATOMIC_RELEASE);
}

/* Stores the hint and a sign of life; called when the feed thread goes to wait. */
void ring_idle(struct ring *r, int64_t mono_ns);

/* Id of a symbol, or -1. */
int64_t ring_find(const struct ring *r, const char *symbol, size_t bytes);

/*
 * Appends an instrument; its id, symbol and exponents never change again.
 * Returns its id, or -ENOSPC (directory full), -EINVAL (empty or too long).
 */
int64_t ring_add(struct ring *r, const struct tick_instrument *instrument);

/* Word by word: a reader may see some of them changed already. */
static inline void
ring_set_terms(struct ring *r, uint32_t id, const struct ring_terms *terms)
{
	struct tick_instrument *i = &r->directory[id];

	__atomic_store_n(&i->price_step, terms->price_step, __ATOMIC_RELAXED);
	__atomic_store_n(&i->qty_step, terms->qty_step, __ATOMIC_RELAXED);
	__atomic_store_n(&i->trading, terms->trading, __ATOMIC_RELEASE);
}

#endif

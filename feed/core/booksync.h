/*
 * One instrument's book and whether it is right: SYNCING until its first
 * snapshot has joined the diffs, LIVE, or GAP from the moment on when ids are
 * missing (or the book is crossed) until the next snapshot has joined.
 *
 * Pure, feed thread. The memory is the caller's: of the book (book.h) and of
 * the diffs that wait (diffs.h). The caller fetches snapshots.
 *
 * A diff covers the ids (before, last]: spot before = U - 1, futures before =
 * pu. Its quantities are absolute, so it may be applied to any book whose id
 * lies in [before, last]. The rules of Binance are cases of that (2026-08):
 * spot joins where U <= lastUpdateId + 1 <= u, and each diff has U == last u + 1;
 * futures join where U <= lastUpdateId <= u, and each diff has pu == last u. In
 * 14 of 41 recorded futures snapshots lastUpdateId was some diff's u. Futures'
 * ids are global: lastUpdateId may also lie between pu and U.
 *
 * A snapshot that is older than the oldest diff kept cannot join: another one
 * is needed. One that arrives before any diff waits for one: only a diff
 * proves that the stream flows.
 *
 * A book whose memory does not hold the levels that are due (book.h) is never
 * LIVE: it gives back what it has, and needs a snapshot.
 */
#ifndef FEED_CORE_BOOKSYNC_H
#define FEED_CORE_BOOKSYNC_H

#include <stdbool.h>
#include <stdint.h>

#include "feed/core/book.h"
#include "feed/core/diffs.h"

enum booksync_state {
	BOOKSYNC_SYNCING, /* never was in sync */
	BOOKSYNC_LIVE,
	BOOKSYNC_GAP,     /* was; what it holds is old */
	BOOKSYNC_STATES
};

/* What becomes of the diff that ends at the snapshot's very id. */
enum booksync_rule {
	BOOKSYNC_SPOT,    /* dropped: the snapshot has it */
	BOOKSYNC_FUTURES, /* the first one to be applied, which changes nothing */
};

enum booksync_outcome {
	BOOKSYNC_APPLIED, /* diff: the book has it now */
	BOOKSYNC_OLD,     /* diff: the book had it */
	BOOKSYNC_KEPT,    /* diff: it waits for a snapshot */
	BOOKSYNC_JOINED,  /* the book is LIVE again, or its snapshot renewed */
	BOOKSYNC_GAPPED,  /* diff: ids before it are missing, the book was LIVE until now */
	BOOKSYNC_CROSSED, /* bid and ask overlap: not LIVE, a snapshot is needed */
	BOOKSYNC_TOO_OLD, /* the snapshot ends before the diffs begin: another one is needed */
	BOOKSYNC_WAITING, /* snapshot: taken, the next diff decides */
	BOOKSYNC_STARVED, /* no memory for levels that are due: not LIVE, empty */
	BOOKSYNC_OUTCOMES
};

/* How the last snapshot joined, and what happened since. */
struct booksync_tally {
	int64_t snapshot_id;
	int64_t first, last;  /* U and u of the first diff applied; last < 0: none yet */
	uint64_t dropped;     /* diffs that the snapshot had, before the first applied */
	uint64_t applied;
};

struct booksync {
	enum booksync_state state;
	enum booksync_rule rule;
	bool loaded;       /* not LIVE: a snapshot is in the book and waits for a diff */
	bool renewing;     /* LIVE: diffs are kept as well as applied */
	bool starving;     /* not LIVE: its last attempt had not the memory for it */
	int64_t at;        /* id of the book; LIVE or loaded */
	int64_t exch_ns;   /* of the last that was applied; TICK_ABSENT: none */
	struct book book;
	struct diffs diffs;
	struct booksync_tally tally;
	uint64_t gaps, crossed, too_old, joined, starved; /* ever */
};

struct booksync_snapshot {
	int64_t id;
	int64_t exch_ns;      /* or TICK_ABSENT */
	const struct tick_level *bids, *asks;
	uint32_t nbids, nasks;
	uint32_t limit;       /* that was asked for: a side with as many levels was cut there */
};

/* SYNCING, empty. Book and diffs were initialized by the caller. */
void booksync_init(struct booksync *sync, enum booksync_rule rule);

/* Returns APPLIED, OLD, KEPT, JOINED, GAPPED, CROSSED, STARVED or TOO_OLD. */
enum booksync_outcome booksync_on_diff(struct booksync *sync, const struct diff *diff);

/*
 * Returns JOINED, WAITING, CROSSED, STARVED, or TOO_OLD: then nothing has changed, and
 * a book that was LIVE still is.
 */
enum booksync_outcome booksync_on_snapshot(struct booksync *sync,
    const struct booksync_snapshot *snapshot);

/* The exchange counts anew, or diffs were lost: a LIVE book is a GAP, what is kept is forgotten. */
void booksync_lose(struct booksync *sync);

/* A snapshot was asked for although the book is LIVE: diffs are kept for it. */
void booksync_renew(struct booksync *sync);

/* Forgets everything, gives the memory back: SYNCING. */
void booksync_clear(struct booksync *sync);

/* Is it waiting for a snapshot, and are there diffs that it could join? */
static inline bool
booksync_wants(const struct booksync *sync)
{
	return sync->state != BOOKSYNC_LIVE && !sync->loaded && sync->diffs.n > 0;
}

#endif

/*
 * All books of a feed: their memory, and which of them want a snapshot.
 *
 * Owned by the pipeline; feed thread. Memory for instruments is taken when
 * their streams are configured, that for levels once, at start; it is touched
 * when levels come, so books that are not deep cost little.
 */
#ifndef FEED_PIPELINE_BOOKS_H
#define FEED_PIPELINE_BOOKS_H

#include <stdbool.h>
#include <stdint.h>

#include "feed/base/mono.h"
#include "feed/core/booksync.h"
#include "feed/core/snapsched.h"
#include "feed/pipeline/normalize.h"
#include "feed/venue/venue.h"

struct books_cfg {
	uint32_t instruments_max;
	uint32_t levels_max;    /* a side */
	int64_t memory_bytes;   /* for the levels of all, and for diffs that wait */
	enum booksync_rule rule;
	uint32_t depth;         /* levels a side that are shown: they ought to be known */
	span_t renew_after;     /* at the soonest, since the last snapshot */
};

/* A snapshot is wanted; as snapsched_want() takes it. Or none is any more. */
struct books_want {
	uint32_t instrument;
	enum snapsched_why why;
	bool stale;
	bool gone; /* what was wanted of that instrument is not any more; no why, no stale */
};

struct books;

/* Returns 0 or -ENOMEM. */
int books_new(struct books **out, const struct books_cfg *cfg);

/* Frees, nulls the pointer; NULL is fine. */
void books_free(struct books **books);

/* Keeps a book of that instrument from now on. Returns 0 or -ENOMEM. Not for the data path. */
int books_add(struct books *books, uint32_t instrument);

/* Not any more. */
void books_remove(struct books *books, uint32_t instrument);

/* The book of an instrument; NULL: there is none. `books` may be NULL. */
const struct booksync *books_find(const struct books *books, uint32_t instrument);

/* A depth event that is news. There is a book of it. */
enum booksync_outcome books_on_depth(struct books *books, uint32_t instrument,
    const struct event *e, const struct normal *n, mono_t now);

/* A snapshot came. There is a book of it. */
enum booksync_outcome books_on_snapshot(struct books *books, uint32_t instrument,
    const struct booksync_snapshot *snapshot, mono_t now);

/* The exchange has closed that instrument: no snapshot is wanted until a change comes. */
void books_close(struct books *books, uint32_t instrument);

/* The exchange counts that book's ids anew. Nothing happens when there is no such book. */
void books_lose(struct books *books, uint32_t instrument);

/* Takes the oldest wish out; false: there is none. `books` may be NULL. */
bool books_next_want(struct books *books, struct books_want *out);

struct books_sums {
	uint32_t books, live;
	int64_t bytes;         /* of levels and waiting diffs, in use */
	uint64_t dropped;      /* levels that found no room */
	uint32_t starving;     /* not in sync for want of memory */
	uint32_t cut;          /* in sync, but levels that are not shown found no memory */
};

struct books_sums books_sums(const struct books *books);

#endif

/*
 * Spans of books, beside those of lines (trace.h): how long one is not in sync.
 *
 *	resync                      from the loss, or the first change, to LIVE
 *	  snapshot                  each attempt to get one (feed/ops/rest_trace.h)
 *
 * Feed thread; owns no clock. Memory is the caller's.
 */
#ifndef FEED_CORE_TRACE_BOOK_H
#define FEED_CORE_TRACE_BOOK_H

#include "feed/core/trace.h"

struct trace_books {
	struct trace *trace;
	struct trace_open *open; /* by instrument; id 0: it is in sync, or was never wanted */
	uint32_t n;
};

/* `memory` is zeroed, has room for n instruments, and outlives *books. */
void trace_books_init(struct trace_books *books, struct trace *trace, struct trace_open *memory,
    uint32_t n);

/*
 * A snapshot is wanted because the book is not in sync. Returns the span that
 * it is for, begun now unless it was open; id 0: no such instrument.
 */
struct trace_open trace_book_wanted(struct trace_books *books, uint32_t instrument, mono_t now);

/* No book is kept of it any more. */
void trace_book_gone(struct trace_books *books, uint32_t instrument);

/* The book is LIVE, by a snapshot; `entry` is its instrument's. */
void trace_book_joined(struct trace_books *books, uint32_t instrument,
    const struct tick_instrument *entry, mono_t now);

#endif

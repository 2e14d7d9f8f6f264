/*
 * The order books that were recorded with a capture: REST serves each of them
 * when it is asked for, and the replay does not pass the time at which one was
 * recorded before it was served and had time to arrive.
 */
#ifndef TOOLS_EXCHANGE_SIM_SHELF_H
#define TOOLS_EXCHANGE_SIM_SHELF_H

#include <stdbool.h>
#include <stdint.h>

#include "feed/base/bytes.h"
#include "feed/base/mono.h"

#define SHELF_BOOKS_MAX 64
#define SHELF_PATIENCE_S 10 /* that long the replay waits for somebody to ask */
#define SHELF_SETTLE_MS 300 /* and that long after the answer, for it to arrive and be read */

struct shelf_book {
	char symbol[64];
	int64_t time_us; /* when it was received */
	char *body;
	size_t n;
	bool flows;      /* a change of it was sent: somebody may ask */
	mono_t served;   /* MONO_NEVER: not yet */
};

struct shelf {
	struct shelf_book book[SHELF_BOOKS_MAX];
	unsigned n;
	mono_t waits_until; /* the replay, MONO_NEVER: it does not wait */
};

/*
 * Loads what an index has of the capture at that path. A row: file beside the
 * index, capture, product, symbol, microseconds; by tabs, # begins a comment.
 * 0, or -1 with a sentence in error[cap].
 */
int shelf_load(struct shelf *shelf, const char *index, const char *capture, char *error,
    size_t cap);

void shelf_free(struct shelf *shelf);

/* The book of a symbol, from now on served. Empty: there is none. */
struct bytes shelf_take(struct shelf *shelf, struct bytes symbol, mono_t now);

/* A message of that stream was sent. */
void shelf_on_message(struct shelf *shelf, struct bytes stream);

/* Until when the message of that time has to wait; MONO_ZERO: not at all. */
mono_t shelf_holds(struct shelf *shelf, int64_t time_us, mono_t now);

#endif

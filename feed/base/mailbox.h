/*
 * A bounded queue of records of one size between two threads: one puts, one
 * takes. Nobody waits, nobody locks; a full mailbox refuses. Waking the other
 * side is the caller's.
 *
 * Pure: the memory is the caller's. A record's bytes are copied in and out, so
 * what it points to changes hands with it.
 */
#ifndef FEED_BASE_MAILBOX_H
#define FEED_BASE_MAILBOX_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Each side writes to lines of its own: two of 64 bytes are fetched together. */
#define MAILBOX_APART 128

struct mailbox {
	unsigned char *memory;
	size_t record; /* bytes */
	uint64_t mask; /* records - 1 */
	char apart_0[MAILBOX_APART];
	_Atomic uint64_t put; /* by the side that puts; free-running */
	uint64_t taken_seen;  /* that side's last look at `taken` */
	char apart_1[MAILBOX_APART];
	_Atomic uint64_t taken; /* by the side that takes; free-running */
	uint64_t put_seen;      /* that side's last look at `put` */
	char apart_2[MAILBOX_APART];
};

/*
 * Empties it. `memory` has room for `records` of `record` bytes and outlives
 * the mailbox; `records` is a power of two. Before the threads know of it.
 */
void mailbox_init(struct mailbox *box, void *memory, size_t record, size_t records);

/* Copies a record in. False: the mailbox is full. */
bool mailbox_put(struct mailbox *box, const void *record);

/* Copies the oldest record out. False: there is none. */
bool mailbox_take(struct mailbox *box, void *record);

#endif

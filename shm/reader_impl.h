/*
 * What a reader is made of, for the files of the library that share it:
 * reader.c (the hot path), cursor.c, filter.c, wait.c. Not part of the ABI.
 * Nothing in here is shared between readers, clones included.
 */
#ifndef SHM_READER_IMPL_H
#define SHM_READER_IMPL_H

#include <stdint.h>

#include <tickring/reader.h>

#include "shm/attach.h"

/* How often a reader that waits looks after the writer. */
#define READER_LOOK_NS 50000000

/* Why a call leaves the hot path although its tick is there: tick_reader.detour. */
#define DETOUR_EPOCH 1u  /* lapped over a restart: tell it with the next call */
#define DETOUR_FILTER 2u /* not every tick is wanted */

struct reader_filter {
	uint64_t types;   /* bit of each type that passes; all ones: every type */
	uint64_t *wanted; /* bit of each instrument that passes; NULL: every one */
	uint64_t ids;     /* bits in there, a multiple of 64 */
};

struct tick_reader {
	/* Read on every call: one line. */
	const struct tick *slots;
	uint64_t mask;
	uint64_t next; /* number of the next tick */
	uint64_t received;
	uint32_t epoch;
	uint32_t idle;   /* calls that found nothing */
	int health;      /* outcome of the last look at the writer */
	uint32_t detour; /* DETOUR_*: nonzero is rare */
	uint64_t ended;   /* number at which it last found nothing */
	uint64_t backlog; /* ticks below this number are there, says the hint */

	int64_t looked_ns;
	uint64_t lost;
	uint64_t start; /* received + skipped + lost = next - start */
	uint64_t skipped, overruns, restarts, slept, polled, damaged;
	struct reader_filter filter;
	int told;            /* what the last wait came to */
	int bell_fd;         /* NAME.bell, for writing; -1: none, or not opened yet */
	uint32_t bell_epoch; /* header.bell_epoch for which it was opened; 0: for none */
	const struct tick_segment_header *header;
	struct attachment at;
};

/* Takes header, slots and their number from r->at. */
void reader_use_mapping(struct tick_reader *r);

/* Closes the bell; it is opened again when needed. */
void reader_drop_bell(struct tick_reader *r);

/* CLOCK_MONOTONIC in ns. */
int64_t reader_now_ns(void);

/* Number of the next tick to come, whatever the hint says. At most one pass over the slots. */
uint64_t reader_find_end(const struct tick_reader *r);

/* The oldest number to start from when `published` is the next to come: half a ring behind it. */
uint64_t reader_oldest_safe(const struct tick_reader *r, uint64_t published);

/* Goes to a number without counting; `start` moves along. */
void reader_move(struct tick_reader *r, uint64_t to);

/* Goes to a number, what lies between is lost. Returns TICK_E_OVERRUN. */
int reader_lose(struct tick_reader *r, uint64_t to);

/* After going elsewhere: was the start of a writer passed over? The next call then says so. */
void reader_note_epoch(struct tick_reader *r);

/*
 * The slot of the next tick does not hold it. Both return what
 * tick_reader_peek() is to return.
 */
int reader_lapped(struct tick_reader *r);  /* a younger one: loss is counted */
int reader_nothing(struct tick_reader *r); /* an older one: looks after the writer */

/*
 * Nothing has come for a while: can that be? TICK_END: yes. TICK_E_DAMAGED:
 * the tick was published and its slot was damaged; it was counted lost.
 */
int reader_doubt(struct tick_reader *r);

/* Notes and counts the start of a writer. Returns TICK_E_RESTARTED. */
int reader_told_restart(struct tick_reader *r, uint32_t epoch);

/* Is the FEED_EVENT at hand the first word of a writer that we have not met? */
int reader_is_new_epoch(const struct tick_reader *r, const struct tick *t, uint32_t *epoch);

/* tick_reader_peek() when `detour` is nonzero and the slot's sequence is the wanted one. */
int reader_detour(struct tick_reader *r, const struct tick **out);

#endif

/*
 * A reader that believes nothing: it keeps its own account of a feed's tick
 * numbers and of the exchange's trade ids, and fails the test where the feed's
 * words (lost ticks, gaps, restarts) differ from it.
 *
 * One thread. Uses cmocka's assertions.
 */
#ifndef TESTS_IPC_WITNESS_H
#define TESTS_IPC_WITNESS_H

#include <stdbool.h>
#include <stdint.h>

#include <tickring/reader.h>

#define WITNESS_INSTRUMENTS_MAX 8

/* Ids of one type of one instrument: consecutive at the exchange. */
struct witness_ids {
	int64_t first, last; /* seen; TICK_ABSENT: none yet */
	int64_t told;        /* missing by FEED_EVENT GAP since `last` */
	int64_t told_all;    /* since `first` */
	int64_t seen;        /* how many, from `first` on */
};

struct witness {
	struct tick_reader *reader;
	struct witness_ids ids[WITNESS_INSTRUMENTS_MAX][TICK_TYPE_COUNT];
	struct tick restart;     /* the last FEED_EVENT RESTART */
	uint64_t first, last;    /* numbers of the first and the last tick */
	uint64_t received, trades;
	uint64_t restarts;       /* outcomes RESTARTED */
	uint64_t restart_events; /* ticks that say it */
	uint64_t overruns, gaps;
	bool heard;              /* first and last are set */
	bool jumped;             /* lapped: the next number and ids need not follow */
	bool expects_restart;    /* RESTARTED was said: its tick comes next */
};

/* Opens the reader with the next tick to come; fails the test when that cannot be. */
void witness_open(struct witness *w, const char *feed);
void witness_close(struct witness *w);

/* One tick_reader_next() and all checks. Returns its outcome. */
int witness_read(struct witness *w);

/*
 * Reads until the condition holds; fails the test after DAEMON_WITHIN_S
 * without a tick, or when `outcome` does not come.
 */
void witness_read_trades(struct witness *w, uint64_t trades);
void witness_read_until(struct witness *w, int outcome);
void witness_read_restart_event(struct witness *w, uint64_t events);

/* received + lost == last number - first number + 1, and the reader counts as we do. */
void witness_check_numbers(const struct witness *w);

/* Every id from the first to the last was seen or told missing. Returns how many were missing. */
int64_t witness_check_ids(const struct witness *w);

#endif

/*
 * The board under load: a writer that updates quotes of 1,024 instruments at
 * full speed, a reader that picks instruments at random.
 */
#ifndef TESTS_BENCH_BOARD_LOAD_H
#define TESTS_BENCH_BOARD_LOAD_H

#include "shm/board_writer.h"
#include "tests/bench/pair.h"

#define BOARD_LOAD_INSTRUMENTS 1024u

struct board_rig {
	const struct pair *pair;
	char feed[128]; /* path of the feed, for tick_board_open() */
	struct board *board;
};

struct board_load {
	struct pair_verdict verdict;
	/* Nanoseconds per operation. */
	double copy_ns;        /* 64-byte records, picked at random, in the reader's own cache */
	double same_ns;        /* the board's lines, nobody writes, no check */
	double quiet_ns;       /* tick_board_quote(), nobody writes */
	double read_ns;        /* the same, writer at full speed */
	double moved_ns;       /* plain loads of the same lines, no check, same writer */
	double write_alone_ns; /* board_quote(), nobody reads */
	double write_ns;       /* the same, with the reader */
	double retries_pct;    /* attempts that met the writer, per 100 reads */
	double busy;           /* reads that gave up */
};

struct board_load board_load_run(const struct board_rig *rig, unsigned reads);

#endif

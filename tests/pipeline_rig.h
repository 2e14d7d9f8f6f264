/*
 * A pipeline without a network: frames go in, ticks come out of a ring in a
 * folder of its own, and there is a board to look at. Uses cmocka's assertions.
 */
#ifndef TESTS_PIPELINE_RIG_H
#define TESTS_PIPELINE_RIG_H

#include <tickring/board.h>
#include <tickring/reader.h>

#include "feed/pipeline/pipeline.h"
#include "tests/shm_fixture.h"

#define PIPELINE_RIG_SLOTS 4096
#define PIPELINE_RIG_DEPTH 3        /* of the board's book image */
#define PIPELINE_RIG_RECV_NS INT64_C(1700000000200000000)
#define PIPELINE_RIG_INSTRUMENTS 64

struct pipeline_rig {
	struct shm_fixture fixture;
	struct ring ring;
	struct board board;
	struct config_instruments instruments; /* -8 and -8, no overrides */
	const struct venue *venue;  /* spot */
	struct pipeline *pipeline;
	const struct books_cfg *books; /* NULL: none are kept */
	const struct gaps_cfg *gaps;   /* NULL: none are filled */
	uint32_t depth;
	struct tick_reader *reader; /* has seen everything up to the START or RESTART */
	struct tick_board *look;
	struct tick start;          /* that START or RESTART */
	struct transport_stamps stamps;
};

/* cmocka's setup and teardown of one test; *state becomes the rig. */
int pipeline_rig_setup(void **state);

/* The same, with books, and a board of that depth. */
int pipeline_rig_setup_books(void **state, const struct books_cfg *books, uint32_t depth);

/* The same, and gaps of trades are filled. */
int pipeline_rig_setup_gaps(void **state, const struct gaps_cfg *gaps);

/* The same, with another venue than spot. */
int pipeline_rig_setup_venue(void **state, const char *venue);

int pipeline_rig_teardown(void **state);

/* Opens ring, board and pipeline; `now_ns` is the wall clock. */
void pipeline_rig_open(struct pipeline_rig *rig, int64_t now_ns);

/* As if killed: nothing is told, nothing is written, the files stay. */
void pipeline_rig_kill(struct pipeline_rig *rig);

/* One text message of line `line`. */
void pipeline_rig_feed(struct pipeline_rig *rig, unsigned line, const char *text);

/* The same, with printf's conversions, of line 2. */
void pipeline_rig_feedf(struct pipeline_rig *rig, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The same, received now. */
void pipeline_rig_feed_on(struct pipeline_rig *rig, unsigned line, const char *text);

/* A spot trade of ABCUSDT with that id, price 12.34, quantity 0.5; on a line, received now. */
void pipeline_rig_trade(struct pipeline_rig *rig, int64_t id);
void pipeline_rig_trade_on(struct pipeline_rig *rig, unsigned line, int64_t id);

/* The next tick is that trade, with or without the flag that a gap is before it. */
void pipeline_rig_expect_trade(struct pipeline_rig *rig, int64_t id, bool gap_before);

/* The next tick; fails the test when there is none. Then: there is none. */
struct tick pipeline_rig_tick(struct pipeline_rig *rig);
void pipeline_rig_no_tick(struct pipeline_rig *rig);

/* The next tick is the feed's own word with this reason. */
struct tick pipeline_rig_event(struct pipeline_rig *rig, enum tick_reason reason);

/* State of an instrument's data on the board. */
struct tick_data pipeline_rig_data(struct pipeline_rig *rig, uint32_t instrument);

uint64_t pipeline_rig_count(struct pipeline_rig *rig, enum tick_counter counter);

#endif

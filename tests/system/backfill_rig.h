/*
 * For system tests of backfill: feedd with the two streams of trades of one
 * symbol against exchange-sim, and an account of every id that the ring tells,
 * live or flagged REPLAY. Uses cmocka's assertions.
 */
#ifndef TESTS_SYSTEM_BACKFILL_RIG_H
#define TESTS_SYSTEM_BACKFILL_RIG_H

#include <stdint.h>

#include <tickring/reader.h>
#include <tickring/status.h>

#include "tests/system/daemon.h"
#include "tests/system/sim_rig.h"

#define BACKFILL_IDS_MAX 100000

/* What the ring said of the ids of one type. */
struct account {
	int64_t base;           /* the first id that was seen */
	int64_t live;           /* the last one that came live */
	int64_t past;           /* the last one that came flagged REPLAY */
	uint64_t live_ids, past_ids, gaps, gap_ids, unfilled, ends;
	unsigned char told[BACKFILL_IDS_MAX]; /* how often, by id - base; also as UNFILLED */
};

struct backfill_rig {
	struct sim *sim;
	struct daemon feedd;
	struct tick_status_reader *status;
	struct tick_reader *reader;
	unsigned restarts; /* of feedd, that the reader was told of */
	struct account account[TICK_TYPE_COUNT];
};

/* cmocka's setup and teardown of one test; *state becomes the rig. */
int backfill_rig_setup(void **state);
int backfill_rig_teardown(void **state);

/* exchange-sim, strict, with one symbol. */
void backfill_rig_sim(struct backfill_rig *rig, const char *product, const char *rate,
    const char *key);

/*
 * feedd with that API key in its file, and further settings (that end with a
 * comma). Also once more, when it has ended.
 */
void backfill_rig_feedd(struct backfill_rig *rig, const char *key, const char *settings);

/* Ends both in good order. */
void backfill_rig_stop(struct backfill_rig *rig);

/* Reads what is in the ring. Live ids and past ones have to rise, each for themselves. */
void backfill_rig_take(struct backfill_rig *rig);

/* Waits until so many more of both types have come live. */
void backfill_rig_wait_live(struct backfill_rig *rig, uint64_t more);

/* Waits until so many gaps of that type are over. */
void backfill_rig_wait_ends(struct backfill_rig *rig, enum tick_type type, uint64_t ends);

/* Up to the last live one, every id was told exactly once. */
void backfill_rig_expect_each_once(const struct account *a);

struct tick_status backfill_rig_status(struct backfill_rig *rig);
uint64_t backfill_rig_count(struct backfill_rig *rig, enum tick_counter counter);

/* REST requests that the exchange has got. */
unsigned backfill_rig_requests(struct backfill_rig *rig);

#endif

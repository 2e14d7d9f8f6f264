/*
 * feedd against exchange-sim with two endpoints ("a" and "b"), at a rate that
 * this machine carries: faults come through the control port, what becomes of
 * them is read by a flow (flow.h) and from the status.
 *
 * Used by the test's thread.
 */
#ifndef TESTS_SYSTEM_STAGE_H
#define TESTS_SYSTEM_STAGE_H

#include <stdbool.h>

#include <tickring/status.h>

#include "feed/base/mono.h"
#include "tests/system/daemon.h"
#include "tests/system/flow.h"
#include "tests/system/sim_rig.h"

struct stage_cfg {
	unsigned rate;        /* messages a second, wanted; sanitizers quarter more than 10000 */
	const char *symbols;  /* of the simulator: how many, or a list; NULL: two */
	const char *streams;  /* JSON list; NULL: four kinds of streams of the two symbols */
	const char *settings; /* further lines of the file, each ending with a comma */
	bool strict;          /* the simulator refuses who connects too often */
	bool any_rate;        /* what this machine carries of the wanted rate is enough */
};

struct stage {
	struct sim *sim;
	struct daemon feedd;
	struct flow *flow;
	struct tick_status_reader *status;
	struct stage_cfg cfg;
	char file[128]; /* feedd's configuration */
	unsigned rate;  /* that it runs at */
	unsigned lines; /* of the configuration, that have to be live */
};

/* For cmocka_run_group_tests() and its tests: *state becomes the stage. */
int stage_set_up(void **state);
int stage_tear_down(void **state);

/*
 * Starts both; returns when everything is subscribed and the rate is there.
 * Says at which rate when that is not the wanted one.
 */
void stage_start(struct stage *stage, const struct stage_cfg *cfg, unsigned lines);

/* Writes other settings into the file, sends SIGHUP, and waits until they are in force. */
void stage_reload(struct stage *stage, const char *settings);

/* Plans faults (exchange-sim(1)), their times from now. */
void stage_fault(struct stage *stage, const char *script);

/* The status as it is. */
void stage_status(struct stage *stage, struct tick_status *out);

/* Does every member of the pool live, with all streams producing on all legs? */
bool stage_is_whole(const struct tick_status *status);

/* Waits for it; fails the test with `what` when it does not come. *out: the status then. */
void stage_wait_whole(struct stage *stage, const char *what, struct tick_status *out);

/* Waits for so many rotations since the start. */
void stage_wait_rotations(struct stage *stage, int64_t done, struct tick_status *out);

/* Lets everything run for so long: time in which something bad could happen. */
void stage_run_for(span_t span);

/*
 * stage_start(), then body(), which returns what stage_has_all() said last.
 * Where the machine stood still, the same once more on a new stage, and once
 * more: what is lost then each time is not the machine's fault.
 */
void stage_play(struct stage *stage, const struct stage_cfg *cfg, unsigned lines,
    bool (*body)(struct stage *));

/*
 * Nothing missing, twice, out of order, flagged or called a gap, and the reader
 * was not lapped: true, or the test fails. False: something is missing, and
 * since flow_mark() no tick came for 100 ms although the legs were to give
 * some. A line that replaces another is ahead of what waits to be read on the
 * old one, for longer than the feed keeps it.
 */
bool stage_has_all(struct stage *stage, const char *after);

#endif

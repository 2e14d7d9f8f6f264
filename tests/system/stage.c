#include "tests/system/stage.h"

#include <inttypes.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "feed/io/clock.h"

enum { RATE_MIN = 200, SANITIZED_RATE = 10000, TRIES = 4, STREAMS_TEXT = 4096, PLAYS = 3 };

static const span_t measured_for = {INT64_C(700000000)};
static const int64_t stood_still_ns = 100000000;

int
stage_set_up(void **state)
{
	struct stage *stage = calloc(1, sizeof(*stage));

	if (!stage || sim_set_up((void **)&stage->sim) != 0)
		return -1;
	snprintf(stage->file, sizeof(stage->file), "%s/feed.json", daemon_folder());
	*state = stage;
	return 0;
}

int
stage_tear_down(void **state)
{
	struct stage *stage = *state;

	flow_stop(&stage->flow);
	tick_status_close(&stage->status);
	daemon_teardown(state);
	sim_tear_down((void **)&stage->sim);
	free(stage);
	return 0;
}

/* ---- configuration ---------------------------------------------------------- */

static const char *
usual_streams(void)
{
	static const char *const symbols[] = {"btcusdt", "ethusdt"};
	static const char *const kinds[] = {"trade", "aggTrade", "bookTicker", "depth@100ms"};
	static char text[STREAMS_TEXT];
	const char *comma = "[";
	size_t n = 0;

	for (size_t i = 0; i < sizeof(symbols) / sizeof(symbols[0]); i++)
		for (size_t k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++) {
			n += (size_t)snprintf(text + n, sizeof(text) - n, "%s\"%s@%s\"", comma,
			    symbols[i], kinds[k]);
			comma = ", ";
		}
	snprintf(text + n, sizeof(text) - n, "]");
	return text;
}

static void
write_config(struct stage *stage, const char *settings)
{
	const char *port[SIM_ENDPOINTS];
	FILE *out = fopen(stage->file, "we");

	assert_non_null(out);
	for (int i = 0; i < SIM_ENDPOINTS; i++)
		port[i] = strchr(stage->sim->address[i], ':') + 1;
	fprintf(out, "{\n\"feed\": \"%s\",\n%s\n"
	    "\"endpoint.ca_file\": \"%s\",\n"
	    "\"endpoints\": [\"localhost:%s@127.0.0.1\", \"localhost:%s@127.0.0.1\"],\n"
	    "\"status_interval_ms\": 10, \"ring.slots\": 262144,\n"
	    "\"resources.max_cpu_percent\": 100, \"resources.max_memory_bytes\": 4294967296,\n"
	    "\"streams\": %s\n}\n", daemon_feed(), settings, stage->sim->ca, port[0], port[1],
	    stage->cfg.streams ? stage->cfg.streams : usual_streams());
	assert_int_equal(fclose(out), 0);
}

void
stage_reload(struct stage *stage, const char *settings)
{
	mono_t deadline = daemon_deadline();
	struct tick_status status;
	int64_t before;

	stage_status(stage, &status);
	before = status.control.reloads;
	write_config(stage, settings);
	kill(stage->feedd.pid, SIGHUP);
	do {
		daemon_pause(deadline, "the reload");
		stage_status(stage, &status);
	} while (status.control.reloads == before);
}

void
stage_fault(struct stage *stage, const char *script)
{
	sim_fault(stage->sim, script);
}

/* ---- status ----------------------------------------------------------------- */

void
stage_status(struct stage *stage, struct tick_status *out)
{
	mono_t deadline = daemon_deadline();

	while (tick_status_read(stage->status, out) != 0)
		daemon_pause(deadline, "a status");
}

bool
stage_is_whole(const struct tick_status *status)
{
	const struct tick_control *c = &status->control;
	int64_t live = 0;

	for (int64_t i = 0; i < status->lines; i++)
		live += status->line[i].role == TICK_ROLE_MEMBER &&
		    status->line[i].state == TICK_LINE_LIVE;
	return live == c->members && c->streams_stale == 0 &&
	    c->streams_producing == status->streams * c->redundancy;
}

/* At a part of the rate that the test asked for, rare streams take that much longer. */
static mono_t
slowed_deadline(const struct stage *stage)
{
	return mono_add(clock_mono(),
	    span_s((int64_t)DAEMON_WITHIN_S * stage->cfg.rate / stage->rate));
}

void
stage_wait_whole(struct stage *stage, const char *what, struct tick_status *out)
{
	mono_t deadline = slowed_deadline(stage);

	do {
		daemon_pause(deadline, what);
		stage_status(stage, out);
	} while (!stage_is_whole(out) || out->control.members < stage->lines);
}

void
stage_wait_rotations(struct stage *stage, int64_t done, struct tick_status *out)
{
	mono_t deadline = slowed_deadline(stage);

	do {
		daemon_pause(deadline, "the lines' replacement");
		stage_status(stage, out);
	} while (out->control.rotations_done < done || !stage_is_whole(out));
}

void
stage_run_for(span_t span)
{
	mono_t end = mono_add(clock_mono(), span);

	while (mono_before(clock_mono(), end))
		usleep(1000);
}

/* ---- start ------------------------------------------------------------------ */

static void
start_both(struct stage *stage)
{
	const char *arguments[] = {"--config", stage->file, NULL};
	mono_t deadline = daemon_deadline();
	char rate[16];

	snprintf(rate, sizeof(rate), "%u", stage->rate);
	sim_start(stage->sim, "--listen", "a=0", "--listen", "b=0", "--control-port", "0",
	    "--control-port-file", stage->sim->control_file, "--rate", rate, "--symbols",
	    stage->cfg.symbols ? stage->cfg.symbols : "btcusdt,ethusdt",
	    stage->cfg.strict ? "--strict" : NULL, NULL);
	write_config(stage, stage->cfg.settings ? stage->cfg.settings : "");
	daemon_start(&stage->feedd, "feedd", arguments);
	stage->flow = flow_start(daemon_feed());
	while (tick_status_open(&stage->status, daemon_feed()) != 0)
		daemon_pause(deadline, "the status segment");
}

/*
 * The next exchange counts its ids from the beginning: a feed that remembered
 * those of this one would take them for ids that it has had.
 */
static void
stop_both(struct stage *stage)
{
	flow_stop(&stage->flow);
	tick_status_close(&stage->status);
	assert_int_equal(daemon_end(&stage->feedd, SIGTERM), 0);
	sim_stop(stage->sim, SIGTERM);
	daemon_remove_segments();
}

/* The run is with the transport that the environment names. */
static void
expect_transport(const struct tick_status *status)
{
	const char *wanted = getenv("TICKRING_TRANSPORT");

	if (wanted && *wanted)
		assert_string_equal(status->transport, wanted);
}

/* Messages that came in a second, all legs together counted once. */
static uint64_t
measured_rate(struct stage *stage)
{
	struct tick_status before, after;
	int64_t ns;

	stage_wait_whole(stage, "all lines live and all streams producing", &before);
	expect_transport(&before);
	stage_run_for(measured_for);
	stage_status(stage, &after);
	ns = after.at_mono_ns - before.at_mono_ns;
	assert_true(ns > 0);
	return (after.counter[TICK_COUNTER_MESSAGES] - before.counter[TICK_COUNTER_MESSAGES]) *
	    UINT64_C(1000000000) / (uint64_t)ns / (uint64_t)after.control.redundancy;
}

void
stage_start(struct stage *stage, const struct stage_cfg *cfg, unsigned lines)
{
	const char *variant = getenv("TICKRING_VARIANT");
	uint64_t got;

	stage->cfg = *cfg;
	stage->lines = lines;
	stage->rate = cfg->rate;
	if (variant && strcmp(variant, "release") != 0 && cfg->rate > SANITIZED_RATE)
		stage->rate /= 4;
	for (int i = 0;; i++) {
		start_both(stage);
		got = measured_rate(stage);
		if (cfg->any_rate || got >= stage->rate / 10 * 9 || i == TRIES ||
		    stage->rate / 4 < RATE_MIN)
			break;
		print_message("%u messages/s wanted, %" PRIu64 " came: a quarter of that\n",
		    stage->rate, got);
		stop_both(stage);
		stage->rate /= 4;
	}
	print_message("runs at %u messages/s, %" PRIu64 " measured\n", stage->rate, got);
}

/* ---- verdict ---------------------------------------------------------------- */

bool
stage_has_all(struct stage *stage, const char *after)
{
	struct flow_counts c = flow_counts(stage->flow);

	print_message("%s: %" PRIu64 " ticks, missing %" PRIu64 ", twice %" PRIu64 ", gaps told %"
	    PRIu64 ", lapped %" PRIu64 "; longest silence %" PRId64 ".%03" PRId64 " ms\n",
	    after, c.ticks, c.missing, c.doubles, c.gaps, c.lost, c.silence_ns / 1000000,
	    c.silence_ns / 1000 % 1000);
	assert_true(c.ticks > 0);
	assert_int_equal(c.doubles, 0);
	assert_int_equal(c.restarts, 0);
	if (c.missing + c.flagged + c.gaps > 0 && c.silence_ns > stood_still_ns)
		return false;
	assert_int_equal(c.lost, 0);
	assert_int_equal(c.missing, 0);
	assert_int_equal(c.flagged, 0);
	assert_int_equal(c.gaps, 0);
	return true;
}

void
stage_play(struct stage *stage, const struct stage_cfg *cfg, unsigned lines,
    bool (*body)(struct stage *))
{
	for (int i = 0; i < PLAYS; i++) {
		if (i > 0)
			stop_both(stage);
		stage_start(stage, cfg, lines);
		if (body(stage))
			return;
		print_message("the machine stood still\n");
	}
	fail_msg("something is missing, %d times of %d", PLAYS, PLAYS);
}

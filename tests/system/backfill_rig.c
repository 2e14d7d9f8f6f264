#include "tests/system/backfill_rig.h"

#include <inttypes.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

int
backfill_rig_setup(void **state)
{
	struct backfill_rig *rig = calloc(1, sizeof(*rig));

	if (!rig || sim_set_up((void **)&rig->sim) != 0)
		return -1;
	*state = rig;
	return 0;
}

int
backfill_rig_teardown(void **state)
{
	struct backfill_rig *rig = *state;

	tick_reader_close(&rig->reader);
	tick_status_close(&rig->status);
	daemon_teardown(state);
	sim_tear_down((void **)&rig->sim);
	free(rig);
	return 0;
}

void
backfill_rig_sim(struct backfill_rig *rig, const char *product, const char *rate, const char *key)
{
	sim_start(rig->sim, "--strict", "--symbols", "1", "--product", product, "--rate", rate,
	    "--api-key", key, "--control-port", "0", "--control-port-file",
	    rig->sim->control_file, NULL);
}

/* The file that endpoint.api_key_file names. */
static void
write_key(const char *key)
{
	char path[128];
	FILE *f;

	snprintf(path, sizeof(path), "%s/key", daemon_folder());
	f = fopen(path, "we");
	assert_non_null(f);
	fprintf(f, "%s\n", key);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(chmod(path, 0600), 0);
}

void
backfill_rig_feedd(struct backfill_rig *rig, const char *key, const char *settings)
{
	const char *port = strchr(rig->sim->address[0], ':') + 1;
	mono_t deadline = daemon_deadline();
	char file[128];
	const char *const arguments[] = {"--config", file, NULL};
	FILE *out;

	write_key(key);
	snprintf(file, sizeof(file), "%s/feed.json", daemon_folder());
	out = fopen(file, "we");
	assert_non_null(out);
	fprintf(out, "{\n\"feed\": \"%s\", %s\n"
	    "\"endpoint\": {\"host\": \"localhost\", \"address\": \"127.0.0.1\", \"port\": %s,\n"
	    "\"path\": \"/stream\", \"ca_file\": \"%s\", \"api_key_file\": \"%s/key\"},\n"
	    "\"rest.host\": \"localhost\", \"rest.address\": \"127.0.0.1\", \"rest.port\": %s,\n"
	    "\"instruments.refresh_ms\": 0, \"rest.clock_interval_ms\": 0,\n"
	    "\"status_interval_ms\": 10, \"ring.slots\": 262144,\n"
	    "\"pool.initial_connections\": 1,\n"
	    "\"resources.max_cpu_percent\": 100, \"resources.max_memory_bytes\": 4294967296,\n"
	    "\"streams\": [\"btcusdt@aggTrade\", \"btcusdt@trade\"]\n}\n",
	    daemon_feed(), settings, port, rig->sim->ca, daemon_folder(), port);
	assert_int_equal(fclose(out), 0);
	daemon_start(&rig->feedd, "feedd", arguments);
	while (!rig->status && tick_status_open(&rig->status, daemon_feed()) != 0)
		daemon_pause(deadline, "the status segment");
	while (!rig->reader &&
	    tick_reader_open(&rig->reader, daemon_feed(), TICK_FROM_OLDEST) != 0)
		daemon_pause(deadline, "the ring");
}

void
backfill_rig_stop(struct backfill_rig *rig)
{
	assert_int_equal(daemon_end(&rig->feedd, SIGTERM), 0);
	sim_stop(rig->sim, SIGTERM);
}

/* ---- what is seen --------------------------------------------------------------- */

static void
note_trade(struct account *a, const struct tick *t)
{
	bool is_past = (t->flags & TICK_FLAG_REPLAY) != 0;
	int64_t *last = is_past ? &a->past : &a->live;

	if (a->live_ids == 0)
		a->base = t->id;
	assert_in_range(t->id - a->base, 0, BACKFILL_IDS_MAX - 1);
	assert_true(t->id > *last); /* live and past ones, each in their order */
	*last = t->id;
	a->told[t->id - a->base]++;
	a->live_ids += !is_past;
	a->past_ids += is_past;
	if (is_past) {
		assert_true(t->id < a->live);
		assert_int_equal(t->exch_ns, TICK_ABSENT);
		assert_int_equal(t->flags & ~(TICK_FLAG_SIDE | TICK_FLAG_REPLAY),
		    TICK_FLAG_FIRST | TICK_FLAG_LAST);
	}
	assert_true(t->trade.price > 0 && t->trade.qty > 0 && t->trade_ns > 0);
}

static void
note_event(struct backfill_rig *rig, const struct tick *t)
{
	struct account *a;

	if (t->event.reason != TICK_REASON_GAP && t->event.reason != TICK_REASON_UNFILLED &&
	    t->event.reason != TICK_REASON_BACKFILLED)
		return;
	a = &rig->account[t->event.a];
	if (t->event.reason == TICK_REASON_GAP) {
		a->gaps++;
		a->gap_ids += (uint64_t)(t->event.c - t->event.b) + 1;
	}
	if (t->event.reason == TICK_REASON_UNFILLED)
		for (int64_t id = t->event.b; id <= t->event.c; id++) {
			a->unfilled++;
			a->told[id - a->base]++;
		}
	a->ends += t->event.reason == TICK_REASON_BACKFILLED;
}

void
backfill_rig_take(struct backfill_rig *rig)
{
	struct tick t;
	int rc;

	while ((rc = tick_reader_next(rig->reader, &t)) == TICK_MORE ||
	    rc == TICK_E_RESTARTED)
		if (rc == TICK_E_RESTARTED)
			rig->restarts++;
		else if (t.type == TICK_TRADE || t.type == TICK_AGG_TRADE)
			note_trade(&rig->account[t.type], &t);
		else if (t.type == TICK_FEED_EVENT)
			note_event(rig, &t);
	assert_true(rc == TICK_END || rc == TICK_E_STALE || rc == TICK_E_DEAD);
}

struct tick_status
backfill_rig_status(struct backfill_rig *rig)
{
	static struct tick_status status;
	mono_t deadline = daemon_deadline();

	while (tick_status_read(rig->status, &status) != 0)
		daemon_pause(deadline, "a status");
	return status;
}

uint64_t
backfill_rig_count(struct backfill_rig *rig, enum tick_counter counter)
{
	return backfill_rig_status(rig).counter[counter];
}

void
backfill_rig_wait_live(struct backfill_rig *rig, uint64_t more)
{
	const struct account *a = rig->account;
	uint64_t trades = a[TICK_TRADE].live_ids + more;
	uint64_t aggregates = a[TICK_AGG_TRADE].live_ids + more;
	mono_t deadline = daemon_deadline();

	while (a[TICK_TRADE].live_ids < trades || a[TICK_AGG_TRADE].live_ids < aggregates) {
		daemon_pause(deadline, "trades");
		backfill_rig_take(rig);
	}
}

void
backfill_rig_wait_ends(struct backfill_rig *rig, enum tick_type type, uint64_t ends)
{
	mono_t deadline = daemon_deadline();

	while (rig->account[type].ends < ends) {
		daemon_pause(deadline, "the end of a gap");
		backfill_rig_take(rig);
	}
}

void
backfill_rig_expect_each_once(const struct account *a)
{
	for (int64_t id = a->base; id <= a->live; id++)
		if (a->told[id - a->base] != 1)
			fail_msg("id %" PRId64 " (number %" PRId64 ") was told %u times", id,
			    id - a->base, a->told[id - a->base]);
}

unsigned
backfill_rig_requests(struct backfill_rig *rig)
{
	const char *at;

	assert_int_equal(sim_control(rig->sim, "GET /state?streams=0", ""), 200);
	at = strstr(rig->sim->answer, "\"rest_requests\":");
	assert_non_null(at);
	return (unsigned)strtoul(at + strlen("\"rest_requests\":"), NULL, 10);
}

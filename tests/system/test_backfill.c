/*
 * Trades that were missed, through the whole path: feedd against exchange-sim,
 * which leaves messages out and serves its past by REST.
 */
#include <inttypes.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include <tickring/reader.h>
#include <tickring/status.h>

#include "feed/io/clock.h"
#include "tests/system/daemon.h"
#include "tests/system/sim_rig.h"

#define IDS_MAX 100000

/* What the ring said of the ids of one type; there is one instrument. */
struct account {
	int64_t base;           /* the first id that was seen */
	int64_t live;           /* the last one that came live */
	int64_t past;           /* the last one that came flagged REPLAY */
	uint64_t live_ids, past_ids, gaps, gap_ids, unfilled, ends;
	unsigned char told[IDS_MAX]; /* how often, by id - base; REPLAY or live */
};

struct scene {
	struct sim *sim;
	struct daemon feedd;
	struct tick_status_reader *status;
	struct tick_reader *reader;
	struct account account[TICK_TYPE_COUNT];
};

static int
set_up(void **state)
{
	struct scene *s = calloc(1, sizeof(*s));

	if (!s || sim_set_up((void **)&s->sim) != 0)
		return -1;
	*state = s;
	return 0;
}

static int
tear_down(void **state)
{
	struct scene *s = *state;

	tick_reader_close(&s->reader);
	tick_status_close(&s->status);
	daemon_teardown(state);
	sim_tear_down((void **)&s->sim);
	free(s);
	return 0;
}

static void
start_sim(struct scene *s, const char *product, const char *rate, const char *key)
{
	sim_start(s->sim, "--strict", "--symbols", "1", "--product", product, "--rate", rate,
	    "--api-key", key, "--control-port", "0", "--control-port-file",
	    s->sim->control_file, NULL);
}

/* feedd with further settings (lines that end with a comma). */
static void
start_feedd(struct scene *s, const char *settings)
{
	const char *port = strchr(s->sim->address[0], ':') + 1;
	mono_t deadline = daemon_deadline();
	char file[128];
	const char *const arguments[] = {"--config", file, NULL};
	FILE *out;

	snprintf(file, sizeof(file), "%s/feed.json", daemon_folder());
	out = fopen(file, "we");
	assert_non_null(out);
	fprintf(out, "{\n\"feed\": \"%s\", %s\n"
	    "\"endpoint\": {\"host\": \"localhost\", \"address\": \"127.0.0.1\", \"port\": %s,\n"
	    "\"path\": \"/stream\", \"ca_file\": \"%s\", \"api_key_file\": \"%s/key\"},\n"
	    "\"rest.host\": \"localhost\", \"rest.address\": \"127.0.0.1\", \"rest.port\": %s,\n"
	    "\"instruments.refresh_ms\": 0, \"status_interval_ms\": 10, \"ring.slots\": 262144,\n"
	    "\"pool.initial_connections\": 1,\n"
	    "\"resources.max_cpu_percent\": 100, \"resources.max_memory_bytes\": 4294967296,\n"
	    "\"streams\": [\"btcusdt@aggTrade\", \"btcusdt@trade\"]\n}\n",
	    daemon_feed(), settings, port, s->sim->ca, daemon_folder(), port);
	assert_int_equal(fclose(out), 0);
	daemon_start(&s->feedd, "feedd", arguments);
	while (tick_status_open(&s->status, daemon_feed()) != 0)
		daemon_pause(deadline, "the status segment");
	while (tick_reader_open(&s->reader, daemon_feed(), TICK_FROM_OLDEST) != 0)
		daemon_pause(deadline, "the ring");
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

static void
stop(struct scene *s)
{
	assert_int_equal(daemon_end(&s->feedd, SIGTERM), 0);
	sim_stop(s->sim, SIGTERM);
}

/* ---- what is seen --------------------------------------------------------------- */

static void
note_trade(struct account *a, const struct tick *t)
{
	bool is_past = (t->flags & TICK_FLAG_REPLAY) != 0;
	int64_t *last = is_past ? &a->past : &a->live;

	if (a->live_ids == 0)
		a->base = t->id;
	assert_in_range(t->id - a->base, 0, IDS_MAX - 1);
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
note_event(struct scene *s, const struct tick *t)
{
	struct account *a;

	if (t->event.reason != TICK_REASON_GAP && t->event.reason != TICK_REASON_UNFILLED &&
	    t->event.reason != TICK_REASON_BACKFILLED)
		return;
	a = &s->account[t->event.a];
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

static void
take_ticks(struct scene *s)
{
	struct tick t;
	int rc;

	while ((rc = tick_reader_next(s->reader, &t)) == TICK_MORE)
		if (t.type == TICK_TRADE || t.type == TICK_AGG_TRADE)
			note_trade(&s->account[t.type], &t);
		else if (t.type == TICK_FEED_EVENT)
			note_event(s, &t);
	assert_int_equal(rc, TICK_END);
}

static struct tick_status
status_of(struct scene *s)
{
	static struct tick_status status;
	mono_t deadline = daemon_deadline();

	while (tick_status_read(s->status, &status) != 0)
		daemon_pause(deadline, "a status");
	return status;
}

static uint64_t
count_of(struct scene *s, enum tick_counter counter)
{
	return status_of(s).counter[counter];
}

static void
wait_live(struct scene *s, uint64_t more)
{
	const struct account *a = s->account;
	uint64_t trades = a[TICK_TRADE].live_ids + more;
	uint64_t aggregates = a[TICK_AGG_TRADE].live_ids + more;
	mono_t deadline = daemon_deadline();

	while (a[TICK_TRADE].live_ids < trades || a[TICK_AGG_TRADE].live_ids < aggregates) {
		daemon_pause(deadline, "trades");
		take_ticks(s);
	}
}

/* Waits until so many gaps of that type are over. */
static void
wait_ends(struct scene *s, enum tick_type type, uint64_t ends)
{
	mono_t deadline = daemon_deadline();

	while (s->account[type].ends < ends) {
		daemon_pause(deadline, "the end of a gap");
		take_ticks(s);
	}
}

/* Up to the last live one, every id was told exactly once. */
static void
expect_each_once(const struct account *a)
{
	for (int64_t id = a->base; id <= a->live; id++)
		if (a->told[id - a->base] != 1)
			fail_msg("id %" PRId64 " (number %" PRId64 ") was told %u times", id,
			    id - a->base, a->told[id - a->base]);
}

static unsigned
rest_requests(struct scene *s)
{
	const char *at;

	assert_int_equal(sim_control(s->sim, "GET /state?streams=0", ""), 200);
	at = strstr(s->sim->answer, "\"rest_requests\":");
	assert_non_null(at);
	return (unsigned)strtoul(at + strlen("\"rest_requests\":"), NULL, 10);
}

/* ---- tests ---------------------------------------------------------------------- */

static void
gaps_are_filled_in_order_and_every_id_is_told_once(void **state)
{
	struct scene *s = *state;
	struct account *trades = &s->account[TICK_TRADE];
	struct account *aggregates = &s->account[TICK_AGG_TRADE];

	write_key("k");
	start_sim(s, "spot", "2000", "k");
	start_feedd(s, "\"backfill.enabled\": true,");
	wait_live(s, 50);
	sim_fault(s->sim, "0 gap stream=btcusdt@aggTrade count=7\n");
	wait_ends(s, TICK_AGG_TRADE, 1);
	/* More than a page, and more than the feed thread is given at once. */
	sim_fault(s->sim, "0 gap stream=btcusdt@aggTrade count=1300\n"
	    "0 gap stream=btcusdt@trade count=300\n");
	wait_ends(s, TICK_AGG_TRADE, 2);
	wait_ends(s, TICK_TRADE, 1);
	wait_live(s, 10);

	expect_each_once(trades);
	expect_each_once(aggregates);
	assert_int_equal(aggregates->gaps, 2);
	assert_int_equal(aggregates->past_ids, 1307);
	assert_int_equal(aggregates->gap_ids, 1307);
	assert_int_equal(trades->past_ids, 300);
	assert_int_equal(trades->unfilled + aggregates->unfilled, 0);
	assert_int_equal(count_of(s, TICK_COUNTER_BACKFILL_GAPS), 3);
	assert_int_equal(count_of(s, TICK_COUNTER_BACKFILL_IDS), 1607);
	assert_int_equal(count_of(s, TICK_COUNTER_BACKFILL_MISSING), 0);
	assert_int_equal(count_of(s, TICK_COUNTER_BACKFILL_REFUSED), 0);
	assert_true(rest_requests(s) >= 4);
	assert_int_equal(count_of(s, TICK_COUNTER_BACKFILL_REQUESTS), rest_requests(s));
	daemon_expect_log(&s->feedd, "event=backfilled symbol=BTCUSDT ids=aggTrade");
	stop(s);
}

static void
nothing_is_asked_for_unless_the_configuration_wants_it(void **state)
{
	struct scene *s = *state;
	struct account *aggregates = &s->account[TICK_AGG_TRADE];

	write_key("k");
	start_sim(s, "spot", "500", "k");
	start_feedd(s, "");
	wait_live(s, 20);
	sim_fault(s->sim, "0 gap stream=btcusdt@aggTrade count=5\n");
	wait_live(s, 100);
	assert_int_equal(aggregates->gaps, 1);
	assert_int_equal(aggregates->gap_ids, 5);
	assert_int_equal(aggregates->past_ids + aggregates->ends + aggregates->unfilled, 0);
	assert_int_equal(rest_requests(s), 0);
	assert_int_equal(count_of(s, TICK_COUNTER_BACKFILL_GAPS), 0);
	stop(s);
}

static void
nothing_is_asked_for_until_the_time_that_429_names_is_over(void **state)
{
	struct scene *s = *state;
	struct tick_status seen;
	mono_t deadline;
	int64_t until;

	write_key("k");
	start_sim(s, "spot", "500", "k");
	start_feedd(s, "\"backfill.enabled\": true,");
	wait_live(s, 20);
	deadline = daemon_deadline();
	sim_fault(s->sim, "0 http status=429 retry-after=3 on=rest count=1\n"
	    "0.2 gap stream=btcusdt@aggTrade count=5\n");
	do {
		daemon_pause(deadline, "the pause");
		seen = status_of(s);
	} while (seen.control.rest_paused_until_ns == TICK_ABSENT);
	until = seen.control.rest_paused_until_ns;
	wait_ends(s, TICK_AGG_TRADE, 1);
	assert_true(clock_wall().ns >= until);
	wait_live(s, 10);
	expect_each_once(&s->account[TICK_AGG_TRADE]);
	assert_int_equal(s->account[TICK_AGG_TRADE].past_ids, 5);
	assert_int_equal(rest_requests(s), 2);
	assert_int_equal(count_of(s, TICK_COUNTER_BACKFILL_REFUSED), 1);
	stop(s);
}

static void
a_server_that_fails_is_asked_again(void **state)
{
	struct scene *s = *state;

	write_key("k");
	start_sim(s, "spot", "500", "k");
	start_feedd(s, "\"backfill.enabled\": true,");
	wait_live(s, 20);
	sim_fault(s->sim, "0 http status=503 on=rest count=2\n"
	    "0.2 gap stream=btcusdt@aggTrade count=5\n");
	wait_ends(s, TICK_AGG_TRADE, 1);
	wait_live(s, 10);
	expect_each_once(&s->account[TICK_AGG_TRADE]);
	assert_int_equal(s->account[TICK_AGG_TRADE].past_ids, 5);
	assert_int_equal(count_of(s, TICK_COUNTER_BACKFILL_REFUSED), 2);
	assert_int_equal(count_of(s, TICK_COUNTER_BACKFILL_REQUESTS), 3);
	stop(s);
}

static void
what_is_not_to_be_had_is_told_to_stay_missing(void **state)
{
	struct scene *s = *state;
	struct account *aggregates = &s->account[TICK_AGG_TRADE];

	write_key("k");
	start_sim(s, "spot", "500", "k");
	start_feedd(s, "\"backfill\": {\"enabled\": true, \"ids_max\": 6},");
	wait_live(s, 20);
	sim_fault(s->sim, "0 forget stream=btcusdt@*\n"
	    "0.2 gap stream=btcusdt@aggTrade count=5\n");
	wait_ends(s, TICK_AGG_TRADE, 1);
	assert_int_equal(aggregates->unfilled, 5);
	assert_int_equal(aggregates->past_ids, 0);
	/* A gap that is too long is not asked for. */
	sim_fault(s->sim, "0 gap stream=btcusdt@aggTrade count=7\n");
	wait_ends(s, TICK_AGG_TRADE, 2);
	wait_live(s, 10);
	expect_each_once(aggregates);
	assert_int_equal(aggregates->unfilled, 12);
	assert_int_equal(count_of(s, TICK_COUNTER_BACKFILL_GAPS), 1);
	assert_int_equal(count_of(s, TICK_COUNTER_BACKFILL_UNASKED), 1);
	assert_int_equal(count_of(s, TICK_COUNTER_BACKFILL_MISSING), 12);
	stop(s);
}

static void
trades_of_futures_need_a_key(void **state)
{
	struct scene *s = *state;
	struct account *trades = &s->account[TICK_TRADE];

	write_key("right");
	start_sim(s, "usdm", "500", "right");
	start_feedd(s, "\"product\": \"usdm\", \"backfill.enabled\": true,");
	wait_live(s, 20);
	sim_fault(s->sim, "0 gap stream=btcusdt@trade count=5\n"
	    "0 gap stream=btcusdt@aggTrade count=5\n");
	wait_ends(s, TICK_TRADE, 1);
	wait_ends(s, TICK_AGG_TRADE, 1);
	wait_live(s, 10);
	expect_each_once(trades);
	expect_each_once(&s->account[TICK_AGG_TRADE]);
	assert_int_equal(trades->past_ids, 5);
	assert_int_equal(s->account[TICK_AGG_TRADE].past_ids, 5);
	assert_int_equal(daemon_end(&s->feedd, SIGTERM), 0);
	assert_null(strstr(daemon_log(&s->feedd), "right"));
	sim_stop(s->sim, SIGTERM);
}

static void
a_wrong_key_is_not_tried_twice(void **state)
{
	struct scene *s = *state;
	struct account *trades = &s->account[TICK_TRADE];

	write_key("wrong");
	start_sim(s, "usdm", "500", "right");
	start_feedd(s, "\"product\": \"usdm\", \"backfill.enabled\": true,");
	wait_live(s, 20);
	sim_fault(s->sim, "0 gap stream=btcusdt@trade count=5\n");
	wait_ends(s, TICK_TRADE, 1);
	wait_live(s, 10);
	expect_each_once(trades);
	assert_int_equal(trades->unfilled, 5);
	assert_int_equal(rest_requests(s), 1);
	assert_int_equal(count_of(s, TICK_COUNTER_BACKFILL_REFUSED), 1);
	stop(s);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(gaps_are_filled_in_order_and_every_id_is_told_once),
		TEST(nothing_is_asked_for_unless_the_configuration_wants_it),
		TEST(nothing_is_asked_for_until_the_time_that_429_names_is_over),
		TEST(a_server_that_fails_is_asked_again),
		TEST(what_is_not_to_be_had_is_told_to_stay_missing),
		TEST(trades_of_futures_need_a_key),
		TEST(a_wrong_key_is_not_tried_twice),
	};

	return cmocka_run_group_tests(tests, daemon_setup_all, daemon_teardown_all);
}

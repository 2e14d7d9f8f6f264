/*
 * Books and the list of instruments through the whole path: feedd against
 * exchange-sim, which limits the weight of REST requests.
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

#include <cmocka.h>

#include <tickring/board.h>
#include <tickring/reader.h>
#include <tickring/status.h>

#include "feed/io/clock.h"
#include "tests/system/daemon.h"
#include "tests/system/sim_rig.h"

#define INSTRUMENTS_MAX 500

struct scene {
	struct sim *sim;
	struct daemon feedd;
	struct tick_status_reader *status;
	struct tick_board *board;
	struct tick_reader *reader;
	uint64_t stales[INSTRUMENTS_MAX]; /* FEED_EVENTs STALE */
	uint64_t lost[INSTRUMENTS_MAX];   /* FEED_EVENTs BOOK_LOST */
	int64_t trading[INSTRUMENTS_MAX]; /* as the last INSTRUMENT_STATUS said, -1: none */
};

static int
set_up(void **state)
{
	struct scene *s = calloc(1, sizeof(*s));

	if (!s || sim_set_up((void **)&s->sim) != 0)
		return -1;
	memset(s->trading, -1, sizeof(s->trading));
	*state = s;
	return 0;
}

static int
tear_down(void **state)
{
	struct scene *s = *state;

	tick_reader_close(&s->reader);
	tick_board_close(&s->board);
	tick_status_close(&s->status);
	daemon_teardown(state);
	sim_tear_down((void **)&s->sim);
	free(s);
	return 0;
}

/* A tenth under sanitizers. */
static unsigned
scaled(unsigned n)
{
	const char *variant = getenv("TICKRING_VARIANT");

	return variant && strcmp(variant, "release") != 0 ? n / 10 : n;
}

/* feedd with those streams (JSON) and further settings (lines that end with a comma). */
static void
start_feedd(struct scene *s, const char *streams, const char *settings)
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
	    "\"ca_file\": \"%s\"},\n"
	    "\"rest.host\": \"localhost\", \"rest.address\": \"127.0.0.1\", \"rest.port\": %s,\n"
	    "\"rest.snapshot_limit\": 100, \"rest.clock_interval_ms\": 0,\n"
	    "\"status_interval_ms\": 10,\n"
	    "\"pool.initial_connections\": 1, \"books.memory_bytes\": 67108864,\n"
	    "\"resources.max_cpu_percent\": 100, \"resources.max_memory_bytes\": 4294967296,\n"
	    "\"streams\": %s\n}\n", daemon_feed(), settings, port, s->sim->ca, port, streams);
	assert_int_equal(fclose(out), 0);
	daemon_start(&s->feedd, "feedd", arguments);
	while (tick_status_open(&s->status, daemon_feed()) != 0)
		daemon_pause(deadline, "the status segment");
	while (tick_board_open(&s->board, daemon_feed()) != 0)
		daemon_pause(deadline, "the board");
	while (tick_reader_open(&s->reader, daemon_feed(), TICK_FROM_OLDEST) != 0)
		daemon_pause(deadline, "the ring");
}

static void
start_sim(struct scene *s, unsigned symbols, const char *max_weight, unsigned rate)
{
	char symbols_text[16], rate_text[16];

	snprintf(symbols_text, sizeof(symbols_text), "%u", symbols);
	snprintf(rate_text, sizeof(rate_text), "%u", rate);
	sim_start(s->sim, "--strict", "--max-weight", max_weight, "--symbols", symbols_text,
	    "--rate", rate_text, "--control-port", "0", "--control-port-file",
	    s->sim->control_file, "--faults", s->sim->file, NULL);
}

/* Faults that are in force from the start. */
static void
write_script(struct scene *s, const char *text)
{
	FILE *f = fopen(s->sim->file, "we");

	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

static void
stop(struct scene *s)
{
	assert_int_equal(daemon_end(&s->feedd, SIGTERM), 0);
	sim_stop(s->sim, SIGTERM);
}

/* ---- what is seen --------------------------------------------------------------- */

static struct tick_status
status_of(struct scene *s)
{
	static struct tick_status status;
	mono_t deadline = daemon_deadline();

	while (tick_status_read(s->status, &status) != 0)
		daemon_pause(deadline, "a status");
	return status;
}

static void
take_ticks(struct scene *s)
{
	struct tick t;

	while (tick_reader_next(s->reader, &t) == TICK_MORE) {
		if (t.instrument >= INSTRUMENTS_MAX)
			continue;
		if (t.type == TICK_INSTRUMENT_STATUS)
			s->trading[t.instrument] = t.v[0];
		if (t.type != TICK_FEED_EVENT)
			continue;
		s->stales[t.instrument] += t.event.reason == TICK_REASON_STALE;
		s->lost[t.instrument] += t.event.reason == TICK_REASON_BOOK_LOST;
	}
}

static int64_t
state_of(struct scene *s, uint32_t instrument)
{
	mono_t deadline = daemon_deadline();
	struct tick_data data;
	int rc;

	while ((rc = tick_board_data(s->board, instrument, &data)) == TICK_E_BUSY)
		daemon_pause(deadline, "the board");
	return rc == 0 ? data.state : TICK_DATA_NONE;
}

static uint32_t
id_of(struct scene *s, const char *symbol)
{
	mono_t deadline = daemon_deadline();
	int64_t id;

	while ((id = tick_reader_find(s->reader, symbol)) < 0)
		daemon_pause(deadline, symbol);
	assert_true(id < INSTRUMENTS_MAX);
	return (uint32_t)id;
}

static void
wait_state(struct scene *s, uint32_t instrument, int64_t state, const char *what)
{
	mono_t deadline = daemon_deadline();

	while (state_of(s, instrument) != state) {
		take_ticks(s);
		daemon_pause(deadline, what);
	}
}

/* Longer than a deadline, as long as it goes on: a loaded machine shakes few hands a second. */
static void
wait_books(struct scene *s, int64_t live, uint64_t syncs)
{
	mono_t deadline = daemon_deadline();
	struct tick_status status;
	uint64_t before = 0;

	do {
		take_ticks(s);
		daemon_pause(deadline, "books in sync");
		status = status_of(s);
		if (status.counter[TICK_COUNTER_SNAPSHOTS] != before)
			deadline = daemon_deadline();
		before = status.counter[TICK_COUNTER_SNAPSHOTS];
	} while (status.control.books_live != live ||
	    status.counter[TICK_COUNTER_BOOK_SYNCS] < syncs);
}

static void
wait_streams(struct scene *s, int64_t streams)
{
	mono_t deadline = daemon_deadline();

	while (status_of(s).streams != streams)
		daemon_pause(deadline, "the number of streams");
}

static void
expect_no_refusal(struct scene *s)
{
	assert_int_equal(sim_control(s->sim, "GET /state?streams=0", ""), 200);
	if (strstr(s->sim->answer, "\"refused\":{}") == NULL)
		fail_msg("the exchange refused something: %s", s->sim->answer);
}

/* ---- books -------------------------------------------------------------------- */

static void
five_hundred_books_sync_within_a_strict_limit_and_a_gap_heals_one_of_them(void **state)
{
	struct scene *s = *state;
	unsigned n = scaled(500);
	char weight[16], settings[128];
	mono_t began;
	uint32_t healed;

	/* Just enough: 5 for each snapshot, 20 for the list, 10 to heal. */
	snprintf(weight, sizeof(weight), "%u", 5 * n + 30);
	snprintf(settings, sizeof(settings), "\"rest.weight_per_minute\": %s,", weight);
	write_script(s, "");
	start_sim(s, n, weight, 1000);
	began = clock_mono();
	start_feedd(s, "[\"*@depth@100ms\"]", settings);
	wait_books(s, n, n);
	print_message("%u books in sync after %" PRId64 " ms\n", n,
	    mono_diff(clock_mono(), began).ns / 1000000);
	expect_no_refusal(s);
	assert_int_equal(status_of(s).counter[TICK_COUNTER_BOOK_SYNCS], n);

	sim_fault(s->sim, "0 gap stream=btcusdt@depth@100ms count=1\n");
	wait_books(s, n, n + 1);
	healed = id_of(s, "BTCUSDT");
	take_ticks(s);
	for (uint32_t i = 0; i < n; i++)
		assert_int_equal(s->lost[i], i == healed);
	assert_int_equal(status_of(s).counter[TICK_COUNTER_BOOK_SYNCS], n + 1);
	assert_int_equal(status_of(s).counter[TICK_COUNTER_SNAPSHOTS], n + 1);
	expect_no_refusal(s);
	stop(s);
}

static uint64_t
requests_so_far(struct scene *s)
{
	const char *at;

	assert_int_equal(sim_control(s->sim, "GET /state?streams=0", ""), 200);
	at = strstr(s->sim->answer, "\"rest_requests\":");
	assert_non_null(at);
	return strtoull(at + strlen("\"rest_requests\":"), NULL, 10);
}

/* What is seen counts if the ban was not over by then; the time of it once it is the new run's. */
static void
watch_ban(struct scene *s, uint64_t requests, int64_t until)
{
	for (mono_t deadline = daemon_deadline(); clock_wall().ns < until;) {
		uint64_t seen = requests_so_far(s);
		struct tick_status status = status_of(s);

		daemon_pause(deadline, "the end of the ban");
		if (clock_wall().ns > until - 100000000)
			return;
		assert_int_equal(seen, requests);
		if (status.at_ns > until - 2000000000)
			assert_in_range(status.control.rest_paused_until_ns, until - 100000000,
			    until + 100000000);
	}
}

/* A gap, whose snapshot is refused with that status: when did the pause begin and the book heal? */
static void
refused_once(struct scene *s, int status, int seconds)
{
	uint64_t syncs = status_of(s).counter[TICK_COUNTER_BOOK_SYNCS], requests;
	mono_t deadline = daemon_deadline(), paused;
	struct tick_status seen;
	char faults[160];
	int64_t until, healed_ns;

	snprintf(faults, sizeof(faults),
	    "0 http status=%d retry-after=%d on=rest count=1\n"
	    "0.2 gap stream=btcusdt@depth@100ms count=1\n", status, seconds);
	sim_fault(s->sim, faults);
	do {
		daemon_pause(deadline, "the pause");
		seen = status_of(s);
	} while (seen.control.rest_paused_until_ns == TICK_ABSENT);
	paused = clock_mono();
	until = seen.control.rest_paused_until_ns;
	/* It began before it was seen, so that less than all of it is left. */
	assert_in_range(until - seen.at_ns, 1, (int64_t)seconds * 1000000000);
	requests = requests_so_far(s);
	watch_ban(s, requests, until);
	wait_books(s, 2, syncs + 1);
	seen = status_of(s);
	healed_ns = mono_diff(clock_mono(), paused).ns;
	print_message("%d, Retry-After %d: healed %" PRId64 " ms after it was seen\n", status,
	    seconds, healed_ns / 1000000);
	assert_true(seen.at_ns >= until);
	assert_int_equal(seen.control.rest_paused_until_ns, TICK_ABSENT);
}

static void
nothing_is_asked_for_until_the_time_that_429_and_418_name_is_over(void **state)
{
	struct scene *s = *state;

	write_script(s, "");
	start_sim(s, 2, "6000", 500);
	start_feedd(s, "[\"btcusdt@depth@100ms\", \"ethusdt@depth@100ms\"]",
	    "\"instruments.refresh_ms\": 0,");
	wait_books(s, 2, 2);
	refused_once(s, 429, 2);
	daemon_expect_log(&s->feedd, "event=rest_paused reason=\"too many requests (429)\"");
	refused_once(s, 418, 3);
	daemon_expect_log(&s->feedd, "event=rest_paused reason=\"address is banned (418)\"");
	daemon_expect_log(&s->feedd, "event=rest_resumed");
	/* Two snapshots at start; each refusal, and one after it; more where one came too old. */
	assert_true(requests_so_far(s) >= 6);
	assert_non_null(strstr(s->sim->answer, "\"refused\":{\"429\":1,\"418\":1}"));
	stop(s);
}

static void
a_ban_is_kept_by_the_next_run(void **state)
{
	static const char streams[] = "[\"btcusdt@depth@100ms\"]";
	static const char settings[] = "\"instruments.refresh_ms\": 0,";
	struct scene *s = *state;
	mono_t deadline;
	uint64_t requests;
	int64_t until;

	write_script(s, "");
	start_sim(s, 1, "6000", 500);
	start_feedd(s, streams, settings);
	wait_books(s, 1, 1);
	sim_fault(s->sim, "0 http status=418 retry-after=6 on=rest count=1\n"
	    "0.2 gap stream=btcusdt@depth@100ms count=1\n");
	deadline = daemon_deadline();
	while ((until = status_of(s).control.rest_paused_until_ns) == TICK_ABSENT)
		daemon_pause(deadline, "the ban");
	assert_int_equal(status_of(s).rest_paused_reason, TICK_REASON_BANNED);
	requests = requests_so_far(s);
	tick_reader_close(&s->reader);
	tick_board_close(&s->board);
	tick_status_close(&s->status);
	daemon_end(&s->feedd, SIGKILL);

	start_feedd(s, streams, settings);
	daemon_expect_log(&s->feedd, "event=rest_paused reason=\"address is banned (418)\"");
	/* Its figures and the book are the last run's until they are its own. */
	watch_ban(s, requests, until);
	wait_books(s, 1, 1);
	assert_true(status_of(s).at_ns >= until - 100000000);
	stop(s);
}

/* ---- instruments ---------------------------------------------------------------- */

static void
a_halted_symbol_is_halted_on_the_board_and_never_stale(void **state)
{
	struct scene *s = *state;
	mono_t deadline;
	uint32_t halted, silent;

	write_script(s, "");
	start_sim(s, 3, "6000", 600);
	start_feedd(s, "[\"btcusdt@bookTicker\", \"ethusdt@bookTicker\", \"bnbusdt@bookTicker\"]",
	    "\"instruments.refresh_ms\": 200,");
	halted = id_of(s, "ETHUSDT");
	silent = id_of(s, "BNBUSDT");
	wait_state(s, halted, TICK_DATA_LIVE, "ETHUSDT live");
	wait_state(s, silent, TICK_DATA_LIVE, "BNBUSDT live");
	sim_fault(s->sim, "0 halt stream=ethusdt@*\n");
	wait_state(s, halted, TICK_DATA_HALTED, "ETHUSDT halted");
	/* Both were heard until now; the other one has no excuse. */
	sim_fault(s->sim, "6 stall-stream stream=bnbusdt@bookTicker\n");
	wait_state(s, silent, TICK_DATA_STALE, "BNBUSDT stale");
	assert_int_equal(state_of(s, halted), TICK_DATA_HALTED);
	deadline = daemon_deadline();
	while (status_of(s).control.streams_stale != 1)
		daemon_pause(deadline, "one stale stream in the status");
	assert_int_equal(sim_control(s->sim, "POST /clear", ""), 200);
	wait_state(s, halted, TICK_DATA_LIVE, "ETHUSDT live again");
	deadline = daemon_deadline();
	while (s->stales[silent] == 0 || s->trading[halted] != TICK_TRADING_ON) {
		take_ticks(s);
		daemon_pause(deadline, "the ticks");
	}
	assert_int_equal(s->stales[halted], 0);
	stop(s);
}

static void
a_pattern_follows_new_listings_and_a_delisted_symbol_is_halted(void **state)
{
	struct scene *s = *state;
	mono_t deadline;
	uint32_t late;

	write_script(s, "0 unlisted stream=ethusdt@*\n");
	start_sim(s, 2, "6000", 200);
	start_feedd(s, "[\"*usdt@bookTicker\"]", "\"instruments.refresh_ms\": 200,");
	wait_state(s, id_of(s, "BTCUSDT"), TICK_DATA_LIVE, "BTCUSDT live");
	wait_streams(s, 1);
	assert_true(tick_reader_find(s->reader, "ETHUSDT") < 0);

	assert_int_equal(sim_control(s->sim, "POST /clear", ""), 200);
	late = id_of(s, "ETHUSDT");
	wait_state(s, late, TICK_DATA_LIVE, "ETHUSDT live");
	wait_streams(s, 2);

	sim_fault(s->sim, "0 unlisted stream=ethusdt@*\n");
	wait_state(s, late, TICK_DATA_HALTED, "ETHUSDT halted");
	deadline = daemon_deadline();
	while (s->trading[late] != TICK_TRADING_CLOSED) {
		take_ticks(s);
		daemon_pause(deadline, "the status tick");
	}
	/* A list without anything is none; the feed says so and goes on. */
	sim_fault(s->sim, "0 unlisted stream=*\n");
	deadline = daemon_deadline();
	while (status_of(s).counter[TICK_COUNTER_LISTS_REFUSED] == 0)
		daemon_pause(deadline, "the refused list");
	daemon_expect_log(&s->feedd, "event=instruments_refused listed=0");
	assert_int_equal(state_of(s, id_of(s, "BTCUSDT")), TICK_DATA_LIVE);
	stop(s);
}

static void
a_book_whose_symbol_is_unknown_is_asked_for_once_and_then_by_the_next_list(void **state)
{
	struct scene *s = *state;
	const char *told;

	write_script(s, "0 unlisted stream=ethusdt@*\n");
	start_sim(s, 2, "6000", 200);
	start_feedd(s, "[\"btcusdt@depth@100ms\", \"ethusdt@depth@100ms\"]",
	    "\"instruments.refresh_ms\": 500,");
	wait_books(s, 1, 1);
	daemon_expect_log(&s->feedd, "event=symbol_unknown symbol=ETHUSDT");
	assert_int_equal(sim_control(s->sim, "POST /clear", ""), 200);
	wait_books(s, 2, 2);
	told = strstr(daemon_log(&s->feedd), "event=symbol_unknown");
	assert_non_null(told);
	assert_null(strstr(told + 1, "event=symbol_unknown"));
	assert_null(strstr(daemon_log(&s->feedd), "event=rest_failed"));
	stop(s);
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(five_hundred_books_sync_within_a_strict_limit_and_a_gap_heals_one_of_them),
		TEST(nothing_is_asked_for_until_the_time_that_429_and_418_name_is_over),
		TEST(a_ban_is_kept_by_the_next_run),
		TEST(a_halted_symbol_is_halted_on_the_board_and_never_stale),
		TEST(a_pattern_follows_new_listings_and_a_delisted_symbol_is_halted),
		TEST(a_book_whose_symbol_is_unknown_is_asked_for_once_and_then_by_the_next_list),
	};

	return cmocka_run_group_tests(tests, daemon_setup_all, daemon_teardown_all);
}

/*
 * kill -9 under load: what a reader sees of it. Through exchange-sim, TLS,
 * feedd and the ring, with the public reader alone.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include <tickring/reasons.h>

#include "feed/base/rng.h"
#include "feed/io/clock.h"
#include "tests/ipc/witness.h"
#include "tests/system/daemon.h"

#define KILLS 6
#define TRADES_BEFORE_KILL_MAX 4000
#define SLOTS 65536 /* of the default configuration */

static const char *const settings[] = {
	"streams=btcusdt@trade,ethusdt@trade,solusdt@trade,bnbusdt@trade,btcusdt@aggTrade,"
	"ethusdt@bookTicker,btcusdt@depth@100ms",
	NULL,
};

static struct daemon sim, feedd;
static struct witness witness, sleeper;
static uint16_t port;
static struct rng rng;

static void
start_all(void)
{
	static const char *const arguments[] = {"--symbols", "btcusdt,ethusdt,solusdt,bnbusdt",
	    "--rate", "20000", NULL};

	port = daemon_start_sim(&sim, arguments);
	daemon_start_feedd(&feedd, port, settings);
	witness_open(&witness, daemon_feed());
	witness_read_trades(&witness, 1);
}

static int
end_all(void **state)
{
	witness_close(&witness);
	witness_close(&sleeper);
	return daemon_teardown(state);
}

static void
seed_rng(void)
{
	const char *given = getenv("TICKRING_SEED");
	uint64_t seed = given ? strtoull(given, NULL, 10) : (uint64_t)clock_mono().ns;

	print_message("TICKRING_SEED=%llu\n", (unsigned long long)seed);
	rng_seed(&rng, seed);
}

/* The first word of the new writer, against what this process saw of the old one. */
static void
check_restart(const struct tick *t, int64_t epoch, span_t down_min, span_t down_max)
{
	assert_int_equal(t->event.a, epoch);
	assert_true(t->event.b == 0 || t->event.b == 1);
	assert_true(t->event.c >= down_min.ns);
	assert_true(t->event.c <= down_max.ns);
	assert_int_equal(t->instrument, TICK_NO_INSTRUMENT);
}

static void
kill_and_start_again(uint64_t kills)
{
	mono_t before = clock_mono(), killed, started;
	int64_t epoch = tick_reader_header(witness.reader)->epoch;

	assert_int_equal(daemon_end(&feedd, SIGKILL), -SIGKILL);
	killed = clock_mono();
	witness_read_until(&witness, TICK_E_DEAD);
	assert_int_equal(tick_reader_check(witness.reader), TICK_E_DEAD);
	started = clock_mono();
	daemon_start_feedd(&feedd, port, settings);
	witness_read_restart_event(&witness, kills);
	assert_int_equal(witness.restarts, kills);
	/* Its last heartbeat was before the kill, but after the tick that we read last. */
	check_restart(&witness.restart, epoch + 1, mono_diff(started, killed),
	    mono_diff(clock_mono(), (mono_t){before.ns - (int64_t)DAEMON_WITHIN_S * 1000000000}));
}

static void
a_reader_lives_through_kills_and_knows_what_is_missing(void **state)
{
	uint64_t torn = 0;

	(void)state;
	seed_rng();
	start_all();
	for (uint64_t kills = 1; kills <= KILLS; kills++) {
		uint64_t trades = rng_below(&rng, TRADES_BEFORE_KILL_MAX) + 1;

		witness_read_trades(&witness, witness.trades + trades);
		kill_and_start_again(kills);
		torn += witness.restart.event.b == 1;
		/* Far enough for every symbol to have traded again. */
		witness_read_trades(&witness, witness.trades + 1000);
		witness_check_numbers(&witness);
	}
	assert_int_equal(daemon_end(&feedd, SIGTERM), 0);
	witness_read_until(&witness, TICK_E_DEAD);
	assert_int_equal(witness.restarts, KILLS);
	assert_int_equal(witness.restart_events, KILLS);
	witness_check_numbers(&witness);
	/* The symbols trade all the time: so many downtimes cannot go by without a gap. */
	assert_true(witness.gaps > 0);
	assert_true(witness_check_ids(&witness) > 0 || witness.overruns > 0);
	print_message("%llu ticks, %llu gaps with %lld ids, %llu torn ticks, lapped %llu times\n",
	    (unsigned long long)witness.received, (unsigned long long)witness.gaps,
	    (long long)witness_check_ids(&witness), (unsigned long long)torn,
	    (unsigned long long)witness.overruns);
	assert_int_equal(daemon_end(&sim, SIGTERM), 0);
}

/* Lets the sleeper sleep until it was lapped, then read on to where the witness is. */
static void
sleep_for_a_lap(void)
{
	uint64_t overruns = sleeper.overruns;
	mono_t deadline = daemon_deadline();
	uint64_t wake = tick_reader_stats(sleeper.reader).next + SLOTS + rng_below(&rng, 5000) + 1;

	while (witness.last < wake) {
		uint64_t trades = witness.trades;

		witness_read_trades(&witness, trades + 100);
		deadline = daemon_deadline();
	}
	while (!sleeper.heard || sleeper.last < wake)
		if (witness_read(&sleeper) == TICK_END)
			daemon_pause(deadline, "the sleeper's ticks");
	assert_true(sleeper.overruns > overruns);
	witness_check_numbers(&sleeper);
}

static void
a_reader_that_sleeps_is_lapped_and_its_loss_is_exact(void **state)
{
	(void)state;
	seed_rng();
	start_all();
	witness_open(&sleeper, daemon_feed());
	witness_read_trades(&sleeper, 10);
	sleep_for_a_lap();
	witness_read_trades(&witness, witness.trades + 10);
	kill_and_start_again(1);
	sleep_for_a_lap();
	/* It slept over the restart: told once, although the tick itself was overwritten. */
	assert_int_equal(sleeper.restarts, 1);
	assert_int_equal(daemon_end(&feedd, SIGTERM), 0);
	witness_read_until(&witness, TICK_E_DEAD);
	witness_read_until(&sleeper, TICK_E_DEAD);
	assert_int_equal(sleeper.last, witness.last);
	assert_true(tick_reader_stats(sleeper.reader).lost > 0);
	witness_check_numbers(&sleeper);
	witness_check_numbers(&witness);
	assert_int_equal(sleeper.restarts, 1);
	assert_int_equal(daemon_end(&sim, SIGTERM), 0);
}

#define TEST(f) cmocka_unit_test_teardown(f, end_all)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_reader_lives_through_kills_and_knows_what_is_missing),
		TEST(a_reader_that_sleeps_is_lapped_and_its_loss_is_exact),
	};

	return cmocka_run_group_tests_name("restart", tests, daemon_setup_all, daemon_teardown_all);
}

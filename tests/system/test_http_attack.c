/*
 * The HTTP interface under attack: 1000 slow connections, what is no request,
 * what is too long, and 10,000 scrapes a second. The feed loses nothing, its
 * line stays, and its latency is printed beside that of the quiet half.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <tickring/reader.h>
#include <tickring/status.h>

#include "feed/io/clock.h"
#include "tests/system/attack.h"
#include "tests/system/http_rig.h"

#define HALF_S 6
#define SLOW 1000
#define SCRAPES_PER_S 10000
#define SAMPLES_MAX 64

/* One half of the run: medians of what the status said, second by second. */
struct half {
	int64_t publish[SAMPLES_MAX], tail[SAMPLES_MAX], arrival[SAMPLES_MAX];
	unsigned samples;
};

static int
compare(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

static int64_t
median(int64_t *values, unsigned n)
{
	qsort(values, n, sizeof(values[0]), compare);
	return n > 0 ? values[n / 2] : 0;
}

static void
read_status(struct tick_status *out)
{
	struct tick_status_reader *reader;

	assert_int_equal(tick_status_open(&reader, daemon_feed()), 0);
	assert_int_equal(tick_status_read(reader, out), 0);
	tick_status_close(&reader);
}

/* Reads every tick for that time; all ids follow one another. Notes the latencies. */
static void
follow(struct tick_reader *reader, struct half *half, int64_t *last_id)
{
	mono_t end = mono_add(clock_mono(), span_s(HALF_S)), look = clock_mono();
	struct tick_status status;
	struct tick tick;

	while (mono_before(clock_mono(), end)) {
		int outcome = tick_reader_next(reader, &tick);

		if (outcome == TICK_END) {
			tick_reader_wait(reader, 20000000);
		} else {
			assert_int_equal(outcome, TICK_MORE);
			if (tick.type == TICK_TRADE) {
				assert_true(*last_id < 0 || tick.id == *last_id + 1);
				*last_id = tick.id;
			}
		}
		if (mono_before(clock_mono(), look))
			continue;
		look = mono_add(clock_mono(), span_ms(500));
		read_status(&status);
		if (half->samples == SAMPLES_MAX)
			continue;
		half->publish[half->samples] = status.publish.p50;
		half->tail[half->samples] = status.publish.p99;
		half->arrival[half->samples++] = status.arrival.p50;
	}
}

/* What the feed counts as lost or broken. */
static uint64_t
losses(const struct tick_status *s)
{
	return s->counter[TICK_COUNTER_GAPS] + s->counter[TICK_COUNTER_DISCONNECTS] +
	    s->counter[TICK_COUNTER_MALFORMED] + s->counter[TICK_COUNTER_OVERSIZE];
}

/* Prints it; returns the p50 under attack in percent of the quiet one. */
static int64_t
report(struct half *quiet, struct half *loud, const struct attack_counts *c)
{
	int64_t q = median(quiet->publish, quiet->samples);
	int64_t l = median(loud->publish, loud->samples);

	print_message("receipt to publish, p50: quiet %lld ns, under attack %lld ns (%lld %%)\n",
	    (long long)q, (long long)l, (long long)(q > 0 ? l * 100 / q : 0));
	print_message("receipt to publish, p99: quiet %lld ns, under attack %lld ns\n",
	    (long long)median(quiet->tail, quiet->samples),
	    (long long)median(loud->tail, loud->samples));
	print_message("exchange to receipt, p50: quiet %lld us, under attack %lld us\n",
	    (long long)median(quiet->arrival, quiet->samples) / 1000,
	    (long long)median(loud->arrival, loud->samples) / 1000);
	print_message("slow connections: %llu at once, %llu opened, %llu cut; garbage: %llu; "
		      "scrapes: %llu a second\n",
	    (unsigned long long)c->slow_most, (unsigned long long)c->slow_opened,
	    (unsigned long long)c->slow_cut, (unsigned long long)c->garbage,
	    (unsigned long long)c->answers / HALF_S);
	return q > 0 ? l * 100 / q : 0;
}

static void
an_attack_on_the_http_interface_does_not_reach_the_feed(void **state)
{
	static const char *const sim[] = {"--rate", "1000", NULL};
	static const char *const settings[] = {"streams=btcusdt@trade,btcusdt@bookTicker", NULL};
	struct http_rig *rig = *state;
	struct half quiet = {.samples = 0}, loud = {.samples = 0};
	struct tick_reader *reader;
	struct tick_status before, after;
	struct attack_counts counts;
	struct attack *attack;
	int64_t last_id = -1;

	http_rig_start_sim(rig, sim);
	http_rig_start_feedd(rig, settings, true);
	http_rig_wait(rig, "/readyz", 200);
	assert_int_equal(tick_reader_open(&reader, daemon_feed(), TICK_FROM_NEWEST), 0);
	read_status(&before);
	follow(reader, &quiet, &last_id);

	attack = attack_start(rig->port, SLOW, SCRAPES_PER_S);
	follow(reader, &loud, &last_id);
	/* Whoever asks properly is still answered. */
	http_rig_wait(rig, "/livez", 200);
	assert_int_equal(http_rig_patch(rig, "wrong", "{}"), 401);
	counts = attack_stop(attack);
	read_status(&after);
	/* The aim is 125; a machine that others load, too, may be far from it. */
	assert_true(report(&quiet, &loud, &counts) < 400);

	assert_true(losses(&before) == losses(&after));
	assert_int_equal(after.lines_live, 1);
	assert_int_equal(tick_reader_stats(reader).lost, 0);
	assert_true(last_id > 0);
	assert_true(counts.slow_most >= SLOW / 2);
	assert_true(counts.slow_cut > 0);
	assert_true(counts.garbage > 100);
	assert_true(counts.answers > 1000);
	assert_true(daemon_runs(&rig->feedd));
	tick_reader_close(&reader);
}

static void
who_sends_nothing_is_cut_off_and_others_are_not(void **state)
{
	struct http_rig *rig = *state;
	mono_t begun = clock_mono();
	char byte;
	int fd;

	http_rig_start(rig);
	fd = http_rig_dial(rig);
	while (recv(fd, &byte, 1, 0) > 0 || mono_diff(clock_mono(), begun).ns < 5000000000)
		if (mono_diff(clock_mono(), begun).ns > INT64_C(60000000000))
			fail_msg("a silent connection stays");
	close(fd);
	assert_int_equal(http_rig_get(rig, "/livez", ""), 200);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, http_rig_setup, daemon_teardown)
	const struct CMUnitTest tests[] = {
		TEST(an_attack_on_the_http_interface_does_not_reach_the_feed),
		TEST(who_sends_nothing_is_cut_off_and_others_are_not),
	};

	return cmocka_run_group_tests(tests, daemon_setup_all, daemon_teardown_all);
}

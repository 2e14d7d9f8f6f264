/*
 * The HTTP interface under attack: 1000 slow connections, what is no request,
 * what is too long, and 10,000 scrapes a second. The feed loses nothing, its
 * line stays, and its p50 latency is within 25 % of that of the quiet half.
 *
 * Quiet and attack take turns, so that what else the machine does is in both; a
 * machine that does much else needs more turns until that evens out.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sched.h>
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

#define ROUNDS 4 /* of quiet and attack */
#define ROUNDS_MAX 12
#define TURN_MS 3500
#define SETTLE_MS 1500 /* of a turn: the status tells of the last second */
#define RATIO_MAX 125  /* percent */
#define SLOW 1000
#define SCRAPES_PER_S 10000
#define SAMPLES_MAX 128

/* One half of the run: what the status said, again and again. */
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
	mono_t deadline = daemon_deadline();

	assert_int_equal(tick_status_open(&reader, daemon_feed()), 0);
	while (tick_status_read(reader, out) != 0)
		daemon_pause(deadline, "a status");
	tick_status_close(&reader);
}

static void
note_latencies(struct half *half)
{
	struct tick_status status;

	read_status(&status);
	if (half->samples == SAMPLES_MAX)
		return;
	half->publish[half->samples] = status.publish.p50;
	half->tail[half->samples] = status.publish.p99;
	half->arrival[half->samples++] = status.arrival.p50;
}

/* Reads every tick for a turn; all ids follow one another. Notes the latencies. */
static void
follow(struct tick_reader *reader, struct half *half, int64_t *last_id)
{
	mono_t begun = clock_mono(), end = mono_add(begun, span_ms(TURN_MS));
	mono_t look = mono_add(begun, span_ms(SETTLE_MS));
	struct tick tick;

	while (mono_before(clock_mono(), end)) {
		int outcome = tick_reader_next(reader, &tick);

		if (outcome == TICK_END || outcome == TICK_E_STALE) {
			/* Stale for a moment: a machine with other load held up everybody. */
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
		note_latencies(half);
	}
}

/* What the feed counts as lost or broken. */
static uint64_t
losses(const struct tick_status *s)
{
	return s->counter[TICK_COUNTER_GAPS] + s->counter[TICK_COUNTER_DISCONNECTS] +
	    s->counter[TICK_COUNTER_MALFORMED] + s->counter[TICK_COUNTER_OVERSIZE];
}

static uint64_t
per_second(const struct attack_counts *c, unsigned rounds)
{
	return c->answers * 1000 / (rounds * TURN_MS);
}

/* Times tell something when nothing else runs; otherwise it is seen that nothing is lost. */
static bool
measures(void)
{
	const char *alone = getenv("ALONE");

	return alone != NULL && strstr(alone, "test_http_attack") != NULL;
}

/* The p50 under attack in percent of the quiet one. */
static int64_t
ratio(struct half *quiet, struct half *loud)
{
	int64_t q = median(quiet->publish, quiet->samples);

	return q > 0 ? median(loud->publish, loud->samples) * 100 / q : INT64_MAX;
}

static void
report(struct half *quiet, struct half *loud, const struct attack_counts *c, unsigned rounds)
{
	print_message("%u rounds; receipt to publish, p50: quiet %lld ns, under attack %lld ns "
		      "(%lld %%)\n",
	    rounds, (long long)median(quiet->publish, quiet->samples),
	    (long long)median(loud->publish, loud->samples), (long long)ratio(quiet, loud));
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
	    (unsigned long long)per_second(c, rounds));
}

/*
 * The feed thread gets a processor of its own (`cpu`), the ops thread keeps off
 * it by itself, and so does all that we start from here on. Returns the feed's
 * processor, -1: there is only one.
 */
static int
keep_apart(void)
{
	cpu_set_t set;
	int cpu = -1;

	if (sched_getaffinity(0, sizeof(set), &set) != 0 || CPU_COUNT(&set) < 2)
		return -1;
	for (cpu = 0; !CPU_ISSET((size_t)cpu, &set);)
		cpu++;
	CPU_CLR((size_t)cpu, &set);
	assert_int_equal(sched_setaffinity(0, sizeof(set), &set), 0);
	return cpu;
}

/* A turn under attack; whoever asks properly is still answered. */
static void
bear(struct http_rig *rig, struct tick_reader *reader, struct half *half, int64_t *last_id,
    struct attack_counts *sum)
{
	struct attack *attack = attack_start(rig->port, SLOW, SCRAPES_PER_S);
	struct attack_counts counts;

	follow(reader, half, last_id);
	counts = attack_stop(attack);
	sum->slow_most = counts.slow_most > sum->slow_most ? counts.slow_most : sum->slow_most;
	sum->slow_opened += counts.slow_opened;
	sum->slow_cut += counts.slow_cut;
	sum->garbage += counts.garbage;
	sum->answers += counts.answers;
}

/* Both ends stand back: where others load the machine, too, they get what is left of it. */
static bool
is_enough(const struct attack_counts *c)
{
	return c->slow_most >= SLOW / 2 && c->slow_cut > 0 && c->garbage > 100 &&
	    c->answers > 1000;
}

static void
an_attack_on_the_http_interface_does_not_reach_the_feed(void **state)
{
	static const char *const sim[] = {"--rate", "1000", NULL};
	char cpu[32];
	const char *settings[] = {"streams=btcusdt@trade,btcusdt@bookTicker", cpu, NULL};
	struct http_rig *rig = *state;
	struct half quiet = {.samples = 0}, loud = {.samples = 0};
	struct attack_counts counts = {0};
	struct tick_reader *reader;
	struct tick_status before, after;
	unsigned rounds = 0;
	int64_t last_id = -1;

	snprintf(cpu, sizeof(cpu), "cpu=%d", keep_apart());
	http_rig_start_sim(rig, sim);
	http_rig_start_feedd(rig, settings, true);
	http_rig_wait(rig, "/readyz", 200);
	assert_int_equal(tick_reader_open(&reader, daemon_feed(), TICK_FROM_NEWEST), 0);
	read_status(&before);
	while (rounds < (measures() ? ROUNDS : 1) || (rounds < ROUNDS_MAX &&
	    ((measures() && ratio(&quiet, &loud) > RATIO_MAX) || !is_enough(&counts)))) {
		follow(reader, &quiet, &last_id);
		bear(rig, reader, &loud, &last_id, &counts);
		rounds++;
	}
	read_status(&after);
	report(&quiet, &loud, &counts, rounds);
	assert_true(!measures() || ratio(&quiet, &loud) <= RATIO_MAX);

	assert_true(losses(&before) == losses(&after));
	assert_int_equal(after.lines_live, 1);
	assert_int_equal(tick_reader_stats(reader).lost, 0);
	assert_true(last_id > 0);
	assert_true(is_enough(&counts));
	assert_true(daemon_runs(&rig->feedd));
	tick_reader_close(&reader);
}

static void
who_asks_properly_is_answered_under_attack(void **state)
{
	struct http_rig *rig = *state;
	struct attack *attack;

	http_rig_start(rig);
	attack = attack_start(rig->port, SLOW, 0);
	for (unsigned i = 0; i < 5; i++) {
		sleep(1);
		http_rig_wait(rig, "/livez", 200);
		assert_int_equal(http_rig_patch(rig, "wrong", "{}"), 401);
	}
	attack_stop(attack);
	assert_true(daemon_runs(&rig->feedd));
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
		TEST(who_asks_properly_is_answered_under_attack),
		TEST(who_sends_nothing_is_cut_off_and_others_are_not),
	};

	return cmocka_run_group_tests(tests, daemon_setup_all, daemon_teardown_all);
}

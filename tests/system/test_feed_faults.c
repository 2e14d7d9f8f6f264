/*
 * Every fault that exchange-sim knows of lines, requests and messages, as feedd
 * sees it: named, counted, and over afterwards. Those that others test against
 * feedd are not repeated: silence and its healing, gaps of books, REST, clocks.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "tests/system/stage.h"

/* Short waits, so that what goes wrong is over soon; and no endpoint is left alone for it. */
#define COMMON \
	"\"pool.initial_connections\": 1, \"pool.max_connections\": 2,\n" \
	"\"pool.min_connection_age_ms\": 100, \"pool.connection_timeout_ms\": 1500,\n" \
	"\"reconnect.base_delay_ms\": 20, \"reconnect.max_delay_ms\": 100,\n" \
	"\"failover.failures_max\": 1000, \"subscribe.ack_timeout_ms\": 1500,\n" \
	"\"subscribe.data_timeout_ms\": 1500, \"heartbeat.health_check_interval_ms\": 1000,\n" \
	"\"heartbeat.pong_response_timeout_ms\": 500,\n"

enum sign {
	COUNTED, /* a counter has grown by so much */
	NAMED,   /* so many changes of lines' states have the reason */
	HEALED,  /* so many streams were subscribed anew, or elsewhere */
	REPLACED, /* so many lines have got a successor */
	BORNE,   /* as NAMED; then all is whole again, and no answer was missed */
	PASSED,  /* messages have gone on: so many more, and nothing else is to be seen */
};

struct row {
	const char *script;
	enum sign sign;
	int what;  /* the counter or reason */
	int least;
};

#define PLAYED_MAX 3 /* what ends a line each time is not the machine's fault */

#define AGAIN "\n0.2 rst\n" /* one line connects and asks anew */

static const struct row rows[] = {
	{"0 truncate count=3", COUNTED, TICK_COUNTER_MALFORMED, 3},
	{"0 inject kind=malformed", COUNTED, TICK_COUNTER_MALFORMED, 1},
	{"0 inject kind=oversize", COUNTED, TICK_COUNTER_OVERSIZE, 1},
	{"0 inject kind=text text='{\"e\":\"hello\"}'", COUNTED, TICK_COUNTER_UNKNOWN, 1},
	{"0 hole stream=btcusdt@trade", COUNTED, TICK_COUNTER_GAPS, 1},
	{"0 duplicate stream=btcusdt@trade count=3", COUNTED, TICK_COUNTER_DUPLICATES, 3},
	{"0 reorder stream=btcusdt@trade", COUNTED, TICK_COUNTER_LATE, 1},
	/* A PING comes with each, and its PONG counts: no more than that in a second. */
	{"0 fragment bytes=11 count=2", PASSED, 0, 300},
	{"0 freeze for=0.5", PASSED, 0, 600},
	{"0 burst factor=5 for=1", PASSED, 0, 1500},
	{"0 rst", NAMED, TICK_REASON_PEER_RESET, 1},
	{"0 fin", NAMED, TICK_REASON_PEER_CLOSED, 1},
	{"0 close code=1013 reason='Try again later'", NAMED, TICK_REASON_PEER_CLOSED, 1},
	{"0 expire", NAMED, TICK_REASON_PEER_CLOSED, 1},
	{"0 half-open for=3", REPLACED, 0, 1},
	{"0 reject code=2 count=1" AGAIN, COUNTED, TICK_COUNTER_ERROR_REPLIES, 1},
	{"0 ignore count=1" AGAIN, NAMED, TICK_REASON_ACK_TIMEOUT, 1},
	{"0 ack-never count=1" AGAIN, NAMED, TICK_REASON_ACK_TIMEOUT, 1},
	{"0 ack-silent stream=btcusdt@bookTicker count=1" AGAIN, HEALED, 0, 1},
	{"0 ack-late ms=300 count=1" AGAIN, BORNE, TICK_REASON_PEER_RESET, 1},
	{"0 refuse for=3" AGAIN, NAMED, TICK_REASON_REFUSED, 1},
	{"0 slow-tls ms=4000 count=1" AGAIN, NAMED, TICK_REASON_CONNECT_TIMEOUT, 1},
	{"0 slow-upgrade ms=4000 count=1" AGAIN, NAMED, TICK_REASON_CONNECT_TIMEOUT, 1},
	{"0 dribble ms=300 bytes=1 count=1" AGAIN, NAMED, TICK_REASON_CONNECT_TIMEOUT, 1},
	{"0 http status=503 on=upgrade count=1" AGAIN, NAMED, TICK_REASON_SERVER_ERROR, 1},
	{"0 down for=1", NAMED, TICK_REASON_PEER_RESET, 1},
};

/* Changes of state with that reason since `before`. */
static int64_t
named(const struct tick_status *before, const struct tick_status *now, int reason)
{
	int64_t n = 0, from = before->control.transitions;

	if (now->control.transitions - from > TICK_TRANSITIONS_MAX)
		from = now->control.transitions - TICK_TRANSITIONS_MAX;
	for (int64_t i = from; i < now->control.transitions; i++)
		n += now->control.transition[i % TICK_TRANSITIONS_MAX].reason == reason;
	return n;
}

static int64_t
grown(const struct tick_status *before, const struct tick_status *now, int counter)
{
	return (int64_t)(now->counter[counter] - before->counter[counter]);
}

static int64_t
healed(const struct tick_status *status)
{
	const struct tick_control *c = &status->control;

	return c->resubscribed + c->moved + c->recycled;
}

static bool
is_seen(const struct row *row, const struct tick_status *before, const struct tick_status *now)
{
	switch (row->sign) {
	case COUNTED:
		return grown(before, now, row->what) >= row->least;
	case NAMED:
		return named(before, now, row->what) >= row->least;
	case HEALED:
		return healed(now) - healed(before) >= row->least;
	case REPLACED:
		return now->control.rotations_done - before->control.rotations_done >= row->least;
	case BORNE:
		return named(before, now, row->what) >= row->least && stage_is_whole(now);
	case PASSED:
		break;
	}
	assert_int_equal(grown(before, now, TICK_COUNTER_MALFORMED), 0);
	assert_int_equal(grown(before, now, TICK_COUNTER_GAPS), 0);
	return grown(before, now, TICK_COUNTER_MESSAGES) >= row->least;
}

/* Why a line that was to bear the fault did not; NULL: it does. */
static const char *
disturbance(const struct row *row, const struct tick_status *before, const struct tick_status *now)
{
	int64_t first = before->control.transitions;

	if (row->sign == BORNE && named(before, now, TICK_REASON_ACK_TIMEOUT) > 0)
		return tick_reason_label(TICK_REASON_ACK_TIMEOUT);
	if (row->sign == PASSED && now->control.transitions != first)
		return tick_reason_label(
		    now->control.transition[first % TICK_TRANSITIONS_MAX].reason);
	return NULL;
}

/* True: the sign was seen. False: something came between; a machine that stands still, say. */
static bool
is_played(struct stage *stage, const struct row *row)
{
	static struct tick_status before, now;
	const char *why;
	mono_t deadline;

	stage_wait_whole(stage, row->script, &before);
	stage_fault(stage, row->script);
	deadline = daemon_deadline();
	do {
		daemon_pause(deadline, row->script);
		stage_status(stage, &now);
		why = disturbance(row, &before, &now);
		if (why != NULL) {
			print_message("%s: %s\n", row->script, why);
			return false;
		}
	} while (!is_seen(row, &before, &now));
	return true;
}

static void
each_fault_is_seen_named_and_over(void **state)
{
	const struct stage_cfg cfg = {.rate = 1000, .settings = COMMON};
	static struct tick_status now;
	struct stage *stage = *state;
	unsigned played;

	stage_start(stage, &cfg, 1);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		played = 0;
		while (!is_played(stage, &rows[i]))
			if (++played == PLAYED_MAX)
				fail_msg("%s: disturbed each time", rows[i].script);
	}
	stage_wait_whole(stage, "the end of the last fault", &now);
	assert_true(daemon_runs(&stage->feedd));
}

/*
 * A line that comes to be refused: the reason has its name, and the circuit opens
 * for it, so many seconds at least.
 */
static void
expect_refusal(struct stage *stage, const char *script, enum tick_reason reason, int64_t seconds)
{
	const struct stage_cfg cfg = {.rate = 1000, .settings = COMMON};
	static struct tick_status status;
	int64_t until = TICK_ABSENT;
	mono_t deadline;
	bool open;

	stage_start(stage, &cfg, 1);
	stage_fault(stage, script);
	deadline = daemon_deadline();
	do {
		daemon_pause(deadline, script);
		stage_status(stage, &status);
		open = false;
		for (int i = 0; i < 2; i++)
			open = open || (status.control.endpoint[i].circuit == 1 &&
			    status.control.endpoint[i].reason == (int64_t)reason);
	} while (!open || status.ended[reason] < 1);
	for (int i = 0; i < 2; i++)
		if (status.control.endpoint[i].reason == (int64_t)reason)
			until = status.control.endpoint[i].until_ns;
	/* It began before it was seen. */
	assert_true(until - status.at_ns > (seconds - DAEMON_WITHIN_S) * 1000000000);
}

#define REFUSAL(name, script, reason, seconds) \
	static void \
	name(void **state) \
	{ \
		expect_refusal(*state, script AGAIN, reason, seconds); \
	}

REFUSAL(a_firewall_is_told_from_a_failure, "0 http status=403 on=upgrade",
    TICK_REASON_FORBIDDEN, 300)
REFUSAL(a_ban_is_told_from_a_failure, "0 http status=418 retry-after=300 on=upgrade",
    TICK_REASON_BANNED, 300)
REFUSAL(too_many_requests_are_told_from_a_failure,
    "0 http status=429 retry-after=90 on=upgrade", TICK_REASON_RATE_LIMITED, 90)
REFUSAL(a_blocked_region_is_told_from_a_failure, "0 http status=451 on=upgrade",
    TICK_REASON_BLOCKED_REGION, 900)
REFUSAL(a_certificate_of_another_host_is_refused, "0 cert", TICK_REASON_TLS_HOSTNAME, 60)
REFUSAL(a_certificate_of_nobody_is_refused, "0 cert kind=self-signed",
    TICK_REASON_TLS_UNTRUSTED, 60)
REFUSAL(an_expired_certificate_is_refused, "0 cert kind=expired", TICK_REASON_TLS_EXPIRED,
    60)

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, stage_set_up, stage_tear_down)
	const struct CMUnitTest tests[] = {
		TEST(each_fault_is_seen_named_and_over),
		TEST(a_firewall_is_told_from_a_failure),
		TEST(a_ban_is_told_from_a_failure),
		TEST(too_many_requests_are_told_from_a_failure),
		TEST(a_blocked_region_is_told_from_a_failure),
		TEST(a_certificate_of_another_host_is_refused),
		TEST(a_certificate_of_nobody_is_refused),
		TEST(an_expired_certificate_is_refused),
	};

	return cmocka_run_group_tests(tests, daemon_setup_all, daemon_teardown_all);
}

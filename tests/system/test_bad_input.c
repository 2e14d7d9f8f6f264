/*
 * What a server can say wrongly: feedd counts it by kind, drops it, keeps the
 * line and goes on with the next message. Between any two wrong ones there is
 * a valid trade, and all of them must arrive.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/system/feed_rig.h"

#define LONGEST (1 << 20) /* security.max_message_bytes, the default */
#define FLOOD 2000

/* What a run of wrong messages may move; MESSAGES, TICKS and the like move with every trade. */
static const enum tick_counter watched[] = {
	TICK_COUNTER_AGG_TRADES, TICK_COUNTER_QUOTES, TICK_COUNTER_DEPTHS,
	TICK_COUNTER_PARTIAL_DEPTHS, TICK_COUNTER_KLINES, TICK_COUNTER_REPLIES,
	TICK_COUNTER_ERROR_REPLIES, TICK_COUNTER_SERVER_SHUTDOWNS, TICK_COUNTER_MALFORMED,
	TICK_COUNTER_UNFIT, TICK_COUNTER_OVERSIZE, TICK_COUNTER_UNKNOWN, TICK_COUNTER_BINARY,
	TICK_COUNTER_NO_INSTRUMENT, TICK_COUNTER_DUPLICATES, TICK_COUNTER_GAPS,
	TICK_COUNTER_OFF_MARKET, TICK_COUNTER_CONNECTS, TICK_COUNTER_CONNECT_FAILURES,
	TICK_COUNTER_DISCONNECTS, TICK_COUNTER_REQUESTS,
};

static struct tick_status before;

static void
start(struct feed_rig *rig)
{
	feed_rig_connect(rig);
	feed_rig_trade(rig, &before);
}

/* A valid trade arrives, and since the last one only `counter` has grown, by `n`. */
static void
expect_counted(struct feed_rig *rig, enum tick_counter counter, uint64_t n)
{
	struct tick_status now;

	feed_rig_trade(rig, &now);
	for (size_t i = 0; i < sizeof(watched) / sizeof(watched[0]); i++) {
		enum tick_counter c = watched[i];
		uint64_t grown = now.counter[c] - before.counter[c];

		if (grown != (c == counter ? n : 0))
			fail_msg("%s has grown by %llu", tick_counter_name(c),
			    (unsigned long long)grown);
	}
	assert_int_equal(now.line[0].state, TICK_LINE_LIVE);
	assert_int_equal(now.line[0].connects, 1);
	before = now;
}

static void
send_and_expect(struct feed_rig *rig, const char *text, enum tick_counter counter)
{
	feed_rig_send_text(rig, text);
	expect_counted(rig, counter, 1);
}

#define TRADE_UP_TO_ID "{\"e\":\"trade\",\"E\":1700000000123,\"s\":\"BTCUSDT\",\"t\":1000000,"
#define DEPTH_UP_TO_LEVELS \
	"{\"e\":\"depthUpdate\",\"E\":1700000000123,\"s\":\"BTCUSDT\",\"U\":5,\"u\":9,"
#define TRADE_END ",\"T\":1700000000120,\"m\":true,\"M\":true}"

static void
malformed_messages_are_counted_and_dropped(void **state)
{
	static const char *const text[] = {
		"",
		" ",
		"hello",
		"{",
		"{}}",
		"{\"e\":\"trade\",}",
		"[1,2",
		"\xff\xfe\xfd",
		"{\"e\":\"trade\"",
		TRADE_UP_TO_ID "\"p\":\"12.34\",\"q\":\"0.5\"",
		/* known, but not whole */
		"{\"e\":\"trade\",\"E\":1700000000123,\"s\":\"BTCUSDT\"}",
		TRADE_UP_TO_ID "\"p\":\"12.34\"" TRADE_END,
		TRADE_UP_TO_ID "\"p\":12.34,\"q\":\"0.5\"" TRADE_END,
		TRADE_UP_TO_ID "\"p\":\"12,34\",\"q\":\"0.5\"" TRADE_END,
		TRADE_UP_TO_ID "\"p\":\"1e3\",\"q\":\"0.5\"" TRADE_END,
		DEPTH_UP_TO_LEVELS "\"b\":[[\"1\"]],\"a\":[]}",
	};
	struct feed_rig *rig = *state;

	start(rig);
	for (size_t i = 0; i < sizeof(text) / sizeof(text[0]); i++)
		send_and_expect(rig, text[i], TICK_COUNTER_MALFORMED);
	feed_rig_end_feedd(rig);
}

static void
a_message_cut_at_every_byte_is_malformed_at_every_byte(void **state)
{
	static const char whole[] = TRADE_UP_TO_ID "\"p\":\"12.34\",\"q\":\"0.5\"" TRADE_END;
	struct feed_rig *rig = *state;

	start(rig);
	for (size_t n = 0; n < sizeof(whole) - 1; n++)
		feed_rig_send(rig, WS_TEXT | WS_FIN, whole, n);
	expect_counted(rig, TICK_COUNTER_MALFORMED, sizeof(whole) - 1);
	feed_rig_end_feedd(rig);
}

static void
messages_of_other_kinds_are_counted_by_kind(void **state)
{
	struct feed_rig *rig = *state;

	start(rig);
	send_and_expect(rig, "{\"e\":\"newKind\",\"s\":\"BTCUSDT\",\"w\":\"1\"}",
	    TICK_COUNTER_UNKNOWN);
	send_and_expect(rig, "{\"e\":\"avgPrice\",\"s\":\"BTCUSDT\",\"w\":\"1\"}",
	    TICK_COUNTER_MALFORMED);
	send_and_expect(rig, "{\"stream\":\"x@y\",\"data\":{\"e\":\"newThing\",\"n\":[{}]}}",
	    TICK_COUNTER_UNKNOWN);
	send_and_expect(rig, "[]", TICK_COUNTER_ARRAYS);
	feed_rig_send(rig, WS_BINARY | WS_FIN, "\x00\x01\x02", 3);
	expect_counted(rig, TICK_COUNTER_BINARY, 1);
	feed_rig_send(rig, WS_BINARY | WS_FIN, "{\"e\":\"trade\"}", 13);
	expect_counted(rig, TICK_COUNTER_BINARY, 1);
	send_and_expect(rig, "{\"code\":2,\"msg\":\"Invalid request\",\"id\":4711}",
	    TICK_COUNTER_ERROR_REPLIES);
	/* No text, so no symbol. */
	send_and_expect(rig, "{\"u\":1,\"s\":\"B\xff\xfe\",\"b\":\"1\",\"B\":\"1\",\"a\":\"1\","
	    "\"A\":\"1\"}", TICK_COUNTER_NO_INSTRUMENT);
	send_and_expect(rig, TRADE_UP_TO_ID "\"p\":\"0.000000001\",\"q\":\"1\"" TRADE_END,
	    TICK_COUNTER_UNFIT);
	send_and_expect(rig, TRADE_UP_TO_ID "\"p\":\"99999999999\",\"q\":\"1\"" TRADE_END,
	    TICK_COUNTER_UNFIT);
	feed_rig_end_feedd(rig);
}

/* Valid JSON of `n` bytes. */
static char *
json_of(size_t n)
{
	char *text = malloc(n);

	assert_non_null(text);
	memset(text, ' ', n);
	text[0] = '{';
	text[n - 1] = '}';
	return text;
}

static void
messages_that_are_too_long_are_counted_whole_and_in_fragments(void **state)
{
	struct feed_rig *rig = *state;
	char *text = json_of(3 * LONGEST);
	const size_t third = LONGEST / 2;

	start(rig);
	feed_rig_send(rig, WS_TEXT | WS_FIN, text, LONGEST + 1);
	expect_counted(rig, TICK_COUNTER_OVERSIZE, 1);
	feed_rig_send(rig, WS_TEXT | WS_FIN, text, 3 * LONGEST);
	expect_counted(rig, TICK_COUNTER_OVERSIZE, 1);
	feed_rig_send(rig, WS_TEXT, text, third);
	feed_rig_send(rig, WS_CONTINUATION, text, third);
	feed_rig_send(rig, WS_CONTINUATION, text, third);
	feed_rig_send(rig, WS_CONTINUATION | WS_FIN, text, third);
	expect_counted(rig, TICK_COUNTER_OVERSIZE, 1);
	feed_rig_send(rig, WS_BINARY | WS_FIN, text, LONGEST + 1);
	expect_counted(rig, TICK_COUNTER_OVERSIZE, 1);
	free(text);
	/* The longest that is allowed is looked at. */
	text = json_of(LONGEST);
	feed_rig_send(rig, WS_TEXT | WS_FIN, text, LONGEST);
	expect_counted(rig, TICK_COUNTER_UNKNOWN, 1);
	feed_rig_send(rig, WS_TEXT, text, third);
	feed_rig_send(rig, WS_CONTINUATION | WS_FIN, text + third, third);
	expect_counted(rig, TICK_COUNTER_UNKNOWN, 1);
	free(text);
	feed_rig_end_feedd(rig);
}

static void
a_flood_of_replies_does_not_hurt(void **state)
{
	struct feed_rig *rig = *state;
	char text[64];

	start(rig);
	for (int i = 0; i < FLOOD; i++) {
		snprintf(text, sizeof(text), "{\"result\":null,\"id\":%d}", 1000 + i);
		feed_rig_send_text(rig, text);
	}
	expect_counted(rig, TICK_COUNTER_REPLIES, FLOOD);
	feed_rig_end_feedd(rig);
}

static void
a_shutdown_is_understood_in_each_envelope_and_the_line_comes_back(void **state)
{
	struct feed_rig *rig = *state;
	struct tick_status now;
	mono_t deadline;

	start(rig);
	send_and_expect(rig, "{\"e\":\"serverShutdown\",\"E\":1700000000123}",
	    TICK_COUNTER_SERVER_SHUTDOWNS);
	send_and_expect(rig, "{\"stream\":\"!serverShutdown\",\"data\":{\"e\":\"serverShutdown\","
	    "\"E\":1700000000123}}", TICK_COUNTER_SERVER_SHUTDOWNS);
	send_and_expect(rig, "{\"event\":{\"e\":\"serverShutdown\",\"E\":1700000000123}}",
	    TICK_COUNTER_SERVER_SHUTDOWNS);
	daemon_expect_log(feed_rig_feedd(rig), "event=server_shutdown");
	feed_rig_close_line(rig);
	deadline = daemon_deadline();
	do {
		daemon_pause(deadline, "the second connection");
		feed_rig_wait_state(rig, TICK_LINE_LIVE, &now);
	} while (now.counter[TICK_COUNTER_CONNECTS] < 2);
	assert_int_equal(now.counter[TICK_COUNTER_DISCONNECTS], 1);
	feed_rig_trade(rig, &now);
	assert_int_equal(now.counter[TICK_COUNTER_GAPS], 0);
	feed_rig_end_feedd(rig);
}

/* ---- certificates ------------------------------------------------------------ */

/* Never connects, and says why in the log and in the status. Then it does with a good one. */
static void
refuses(struct feed_rig *rig, enum cert_kind kind, enum tick_reason reason)
{
	struct tick_status now;
	char label[64];

	snprintf(label, sizeof(label), "reason=%s", tick_reason_label(reason));
	feed_rig_start(rig, kind);
	/* Trying again at once would help nobody: people must act. */
	feed_rig_wait_state(rig, TICK_LINE_OPEN_CIRCUIT, &now);
	assert_int_equal(now.counter[TICK_COUNTER_CONNECT_FAILURES], 1);
	daemon_expect_log(feed_rig_feedd(rig), "name=invalid_certificate");
	assert_int_equal(now.line[0].reason, reason);
	assert_int_equal(now.counter[TICK_COUNTER_CONNECTS], 0);
	assert_int_equal(now.line[0].connects, 0);
	daemon_expect_log(feed_rig_feedd(rig), label);
	feed_rig_end_feedd(rig);
	feed_rig_connect(rig);
	feed_rig_trade(rig, &now);
	feed_rig_end_feedd(rig);
}

static void
a_certificate_for_another_host_is_refused(void **state)
{
	refuses(*state, CERT_WRONG_HOST, TICK_REASON_TLS_HOSTNAME);
}

static void
a_certificate_that_signed_itself_is_refused(void **state)
{
	refuses(*state, CERT_SELF_SIGNED, TICK_REASON_TLS_UNTRUSTED);
}

static void
a_certificate_of_a_stranger_is_refused(void **state)
{
	refuses(*state, CERT_UNKNOWN_AUTHORITY, TICK_REASON_TLS_UNTRUSTED);
}

static void
an_expired_certificate_is_refused(void **state)
{
	refuses(*state, CERT_EXPIRED, TICK_REASON_TLS_EXPIRED);
}

static void
a_certificate_of_tomorrow_is_refused(void **state)
{
	refuses(*state, CERT_NOT_YET_VALID, TICK_REASON_TLS_NOT_YET_VALID);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, feed_rig_setup, feed_rig_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(malformed_messages_are_counted_and_dropped),
		TEST(a_message_cut_at_every_byte_is_malformed_at_every_byte),
		TEST(messages_of_other_kinds_are_counted_by_kind),
		TEST(messages_that_are_too_long_are_counted_whole_and_in_fragments),
		TEST(a_flood_of_replies_does_not_hurt),
		TEST(a_shutdown_is_understood_in_each_envelope_and_the_line_comes_back),
		TEST(a_certificate_for_another_host_is_refused),
		TEST(a_certificate_that_signed_itself_is_refused),
		TEST(a_certificate_of_a_stranger_is_refused),
		TEST(an_expired_certificate_is_refused),
		TEST(a_certificate_of_tomorrow_is_refused),
	};

	int failed;

	/* Where io_uring is forbidden, auto is lws as well. */
	feed_rig_use_transport("auto");
	failed = cmocka_run_group_tests_name("bad input, the best transport", tests,
	    feed_rig_setup_all, feed_rig_teardown_all);
	feed_rig_use_transport("lws");
	return failed + cmocka_run_group_tests_name("bad input, lws", tests, feed_rig_setup_all,
	    feed_rig_teardown_all);
}

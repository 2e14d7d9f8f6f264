/* Captures: lines, streams of raw and enveloped messages, compression. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zstd.h>

#include "tools/exchange-sim/capture.h"
#include "tools/exchange-sim/origin.h"

static const struct {
	const char *message, *stream; /* NULL: of no stream */
} origins[] = {
	{"{\"stream\":\"btcusdt@depth@100ms\",\"data\":{\"e\":\"depthUpdate\"}}",
	    "btcusdt@depth@100ms"},
	{"{ \"data\":{}, \"stream\" : \"x@trade\" }", "x@trade"},
	{"{\"stream\":\"!serverShutdown\",\"data\":{\"e\":\"serverShutdown\",\"E\":1}}", NULL},
	{"{\"e\":\"serverShutdown\",\"E\":1}", NULL},
	{"{\"result\":null,\"id\":1}", NULL},
	{"{\"e\":\"trade\",\"s\":\"BTCUSDT\"}", "btcusdt@trade"},
	{"{\"e\":\"aggTrade\",\"s\":\"BTCUSD_PERP\"}", "btcusd_perp@aggTrade"},
	{"{\"u\":1,\"s\":\"BNBUSDT\",\"b\":\"1\",\"B\":\"2\",\"a\":\"3\",\"A\":\"4\"}",
	    "bnbusdt@bookTicker"},
	{"{\"e\":\"bookTicker\",\"s\":\"BNBUSDT\"}", "bnbusdt@bookTicker"},
	{"{\"e\":\"depthUpdate\",\"s\":\"BTCUSDT\",\"b\":[],\"a\":[]}", "btcusdt@depth"},
	{"{\"lastUpdateId\":1,\"bids\":[],\"asks\":[]}", NULL},
	{"{\"e\":\"kline\",\"s\":\"BNBBTC\",\"k\":{\"i\":\"1M\"}}", "bnbbtc@kline_1M"},
	{"{\"e\":\"kline\",\"s\":\"BNBBTC\"}", NULL},
	{"{\"e\":\"continuous_kline\",\"ps\":\"BTCUSDT\",\"ct\":\"PERPETUAL\","
	 "\"k\":{\"i\":\"1m\"}}",
	    "btcusdt_perpetual@continuousKline_1m"},
	{"{\"e\":\"24hrTicker\",\"s\":\"BNBBTC\"}", "bnbbtc@ticker"},
	{"{\"e\":\"1hTicker\",\"s\":\"BNBBTC\"}", "bnbbtc@ticker_1h"},
	{"{\"e\":\"markPriceUpdate\",\"s\":\"BTCUSDT\"}", "btcusdt@markPrice"},
	{"{\"e\":\"forceOrder\",\"o\":{\"s\":\"BTCUSDT\"}}", "btcusdt@forceOrder"},
	{"{\"e\":\"indexPriceUpdate\",\"i\":\"BTCUSD\"}", "btcusd@indexPrice"},
	{"[{\"e\":\"24hrTicker\",\"s\":\"A\"},{\"e\":\"24hrTicker\",\"s\":\"B\"}]", "!ticker@arr"},
	{"[{\"e\":\"24hrMiniTicker\"}]", "!miniTicker@arr"},
	{"[]", NULL},
	{"[1]", NULL},
	{"\"text\"", NULL},
	{"no JSON", NULL},
	{"{\"e\":\"trade\",\"s\":", NULL},
};

static void
every_message_finds_its_stream(void **state)
{
	char room[128];
	struct text name = {.p = room, .cap = sizeof(room)};

	(void)state;
	for (size_t i = 0; i < sizeof(origins) / sizeof(origins[0]); i++) {
		bool found = origin_of(bytes_of(origins[i].message), &name);

		assert_int_equal(found, origins[i].stream != NULL);
		if (found)
			assert_true(bytes_equal(text_bytes(&name), bytes_of(origins[i].stream)));
	}
}

static int
parse(struct capture *c, const char *text, char error[256])
{
	size_t n = strlen(text);
	char *data = malloc(n + 1);

	memcpy(data, text, n);
	error[0] = '\0';
	return capture_parse(c, data, n, "FILE", error, 256);
}

static void
lines_become_messages_in_order(void **state)
{
	struct capture c;
	char error[256];

	(void)state;
	assert_int_equal(parse(&c, "5\t{\"e\":\"trade\",\"s\":\"A\"}\n"
				   "7\t{\"result\":null,\"id\":1}\n"
				   "9\t{\"e\":\"trade\",\"s\":\"B\"}\n"
				   "9\t{\"e\":\"trade\",\"s\":\"A\"}", error), 0);
	assert_int_equal(c.nmessages, 4);
	assert_int_equal(c.nstreams, 2);
	assert_true(c.timed);
	assert_true(bytes_equal(c.stream[1], bytes_of("b@trade")));
	assert_int_equal(c.message[1].stream, CAPTURE_EVERYONE);
	assert_int_equal(c.message[3].stream, 0);
	assert_int_equal(c.message[1].time_us, 7);
	assert_true(bytes_equal(capture_bytes(&c, 1), bytes_of("{\"result\":null,\"id\":1}")));
	capture_free(&c);
}

static void
an_unknown_time_makes_the_capture_untimed(void **state)
{
	struct capture c;
	char error[256];

	(void)state;
	assert_int_equal(parse(&c, "5\tx\n0\ty\n", error), 0);
	assert_false(c.timed);
	capture_free(&c);
}

static void
a_bad_line_is_named(void **state)
{
	static const char *const bad[] = {"5\tx\nx\ty\n", "5\tx\n5 y\n", "5\tx\n5\t\n", "5\tx\n5\n",
		"5\tx\n\n", "5\tx\n99999999999999999999\ty\n", "5\tx\n-1\ty\n"};
	struct capture c;
	char error[256];

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(parse(&c, bad[i], error), -1);
		assert_non_null(strstr(error, "FILE: line 2: "));
	}
	assert_int_equal(parse(&c, "", error), -1);
	assert_string_equal(error, "FILE: no messages");
}

static void
write_file(const char *path, const void *p, size_t n)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_int_equal(fwrite(p, 1, n, f), n);
	assert_int_equal(fclose(f), 0);
}

static void
a_compressed_file_is_the_same_and_a_cut_one_is_refused(void **state)
{
	static const char text[] = "5\t{\"e\":\"trade\",\"s\":\"A\"}\n6\tx\n";
	char path[] = "/tmp/test_sim_capture.XXXXXX", error[256], packed[256];
	size_t n = ZSTD_compress(packed, sizeof(packed), text, sizeof(text) - 1, 3);
	struct capture c;
	int fd = mkstemp(path);

	(void)state;
	assert_true(fd >= 0);
	close(fd);
	write_file(path, packed, n);
	assert_int_equal(capture_load(&c, path, error, sizeof(error)), 0);
	assert_int_equal(c.nmessages, 2);
	capture_free(&c);
	write_file(path, packed, n - 3);
	assert_int_equal(capture_load(&c, path, error, sizeof(error)), -1);
	assert_non_null(strstr(error, "zstd: truncated"));
	unlink(path);
	assert_int_equal(capture_load(&c, path, error, sizeof(error)), -1);
	assert_non_null(strstr(error, "No such file"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_message_finds_its_stream),
		cmocka_unit_test(lines_become_messages_in_order),
		cmocka_unit_test(an_unknown_time_makes_the_capture_untimed),
		cmocka_unit_test(a_bad_line_is_named),
		cmocka_unit_test(a_compressed_file_is_the_same_and_a_cut_one_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

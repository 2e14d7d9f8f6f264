/*
 * Wrong configurations: each row holds the text and every problem, word by
 * word, that must be reported for it. S stands for a valid list of streams.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/config_text.h"

#define S "\"streams\": [\"btcusdt@trade\"]"

struct wrong {
	const char *text;
	const char *problems;
};

static void
expect_all(const struct wrong *wrong, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct config cfg;
		char *problems = config_of_text(wrong[i].text, NULL, 0, &cfg);

		if (strcmp(problems, wrong[i].problems) != 0)
			print_error("for the text:\n%s\n", wrong[i].text);
		assert_string_equal(problems, wrong[i].problems);
		free(problems);
		config_free(&cfg);
	}
}

#define EXPECT_ALL(rows) expect_all(rows, sizeof(rows) / sizeof(rows[0]))

static void
numbers_out_of_range_name_key_value_and_range(void **state)
{
	static const struct wrong rows[] = {
	    {"{" S ",\n\"pool\": {\n\"max_connections\": 0}}",
	        ":3: key \"pool.max_connections\": value 0 is too small, allowed: 1 to 64 "
	        "connections\n"},
	    {"{" S ", \"pool\": {\"max_connections\": 65}}",
	        ":1: key \"pool.max_connections\": value 65 is too large, allowed: 1 to 64 "
	        "connections\n"},
	    {"{" S ", \"endpoint\": {\"port\": 65536}}",
	        ":1: key \"endpoint.port\": value 65536 is too large, allowed: 1 to 65535\n"},
	    {"{" S ", \"endpoint\": {\"port\": -1}}",
	        ":1: key \"endpoint.port\": value -1 is too small, allowed: 1 to 65535\n"},
	    {"{" S ", \"cpu\": -2}",
	        ":1: key \"cpu\": value -2 is too small, allowed: -1 to 1023\n"},
	    {"{" S ", \"ring\": {\"slots\": 32768}}",
	        ":1: key \"ring.slots\": value 32768 is too small, allowed: 65536 to 67108864 "
	        "slots\n"},
	    {"{" S ", \"board\": {\"depth\": 1001}}",
	        ":1: key \"board.depth\": value 1001 is too large, allowed: 0 to 1000 levels\n"},
	    {"{" S ", \"reconnect\": {\"jitter_percent\": 101}}",
	        ":1: key \"reconnect.jitter_percent\": value 101 is too large, allowed: 0 to "
	        "100 %\n"},
	    {"{" S ", \"resources\": {\"max_memory_bytes\": 1099511627777}}",
	        ":1: key \"resources.max_memory_bytes\": value 1099511627777 is too large, "
	        "allowed: 16777216 to 1099511627776 bytes\n"},
	};

	(void)state;
	EXPECT_ALL(rows);
}

static void
integers_are_exact_and_beyond_64_bits_are_refused(void **state)
{
	static const struct wrong rows[] = {
	    {"{" S ", \"resources\": {\"max_memory_bytes\": 9007199254740993}}",
	        ":1: key \"resources.max_memory_bytes\": value 9007199254740993 is too large, "
	        "allowed: 16777216 to 1099511627776 bytes\n"},
	    {"{" S ", \"cpu\": 9223372036854775808}",
	        ":1: key \"cpu\": value 9223372036854775808 is too large, allowed: -1 to 1023\n"},
	    {"{" S ", \"cpu\": -99999999999999999999}",
	        ":1: key \"cpu\": value -99999999999999999999 is too small, allowed: -1 to "
	        "1023\n"},
	    {"{" S ", \"cpu\": 18446744073709551617}",
	        ":1: key \"cpu\": value 18446744073709551617 is too large, allowed: -1 to "
	        "1023\n"},
	};

	(void)state;
	EXPECT_ALL(rows);
}

static void
a_fraction_or_exponent_is_no_whole_number(void **state)
{
	static const struct wrong rows[] = {
	    {"{" S ", \"pool\": {\"idle_timeout_ms\": 1500.5}}",
	        ":1: key \"pool.idle_timeout_ms\": value 1500.5 is not a whole number written in "
	        "digits, allowed: 1000 to 86400000 ms\n"},
	    {"{" S ", \"pool\": {\"idle_timeout_ms\": 3e5}}",
	        ":1: key \"pool.idle_timeout_ms\": value 3e5 is not a whole number written in "
	        "digits, allowed: 1000 to 86400000 ms\n"},
	};

	(void)state;
	EXPECT_ALL(rows);
}

static void
a_value_of_another_type_is_refused(void **state)
{
	static const struct wrong rows[] = {
	    {"{" S ", \"endpoint\": {\"port\": \"9443\"}}",
	        ":1: key \"endpoint.port\": value \"9443\" is text, allowed: 1 to 65535\n"},
	    {"{" S ", \"endpoint\": {\"host\": 1}}",
	        ":1: key \"endpoint.host\": value 1 is a number, allowed: text in double "
	        "quotes\n"},
	    {"{" S ", \"reconnect\": {\"enabled\": 1}}",
	        ":1: key \"reconnect.enabled\": value 1 is a number, allowed: true or false\n"},
	    {"{" S ", \"reconnect\": {\"jitter\": null}}",
	        ":1: key \"reconnect.jitter\": value null is nothing, allowed: true or false\n"},
	    {"{\"streams\": \"btcusdt@trade\"}",
	        ":1: key \"streams\": value \"btcusdt@trade\" is text, allowed: a list of texts: "
	        "[\"...\", \"...\"]\n"},
	    {"{" S ", \"feed\": {\"name\": \"x\"}}",
	        ":1: key \"feed\": value {...} is an object, allowed: text in double quotes\n"},
	    {"{" S ", \"cpu\": [1]}",
	        ":1: key \"cpu\": value [...] is a list, allowed: -1 to 1023\n"},
	    {"{" S ", \"pool\": 3}",
	        ":1: key \"pool\": value 3 is no group of keys: { ... }\n"},
	    {"[1]",
	        ":1: a configuration is an object: { ... }\n"
	        ": key \"streams\": missing, at least one stream is wanted, like "
	        "\"btcusdt@trade\"\n"},
	};

	(void)state;
	EXPECT_ALL(rows);
}

static void
unknown_keys_are_refused_with_a_suggestion(void **state)
{
	static const struct wrong rows[] = {
	    {"{" S ",\n\"pool\": {\"inital_connections\": 3}}",
	        ":2: unknown key \"pool.inital_connections\"; did you mean "
	        "\"pool.initial_connections\"?\n"},
	    {"{" S ", \"maxConnections\": 3}",
	        ":1: unknown key \"maxConnections\"; did you mean \"pool.max_connections\"?\n"},
	    {"{" S ", \"port\": 443}",
	        ":1: unknown key \"port\"; did you mean \"endpoint.port\"?\n"},
	    {"{" S ", \"heartbeats\": {\"x\": 1, \"y\": {\"z\": 2}}}",
	        ":1: unknown key \"heartbeats\"; did you mean \"heartbeat\"?\n"},
	    {"{" S ", \"ring\": {\"colour_of_the_ring\": 1}}",
	        ":1: unknown key \"ring.colour_of_the_ring\"\n"},
	    {"{" S ", \"foo\": 1}",
	        ":1: unknown key \"foo\"\n"},
	    {"{" S ", \"fooo\": 1}",
	        ":1: unknown key \"fooo\"\n"},
	    {"{" S ", \"strems\": 1}",
	        ":1: unknown key \"strems\"; did you mean \"streams\"?\n"},
	    {"{" S ", \"a\\nb\": 1}",
	        ":1: unknown key \"a?b\"\n"},
	};

	(void)state;
	EXPECT_ALL(rows);
}

static void
keys_and_groups_given_twice_are_refused(void **state)
{
	static const struct wrong rows[] = {
	    {"{" S ",\n\"feed\": \"a\",\n\"feed\": \"b\"}",
	        ":3: key \"feed\" is given twice, first in line 2\n"},
	    {"{" S ",\n\"ring\": {\"slots\": 65536},\n\"ring\": {\"group\": \"root\"}}",
	        ":3: key \"ring\" is given twice, first in line 2\n"},
	    {"{" S ", \"ring\": {\"slots\": 65536}, \"ring.slots\": 131072}",
	        ":1: key \"ring.slots\" is given twice, first in line 1\n"},
	};

	(void)state;
	EXPECT_ALL(rows);
}

static void
texts_break_the_rule_of_their_key(void **state)
{
	static const struct wrong rows[] = {
	    {"{" S ", \"feed\": \"Feed\"}",
	        ":1: key \"feed\": value \"Feed\" has other characters than a-z 0-9 _ . -\n"},
	    {"{" S ", \"feed\": \"a/b\"}",
	        ":1: key \"feed\": value \"a/b\" has other characters than a-z 0-9 _ . -\n"},
	    {"{" S ", \"feed\": \"\"}",
	        ":1: key \"feed\": value \"\" is empty\n"},
	    {"{" S ", \"feed\": \"..x\"}",
	        ":1: key \"feed\": value \"..x\" begins with a dot\n"},
	    {"{" S ", \"product\": \"futures\"}",
	        ":1: key \"product\": value \"futures\" is unknown, allowed: one of \"spot\", "
	        "\"usdm\", \"coinm\", \"options\", \"spot-sbe\", \"us\", \"testnet\", "
	        "\"testnet-sbe\", \"demo\"\n"},
	    {"{" S ", \"preset\": \"test\"}",
	        ":1: key \"preset\": value \"test\" is unknown, allowed: one of \"production\", "
	        "\"staging\", \"development\"\n"},
	    {"{" S ", \"log\": {\"level\": \"inf\"}}",
	        ":1: key \"log.level\": value \"inf\" is unknown, allowed: one of \"error\", "
	        "\"warning\", \"info\", \"debug\"\n"},
	    {"{" S ", \"endpoint\": {\"host\": \"wss://stream.binance.com:9443\"}}",
	        ":1: key \"endpoint.host\": value \"wss://stream.binance.com:9443\" is no "
	        "host name: "
	        "only the host, without wss:// and path\n"},
	    {"{" S ", \"endpoint\": {\"host\": \"a:9443\"}}",
	        ":1: key \"endpoint.host\": value \"a:9443\" is no host name: the port is a "
	        "key of "
	        "its own\n"},
	    {"{" S ", \"endpoint\": {\"path\": \"stream\"}}",
	        ":1: key \"endpoint.path\": value \"stream\" does not begin with \"/\"\n"},
	    {"{" S ", \"endpoint\": {\"path\": \"/stream?x=1\"}}",
	        ":1: key \"endpoint.path\": value \"/stream?x=1\" has a \"?\" or \"#\": the "
	        "streams "
	        "are keys of their own\n"},
	    {"{" S ", \"endpoint\": {\"address\": \"localhost\"}}",
	        ":1: key \"endpoint.address\": value \"localhost\" is no numeric address like "
	        "\"127.0.0.1\" or \"::1\"\n"},
	    {"{" S ", \"endpoint\": {\"proxy\": \"me:secret@proxy:3128\"}}",
	        ":1: key \"endpoint.proxy\": value \"...\" is no HOST:PORT: credentials are "
	        "in endpoint.proxy_credentials_file\n"},
	    {"{" S ", \"endpoint\": {\"source_addresses\": [\"192.0.2.1\", \"eth0\"]}}",
	        ":1: key \"endpoint.source_addresses\": value \"192.0.2.1\" is no address of "
	        "this machine\n"
	        ":1: key \"endpoint.source_addresses\": value \"eth0\" is no numeric address "
	        "like \"127.0.0.1\" or \"::1\"\n"},
	    {"{" S ", \"ring\": {\"group\": \"my group\"}}",
	        ":1: key \"ring.group\": value \"my group\" is no name of a group\n"},
	    {"{" S ", \"ring\": {\"group\": \"no-such-group\",\n\"bell_group\": \"nor-this\"}}",
	        ":1: key \"ring.group\": value \"no-such-group\" is no group of this system\n"
	        ":2: key \"ring.bell_group\": value \"nor-this\" is no group of this system\n"},
	    {"{" S ", \"instruments\": {\"overrides\": [\"A:-8\", \"A:-8:1\",\n\"A:-19:0\", "
	        "\"a:0:0\", \":0:0\"]}}",
	        ":1: key \"instruments.overrides\": value \"A:-8\" has not the form "
	        "SYMBOL:PRICE:QTY, like \"SHIBUSDT:-8:-2\"\n"
	        ":1: key \"instruments.overrides\": value \"A:-8:1\" has an exponent that is "
	        "no whole number from -18 to 0\n"
	        ":2: key \"instruments.overrides\": value \"A:-19:0\" has an exponent that is "
	        "no whole number from -18 to 0\n"
	        ":2: key \"instruments.overrides\": value \"a:0:0\" has small letters in the "
	        "symbol: messages write it in capitals\n"
	        ":2: key \"instruments.overrides\": value \":0:0\" has no symbol before the "
	        "first \":\"\n"},
	    {"{" S ", \"log\": {\"file\": \"a\\nb\"}}",
	        ":1: key \"log.file\": value \"a\\u000ab\" has control characters\n"},
	};

	(void)state;
	EXPECT_ALL(rows);
}

static void
wrong_streams_are_named(void **state)
{
	static const struct wrong rows[] = {
	    {"{\"streams\": []}",
	        ":1: key \"streams\": value [] is an empty list, at least one stream is "
	        "wanted, like "
	        "\"btcusdt@trade\"\n"},
	    {"{}",
	        ": key \"streams\": missing, at least one stream is wanted, like "
	        "\"btcusdt@trade\"\n"},
	    {"{\"streams\": [\"btcusdt@trade\",\n\"btcusdt\"]}",
	        ":2: key \"streams\": value \"btcusdt\" has no type: a stream is a symbol, "
	        "\"@\" "
	        "and a type, like \"btcusdt@trade\"\n"},
	    {"{\"streams\": [\"a@trade\",\n\"a@trade\"]}",
	        ":2: key \"streams\": value \"a@trade\" is in the list twice\n"},
	    {"{\"streams\": [\"BTCUSDT@trade\"]}",
	        ":1: key \"streams\": value \"BTCUSDT@trade\" has a symbol in upper case: stream "
	        "names have it in lower case\n"},
	    {"{\"streams\": [\"a b@trade\"]}",
	        ":1: key \"streams\": value \"a b@trade\" holds white space, a control "
	        "character, a quote, a slash or a backslash\n"},
	    {"{\"streams\": [\"a@trade\", 7]}",
	        ":1: key \"streams\": value 7 is in the list, allowed: only texts\n"},
	    {"{\"streams\": [\"a@trade\", [\"b@trade\"]]}",
	        ":1: key \"streams\": value [...] is in the list, allowed: only texts\n"},
	};

	(void)state;
	EXPECT_ALL(rows);
}

static void
verification_cannot_be_switched_off(void **state)
{
	static const struct wrong rows[] = {
	    {"{" S ", \"security\": {\"enforce_ssl\": false}}",
	        ":1: key \"security.enforce_ssl\": value false is refused, allowed: only "
	        "true: TLS "
	        "cannot be switched off\n"},
	    {"{" S ", \"security\": {\"validate_certificates\": false}}",
	        ":1: key \"security.validate_certificates\": value false is refused, allowed: "
	        "only "
	        "true: the check of certificate and host name cannot be switched off\n"},
	};

	(void)state;
	EXPECT_ALL(rows);
}

static void
keys_that_contradict_each_other_are_refused(void **state)
{
	static const struct wrong rows[] = {
	    {"{" S ",\n\"pool\": {\"initial_connections\": 11}}",
	        ":2: key \"pool.initial_connections\": value 11 is larger than "
	        "\"pool.max_connections\", which is 10\n"},
	    {"{" S ",\n\"endpoints\": [\"a.test:9443#0\", \"b.test:9443\", \"A.test:9443#1\"]}",
	        ":2: key \"endpoints\": value \"A.test:9443#1\" is the same as "
	        "\"a.test:9443#0\"\n"},
	    {"{" S ", \"transport\": \"lws\", \"endpoint\": {\"proxy\": \"proxy:3128\"}}",
	        ":1: key \"endpoint.proxy\": value \"proxy:3128\" wants another "
	        "\"transport\" than \"lws\"\n"},
	    {"{" S ", \"endpoint\": {\"proxy_credentials_file\": \"/run/secret\"}}",
	        ":1: key \"endpoint.proxy_credentials_file\": value \"/run/secret\" is for no "
	        "proxy, \"endpoint.proxy\" is empty\n"},
	    {"{" S ", \"pool\": {\n\"max_connections\": 2}}",
	        ":2: key \"pool.max_connections\": value 2 is smaller than "
	        "\"pool.initial_connections\", which is 3\n"},
	    {"{" S ", \"reconnect\": {\"base_delay_ms\": 5000, \"max_delay_ms\": 1000}}",
	        ":1: key \"reconnect.base_delay_ms\": value 5000 is larger than "
	        "\"reconnect.max_delay_ms\", which is 1000\n"},
	    {"{" S ", \"heartbeat\": {\"ping_timeout_threshold_ms\": 4000}}",
	        ":1: key \"heartbeat.ping_timeout_threshold_ms\": value 4000 is smaller than "
	        "\"heartbeat.pong_response_timeout_ms\", which is 5000\n"},
	    {"{" S ", \"monitoring\": {\"health_check\": {\"threshold_permille\": 400}}}",
	        ":1: key \"monitoring.health_check.threshold_permille\": value 400 is smaller "
	        "than "
	        "\"monitoring.health_check.alert_threshold_permille\", which is 500\n"},
	    {"{" S ", \"ring\": {\"slots\": 100000}}",
	        ":1: key \"ring.slots\": value 100000 is no power of two, the nearest are "
	        "65536 and "
	        "131072 slots\n"},
	    {"{" S ", \"standby\": \"wait\",\n\"status_interval_ms\": 200}",
	        ": key \"standby_takeover_ms\": value 500 is less than four times "
	        "\"status_interval_ms\", which makes 800 ms\n"},
	    {"{" S ", \"product\": \"options\",\n\"pool\": {\"max_streams_per_connection\": "
	        "201}}",
	        ":2: key \"pool.max_streams_per_connection\": value 201 is too large, the "
	        "exchange "
	        "allows 200 streams per connection for product \"options\"\n"},
	    {"{\"streams\": [\"a@trade\", \"b@trade\", \"c@trade\"], "
	        "\"pool\": {\"initial_connections\": 1, "
	        "\"max_connections\": 2, \"max_streams_per_connection\": 1}}",
	        ":1: key \"streams\": 3 streams do not fit into \"pool.max_connections\" 2 times "
	        "\"pool.max_streams_per_connection\" 1\n"},
	};

	(void)state;
	EXPECT_ALL(rows);
}

#define WANTS "wants an \"endpoint.path\" that ends with /stream, at "
#define NOTHING " nothing tells whose its messages are\n"

static void
streams_known_by_their_names_alone_want_a_path_that_sends_names(void **state)
{
	static const struct wrong rows[] = {
	    {"{\"endpoint\": {\"path\": \"/ws\"},\n\"streams\": [\"btcusdt@depth20\", "
	        "\"btcusdt@depth\", \"btcusdt@trade\"]}",
	        ":2: key \"streams\": value \"btcusdt@depth20\" " WANTS "\"/ws\"" NOTHING},
	    {"{\"product\": \"usdm\", "
	        "\"endpoint\": {\"path\": \"/streams\"}, \"streams\": [\"a@depth5@100ms\",\n"
	        "\"a@rpiDepth@500ms\"]}",
	        ":1: key \"streams\": value \"a@depth5@100ms\" " WANTS "\"/streams\"" NOTHING
	        ":1: key \"streams\": value \"a@rpiDepth@500ms\" " WANTS "\"/streams\""
	        NOTHING},
	    {"{\"endpoint\": {\"path\": \"/ws\"}, \"streams\": [\"a@depth@100ms\"]}", ""},
	    {"{\"endpoint\": {\"path\": \"/public/stream\"}, \"streams\": [\"a@depth10\"]}", ""},
	    {"{\"streams\": [\"a@depth10\"]}", ""},
	};

	(void)state;
	EXPECT_ALL(rows);
}

static void
a_refused_value_is_not_compared_with_others(void **state)
{
	static const struct wrong rows[] = {
	    {"{" S ", \"pool\": {\"initial_connections\": 50, \"max_connections\": 999}}",
	        ":1: key \"pool.max_connections\": value 999 is too large, allowed: 1 to 64 "
	        "connections\n"},
	};

	(void)state;
	EXPECT_ALL(rows);
}

static void
errors_of_syntax_name_the_line(void **state)
{
	static const struct wrong rows[] = {
	    {"{\n\"streams\": [\"a@trade\",],\n\"cpu\": 1,\n}",
	        ":2: comma before the closing ']': remove it\n"
	        ":3: comma before the closing '}': remove it\n"},
	    {"{" S "\n\"cpu\": 1}",
	        ":2: a comma is missing before this\n"},
	    {"{" S ",\n\"product\": spot}",
	        ":2: unexpected \"spot\" where a value is wanted (text stands in double "
	        "quotes)\n"},
	    {"{" S ",\ncpu: 1}",
	        ":2: unexpected \"cpu\" where a key in double quotes is wanted (text stands in "
	        "double quotes)\n"},
	    {"{" S ",\n'cpu': 1}",
	        ":2: unexpected ''' where a key in double quotes is wanted\n"},
	    {"{" S ",\n\"cpu\" 1}",
	        ":2: unexpected \"1\" where ':' after a key is wanted\n"},
	    {"{" S ",\n\"cpu\": 01}",
	        ":2: unexpected \"01\" where a value is wanted\n"},
	    {"{" S ",\n\"cpu\": 1.}",
	        ":2: unexpected \"1\" where a value is wanted\n"},
	    {"{" S ",\n\"cpu\": truex}",
	        ":2: unexpected \"truex\" where a value is wanted (text stands in double "
	        "quotes)\n"},
	    {"{" S ",\n\"feed\": \"a\n\"}",
	        ":2: the text has no closing quote in its line\n"},
	    {"{" S ",\n\"feed\": \"\\q\"}",
	        ":2: a backslash in text wants one of \" \\ / b f n r t u after it\n"},
	    {"{" S ",\n\"feed\": \"\\u0000\"}",
	        ":2: \\u0000 is not allowed in text\n"},
	    {"{" S ",\n\"feed\": \"\\ud800x\"}",
	        ":2: \\ud800 is half a character\n"},
	    {"{" S ",\n\"feed\": \"\\u12g4\"}",
	        ":2: \\u wants four hexadecimal digits\n"},
	    {"{" S ",\n\"feed\": \"a\xff""b\"}",
	        ":2: text with byte 0xff, which is no UTF-8 or must be written as an escape\n"},
	    {"{" S ",\n/* no end\n\n",
	        ":2: the comment that begins here has no end\n"},
	    {"{" S,
	        ":1: the text ends where ',' or '}' is wanted\n"},
	    {"{" S "}\n}",
	        ":2: unexpected '}' where the end of the text is wanted\n"},
	};

	(void)state;
	EXPECT_ALL(rows);
}

static void
every_problem_is_reported_not_only_the_first(void **state)
{
	static const struct wrong rows[] = {
	    {"{\n\"feed\": \"X\",\n\"pol\": {},\n\"cpu\": 1.5,\n\"product\": 1\n}",
	        ":2: key \"feed\": value \"X\" has other characters than a-z 0-9 _ . -\n"
	        ":3: unknown key \"pol\"; did you mean \"pool\"?\n"
	        ":4: key \"cpu\": value 1.5 is not a whole number written in digits, allowed: "
	        "-1 to "
	        "1023\n"
	        ":5: key \"product\": value 1 is a number, allowed: one of \"spot\", \"usdm\", "
	        "\"coinm\", \"options\", \"spot-sbe\", \"us\", \"testnet\", \"testnet-sbe\", "
	        "\"demo\"\n"
	        ": key \"streams\": missing, at least one stream is wanted, like "
	        "\"btcusdt@trade\"\n"},
	};

	(void)state;
	EXPECT_ALL(rows);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(numbers_out_of_range_name_key_value_and_range),
	    cmocka_unit_test(integers_are_exact_and_beyond_64_bits_are_refused),
	    cmocka_unit_test(a_fraction_or_exponent_is_no_whole_number),
	    cmocka_unit_test(a_value_of_another_type_is_refused),
	    cmocka_unit_test(unknown_keys_are_refused_with_a_suggestion),
	    cmocka_unit_test(keys_and_groups_given_twice_are_refused),
	    cmocka_unit_test(texts_break_the_rule_of_their_key),
	    cmocka_unit_test(wrong_streams_are_named),
	    cmocka_unit_test(verification_cannot_be_switched_off),
	    cmocka_unit_test(keys_that_contradict_each_other_are_refused),
	    cmocka_unit_test(streams_known_by_their_names_alone_want_a_path_that_sends_names),
	    cmocka_unit_test(a_refused_value_is_not_compared_with_others),
	    cmocka_unit_test(errors_of_syntax_name_the_line),
	    cmocka_unit_test(every_problem_is_reported_not_only_the_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

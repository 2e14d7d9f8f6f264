#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <assert.h>
#include <cjson/cJSON.h>
#include <cmocka.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "feed/base/log.h"
#include "feed/base/log_ring.h"
#include "tests/asserts.h"

/* 2026-11-23T17:28:17.123456789Z */
#define WHEN ((wall_t){1795454897123456789})

static char line[LOG_LINE_MAX + 1];

static const char *
formatted(enum log_format format, wall_t when, const struct log_field *field, size_t n)
{
	size_t length = log_line_format(format, when, LOG_LEVEL_WARNING, field, n, line);

	assert_in_range(length, 1, LOG_LINE_MAX);
	line[length] = '\0';
	return line;
}

#define FORMATTED(format, ...)                                                                     \
	formatted(format, WHEN, (const struct log_field[]){__VA_ARGS__},                           \
	    sizeof((const struct log_field[]){__VA_ARGS__}) / sizeof(struct log_field))

#define LOGFMT_HEAD "time=2026-11-23T17:28:17.123456Z level=warning "
#define JSON_HEAD "{\"time\":\"2026-11-23T17:28:17.123456Z\",\"level\":\"warning\","

static void
logfmt_quotes_only_what_needs_it(void **state)
{
	(void)state;
	assert_string_equal(
	    FORMATTED(LOG_FORMAT_LOGFMT, LOG_STR("event", "line_down"), LOG_U64("line", UINT64_MAX),
	        LOG_I64("left", INT64_MIN), LOG_BOOL("tls", true), LOG_STR("host", "a.b:9443"),
	        LOG_ERRNO("reason", -ECONNREFUSED), LOG_STR("none", NULL),
	        LOG_STR("path", "a=b \"c\"\\\n\t"), LOG_THEN("retry in 4.2 s")),
	    LOGFMT_HEAD "event=line_down line=18446744073709551615 left=-9223372036854775808 "
	                "tls=true host=a.b:9443 reason=\"Connection refused\" none=\"\" "
	                "path=\"a=b \\\"c\\\"\\\\\\n\\u0009\" then=\"retry in 4.2 s\"\n");
}

static void
json_lines_have_numbers_and_escaped_texts(void **state)
{
	(void)state;
	assert_string_equal(
	    FORMATTED(LOG_FORMAT_JSON, LOG_STR("event", "x"), LOG_I64("n", -1),
	        LOG_BOOL("b", false),
	        LOG_STR("s", "a \"q\" \\ \n \x01 \xc3\xa9 \x7f")),
	    JSON_HEAD "\"event\":\"x\",\"n\":-1,\"b\":false,"
	              "\"s\":\"a \\\"q\\\" \\\\ \\n \\u0001 \xc3\xa9 \\u007f\"}\n");
}

static void
bytes_that_are_no_utf8_stay_valid_json(void **state)
{
	static const char bad[] = "\xff\xc0\xaf\xed\xa0\x80\xf4\x90\x80\x80\xe2\x82" "\0end";
	cJSON *json;

	(void)state;
	FORMATTED(LOG_FORMAT_JSON, LOG_BYTES("b", ((struct bytes){bad, sizeof(bad) - 1})));
	json = cJSON_Parse(line);
	assert_non_null(json);
	assert_non_null(strstr(line, "\\ufffd\\u0000end"));
	cJSON_Delete(json);
}

static void
what_does_not_fit_is_cut_and_said_to_be(void **state)
{
	char text[LOG_LINE_MAX];

	(void)state;
	memset(text, 'x', sizeof(text));
	/* At every length near the limit the line is whole JSON. */
	for (size_t n = 380; n < sizeof(text); n++) {
		struct bytes bytes = {text, n};
		cJSON *json;

		FORMATTED(LOG_FORMAT_JSON, LOG_BYTES("text", bytes), LOG_U64("after", 1));
		json = cJSON_Parse(line);
		assert_non_null(json);
		assert_int_equal(strstr(line, "\"after\":1}\n") == NULL,
		    strstr(line, ",\"cut\":true}\n") != NULL);
		cJSON_Delete(json);
	}
	assert_string_equal(line, JSON_HEAD "\"cut\":true}\n");
}

static void
times_before_1970_and_whole_seconds_are_written(void **state)
{
	(void)state;
	assert_non_null(strstr(formatted(LOG_FORMAT_LOGFMT, (wall_t){-1}, NULL, 0),
	    "time=1969-12-31T23:59:59.999999Z "));
	assert_non_null(strstr(formatted(LOG_FORMAT_LOGFMT, (wall_t){0}, NULL, 0),
	    "time=1970-01-01T00:00:00.000000Z "));
}

static void
a_full_ring_refuses_and_keeps_its_order(void **state)
{
	static struct log_ring ring;
	struct log_slot *slot;

	(void)state;
	log_ring_init(&ring);
	for (uint32_t round = 0; round < 3; round++) {
		for (uint32_t i = 0; i < LOG_RING_LINES; i++) {
			slot = log_ring_claim(&ring);
			assert_non_null(slot);
			slot->length = i;
			log_ring_publish(slot);
		}
		assert_null(log_ring_claim(&ring));
		for (uint32_t i = 0; i < LOG_RING_LINES; i++) {
			assert_non_null(log_ring_peek(&ring));
			assert_int_equal(log_ring_peek(&ring)->length, i);
			log_ring_release(&ring);
		}
		assert_null(log_ring_peek(&ring));
	}
}

static void
a_line_that_is_still_being_written_is_not_shown(void **state)
{
	static struct log_ring ring;
	struct log_slot *first, *second;

	(void)state;
	log_ring_init(&ring);
	first = log_ring_claim(&ring);
	second = log_ring_claim(&ring);
	log_ring_publish(second);
	assert_null(log_ring_peek(&ring));
	log_ring_publish(first);
	assert_ptr_equal(log_ring_peek(&ring), first);
}

static void
a_call_site_is_held_to_its_rate(void **state)
{
	static struct log_site site;

	(void)state;
	for (int64_t second = 5; second < 8; second++) {
		for (int i = 0; i < LOG_PER_SECOND; i++)
			assert_true(log_site_allows(&site, second));
		assert_false(log_site_allows(&site, second));
		assert_false(log_site_allows(&site, second));
	}
	assert_int_equal(atomic_load(&site.suppressed), 6);
}

static char *
text_of(int fd)
{
	off_t size = lseek(fd, 0, SEEK_END);
	char *text = calloc(1, (size_t)size + 1);

	assert_non_null(text);
	assert_int_equal(pread(fd, text, (size_t)size, 0), size);
	return text;
}

static int
memory_file(void)
{
	int fd = memfd_create("log", MFD_CLOEXEC);

	assert_true(fd >= 0);
	log_set_fd(fd);
	return fd;
}

static int evaluated;

static uint64_t
count_evaluation(void)
{
	return (uint64_t)++evaluated;
}

static void
lines_below_the_level_are_not_even_made(void **state)
{
	int fd = memory_file();
	char *text;

	(void)state;
	evaluated = 0;
	LOG(DEBUG, "quiet", LOG_U64("n", count_evaluation()));
	LOG(INFO, "loud", LOG_U64("n", count_evaluation()));
	log_set_level(LOG_LEVEL_ERROR);
	LOG(WARNING, "quiet", LOG_U64("n", count_evaluation()));
	LOG(ERROR, "bare");
	log_set_level(LOG_LEVEL_INFO);
	text = text_of(fd);
	assert_null(strstr(text, "quiet"));
	assert_non_null(strstr(text, "level=info event=loud n=1\n"));
	assert_non_null(strstr(text, "level=error event=bare\n"));
	assert_int_equal(evaluated, 1);
	free(text);
	close(fd);
}

static void
suppressed_lines_are_counted_and_said(void **state)
{
	int fd = memory_file();
	unsigned long held = 0;
	char *text, *said;
	size_t shown;

	(void)state;
	assert_int_equal(log_start(), 0);
	for (int i = 0; i < 100; i++)
		LOG(INFO, "noisy");
	log_stop();
	text = text_of(fd);
	shown = occurrences(text, "event=noisy");
	/* A second may turn in between: the sum counts, not the parts. */
	for (said = text; (said = strstr(said, "event=log_lines_suppressed lines=")) != NULL;) {
		said += strlen("event=log_lines_suppressed lines=");
		held += strtoul(said, &said, 10);
		assert_int_equal(strncmp(said, " of=noisy then=", 15), 0);
	}
	assert_true(shown >= LOG_PER_SECOND);
	assert_true(held > 0);
	assert_int_equal(shown + held, 100);
	free(text);
	close(fd);
}

#define THREADS 4
#define LINES 4000

static void *
log_from_thread(void *arg)
{
	/* Sites of their own, fresh for every line: the rate is not at issue here. */
	struct log_site *site = calloc(LINES, sizeof(*site));

	assert(site != NULL);
	for (uint64_t i = 0; i < LINES; i++) {
		const struct log_field field[] = {LOG_STR("event", "from_thread"),
		    LOG_U64("thread", (uint64_t)(uintptr_t)arg), LOG_U64("i", i)};

		log_write(&site[i], LOG_LEVEL_INFO, field, 3);
	}
	free(site);
	return NULL;
}

/* Every line is whole, those of one thread are in order. Returns their number. */
static size_t
check_lines(char *text)
{
	long last[THREADS] = {-1, -1, -1, -1};
	size_t n = 0;

	for (char *rest = text, *one; (one = strsep(&rest, "\n")) != NULL && *one != '\0';) {
		unsigned long thread;
		long i;
		char *at = strstr(one, " level=info event=from_thread thread=");

		if (at == NULL)
			continue;
		assert_ptr_equal(at, one + strlen("time=2026-11-23T17:28:17.123456Z"));
		thread = strtoul(at + strlen(" level=info event=from_thread thread="), &at, 10);
		assert_true(thread < THREADS);
		assert_int_equal(strncmp(at, " i=", 3), 0);
		i = strtol(at + 3, &at, 10);
		assert_int_equal(*at, '\0');
		assert_true(i > last[thread]);
		last[thread] = i;
		n++;
	}
	return n;
}

static void
threads_log_whole_lines_in_order_and_what_is_dropped_is_counted(void **state)
{
	uint64_t before = log_dropped(), dropped, reported = 0;
	int fd = memory_file();
	pthread_t thread[THREADS];
	char *text, *said;

	(void)state;
	assert_int_equal(log_start(), 0);
	for (uintptr_t i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&thread[i], NULL, log_from_thread, (void *)i), 0);
	for (int i = 0; i < THREADS; i++)
		pthread_join(thread[i], NULL);
	log_stop();
	dropped = log_dropped() - before;
	text = text_of(fd);
	for (said = text; (said = strstr(said, "event=log_lines_dropped lines=")) != NULL;) {
		said += strlen("event=log_lines_dropped lines=");
		reported += strtoul(said, &said, 10);
	}
	assert_int_equal(reported, dropped);
	assert_int_equal(check_lines(text) + dropped, THREADS * LINES);
	free(text);
	close(fd);
}

/* A pipe that nobody reads blocks its writer, as a stopped terminal does. */
static void
a_blocked_descriptor_does_not_block_those_who_log(void **state)
{
	uint64_t before = log_dropped();
	size_t shown = 0;
	char block[4096];
	int fd[2];
	ssize_t n;

	(void)state;
	assert_int_equal(pipe(fd), 0);
	log_set_fd(fd[1]);
	assert_int_equal(log_start(), 0);
	/* 16000 lines are more than pipe and ring hold; this returns nevertheless. */
	for (uintptr_t i = 0; i < THREADS; i++)
		log_from_thread((void *)i);
	assert_true(log_dropped() > before);
	/* Let the background thread go on: the reader's end is gone. */
	n = read(fd[0], block, sizeof(block));
	for (ssize_t i = 0; i < n; i++)
		shown += block[i] == '\n';
	assert_true(shown > 0);
	close(fd[0]);
	log_stop();
	close(fd[1]);
}

/* The last test: it leaves a thread behind that blocks until the process ends. */
static void
a_descriptor_that_stays_blocked_does_not_hold_up_the_end(void **state)
{
	int fd[2];

	(void)state;
	assert_int_equal(pipe(fd), 0);
	log_set_fd(fd[1]);
	assert_int_equal(log_start(), 0);
	log_from_thread(NULL);
	alarm(60); /* instead of hanging */
	log_stop();
	/* Whoever logs now does not wait, either. */
	log_from_thread(NULL);
	log_stop();
	alarm(0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(logfmt_quotes_only_what_needs_it),
	    cmocka_unit_test(json_lines_have_numbers_and_escaped_texts),
	    cmocka_unit_test(bytes_that_are_no_utf8_stay_valid_json),
	    cmocka_unit_test(what_does_not_fit_is_cut_and_said_to_be),
	    cmocka_unit_test(times_before_1970_and_whole_seconds_are_written),
	    cmocka_unit_test(a_full_ring_refuses_and_keeps_its_order),
	    cmocka_unit_test(a_line_that_is_still_being_written_is_not_shown),
	    cmocka_unit_test(a_call_site_is_held_to_its_rate),
	    cmocka_unit_test(lines_below_the_level_are_not_even_made),
	    cmocka_unit_test(suppressed_lines_are_counted_and_said),
	    cmocka_unit_test(threads_log_whole_lines_in_order_and_what_is_dropped_is_counted),
	    cmocka_unit_test(a_blocked_descriptor_does_not_block_those_who_log),
	    cmocka_unit_test(a_descriptor_that_stays_blocked_does_not_hold_up_the_end),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

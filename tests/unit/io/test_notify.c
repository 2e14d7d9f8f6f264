/* What the service manager is told, at a socket of the test's own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>
#include <unistd.h>

#include "feed/io/notify.h"

#define TEXT_MAX 256

static struct notify notify;
static struct tick_status status;
static char folder[32], path[64];
static int server;

static void
listen_at(const char *address)
{
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	size_t n = strlen(address);

	server = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	memcpy(to.sun_path, address, n);
	if (address[0] == '@')
		to.sun_path[0] = '\0';
	assert_int_equal(bind(server, (struct sockaddr *)&to,
	                     (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n)),
	    0);
}

static int
setup(void **state)
{
	(void)state;
	snprintf(folder, sizeof(folder), "/tmp/tickring-test-XXXXXX");
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/notify", folder);
	listen_at(path);
	status = (struct tick_status){.lines_live = 2, .messages_per_s = 77};
	status.control.members = 3;
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	notify_close(&notify);
	close(server);
	unlink(path);
	return rmdir(folder);
}

/* The next datagram; "" when there is none. */
static const char *
heard(void)
{
	static char text[TEXT_MAX];
	ssize_t n = recv(server, text, sizeof(text) - 1, 0);

	text[n > 0 ? n : 0] = '\0';
	return text;
}

static mono_t
at_ms(int64_t ms)
{
	return mono_add((mono_t){5000000000}, span_ms(ms));
}

static void
ready_signs_of_life_and_the_end_are_told(void **state)
{
	(void)state;
	notify_open(&notify, path, "3000000", NULL);
	notify_on_turn(&notify, &status, at_ms(0)); /* not ready yet */
	assert_string_equal(heard(), "");
	notify_ready(&notify, at_ms(0));
	assert_string_equal(heard(), "READY=1\nSTATUS=connecting");
	notify_on_turn(&notify, &status, at_ms(0));
	assert_string_equal(heard(), "WATCHDOG=1\nSTATUS=2 of 3 lines live, 77 messages/s");
	notify_stopping(&notify);
	assert_string_equal(heard(), "STOPPING=1\nSTATUS=closing the connections");
	assert_int_equal(notify.told, 3);
}

static void
a_sign_of_life_is_given_at_a_third_of_the_limit_and_not_more_often(void **state)
{
	(void)state;
	notify_open(&notify, path, "3000000", NULL);
	notify_ready(&notify, at_ms(0));
	assert_int_equal(notify_deadline(&notify).ns, at_ms(0).ns);
	notify_on_turn(&notify, &status, at_ms(0));
	assert_int_equal(notify_deadline(&notify).ns, at_ms(1000).ns);
	for (int ms = 0; ms < 1000; ms++)
		notify_on_turn(&notify, &status, at_ms(ms));
	assert_int_equal(notify.told, 2);
	notify_on_turn(&notify, &status, at_ms(1000));
	assert_int_equal(notify.told, 3);
	/* Turns that came late are not made up for. */
	notify_on_turn(&notify, &status, at_ms(9000));
	notify_on_turn(&notify, &status, at_ms(9001));
	assert_int_equal(notify.told, 4);
	assert_int_equal(notify_deadline(&notify).ns, at_ms(10000).ns);
}

static void
a_manager_that_does_not_read_stops_nothing(void **state)
{
	(void)state;
	notify_open(&notify, path, "3", NULL);
	notify_ready(&notify, at_ms(0));
	for (int ms = 0; ms < 10000; ms++)
		notify_on_turn(&notify, &status, at_ms(ms));
	assert_int_equal(notify.told + notify.dropped, 10001);
	assert_true(notify.dropped > 0);
	unlink(path);
	close(server);
	notify_on_turn(&notify, &status, at_ms(20000));
	listen_at(path);
	notify_on_turn(&notify, &status, at_ms(20001));
	assert_memory_equal(heard(), "WATCHDOG=1", 10);
}

static void
abstract_sockets_are_reached(void **state)
{
	char name[64];

	(void)state;
	close(server);
	unlink(path);
	snprintf(name, sizeof(name), "@tickring-test-%ld", (long)getpid());
	listen_at(name);
	notify_open(&notify, name, NULL, NULL);
	notify_ready(&notify, at_ms(0));
	assert_memory_equal(heard(), "READY=1", 7);
}

static void
nobody_is_told_where_nobody_asked(void **state)
{
	static const char *const wrong[] = {NULL, "", "/", "@", "notify", "./notify", "vsock:2:9"};
	char too_long[200];

	(void)state;
	memset(too_long, 'x', sizeof(too_long) - 1);
	too_long[0] = '/';
	too_long[sizeof(too_long) - 1] = '\0';
	for (size_t i = 0; i <= sizeof(wrong) / sizeof(wrong[0]); i++) {
		notify_open(&notify,
		    i < sizeof(wrong) / sizeof(wrong[0]) ? wrong[i] : too_long, "3000000", NULL);
		assert_int_equal(notify.fd, -1);
		notify_ready(&notify, at_ms(0));
		notify_on_turn(&notify, &status, at_ms(5000));
		notify_stopping(&notify);
		assert_true(mono_is_never(notify_deadline(&notify)));
		assert_int_equal(notify.told + notify.dropped, 0);
	}
}

static void
a_watchdog_of_another_process_or_of_no_sense_is_none(void **state)
{
	static const char *const wrong[] = {NULL, "", "0", "-5", "x", "12x", "99999999999999999"};
	char self[32];

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		notify_open(&notify, path, wrong[i], NULL);
		notify_ready(&notify, at_ms(0));
		assert_memory_equal(heard(), "READY=1", 7);
		assert_true(mono_is_never(notify_deadline(&notify)));
		notify_close(&notify);
	}
	notify_open(&notify, path, "3000000", "1");
	notify_ready(&notify, at_ms(0));
	assert_true(mono_is_never(notify_deadline(&notify)));
	notify_close(&notify);
	snprintf(self, sizeof(self), "%ld", (long)getpid());
	notify_open(&notify, path, "3000000", self);
	notify_ready(&notify, at_ms(0));
	assert_false(mono_is_never(notify_deadline(&notify)));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	    T(ready_signs_of_life_and_the_end_are_told),
	    T(a_sign_of_life_is_given_at_a_third_of_the_limit_and_not_more_often),
	    T(a_manager_that_does_not_read_stops_nothing),
	    T(abstract_sockets_are_reached),
	    T(nobody_is_told_where_nobody_asked),
	    T(a_watchdog_of_another_process_or_of_no_sense_is_none),
#undef T
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

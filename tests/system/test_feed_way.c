/*
 * feedd's way to the exchange as it is configured: through a proxy with
 * credentials from a file, and from several addresses in turn.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/system/daemon.h"
#include "tests/system/proxy_server.h"

static struct daemon sim, feedd;
static struct proxy_server *proxy;
static char ca[160], credentials[160];

static uint16_t
start_sim(void)
{
	const char *const arguments[] = {"--symbols", "4", "--rate", "100", NULL};

	snprintf(ca, sizeof(ca), "endpoint.ca_file=%s/ca.pem", daemon_folder());
	return daemon_start_sim(&sim, arguments);
}

static void
write_credentials(const char *text)
{
	FILE *file;

	snprintf(credentials, sizeof(credentials), "%s/credentials", daemon_folder());
	file = fopen(credentials, "w");
	assert_non_null(file);
	assert_int_equal(fchmod(fileno(file), 0600), 0);
	fputs(text, file);
	fclose(file);
}

static int
teardown(void **state)
{
	int rc = daemon_teardown(state);

	proxy_server_stop(&proxy, NULL);
	unlink(credentials);
	return rc;
}

static void
start_behind_proxy(uint16_t port)
{
	char at[64], file[200];
	const char *const settings[] = {ca, at, file, "transport=uring", "log.level=debug",
	    "streams=btcusdt@trade", NULL};

	snprintf(at, sizeof(at), "endpoint.proxy=localhost:%u", proxy_server_port(proxy));
	snprintf(file, sizeof(file), "endpoint.proxy_credentials_file=%s", credentials);
	daemon_start_feedd(&feedd, port, settings);
}

static void
the_proxy_gets_the_credentials_and_the_log_does_not(void **state)
{
	uint16_t port = start_sim();
	char request[2048];

	(void)state;
	proxy = proxy_server_start("HTTP/1.1 200 fine\r\n\r\n");
	write_credentials("Aladdin:open_sesame\n");
	start_behind_proxy(port);
	daemon_expect_log(&feedd, "to=live");
	assert_int_equal(daemon_end(&feedd, SIGTERM), 0);
	proxy_server_stop(&proxy, request);
	assert_non_null(strstr(request, "\r\nProxy-Authorization: Basic "
	                                "QWxhZGRpbjpvcGVuX3Nlc2FtZQ==\r\n"));
	assert_null(strstr(daemon_log(&feedd), "sesame"));
	assert_null(strstr(daemon_log(&feedd), "QWxhZGRpbj"));
}

static void
credentials_that_are_none_stop_the_start_and_are_not_shown(void **state)
{
	static const char *const wrong[] = {"", "opensesame\n", "open:sesame and more\n"};

	(void)state;
	proxy = proxy_server_start("HTTP/1.1 200 fine\r\n\r\n");
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		write_credentials(wrong[i]);
		start_behind_proxy(1);
		assert_int_equal(daemon_wait(&feedd), 2);
		assert_non_null(strstr(daemon_log(&feedd), "endpoint.proxy_credentials_file"));
		assert_null(strstr(daemon_log(&feedd), "sesame"));
	}
	assert_int_equal(chmod(credentials, 0644), 0);
	start_behind_proxy(1);
	assert_int_equal(daemon_wait(&feedd), 2);
	unlink(credentials);
	start_behind_proxy(1);
	assert_int_equal(daemon_wait(&feedd), 2);
	assert_non_null(strstr(daemon_log(&feedd), "No such file"));
}

/* Is there a TCP connection from `local` (as /proc/net/tcp writes it) to 127.0.0.1:port? */
static bool
is_connected(const char *local, uint16_t port)
{
	char line[256], from[64], to[64], remote[32];
	FILE *file = fopen("/proc/net/tcp", "r");
	unsigned state;
	bool found = false;

	assert_non_null(file);
	snprintf(remote, sizeof(remote), "0100007F:%04X", port);
	while (!found && fgets(line, sizeof(line), file) != NULL)
		found = sscanf(line, " %*u: %63s %63s %x", from, to, &state) == 3 && state == 1 &&
		    strncmp(from, local, strlen(local)) == 0 && strcmp(to, remote) == 0;
	fclose(file);
	return found;
}

static void
lines_connect_from_the_addresses_in_turn(void **state)
{
	const char *const settings[] = {ca, "pool.initial_connections=2", "pool.max_connections=2",
	    "streams=[\"btcusdt@trade\",\"ethusdt@trade\"]",
	    "endpoint.source_addresses=127.0.0.2,127.0.0.3", NULL};
	mono_t deadline = daemon_deadline();
	uint16_t port = start_sim();

	(void)state;
	daemon_start_feedd(&feedd, port, settings);
	while (!is_connected("0200007F:", port) || !is_connected("0300007F:", port))
		daemon_pause(deadline, "connections from both addresses");
	assert_false(is_connected("0100007F:", port));
	assert_int_equal(daemon_end(&feedd, SIGTERM), 0);
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_teardown(f, teardown)
	const struct CMUnitTest tests[] = {
		TEST(the_proxy_gets_the_credentials_and_the_log_does_not),
		TEST(credentials_that_are_none_stop_the_start_and_are_not_shown),
		TEST(lines_connect_from_the_addresses_in_turn),
	};

	return cmocka_run_group_tests(tests, daemon_setup_all, daemon_teardown_all);
}

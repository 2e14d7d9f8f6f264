/*
 * The simulator as a process, seen by a client that is nothing but OpenSSL:
 * TLS and its faults, a subscription, a replay, a clean end.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <limits.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define ANSWER_MAX 65536

struct sim {
	char dir[64], port_file[96], ca[96], file[96], binary[PATH_MAX];
	pid_t pid;
	char address[32];
};

struct client {
	SSL_CTX *ctx;
	BIO *bio;
	SSL *ssl;
};

static void
set_paths(struct sim *s)
{
	ssize_t n = readlink("/proc/self/exe", s->binary, sizeof(s->binary) - 32);

	assert_true(n > 0);
	s->binary[n] = '\0';
	/* BUILD/tests/system/test_exchange_sim -> BUILD/exchange-sim */
	for (int i = 0; i < 3; i++)
		*strrchr(s->binary, '/') = '\0';
	n = (ssize_t)strlen(s->binary);
	snprintf(s->binary + n, sizeof(s->binary) - (size_t)n, "/exchange-sim");
	snprintf(s->dir, sizeof(s->dir), "/tmp/test_exchange_sim.XXXXXX");
	assert_non_null(mkdtemp(s->dir));
	snprintf(s->port_file, sizeof(s->port_file), "%s/port", s->dir);
	snprintf(s->ca, sizeof(s->ca), "%s/ca.pem", s->dir);
	snprintf(s->file, sizeof(s->file), "%s/capture", s->dir);
}

static int
set_up(void **state)
{
	struct sim *s = calloc(1, sizeof(*s));

	set_paths(s);
	*state = s;
	return 0;
}

static void
start(struct sim *s, const char *option, const char *value)
{
	const struct timespec pause = {.tv_nsec = 10000000};
	FILE *f = NULL;

	s->pid = fork();
	assert_true(s->pid >= 0);
	if (s->pid == 0) {
		if (freopen("/dev/null", "w", stdout) == NULL)
			_exit(127);
		execl(s->binary, "exchange-sim", "--dir", s->dir, "--port-file", s->port_file,
		    "--duration", "20", option, value, (char *)NULL);
		_exit(127);
	}
	for (int i = 0; i < 3000 && f == NULL; i++) {
		f = fopen(s->port_file, "re");
		if (f == NULL)
			nanosleep(&pause, NULL);
	}
	assert_non_null(f);
	snprintf(s->address, sizeof(s->address), "127.0.0.1:");
	assert_non_null(fgets(s->address + 10, 8, f));
	s->address[strcspn(s->address, "\n")] = '\0';
	fclose(f);
}

/* Ends it by a signal; it must end well. */
static void
stop(struct sim *s, int signal_number)
{
	int status;

	assert_int_equal(kill(s->pid, signal_number), 0);
	assert_int_equal(waitpid(s->pid, &status, 0), s->pid);
	s->pid = 0;
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	assert_int_equal(access(s->port_file, F_OK), -1);
}

static int
tear_down(void **state)
{
	static const char *const files[] = {"ca.pem", "ca.key", ".lock", "port", "capture"};
	struct sim *s = *state;
	char path[128];

	if (s->pid > 0) {
		kill(s->pid, SIGKILL);
		waitpid(s->pid, NULL, 0);
	}
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", s->dir, files[i]);
		unlink(path);
	}
	assert_int_equal(rmdir(s->dir), 0);
	free(s);
	return 0;
}

/* Connects with verification. Returns OpenSSL's verdict on the certificate. */
static long
dial(struct client *c, const struct sim *s)
{
	long verdict;

	c->ctx = SSL_CTX_new(TLS_client_method());
	SSL_CTX_set_verify(c->ctx, SSL_VERIFY_PEER, NULL);
	assert_int_equal(SSL_CTX_load_verify_locations(c->ctx, s->ca, NULL), 1);
	c->bio = BIO_new_ssl_connect(c->ctx);
	BIO_set_conn_hostname(c->bio, s->address);
	BIO_get_ssl(c->bio, &c->ssl);
	SSL_set1_host(c->ssl, "localhost");
	if (BIO_do_connect(c->bio) == 1)
		assert_int_equal(SSL_get_verify_result(c->ssl), X509_V_OK);
	verdict = SSL_get_verify_result(c->ssl);
	return verdict;
}

static void
hang_up(struct client *c)
{
	BIO_free_all(c->bio);
	SSL_CTX_free(c->ctx);
}

static void
say(struct client *c, const char *target)
{
	char request[512];
	int n = snprintf(request, sizeof(request), "GET %s HTTP/1.1\r\nHost: localhost\r\n"
	    "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
	    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n", target);

	assert_int_equal(BIO_write(c->bio, request, n), n);
}

/* Reads until `what` has come. */
static void
hear(struct client *c, const char *what)
{
	static char heard[ANSWER_MAX];
	size_t n = 0;

	while (memmem(heard, n, what, strlen(what)) == NULL) {
		int r;

		assert_true(n < sizeof(heard));
		r = BIO_read(c->bio, heard + n, (int)(sizeof(heard) - n));
		assert_true(r > 0);
		n += (size_t)r;
	}
}

static void
a_subscriber_gets_trades_and_the_signal_ends_it(void **state)
{
	struct sim *s = *state;
	struct client c;

	start(s, "--rate", "500");
	assert_int_equal(dial(&c, s), X509_V_OK);
	say(&c, "/stream?streams=btcusdt@trade");
	hear(&c, "{\"stream\":\"btcusdt@trade\",\"data\":{\"e\":\"trade\",");
	hang_up(&c);
	stop(s, SIGTERM);
}

static void
rest_is_served_on_the_same_port(void **state)
{
	struct sim *s = *state;
	struct client c;

	start(s, "--symbols", "ethusdt");
	assert_int_equal(dial(&c, s), X509_V_OK);
	say(&c, "/api/v3/depth?symbol=BTCUSDT");
	hear(&c, "{\"code\":-1121,\"msg\":\"Invalid symbol.\"}");
	say(&c, "/api/v3/depth?symbol=ETHUSDT&limit=1000");
	hear(&c, "X-MBX-USED-WEIGHT-1M: ");
	hang_up(&c);
	stop(s, SIGINT);
}

static void
every_faulty_certificate_is_refused_for_its_reason(void **state)
{
	static const struct {
		const char *fault;
		long verdict;
	} faults[] = {
		{"none", X509_V_OK},
		{"wrong-host", X509_V_ERR_HOSTNAME_MISMATCH},
		{"self-signed", X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT},
		{"expired", X509_V_ERR_CERT_HAS_EXPIRED},
		{"not-yet-valid", X509_V_ERR_CERT_NOT_YET_VALID},
	};
	struct sim *s = *state;
	struct client c;

	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		start(s, "--cert-fault", faults[i].fault);
		assert_int_equal(dial(&c, s), faults[i].verdict);
		hang_up(&c);
		stop(s, SIGTERM);
	}
}

static void
a_replay_sends_the_recorded_bytes_to_their_streams(void **state)
{
	static const char capture[] =
	    "0\t{\"e\":\"trade\",\"E\":1,\"s\":\"AB\",\"t\":1}\n"
	    "0\t{\"stream\":\"cd@depth\",\"data\":{ \"odd\" : 1 }}\n"
	    "0\t{\"result\":null,\"id\":77}\n";
	struct sim *s = *state;
	FILE *f = fopen(s->file, "we");
	struct client one, two;

	assert_non_null(f);
	assert_int_equal(fwrite(capture, 1, sizeof(capture) - 1, f), sizeof(capture) - 1);
	fclose(f);
	start(s, "--replay", s->file);
	assert_int_equal(dial(&one, s), X509_V_OK);
	say(&one, "/stream?streams=ab@trade");
	hear(&one, "\r\n\r\n");
	assert_int_equal(dial(&two, s), X509_V_OK);
	say(&two, "/ws/cd@depth");
	/* 0x81, the length, the message; then the reply, which goes to both. */
	hear(&two, "\x81\x2a{\"stream\":\"cd@depth\",\"data\":{ \"odd\" : 1 }}"
		   "\x81\x17{\"result\":null,\"id\":77}");
	hear(&one, "\x81\x22{\"e\":\"trade\",\"E\":1,\"s\":\"AB\",\"t\":1}"
		   "\x81\x17{\"result\":null,\"id\":77}");
	hang_up(&one);
	hang_up(&two);
	stop(s, SIGTERM);
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(a_subscriber_gets_trades_and_the_signal_ends_it),
		TEST(rest_is_served_on_the_same_port),
		TEST(every_faulty_certificate_is_refused_for_its_reason),
		TEST(a_replay_sends_the_recorded_bytes_to_their_streams),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "tests/system/sim_rig.h"

#include <errno.h>
#include <openssl/err.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#define IN_MAX (4 << 20)
#define PATIENCE_MS 20000

int64_t
sim_now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * INT64_C(1000) + ts.tv_nsec / 1000000;
}

static void
set_paths(struct sim *s)
{
	ssize_t n = readlink("/proc/self/exe", s->binary, sizeof(s->binary) - 32);

	assert_true(n > 0);
	s->binary[n] = '\0';
	/* BUILD/tests/system/test_NAME -> BUILD/exchange-sim */
	for (int i = 0; i < 3; i++)
		*strrchr(s->binary, '/') = '\0';
	n = (ssize_t)strlen(s->binary);
	snprintf(s->binary + n, sizeof(s->binary) - (size_t)n, "/exchange-sim");
	snprintf(s->dir, sizeof(s->dir), "/tmp/test_exchange_sim.XXXXXX");
	assert_non_null(mkdtemp(s->dir));
	snprintf(s->port_file, sizeof(s->port_file), "%s/port", s->dir);
	snprintf(s->control_file, sizeof(s->control_file), "%s/control", s->dir);
	snprintf(s->ca, sizeof(s->ca), "%s/ca.pem", s->dir);
	snprintf(s->file, sizeof(s->file), "%s/capture", s->dir);
}

int
sim_set_up(void **state)
{
	struct sim *s = calloc(1, sizeof(*s));

	signal(SIGPIPE, SIG_IGN);
	set_paths(s);
	*state = s;
	return 0;
}

int
sim_tear_down(void **state)
{
	static const char *const files[] = {
		"ca.pem", "ca.key", ".lock", "port", "control", "capture", "stderr"};
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

static void
launch(struct sim *s, va_list more)
{
	const char *argv[32] = {"exchange-sim", "--dir", s->dir, "--port-file", s->port_file,
		"--duration", "60"};
	char stderr_file[96];
	int n = 7;

	while (n < 31 && (argv[n] = va_arg(more, const char *)) != NULL)
		n++;
	argv[n] = NULL;
	snprintf(stderr_file, sizeof(stderr_file), "%s/stderr", s->dir);
	s->pid = fork();
	assert_true(s->pid >= 0);
	if (s->pid > 0)
		return;
	if (freopen("/dev/null", "w", stdout) == NULL || freopen(stderr_file, "w", stderr) == NULL)
		_exit(127);
	execv(s->binary, (char *const *)(uintptr_t)argv);
	_exit(127);
}

/* Reads up to `max` ports, one a line, as addresses. */
static int
read_ports(const char *path, char (*address)[32], int max)
{
	FILE *f = fopen(path, "re");
	char line[64];
	int n = 0;

	while (f != NULL && n < max && fgets(line, sizeof(line), f) != NULL) {
		line[strcspn(line, " \n")] = '\0';
		snprintf(address[n++], sizeof(address[0]), "127.0.0.1:%.8s", line);
	}
	if (f != NULL)
		fclose(f);
	return n;
}

void
sim_start(struct sim *s, ...)
{
	const struct timespec pause = {.tv_nsec = 10000000};
	int64_t by = sim_now_ms() + PATIENCE_MS;
	va_list more;

	va_start(more, s);
	launch(s, more);
	va_end(more);
	while (read_ports(s->port_file, s->address, SIM_ENDPOINTS) == 0) {
		assert_true(sim_now_ms() < by);
		nanosleep(&pause, NULL);
	}
	if (read_ports(s->control_file, &s->control, 1) == 0)
		s->control[0] = '\0';
}

int
sim_run(struct sim *s, ...)
{
	char path[96];
	va_list more;
	int status;
	FILE *f;

	va_start(more, s);
	launch(s, more);
	va_end(more);
	assert_int_equal(waitpid(s->pid, &status, 0), s->pid);
	s->pid = 0;
	assert_true(WIFEXITED(status));
	snprintf(path, sizeof(path), "%s/stderr", s->dir);
	f = fopen(path, "re");
	assert_non_null(f);
	s->answer[fread(s->answer, 1, sizeof(s->answer) - 1, f)] = '\0';
	fclose(f);
	return WEXITSTATUS(status);
}

void
sim_stop(struct sim *s, int signal_number)
{
	int status;

	assert_int_equal(kill(s->pid, signal_number), 0);
	assert_int_equal(waitpid(s->pid, &status, 0), s->pid);
	s->pid = 0;
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	assert_int_equal(access(s->port_file, F_OK), -1);
}

int
sim_control(struct sim *s, const char *request, const char *body)
{
	BIO *bio = BIO_new_connect(s->control);
	char head[256], *end;
	size_t n = 0;
	int r;

	assert_int_equal(BIO_do_connect(bio), 1);
	r = snprintf(head, sizeof(head), "%s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
	    "Content-Length: %zu\r\n\r\n", request, strlen(body));
	assert_int_equal(BIO_write(bio, head, r), r);
	if (body[0] != '\0')
		assert_int_equal(BIO_write(bio, body, (int)strlen(body)), strlen(body));
	while (n < sizeof(s->answer) - 1 &&
	    (r = BIO_read(bio, s->answer + n, (int)(sizeof(s->answer) - 1 - n))) > 0)
		n += (size_t)r;
	BIO_free_all(bio);
	s->answer[n] = '\0';
	assert_memory_equal(s->answer, "HTTP/1.1 ", 9);
	r = (int)strtol(s->answer + 9, NULL, 10);
	end = strstr(s->answer, "\r\n\r\n");
	assert_non_null(end);
	memmove(s->answer, end + 4, strlen(end + 4) + 1);
	return r;
}

void
sim_fault(struct sim *s, const char *lines)
{
	if (sim_control(s, "POST /fault", lines) != 200)
		fail_msg("%s: %s", lines, s->answer);
}

bool
sim_state_has(struct sim *s, const char *text)
{
	assert_int_equal(sim_control(s, "GET /state", ""), 200);
	return strstr(s->answer, text) != NULL;
}

long
client_dial(struct client *c, const struct sim *s, int endpoint)
{
	struct timeval patience = {.tv_sec = PATIENCE_MS / 1000};

	*c = (struct client){.in = malloc(IN_MAX), .payload = malloc(IN_MAX)};
	assert_true(c->in != NULL && c->payload != NULL);
	c->ctx = SSL_CTX_new(TLS_client_method());
	SSL_CTX_set_verify(c->ctx, SSL_VERIFY_PEER, NULL);
	assert_int_equal(SSL_CTX_load_verify_locations(c->ctx, s->ca, NULL), 1);
	c->bio = BIO_new_ssl_connect(c->ctx);
	BIO_set_conn_hostname(c->bio, s->address[endpoint]);
	BIO_get_ssl(c->bio, &c->ssl);
	SSL_set1_host(c->ssl, "localhost");
	errno = 0;
	if (BIO_do_connect(c->bio) != 1) {
		long verdict = SSL_get_verify_result(c->ssl);

		return verdict != X509_V_OK ? verdict : -errno;
	}
	setsockopt(SSL_get_fd(c->ssl), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	return SSL_get_verify_result(c->ssl);
}

void
client_hang_up(struct client *c)
{
	BIO_free_all(c->bio);
	SSL_CTX_free(c->ctx);
	free(c->in);
	free(c->payload);
}

void
client_say(struct client *c, const char *target)
{
	char request[512];
	int n = snprintf(request, sizeof(request), "GET %s HTTP/1.1\r\nHost: localhost\r\n"
	    "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
	    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n", target);

	assert_int_equal(BIO_write(c->bio, request, n), n);
}

static void
forget(struct client *c, size_t n)
{
	c->n -= n;
	memmove(c->in, c->in + n, c->n);
}

/* Reads more bytes, up to a time. 0, or a CLIENT_ code. */
static int
receive(struct client *c, int64_t by)
{
	struct pollfd p = {.fd = SSL_get_fd(c->ssl), .events = POLLIN};
	int64_t left = by - sim_now_ms();
	int r;

	if (SSL_pending(c->ssl) == 0 && poll(&p, 1, left > 0 ? (int)left : 0) <= 0)
		return CLIENT_QUIET;
	assert_true(c->n < IN_MAX);
	ERR_clear_error();
	errno = 0;
	r = SSL_read(c->ssl, c->in + c->n, (int)(IN_MAX - c->n));
	if (r > 0) {
		c->n += (size_t)r;
		return 0;
	}
	r = SSL_get_error(c->ssl, r);
	if (r == SSL_ERROR_ZERO_RETURN)
		return CLIENT_CLOSED;
	if (errno == ECONNRESET)
		return CLIENT_RESET;
	/* What came was no data, but a ticket or half a record. */
	if (r == SSL_ERROR_WANT_READ)
		return 0;
	return CLIENT_EOF;
}

void
client_hear(struct client *c, const char *text)
{
	int64_t by = sim_now_ms() + PATIENCE_MS;
	char *at;

	while ((at = c->n ? memmem(c->in, c->n, text, strlen(text)) : NULL) == NULL)
		assert_int_equal(receive(c, by), 0);
	forget(c, (size_t)(at - c->in) + strlen(text));
}

void
client_open(struct client *c, const struct sim *s, int endpoint, const char *target)
{
	assert_int_equal(client_dial(c, s, endpoint), X509_V_OK);
	client_say(c, target);
	client_hear(c, "HTTP/1.1 101 ");
	client_hear(c, "\r\n\r\n");
}

/* Is there a whole frame in c->in? Takes it. */
static bool
take_frame(struct client *c)
{
	const unsigned char *p = (const unsigned char *)c->in;
	size_t head = 2, n = 0;
	int wide;

	if (c->n < 2)
		return false;
	wide = (p[1] & 0x7f) == 127 ? 8 : (p[1] & 0x7f) == 126 ? 2 : 0;
	head += (size_t)wide;
	if (c->n < head)
		return false;
	if (wide == 0)
		n = p[1] & 0x7f;
	for (int i = 0; i < wide; i++)
		n = n << 8 | p[2 + i];
	head += p[1] & 0x80 ? 4 : 0;
	if (n >= IN_MAX || c->n < head + n)
		return false;
	memcpy(c->payload, c->in + head, n);
	c->payload[n] = '\0';
	c->payload_n = n;
	c->head = p[0];
	forget(c, head + n);
	return true;
}

int
client_frame(struct client *c, int ms)
{
	int64_t by = sim_now_ms() + ms;
	int r = 0;

	while (!take_frame(c)) {
		r = receive(c, by);
		if (r != 0)
			return r;
	}
	return c->head & 0x0f;
}

void
client_send(struct client *c, const char *text)
{
	size_t n = strlen(text);
	char frame[256] = {(char)0x81, (char)(0x80 | n)};

	assert_true(n < 126);
	memcpy(frame + 6, text, n);
	assert_int_equal(BIO_write(c->bio, frame, (int)(n + 6)), n + 6);
}

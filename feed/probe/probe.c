#include "feed/probe/probe_impl.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <openssl/rand.h>

#include "feed/io/clock.h"
#include "feed/io/net_reason.h"
#include "feed/io/proxy.h"
#include "feed/io/upgrade.h"

int
probe_fail(struct probe *p, enum probe_step step, enum tick_reason reason, const char *format, ...)
{
	struct probe_result *result = &p->report->step[step];
	va_list args;

	result->outcome = PROBE_FAILED;
	result->reason = reason;
	va_start(args, format);
	vsnprintf(result->detail, sizeof(result->detail), format, args);
	va_end(args);
	return -1;
}

int
probe_fail_wire(struct probe *p, enum probe_step step, int rc, const char *waited_for)
{
	if (rc == -ETIMEDOUT)
		return probe_fail(
		    p, step, TICK_REASON_CONNECT_TIMEOUT, "no %s in time", waited_for);
	if (rc == -EPIPE || rc == 0)
		return probe_fail(p, step, TICK_REASON_PEER_CLOSED,
		    "the server ended the connection before the %s", waited_for);
	return probe_fail(p, step, net_reason_of_errno(-rc), "%s", strerror(-rc));
}

int
probe_skip(struct probe *p, enum probe_step step, const char *why)
{
	struct probe_result *result = &p->report->step[step];

	result->outcome = PROBE_SKIPPED;
	snprintf(result->detail, sizeof(result->detail), "%s", why);
	return 0;
}

/* ---- names ------------------------------------------------------------------- */

static bool
is_numeric(const char *host)
{
	unsigned char scratch[sizeof(struct in6_addr)];

	return inet_pton(AF_INET, host, scratch) == 1 || inet_pton(AF_INET6, host, scratch) == 1;
}

/* The resolver's thread. */
static void
ring(void *context)
{
	(void)!write(*(const int *)context, &(uint64_t){1}, sizeof(uint64_t));
}

static int
wait_for_answer(int fd, struct resolve *resolve, mono_t until, struct resolve_answer *out)
{
	struct pollfd pfd = {.fd = fd, .events = POLLIN};

	while (!resolve_take(resolve, out)) {
		int64_t left = mono_diff(until, clock_mono()).ns;

		if (left <= 0 || (poll(&pfd, 1, (int)(left / 1000000) + 1) < 0 && errno != EINTR)) {
			snprintf(out->why, sizeof(out->why),
			    "no answer from the name servers in time");
			return -1;
		}
	}
	return out->count > 0 ? 0 : -1;
}

int
probe_look_up(const char *host, mono_t until, struct resolve_answer *out)
{
	struct resolve *resolve = NULL;
	int fd, rc = -1;

	*out = (struct resolve_answer){0};
	if (is_numeric(host)) {
		snprintf(out->address[out->count++], RESOLVE_ADDRESS_SIZE, "%.45s", host);
		return 0;
	}
	snprintf(out->why, sizeof(out->why), "the resolver does not start");
	fd = eventfd(0, EFD_CLOEXEC);
	if (fd >= 0 && resolve_open(&resolve, ring, &fd) == 0 &&
	    resolve_ask(resolve, 0, 0, host) == 0)
		rc = wait_for_answer(fd, resolve, until, out);
	resolve_close(&resolve);
	if (fd >= 0)
		close(fd);
	return rc;
}

static int
look_up(struct probe *p, mono_t until)
{
	const struct probe_ask *ask = p->ask;
	const char *host = ask->proxy_host[0] ? ask->proxy_host
	    : ask->address[0] ? ask->address : ask->host;

	if (probe_look_up(host, until, &p->report->addresses) != 0)
		return probe_fail(
		    p, PROBE_DNS, TICK_REASON_DNS, "%s: %s", host, p->report->addresses.why);
	return 0;
}

/* ---- to the server ----------------------------------------------------------- */

int
probe_dial(struct wire *wire, const struct resolve_answer *found, uint16_t port,
    const char *source, mono_t until, const char **address)
{
	int rc = -EADDRNOTAVAIL;

	*address = NULL;
	for (unsigned i = 0; i < found->count && rc != 0; i++) {
		mono_t now = clock_mono();
		span_t share = span_ns(mono_diff(until, now).ns / (found->count - i));

		if (resolve_pick(found, i, source) == NULL)
			break;
		*address = resolve_pick(found, i, source);
		rc = wire_dial(wire, *address, port, source, mono_add(now, share));
	}
	return rc;
}

static int
dial(struct probe *p, mono_t until)
{
	const struct probe_ask *ask = p->ask;
	uint16_t port = ask->proxy_host[0] ? ask->proxy_port : ask->port;
	const char *address;
	int rc = probe_dial(&p->wire, &p->report->addresses, port, ask->source, until, &address);

	if (address == NULL)
		return probe_fail(p, PROBE_TCP, TICK_REASON_UNREACHABLE,
		    "no address of the family of %s", ask->source);
	if (rc != 0)
		return probe_fail(p, PROBE_TCP, net_reason_of_errno(-rc), "%s:%u: %s", address,
		    port, rc == -ETIMEDOUT ? "no answer to TCP connect in time"
		                           : strerror(-rc));
	snprintf(p->report->address, sizeof(p->report->address), "%s", address);
	return 0;
}

static bool
skip_no_proxy(struct probe *p)
{
	if (p->ask->proxy_host[0] != '\0')
		return false;
	probe_skip(p, PROBE_PROXY, "none is configured");
	return true;
}

static int
pass_proxy(struct probe *p, mono_t until)
{
	const char *host = p->ask->address[0] ? p->ask->address : p->ask->host;
	enum proxy_result result = PROXY_MORE;
	char request[PROXY_REQUEST_MAX], byte;
	struct proxy proxy;
	ssize_t n = 1;
	size_t bytes;
	int rc;

	if (skip_no_proxy(p))
		return 0;
	bytes = proxy_begin(&proxy, request, host, p->ask->port,
	    p->ask->proxy_credentials != NULL ? p->ask->proxy_credentials : "");
	rc = bytes == 0 ? -EMSGSIZE : wire_send(&p->wire, request, bytes, until);
	OPENSSL_cleanse(request, sizeof(request));
	/* Byte by byte: what is behind the answer belongs to TLS. */
	while (rc == 0 && result == PROXY_MORE && (n = wire_receive(&p->wire, &byte, 1, until)) > 0)
		result = proxy_next(&proxy, &(struct bytes){&byte, 1});
	if (result == PROXY_OPEN)
		return 0;
	if (result != PROXY_MORE)
		return probe_fail(p, PROBE_PROXY, TICK_REASON_UNREACHABLE, "%s", proxy.detail);
	return probe_fail_wire(p, PROBE_PROXY, rc != 0 ? rc : (int)n, "answer of the proxy");
}

/* ---- TLS --------------------------------------------------------------------- */

static void
note_chain(struct probe_report *report, SSL *ssl)
{
	STACK_OF(X509) *chain = SSL_get0_verified_chain(ssl);
	int n = sk_X509_num(chain);
	struct certificate last;

	snprintf(report->protocol, sizeof(report->protocol), "%s", SSL_get_version(ssl));
	snprintf(report->cipher, sizeof(report->cipher), "%s", SSL_get_cipher_name(ssl));
	if (n <= 0)
		return;
	certificate_read(sk_X509_value(chain, n - 1), clock_wall(), &last);
	memcpy(report->authority, last.subject, sizeof(last.subject));
	report->chain = n;
}

static int
secure(struct probe *p, mono_t until)
{
	struct probe_report *report = p->report;
	X509 *shown = NULL;
	int rc;

	p->peer = (struct tls_peer){.host = p->ask->host, .shown = &shown};
	rc = wire_secure(&p->wire, p->ask->tls, &p->peer, until);
	p->peer.shown = NULL;
	if (shown != NULL) {
		certificate_read(shown, clock_wall(), &report->certificate);
		report->has_certificate = true;
		X509_free(shown);
	}
	if (rc == 0) {
		note_chain(report, p->wire.ssl);
		return 0;
	}
	if (p->peer.reason != TICK_REASON_NONE && rc != -EPIPE && rc != -ETIMEDOUT)
		return probe_fail(p, PROBE_TLS, p->peer.reason, "%s", p->peer.detail);
	return probe_fail_wire(p, PROBE_TLS, rc, "end of the TLS handshake");
}

/* ---- WebSocket --------------------------------------------------------------- */

static int
ask_upgrade(struct probe *p, struct upgrade *upgrade, mono_t until)
{
	const struct probe_ask *ask = p->ask;
	unsigned char nonce[UPGRADE_NONCE];
	char request[UPGRADE_REQUEST_MAX];
	size_t n;
	int rc;

	if (RAND_bytes(nonce, sizeof(nonce)) != 1)
		return -EAGAIN;
	n = upgrade_begin(upgrade, request, ask->host, ask->port, ask->path, nonce);
	if (n > 0 && ask->api_key != NULL)
		n = upgrade_add(request, n, "X-MBX-APIKEY", ask->api_key);
	rc = n > 0 ? wire_send(&p->wire, request, n, until) : -EMSGSIZE;
	OPENSSL_cleanse(request, sizeof(request));
	return rc;
}

/* Reads until the answer is whole; its beginning is kept in `head`. */
static enum upgrade_result
hear_upgrade(struct probe *p, struct upgrade *upgrade, mono_t until, struct bytes *head, int *rc)
{
	enum upgrade_result result = UPGRADE_MORE;
	char *kept = (char *)head->p;
	size_t room = head->n;

	head->n = 0;
	while (result == UPGRADE_MORE) {
		ssize_t n = wire_receive(&p->wire, p->buffer, PROBE_READ_MAX, until);
		size_t take = n > 0 && (size_t)n < room - head->n ? (size_t)n : room - head->n;

		*rc = (int)n;
		if (n <= 0)
			break;
		memcpy(kept + head->n, p->buffer, take);
		head->n += take;
		p->in = (struct bytes){p->buffer, (size_t)n};
		result = upgrade_next(upgrade, &p->in);
	}
	return result;
}

static int
upgrade_line(struct probe *p, mono_t until)
{
	char kept[4096];
	struct bytes head = {kept, sizeof(kept)};
	struct upgrade upgrade = {.retry_after_s = -1};
	enum upgrade_result result = UPGRADE_MORE;
	int rc = ask_upgrade(p, &upgrade, until);

	if (rc == 0)
		result = hear_upgrade(p, &upgrade, until, &head, &rc);
	else
		head.n = 0;
	p->report->http_status = upgrade.status;
	p->report->retry_after_s = upgrade.retry_after_s;
	report_fields(head, p->report->fields, sizeof(p->report->fields));
	switch (result) {
	case UPGRADE_ACCEPTED:
		return 0;
	case UPGRADE_REFUSED:
		return probe_fail(p, PROBE_UPGRADE, net_reason_of_status(upgrade.status), "%s",
		    upgrade.detail);
	case UPGRADE_BROKEN:
		return probe_fail(p, PROBE_UPGRADE, TICK_REASON_PROTOCOL, "%s", upgrade.detail);
	case UPGRADE_MORE:
		break;
	}
	return probe_fail_wire(p, PROBE_UPGRADE, rc, "answer to the WebSocket upgrade");
}

/* ---- all of it --------------------------------------------------------------- */

static int
run_step(struct probe *p, enum probe_step step, probe_step_fn *run)
{
	struct probe_result *result = &p->report->step[step];
	mono_t begin = clock_mono();
	int rc;

	result->outcome = PROBE_FINE;
	rc = run(p, mono_add(begin, p->ask->within));
	result->took = mono_diff(clock_mono(), begin);
	return rc;
}

static void
say_goodbye(struct probe *p)
{
	mono_t until = mono_add(clock_mono(), span_ms(100));
	char code[2], frame[WSFRAME_HEADER_MAX + 2];
	uint32_t mask = 0;
	size_t n;

	wsframe_close_payload(code, 1000);
	(void)RAND_bytes((unsigned char *)&mask, sizeof(mask));
	n = wsframe_write(frame, sizeof(frame), WSFRAME_OP_CLOSE, (struct bytes){code, 2}, mask);
	if (p->report->step[PROBE_UPGRADE].outcome == PROBE_FINE)
		(void)wire_send(&p->wire, frame, n, until);
	wire_close(&p->wire);
}

void
probe_endpoint(const struct probe_ask *ask, struct probe_report *report)
{
	static probe_step_fn *const runs[] = {
		[PROBE_DNS] = look_up,
		[PROBE_TCP] = dial,
		[PROBE_PROXY] = pass_proxy,
		[PROBE_TLS] = secure,
		[PROBE_UPGRADE] = upgrade_line,
		[PROBE_SUBSCRIBE] = probe_subscribe,
		[PROBE_MESSAGE] = probe_message,
	};
	struct probe *p = calloc(1, sizeof(*p));
	mono_t begin = clock_mono();
	int rc = 0;

	*report = (struct probe_report){.port = ask->port, .retry_after_s = -1};
	snprintf(report->host, sizeof(report->host), "%s", ask->host);
	snprintf(report->path, sizeof(report->path), "%s", ask->path);
	snprintf(report->stream, sizeof(report->stream), "%s", ask->stream);
	if (p == NULL || (p->scratch = malloc(sizeof(*p->scratch))) == NULL ||
	    wsframe_init(&p->frames, ask->message_bytes_max) != 0)
		abort();
	p->ask = ask;
	p->report = report;
	p->wire = WIRE_NONE;
	(void)skip_no_proxy(p); /* also where it is not reached */
	for (enum probe_step step = PROBE_DNS; step < PROBE_CLOCK && rc == 0; step++)
		rc = run_step(p, step, runs[step]);
	say_goodbye(p);
	(void)run_step(p, PROBE_CLOCK, probe_clock);
	report->total = mono_diff(clock_mono(), begin);
	wsframe_fini(&p->frames);
	free(p->scratch);
	free(p);
}

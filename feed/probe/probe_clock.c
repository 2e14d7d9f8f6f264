/*
 * The step of a probe that compares clocks: GET .../time of the exchange's
 * REST, on a connection of its own, which is up before the question is asked.
 */
#include "feed/probe/probe_impl.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "feed/io/clock.h"
#include "feed/io/net_reason.h"
#include "feed/io/upgrade.h"

#define ANSWER_MAX 8192

static int
connect_rest(struct probe *p, struct wire *wire, struct tls_peer *peer, mono_t until)
{
	const struct rest_base *rest = p->ask->rest;
	struct resolve_answer found;
	const char *address;
	int rc;

	if (probe_look_up(rest->address[0] ? rest->address : rest->host, until, &found) != 0)
		return probe_fail(
		    p, PROBE_CLOCK, TICK_REASON_DNS, "%s: %s", rest->host, found.why);
	rc = probe_dial(wire, &found, rest->port, "", until, &address);
	if (rc != 0)
		return probe_fail(p, PROBE_CLOCK, net_reason_of_errno(-rc), "%s (%s:%u): %s",
		    rest->host, address, rest->port,
		    rc == -ETIMEDOUT ? "no answer to TCP connect in time" : strerror(-rc));
	rc = wire_secure(wire, p->ask->tls, peer, until);
	if (rc == -EPROTO && peer->reason != TICK_REASON_NONE)
		return probe_fail(p, PROBE_CLOCK, peer->reason, "%s", peer->detail);
	return rc == 0 ? 0 : probe_fail_wire(p, PROBE_CLOCK, rc, "end of REST's TLS handshake");
}

static int
ask_time(const struct rest_base *rest, const char *path, struct wire *wire, mono_t until)
{
	char request[1024];
	int n = snprintf(request, sizeof(request),
	    "GET %s HTTP/1.1\r\nHost: %s:%u\r\nConnection: close\r\n\r\n", path, rest->host,
	    rest->port);

	return wire_send(wire, request, (size_t)n, until);
}

/* Is there an answer with its body in it? (a few dozen bytes, whatever their framing) */
static bool
is_whole(struct bytes answer)
{
	const char *body = memmem(answer.p, answer.n, "\r\n\r\n", 4);

	return body != NULL &&
	    memchr(body, '}', answer.n - (size_t)(body - answer.p)) != NULL;
}

/* Returns what came, up to the end of the body or of the connection. *rc: the last wire's word. */
static struct bytes
hear(struct wire *wire, char *buffer, mono_t until, ssize_t *rc)
{
	struct bytes answer = {buffer, 0};

	do {
		*rc = wire_receive(wire, buffer + answer.n, ANSWER_MAX - answer.n, until);
		answer.n += *rc > 0 ? (size_t)*rc : 0;
	} while (*rc > 0 && answer.n < ANSWER_MAX && !is_whole(answer));
	return answer;
}

/* What a refusal says beside its status: Retry-After. */
static int
fail_status(struct probe *p, int status, struct bytes answer)
{
	static const char key[] = "\r\nretry-after: ";
	int32_t after = -1;
	char value[16];

	for (size_t i = 0; after < 0 && i + sizeof(key) + 10 < answer.n; i++) {
		if (strncasecmp(answer.p + i, key, sizeof(key) - 1) != 0)
			continue;
		snprintf(value, sizeof(value), "%.*s",
		    (int)strspn(answer.p + i + sizeof(key) - 1, "0123456789"),
		    answer.p + i + sizeof(key) - 1);
		after = upgrade_retry_after(value);
	}
	if (after >= 0)
		return probe_fail(p, PROBE_CLOCK, net_reason_of_status(status),
		    "%s: status %d, Retry-After %d s", p->ask->rest->host, status, after);
	return probe_fail(p, PROBE_CLOCK, net_reason_of_status(status), "%s: status %d",
	    p->ask->rest->host, status);
}

static int
compare(struct probe *p, struct wire *wire, const char *path, mono_t until)
{
	char buffer[ANSWER_MAX + 1] = "";
	wall_t sent = clock_wall(), came;
	struct bytes answer = {buffer, 0};
	int rc = ask_time(p->ask->rest, path, wire, until), status = 0;
	ssize_t last = rc;

	if (rc == 0)
		answer = hear(wire, buffer, until, &last);
	came = clock_wall();
	buffer[answer.n] = '\0';
	if (answer.n == 0)
		return probe_fail_wire(p, PROBE_CLOCK, (int)last, "answer of REST");
	if (sscanf(buffer, "HTTP/1.%*1d %3d", &status) != 1)
		return probe_fail(p, PROBE_CLOCK, TICK_REASON_PROTOCOL,
		    "%s: the answer is no HTTP", p->ask->rest->host);
	if (status != 200)
		return fail_status(p, status, answer);
	if (!report_offset(answer, sent, came, p->report))
		return probe_fail(p, PROBE_CLOCK, TICK_REASON_PROTOCOL,
		    "%s: the answer has no serverTime", p->ask->rest->host);
	return 0;
}

int
probe_clock(struct probe *p, mono_t until)
{
	struct wire wire = WIRE_NONE;
	struct tls_peer peer = {0};
	char path[256];
	int rc;

	if (p->ask->rest == NULL || !rest_plan_time_path(p->ask->rest, path, sizeof(path)))
		return probe_skip(p, PROBE_CLOCK, "no REST of the exchange is known: rest.host");
	peer.host = p->ask->rest->host;
	rc = connect_rest(p, &wire, &peer, until);
	if (rc == 0)
		rc = compare(p, &wire, path, until);
	wire_close(&wire);
	return rc;
}

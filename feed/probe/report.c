#include "feed/probe/report.h"

#include <inttypes.h>
#include <string.h>
#include <strings.h>

#include "feed/venue/binance/server_time.h"

/* Columns before the words of a step. */
#define INDENT 34

const char *
report_step_name(enum probe_step step)
{
	static const char *const names[] = {
		[PROBE_DNS] = "dns",
		[PROBE_TCP] = "tcp",
		[PROBE_PROXY] = "proxy",
		[PROBE_TLS] = "tls",
		[PROBE_UPGRADE] = "upgrade",
		[PROBE_SUBSCRIBE] = "subscribe",
		[PROBE_MESSAGE] = "message",
		[PROBE_CLOCK] = "clock",
	};

	return (unsigned)step < PROBE_STEPS ? names[step] : "?";
}

enum probe_step
report_failed(const struct probe_report *report)
{
	enum probe_step step = PROBE_DNS;

	while (step < PROBE_STEPS && report->step[step].outcome != PROBE_FAILED)
		step++;
	return step;
}

/* ---- what was found, in words ------------------------------------------------ */

static void
print_addresses(FILE *out, const struct probe_report *r)
{
	for (unsigned i = 0; i < r->addresses.count; i++)
		fprintf(out, "%s%s", i > 0 ? ", " : "", r->addresses.address[i]);
}

static void
print_upgrade(FILE *out, const struct probe_report *r)
{
	if (r->http_status != 0)
		fprintf(out, "status %d", r->http_status);
	if (r->retry_after_s >= 0)
		fprintf(out, ", Retry-After %" PRId32 " s", r->retry_after_s);
	if (r->fields[0] != '\0')
		fprintf(out, "%s%s", r->http_status != 0 ? ", " : "", r->fields);
}

static void
print_message(FILE *out, const struct probe_report *r)
{
	fprintf(out, "%s, %.1f ms after the request", r->kind, (double)r->first_after.ns / 1e6);
	if (r->has_age)
		fprintf(out, ", %.1f ms old by its own time", (double)r->age_ns / 1e6);
}

static void
print_clock(FILE *out, const struct probe_report *r)
{
	int64_t ns = r->offset_ns < 0 ? -r->offset_ns : r->offset_ns;

	fprintf(out, "the exchange's is %.1f ms %s, +- %.1f ms", (double)ns / 1e6,
	    r->offset_ns < 0 ? "behind" : "ahead", (double)r->offset_within_ns / 1e6);
}

static void
print_found(FILE *out, const struct probe_report *r, enum probe_step step)
{
	switch (step) {
	case PROBE_DNS:
		print_addresses(out, r);
		break;
	case PROBE_TCP:
		fputs(r->address, out);
		break;
	case PROBE_TLS:
		fprintf(out, "%s, %s, verified by %s, chain of %d", r->protocol, r->cipher,
		    r->authority, r->chain);
		break;
	case PROBE_UPGRADE:
		print_upgrade(out, r);
		break;
	case PROBE_SUBSCRIBE:
		fputs(r->stream, out);
		break;
	case PROBE_MESSAGE:
		print_message(out, r);
		break;
	case PROBE_CLOCK:
		print_clock(out, r);
		break;
	case PROBE_PROXY:
	case PROBE_STEPS:
		break;
	}
}

static void
print_certificate(FILE *out, const struct certificate *c)
{
	fprintf(out, "%*scertificate %s\n", INDENT, "", c->subject);
	fprintf(out, "%*sissued by %s\n", INDENT, "", c->issuer);
	fprintf(out, "%*sfor %s\n", INDENT, "", c->names_n > 0 ? c->names : "no host name at all");
	fprintf(out, "%*svalid %s to %s, ", INDENT, "", c->from, c->until);
	if (c->days_left >= 0)
		fprintf(out, "%" PRId64 " days left\n", c->days_left);
	else
		fprintf(out, "over for %" PRId64 " days\n", -c->days_left);
}

static void
print_step(FILE *out, const struct probe_report *r, enum probe_step step)
{
	static const char *const words[] = {"-", "ok", "FAILED", "skipped"};
	const struct probe_result *s = &r->step[step];
	bool ran = s->outcome == PROBE_FINE || s->outcome == PROBE_FAILED;
	char took[24] = "";

	if (s->outcome == PROBE_NOT_REACHED) {
		fprintf(out, "  %-10s -\n", report_step_name(step));
		return;
	}
	if (ran)
		snprintf(took, sizeof(took), "%.1f ms", (double)s->took.ns / 1e6);
	fprintf(out, "  %-10s %-8s %10s  ", report_step_name(step), words[s->outcome], took);
	if (s->outcome == PROBE_FAILED)
		fprintf(out, "%s: %s", tick_reason_label(s->reason), s->detail);
	else if (s->outcome == PROBE_FINE && s->detail[0] == '\0')
		print_found(out, r, step);
	else
		fputs(s->detail, out);
	if (s->outcome == PROBE_FAILED && step == PROBE_UPGRADE && r->http_status != 0) {
		fputs("; ", out);
		print_upgrade(out, r);
	}
	fputc('\n', out);
	if (step == PROBE_TLS && r->has_certificate)
		print_certificate(out, &r->certificate);
}

void
report_text(FILE *out, const struct probe_report *r)
{
	enum probe_step failed = report_failed(r);

	fprintf(out, "%s:%u%s\n", r->host, r->port, r->path);
	for (enum probe_step step = PROBE_DNS; step < PROBE_STEPS; step++)
		if (step != PROBE_PROXY || r->step[step].outcome != PROBE_SKIPPED)
			print_step(out, r, step);
	fprintf(out, "  %-10s %-8s %7.1f ms  ", "total", failed == PROBE_STEPS ? "ok" : "FAILED",
	    (double)r->total.ns / 1e6);
	if (failed == PROBE_STEPS)
		fputs("all good\n", out);
	else
		fprintf(out, "failed at %s: %s\n", report_step_name(failed),
		    tick_reason_text(r->step[failed].reason));
}

/* ---- what answers say -------------------------------------------------------- */

/* One line without its end, from the front of *in. */
static struct bytes
take_line(struct bytes *in)
{
	const char *end = memchr(in->p, '\n', in->n);
	size_t n = end != NULL ? (size_t)(end - in->p) : in->n, used = end != NULL ? n + 1 : n;
	struct bytes line = {in->p, n};

	if (n > 0 && line.p[n - 1] == '\r')
		line.n--;
	*in = (struct bytes){in->p + used, in->n - used};
	return line;
}

static bool
is_telling(struct bytes name)
{
	static const char *const telling[] = {
		"server", "via", "location", "x-cache", "x-amz-cf-pop", "cf-ray"};

	for (size_t i = 0; i < sizeof(telling) / sizeof(telling[0]); i++)
		if (name.n == strlen(telling[i]) && strncasecmp(name.p, telling[i], name.n) == 0)
			return true;
	return false;
}

void
report_fields(struct bytes answer, char *out, size_t room)
{
	size_t have = 0;

	out[0] = '\0';
	if (answer.n > 0)
		(void)take_line(&answer); /* the status */
	while (answer.n > 0) {
		struct bytes line = take_line(&answer);
		const char *colon = memchr(line.p, ':', line.n);
		struct bytes name = {line.p, colon != NULL ? (size_t)(colon - line.p) : 0};

		if (line.n == 0)
			break;
		if (!is_telling(name) || have >= room)
			continue;
		line = (struct bytes){colon + 1, line.n - name.n - 1};
		for (; line.n > 0 && (*line.p == ' ' || *line.p == '\t'); line.n--)
			line.p++;
		have += (size_t)snprintf(out + have, room - have, "%s%.*s=%.*s",
		    have > 0 ? " " : "", (int)name.n, name.p, (int)line.n, line.p);
	}
	for (char *p = out; *p != '\0'; p++)
		if ((unsigned char)*p < ' ' || (unsigned char)*p > '~')
			*p = '?';
}

bool
report_offset(struct bytes answer, wall_t sent, wall_t came, struct probe_report *report)
{
	int64_t ns, unit;

	if (!server_time_parse(answer, &ns, &unit))
		return false;
	/* It was read somewhere between, and its last digit is cut, not rounded. */
	report->offset_ns = ns + unit / 2 - (sent.ns + (came.ns - sent.ns) / 2);
	report->offset_within_ns = (came.ns - sent.ns) / 2 + unit / 2;
	report->has_offset = true;
	return true;
}

/*
 * The reports of a probe as JSON.
 */
#include "feed/probe/report.h"

#include <inttypes.h>

static void
put_text(FILE *out, const char *text)
{
	fputc('"', out);
	for (; *text != '\0'; text++) {
		if (*text == '"' || *text == '\\')
			fprintf(out, "\\%c", *text);
		else if ((unsigned char)*text < ' ' || (unsigned char)*text > '~')
			fprintf(out, "\\u%04x", (unsigned char)*text);
		else
			fputc(*text, out);
	}
	fputc('"', out);
}

/* "name":"text", with a comma behind it; null where there is no text. */
static void
put_member(FILE *out, const char *name, const char *text)
{
	fprintf(out, "\"%s\":", name);
	if (text[0] != '\0')
		put_text(out, text);
	else
		fputs("null", out);
	fputc(',', out);
}

static void
put_ms(FILE *out, const char *name, bool has, int64_t ns, const char *end)
{
	if (has)
		fprintf(out, "\"%s\":%.3f%s", name, (double)ns / 1e6, end);
	else
		fprintf(out, "\"%s\":null%s", name, end);
}

static void
put_step(FILE *out, const struct probe_report *r, enum probe_step step)
{
	static const char *const words[] = {"not_reached", "ok", "failed", "skipped"};
	const struct probe_result *s = &r->step[step];
	bool failed = s->outcome == PROBE_FAILED;

	fprintf(out, "%s{", step > 0 ? "," : "");
	put_member(out, "step", report_step_name(step));
	put_member(out, "outcome", words[s->outcome]);
	put_ms(out, "ms", failed || s->outcome == PROBE_FINE, s->took.ns, ",");
	put_member(out, "reason", failed ? tick_reason_label(s->reason) : "");
	fputs("\"detail\":", out);
	put_text(out, s->detail);
	fputc('}', out);
}

static void
put_tls(FILE *out, const struct probe_report *r)
{
	const struct certificate *c = &r->certificate;

	fputs("\"tls\":{", out);
	put_member(out, "protocol", r->protocol);
	put_member(out, "cipher", r->cipher);
	put_member(out, "authority", r->authority);
	fprintf(out, "\"verified\":%s,\"chain\":%d,\"certificate\":",
	    r->chain > 0 ? "true" : "false", r->chain);
	if (r->has_certificate) {
		fputc('{', out);
		put_member(out, "subject", c->subject);
		put_member(out, "issuer", c->issuer);
		put_member(out, "names", c->names);
		put_member(out, "from", c->from);
		put_member(out, "until", c->until);
		fprintf(out, "\"days_left\":%" PRId64 "}", c->days_left);
	} else {
		fputs("null", out);
	}
	fputs("},", out);
}

static void
put_upgrade(FILE *out, const struct probe_report *r)
{
	fputs("\"upgrade\":{\"status\":", out);
	if (r->http_status != 0)
		fprintf(out, "%d,", r->http_status);
	else
		fputs("null,", out);
	put_member(out, "fields", r->fields);
	if (r->retry_after_s >= 0)
		fprintf(out, "\"retry_after_s\":%" PRId32 "},", r->retry_after_s);
	else
		fputs("\"retry_after_s\":null},", out);
}

static void
put_rest(FILE *out, const struct probe_report *r)
{
	bool came = r->kind[0] != '\0';

	put_member(out, "stream", r->stream);
	fputs("\"first_message\":{", out);
	put_member(out, "kind", r->kind);
	put_ms(out, "after_ms", came, r->first_after.ns, ",");
	put_ms(out, "age_ms", came && r->has_age, r->age_ns, "},");
	fputs("\"clock\":{", out);
	put_ms(out, "offset_ms", r->has_offset, r->offset_ns, ",");
	put_ms(out, "within_ms", r->has_offset, r->offset_within_ns, "}");
}

static void
put_endpoint(FILE *out, const struct probe_report *r)
{
	enum probe_step failed = report_failed(r);

	fputc('{', out);
	put_member(out, "host", r->host);
	fprintf(out, "\"port\":%u,", r->port);
	put_member(out, "path", r->path);
	fprintf(out, "\"ok\":%s,", failed == PROBE_STEPS ? "true" : "false");
	put_member(out, "failed", failed == PROBE_STEPS ? "" : report_step_name(failed));
	put_ms(out, "total_ms", true, r->total.ns, ",\"steps\":[");
	for (enum probe_step step = PROBE_DNS; step < PROBE_STEPS; step++)
		put_step(out, r, step);
	fputs("],\"addresses\":[", out);
	for (unsigned i = 0; i < r->addresses.count; i++) {
		fputs(i > 0 ? "," : "", out);
		put_text(out, r->addresses.address[i]);
	}
	fputs("],", out);
	put_member(out, "address", r->address);
	put_tls(out, r);
	put_upgrade(out, r);
	put_rest(out, r);
	fputc('}', out);
}

void
report_json(FILE *out, const struct probe_report *report, size_t n)
{
	bool ok = true;

	for (size_t i = 0; i < n; i++)
		ok &= report_failed(&report[i]) == PROBE_STEPS;
	fprintf(out, "{\"version\":1,\"ok\":%s,\"endpoints\":[", ok ? "true" : "false");
	for (size_t i = 0; i < n; i++) {
		fputs(i > 0 ? "," : "", out);
		put_endpoint(out, &report[i]);
	}
	fputs("]}\n", out);
}

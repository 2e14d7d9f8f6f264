#include "feed/ops/status_json.h"

#include <inttypes.h>
#include <stddef.h>
#include <string.h>

#include <tickring/reasons.h>

#include "feed/ops/quoted.h"

#define VERSION 1

/* A number of a struct; `unknown`: how a missing one is written there. */
struct field {
	const char *name;
	size_t offset;
	int64_t unknown;
};

#define NEVER INT64_MAX /* no number of these stands for "not known" */
#define F(type, name) {#name, offsetof(struct type, name), NEVER}
#define F_ABSENT(type, name) {#name, offsetof(struct type, name), TICK_ABSENT}
#define F_ZERO(type, name) {#name, offsetof(struct type, name), 0}
#define F_NEGATIVE(type, name) {#name, offsetof(struct type, name), -1}

static const struct field feed_fields[] = {
	F(tick_status, at_ns), F(tick_status, at_mono_ns), F(tick_status, started_ns),
	F(tick_status, messages_per_s), F(tick_status, ticks_per_s), F(tick_status, lines),
	F(tick_status, lines_live), F(tick_status, instruments), F(tick_status, streams),
	F(tick_status, stream_rows),
	F(tick_status, streams_undecoded), F(tick_status, streams_unlisted),
	F(tick_status, books_starved), F(tick_status, books_cut),
	F(tick_status, clock_offset_ns), F_ZERO(tick_status, clock_within_ns),
};

static const struct field line_fields[] = {
	F(tick_line_status, since_ns), F(tick_line_status, attempts),
	F(tick_line_status, connects), F(tick_line_status, close_code),
	F_ABSENT(tick_line_status, retry_at_ns), F_ABSENT(tick_line_status, connected_ns),
	F_ABSENT(tick_line_status, last_message_ns), F(tick_line_status, streams_wanted),
	F(tick_line_status, streams_sent), F(tick_line_status, streams_acknowledged),
	F(tick_line_status, messages), F(tick_line_status, bytes),
	F_ABSENT(tick_line_status, pings), F(tick_line_status, leg),
	F_NEGATIVE(tick_line_status, peer), F_ABSENT(tick_line_status, retire_at_ns),
	F_NEGATIVE(tick_line_status, round_trip_ns),
	F_NEGATIVE(tick_line_status, pongs_permille), F(tick_line_status, sends_used),
	F(tick_line_status, wins), F(tick_line_status, duplicates),
};

static const struct field detail_fields[] = {
	F(tick_line_detail, ended_code), F_ABSENT(tick_line_detail, ended_ns),
	F(tick_line_detail, streams_listed), F(tick_line_detail, streams_producing),
	F(tick_line_detail, streams_refused), F(tick_line_detail, streams_silent),
	F(tick_line_detail, pong_ns), F(tick_line_detail, pong_max_ns),
};

static const struct field line_latency_fields[] = {
	F(tick_line_detail, count), F(tick_line_detail, p50), F(tick_line_detail, p90),
	F(tick_line_detail, p99), F(tick_line_detail, p999), F(tick_line_detail, max),
};

static const struct field settings_fields[] = {
	F(tick_settings, monitoring), F(tick_settings, health_interval_ns),
	F(tick_settings, unhealthy_permille), F(tick_settings, metrics_interval_ns),
	F(tick_settings, ping_within_ns), F(tick_settings, pong_within_ns),
	F(tick_settings, performance), F(tick_settings, errors), F(tick_settings, reconnect),
	F(tick_settings, limits_kept),
};

static const struct field control_fields[] = {
	F(tick_control, members), F(tick_control, redundancy),
	F(tick_control, streams_acknowledged), F(tick_control, streams_producing),
	F(tick_control, streams_refused), F(tick_control, streams_stale),
	F(tick_control, connects_used), F(tick_control, connects_max),
	F(tick_control, connects_window_ns), F(tick_control, sends_max),
	F(tick_control, send_window_ns), F(tick_control, streams_max),
	F(tick_control, request_bytes_max), F(tick_control, rotations_begun),
	F(tick_control, rotations_done), F(tick_control, rotations_abandoned),
	F(tick_control, rotations_took_over), F(tick_control, stalls),
	F(tick_control, resubscribed), F(tick_control, moved), F(tick_control, recycled),
	F(tick_control, lists), F(tick_control, lists_missing), F(tick_control, region),
	F(tick_control, failovers), F(tick_control, returns),
	F_NEGATIVE(tick_control, memory_bytes), F_NEGATIVE(tick_control, cpu_permille),
	F_NEGATIVE(tick_control, sockets), F(tick_control, streams_shed),
	F(tick_control, reloads), F(tick_control, reloads_refused),
	F(tick_control, transitions), F(tick_control, recent_connects),
	F(tick_control, recent_failures), F(tick_control, books),
	F(tick_control, books_live), F(tick_control, rest_used),
	F(tick_control, rest_budget),
	F_ABSENT(tick_control, rest_paused_until_ns), F(tick_control, streams_listed),
	F(tick_control, streams_silent), F(tick_control, silent_alarms),
	F(tick_control, lists_foreign),
};

static const struct field endpoint_fields[] = {
	F_ABSENT(tick_endpoint_status, until_ns), F(tick_endpoint_status, region),
	F(tick_endpoint_status, score), F_ZERO(tick_endpoint_status, round_trip_ns),
	F(tick_endpoint_status, lines), F(tick_endpoint_status, ups),
	F(tick_endpoint_status, failures),
};

static const struct field latency_fields[] = {
	F(tick_latency, count), F(tick_latency, p50), F(tick_latency, p90),
	F(tick_latency, p99), F(tick_latency, p999), F(tick_latency, max),
};

static const struct field transition_fields[] = {
	F(tick_transition, at_ns), F(tick_transition, line), F(tick_transition, attempt),
	F(tick_transition, close_code), F(tick_transition, http_status),
};

static const struct field health_fields[] = {
	F(tick_health, score), F_NEGATIVE(tick_health, fresh_permille),
	F_NEGATIVE(tick_health, connection_permille), F_NEGATIVE(tick_health, success_permille),
	F_NEGATIVE(tick_health, heartbeat_permille), F_NEGATIVE(tick_health, messages_per_s),
	F_NEGATIVE(tick_health, memory_bytes), F_NEGATIVE(tick_health, cpu_permille),
	F_NEGATIVE(tick_health, age_ns), F_NEGATIVE(tick_health, silence_ns),
	F_NEGATIVE(tick_health, lines), F_NEGATIVE(tick_health, lines_live),
	F_NEGATIVE(tick_health, streams), F_NEGATIVE(tick_health, streams_stale),
};

/* ---- pieces -------------------------------------------------------------------- */

static void
put_text(FILE *out, const char *name, const char *text, size_t room)
{
	fprintf(out, "\"%s\":", name);
	quoted_put(out, text, room);
}

static void
put_number(FILE *out, const char *name, int64_t value, int64_t unknown)
{
	if (value == unknown)
		fprintf(out, "\"%s\":null", name);
	else
		fprintf(out, "\"%s\":%" PRId64, name, value);
}

#define PUT_FIELDS(out, fields, from)                                                              \
	put_fields(out, fields, sizeof(fields) / sizeof(fields[0]), from)

static void
put_fields(FILE *out, const struct field *field, size_t n, const void *from)
{
	int64_t value;

	for (size_t i = 0; i < n; i++) {
		memcpy(&value, (const char *)from + field[i].offset, sizeof(value));
		if (i > 0)
			fputc(',', out);
		put_number(out, field[i].name, value, field[i].unknown);
	}
}

static int64_t
within(int64_t n, int64_t most)
{
	return n < 0 ? 0 : n > most ? most : n;
}

static void
begin(FILE *out, const char *feed)
{
	fprintf(out, "{\"version\":%d,", VERSION);
	put_text(out, "feed", feed, 64);
	fputc(',', out);
}

/* ---- health --------------------------------------------------------------------- */

static void
put_reason(FILE *out, const struct tick_health_reason *r)
{
	static const char *const units[] = {"", "count", "permille", "bytes", "ns", "per_s"};
	int unit = tick_health_unit(r->what);

	fputc('{', out);
	put_text(out, "reason", tick_health_label(r->what), 64);
	fputc(',', out);
	put_text(out, "level", tick_health_level_name(r->level), 16);
	fputc(',', out);
	put_text(out, "text", tick_health_text(r->what), 128);
	fputc(',', out);
	if (r->what == TICK_HEALTH_STALE_STREAMS)
		put_text(out, "class", tick_class_name(r->of), 32);
	else
		put_number(out, "line", r->of, -1);
	if (unit > TICK_UNIT_NONE && unit <= TICK_UNIT_PER_S)
		fprintf(out, ",\"value\":%" PRId64 ",\"limit\":%" PRId64 ",\"unit\":\"%s\"",
		    r->value, r->limit, units[unit]);
	fputc('}', out);
}

void
status_json_health(FILE *out, const char *feed, const struct tick_status *status,
    const struct tick_health *health)
{
	int64_t reasons = within(health->reasons, TICK_HEALTH_REASONS_MAX);
	int64_t lines = within(status->lines, TICK_LINES_MAX);

	begin(out, feed);
	put_text(out, "level", tick_health_level_name(health->level), 16);
	fprintf(out, ",\"alive\":%s,\"ready\":%s,", health->alive ? "true" : "false",
	    health->ready ? "true" : "false");
	PUT_FIELDS(out, health_fields, health);
	fputs(",\"reasons\":[", out);
	for (int64_t i = 0; i < reasons; i++) {
		if (i > 0)
			fputc(',', out);
		put_reason(out, &health->reason[i]);
	}
	fputs("],\"line_scores\":[", out);
	for (int64_t i = 0; i < lines; i++) {
		fprintf(out, "%s{\"line\":%" PRId64 ",", i > 0 ? "," : "", i);
		put_text(out, "state", tick_line_state_name(status->line[i].state), 32);
		fputc(',', out);
		put_number(out, "score", health->line_permille[i], -1);
		fputc('}', out);
	}
	fputs("]}", out);
}

/* ---- status --------------------------------------------------------------------- */

static void
put_line(FILE *out, int64_t n, const struct tick_line_status *l, const struct tick_line_detail *d)
{
	static const char *const roles[] = {"free", "member", "successor"};

	fprintf(out, "{\"line\":%" PRId64 ",", n);
	put_text(out, "state", tick_line_state_name(l->state), 32);
	fputc(',', out);
	put_text(out, "role",
	    l->role >= 0 && l->role <= TICK_ROLE_SUCCESSOR ? roles[l->role] : "unknown", 32);
	fputc(',', out);
	put_text(out, "endpoint", l->endpoint, sizeof(l->endpoint));
	fputc(',', out);
	put_text(out, "reason", tick_reason_label(l->reason), 64);
	fputc(',', out);
	PUT_FIELDS(out, line_fields, l);
	fputc(',', out);
	put_text(out, "ended_reason", tick_reason_label(d->ended_reason), 64);
	fputc(',', out);
	PUT_FIELDS(out, detail_fields, d);
	fputs(",\"latency_ns\":{", out);
	PUT_FIELDS(out, line_latency_fields, d);
	fputs("}}", out);
}

static void
put_endpoint(FILE *out, const struct tick_endpoint_status *e)
{
	static const char *const circuits[] = {"closed", "open", "half_open"};

	fputc('{', out);
	put_text(out, "name", e->name, sizeof(e->name));
	fputc(',', out);
	put_text(out, "circuit",
	    e->circuit >= 0 && e->circuit <= 2 ? circuits[e->circuit] : "unknown", 32);
	fputc(',', out);
	put_text(out, "reason", tick_reason_label(e->reason), 64);
	fputc(',', out);
	PUT_FIELDS(out, endpoint_fields, e);
	fputc('}', out);
}

/* Oldest first. */
static void
put_transitions(FILE *out, const struct tick_control *c)
{
	int64_t n = c->transitions < 0 ? 0 : c->transitions;
	int64_t first = n > TICK_TRANSITIONS_MAX ? n - TICK_TRANSITIONS_MAX : 0;

	fputs(",\"transition\":[", out);
	for (int64_t i = first; i < n; i++) {
		const struct tick_transition *t = &c->transition[i % TICK_TRANSITIONS_MAX];

		fputs(i > first ? ",{" : "{", out);
		put_text(out, "from", tick_line_state_name(t->from), 32);
		fputc(',', out);
		put_text(out, "to", tick_line_state_name(t->to), 32);
		fputc(',', out);
		put_text(out, "reason", tick_reason_label(t->reason), 64);
		fputc(',', out);
		PUT_FIELDS(out, transition_fields, t);
		fputc('}', out);
	}
	fputc(']', out);
}

static void
put_latency(FILE *out, const char *name, const struct tick_latency *latency)
{
	fprintf(out, ",\"%s\":{", name);
	PUT_FIELDS(out, latency_fields, latency);
	fputc('}', out);
}

static void
put_classes(FILE *out, const struct tick_status *s)
{
	fputs(",\"classes\":[", out);
	for (unsigned i = 0; i < TICK_CLASS_COUNT; i++)
		fprintf(out,
		    "%s{\"class\":\"%s\",\"streams\":%" PRId64 ",\"stale\":%" PRId64 "}",
		    i > 0 ? "," : "", tick_class_name(i), s->class_streams[i],
		    s->class_stale[i]);
	fputc(']', out);
}

/* How connections and attempts ended so far; reasons that never happened are left out. */
static void
put_ended(FILE *out, const struct tick_status *s)
{
	bool any = false;

	fputs(",\"ended\":{", out);
	for (unsigned i = 0; i < TICK_REASON_COUNT; i++) {
		if (s->ended[i] == 0)
			continue;
		fprintf(out, "%s\"%s\":%" PRId64, any ? "," : "", tick_reason_label(i),
		    s->ended[i]);
		any = true;
	}
	fputc('}', out);
}

/* Those that are active, in the order of their table. */
static void
put_alerts(FILE *out, const struct alarm_view *alarm)
{
	bool any = false;

	fputs(",\"alerts\":[", out);
	for (unsigned i = 0; alarm != NULL && i < ALERT_COUNT; i++) {
		const struct alert_row *row = alert_row(i);
		const struct alert_figures *f = &alarm->alerts.alert[i].figures;

		if (!alerts_is_active(&alarm->alerts, i))
			continue;
		fprintf(out,
		    "%s{\"alert\":\"%s\",\"severity\":\"%s\",\"text\":\"%s\",\"since_ns\":%" PRId64
		    ",\"of\":%" PRId64 ",\"value\":%" PRId64 ",\"limit\":%" PRId64 "}",
		    any ? "," : "", row->name, alert_severity_name((int)row->severity), row->text,
		    alarm->since[i].ns, f->of, f->value, f->limit);
		any = true;
	}
	fputc(']', out);
}

void
status_json_status(FILE *out, const char *feed, const struct tick_status *s,
    const struct alarm_view *alarm)
{
	int64_t lines = within(s->lines, TICK_LINES_MAX);
	int64_t endpoints = within(s->control.endpoints, TICK_ENDPOINTS_MAX);

	begin(out, feed);
	put_text(out, "release", s->version, sizeof(s->version));
	fputc(',', out);
	put_text(out, "transport", s->transport, sizeof(s->transport));
	fputc(',', out);
	put_text(out, "transport_why", s->transport_why, sizeof(s->transport_why));
	fputc(',', out);
	PUT_FIELDS(out, feed_fields, s);
	put_latency(out, "publish_ns", &s->publish);
	put_latency(out, "arrival_ns", &s->arrival);
	fputs(",\"counters\":{", out);
	for (unsigned i = 0; i < TICK_COUNTER_COUNT; i++)
		fprintf(out, "%s\"%s\":%" PRIu64, i > 0 ? "," : "", tick_counter_name(i),
		    s->counter[i]);
	fputc('}', out);
	put_classes(out, s);
	fputs(",\"line\":[", out);
	for (int64_t i = 0; i < lines; i++) {
		if (i > 0)
			fputc(',', out);
		put_line(out, i, &s->line[i], &s->detail[i]);
	}
	fputs("],\"control\":{", out);
	PUT_FIELDS(out, control_fields, &s->control);
	fputs("},\"endpoint\":[", out);
	for (int64_t i = 0; i < endpoints; i++) {
		if (i > 0)
			fputc(',', out);
		put_endpoint(out, &s->control.endpoint[i]);
	}
	fputc(']', out);
	put_transitions(out, &s->control);
	put_ended(out, s);
	fputs(",\"settings\":{", out);
	PUT_FIELDS(out, settings_fields, &s->settings);
	fputc('}', out);
	put_alerts(out, alarm);
	fputc('}', out);
}

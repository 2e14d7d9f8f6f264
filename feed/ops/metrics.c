#include "feed/ops/metrics.h"

#include <inttypes.h>
#include <string.h>

#include <tickring/reader.h>
#include <tickring/reasons.h>

#include "feed/ops/quoted.h"

#define KNOWN(x) ((x) < 0 ? TICK_ABSENT : (x))

enum kind { GAUGE, COUNTER };
enum scope { FEED, LINE, ENDPOINT, CLASS };
enum scale { ONE, MILLI, NANO };

struct metric {
	enum kind kind;
	enum scope scope;
	const char *name;
	enum scale scale;
	const char *help;
};

static const struct metric metrics[] = {
#define METRIC(kind, scope, name, scale, help, value) {kind, scope, name, scale, help},
#include "feed/ops/metrics.def"
#undef METRIC
};

#define METRICS (sizeof(metrics) / sizeof(metrics[0]))

struct page {
	FILE *out;
	const struct metrics_source *from;
	bool openmetrics;
};

/* The rows below count on from here: the case of a row is its place in the table. */
enum { METRIC_FIRST_ROW = __COUNTER__ + 1 };

static const struct alarm_counts no_alarm;
static const struct tracer_counts no_tracer;

/* Nothing where there is no other leg, or this one was never behind. */
static int64_t
leg_skew(const int64_t skew_ns[TICK_LEGS_MAX], const struct tick_line_status *l)
{
	bool known = l->leg >= 0 && l->leg < TICK_LEGS_MAX && skew_ns[l->leg] > 0;

	return known ? skew_ns[l->leg] : TICK_ABSENT;
}

/* The value of a metric in row n of its scope. */
static int64_t
value_of(size_t metric, const struct metrics_source *from, unsigned n)
{
	const struct tick_status *s = from->status;
	const struct tick_control *c = &s->control;
	const struct tick_health *h = from->health;
	const struct web_counts *w = from->web;
	const struct alarm_counts *a = from->alarm != NULL ? &from->alarm->counts : &no_alarm;
	const struct tracer_counts *t = from->tracer != NULL ? from->tracer : &no_tracer;
	const struct tick_line_status *l = &s->line[n];
	const struct tick_endpoint_status *e = &c->endpoint[n % TICK_ENDPOINTS_MAX];

	switch (metric) {
#define METRIC(kind, scope, name, scale, help, value)                                              \
	case __COUNTER__ - METRIC_FIRST_ROW:                                                       \
		return value;
#include "feed/ops/metrics.def"
#undef METRIC
	default:
		return TICK_ABSENT;
	}
}

/* ---- pieces -------------------------------------------------------------------- */

/* value x 10^exponent, exactly. */
static void
put_decimal(FILE *out, int64_t value, int exponent)
{
	char text[48];

	tick_format(value, exponent, text, sizeof(text));
	fputs(text, out);
}

static void
put_value(FILE *out, enum scale scale, int64_t value)
{
	fputc(' ', out);
	switch (scale) {
	case ONE:
		fprintf(out, "%" PRId64, value);
		break;
	case MILLI:
		put_decimal(out, value, -3);
		break;
	case NANO:
		put_decimal(out, value, -9);
		break;
	}
	fputc('\n', out);
}

/*
 * HELP and TYPE. In OpenMetrics a counter's family has no _total, its samples
 * have; in the text format both have. An info is a gauge there.
 */
static void
put_head(const struct page *p, const char *name, const char *type, const char *help)
{
	size_t n = strlen(name), cut = 0;

	if (p->openmetrics && strcmp(type, "counter") == 0)
		cut = strlen("_total");
	if (p->openmetrics && strcmp(type, "info") == 0)
		cut = strlen("_info");
	if (!p->openmetrics && strcmp(type, "info") == 0)
		type = "gauge";
	fprintf(p->out, "# HELP %.*s %s\n# TYPE %.*s %s\n", (int)(n - cut), name, help,
	    (int)(n - cut), name, type);
}

/* NAME{feed="...", and the caller goes on. */
static void
begin_sample(const struct page *p, const char *name, const char *suffix)
{
	fprintf(p->out, "%s%s{feed=", name, suffix);
	quoted_put(p->out, p->from->feed, 64);
}

static void
put_label(const struct page *p, const char *label, const char *text, size_t room)
{
	fprintf(p->out, ",%s=", label);
	quoted_put(p->out, text, room);
}

/* ---- tables -------------------------------------------------------------------- */

static int64_t
within(int64_t n, int64_t most)
{
	return n < 0 ? 0 : n > most ? most : n;
}

static unsigned
rows_of(const struct page *p, enum scope scope)
{
	const struct tick_status *s = p->from->status;

	switch (scope) {
	case FEED:
		return 1;
	case LINE:
		return (unsigned)within(s->lines, TICK_LINES_MAX);
	case ENDPOINT:
		return (unsigned)within(s->control.endpoints, TICK_ENDPOINTS_MAX);
	case CLASS:
		return TICK_CLASS_COUNT;
	}
	return 0;
}

static void
put_scope(const struct page *p, enum scope scope, unsigned n)
{
	const struct tick_endpoint_status *e = &p->from->status->control.endpoint[0];

	if (scope == LINE)
		fprintf(p->out, ",line=\"%u\"", n);
	else if (scope == ENDPOINT)
		put_label(p, "endpoint", e[n].name, sizeof(e[n].name));
	else if (scope == CLASS)
		put_label(p, "class", tick_class_name(n), 32);
}

static void
put_metric(const struct page *p, size_t number)
{
	const struct metric *m = &metrics[number];
	bool headed = false;

	for (unsigned n = 0; n < rows_of(p, m->scope); n++) {
		int64_t value = value_of(number, p->from, n);

		if (value == TICK_ABSENT)
			continue;
		if (!headed)
			put_head(p, m->name, m->kind == COUNTER ? "counter" : "gauge", m->help);
		headed = true;
		begin_sample(p, m->name, "");
		put_scope(p, m->scope, n);
		fputc('}', p->out);
		put_value(p->out, m->scale, value);
	}
}

static void
put_counters(const struct page *p)
{
	char name[96], help[128];

	for (unsigned i = 0; i < TICK_COUNTER_COUNT; i++) {
		const char *words = tick_counter_help(i);

		snprintf(name, sizeof(name), "tickring_%s_total", tick_counter_name(i));
		snprintf(help, sizeof(help), "%c%s.",
		    words[0] >= 'a' && words[0] <= 'z' ? words[0] - 'a' + 'A' : words[0],
		    words + 1);
		put_head(p, name, "counter", help);
		begin_sample(p, name, "");
		fprintf(p->out, "} %" PRIu64 "\n", p->from->status->counter[i]);
	}
}

static void
put_histogram(const struct page *p, const char *name, const char *help,
    const struct tick_histogram *h)
{
	uint64_t sum = 0;

	put_head(p, name, "histogram", help);
	for (unsigned i = 0; i < TICK_HISTOGRAM_BUCKETS; i++) {
		int64_t bound = tick_histogram_bound(i);

		sum += (uint64_t)h->bucket[i];
		begin_sample(p, name, "_bucket");
		fputs(",le=\"", p->out);
		if (bound == INT64_MAX)
			fputs("+Inf", p->out);
		else
			put_decimal(p->out, bound, -9);
		fprintf(p->out, "\"} %" PRIu64 "\n", sum);
	}
	begin_sample(p, name, "_sum");
	fputc('}', p->out);
	put_value(p->out, NANO, h->sum_ns);
	begin_sample(p, name, "_count");
	fprintf(p->out, "} %" PRIu64 "\n", sum);
}

/* ---- words --------------------------------------------------------------------- */

static const char *
role_name(int64_t role)
{
	static const char *const names[] = {"free", "member", "successor"};

	return role >= 0 && role <= TICK_ROLE_SUCCESSOR ? names[role] : "unknown";
}

static void
put_lines(const struct page *p)
{
	const struct tick_line_status *line = p->from->status->line;
	unsigned lines = rows_of(p, LINE);

	put_head(p, "tickring_line_info", "info", "Where a line goes, what it is for.");
	for (unsigned n = 0; n < lines; n++) {
		begin_sample(p, "tickring_line_info", "");
		put_scope(p, LINE, n);
		put_label(p, "endpoint", line[n].endpoint, sizeof(line[n].endpoint));
		put_label(p, "role", role_name(line[n].role), 32);
		fputs("} 1\n", p->out);
	}
	put_head(p, "tickring_line_state", "gauge", "1: the state that a line is in.");
	for (unsigned n = 0; n < lines; n++) {
		begin_sample(p, "tickring_line_state", "");
		put_scope(p, LINE, n);
		put_label(p, "state", tick_line_state_name(line[n].state), 32);
		fputs("} 1\n", p->out);
	}
}

static void
put_reasons(const struct page *p)
{
	const struct tick_health *h = p->from->health;
	char of[24];

	put_head(p, "tickring_health_reason", "gauge",
	    "Why the score is not 1: 0 a note, 1 warning, 2 critical; of: line or class.");
	for (int64_t i = 0; i < within(h->reasons, TICK_HEALTH_REASONS_MAX); i++) {
		const struct tick_health_reason *r = &h->reason[i];

		snprintf(of, sizeof(of), "%" PRId64, r->of);
		begin_sample(p, "tickring_health_reason", "");
		put_label(p, "reason", tick_health_label(r->what), 64);
		if (r->what == TICK_HEALTH_STALE_STREAMS)
			put_label(p, "of", tick_class_name(r->of), 32);
		else
			put_label(p, "of", r->of < 0 ? "" : of, sizeof(of));
		fputc('}', p->out);
		put_value(p->out, ONE, r->level);
	}
}

/* Reasons that never happened have no sample. */
static void
put_ends(const struct page *p)
{
	const char *name = "tickring_connection_ends_total";

	put_head(p, name, "counter", "Connections and attempts that ended, by reason.");
	for (unsigned i = 0; i < TICK_REASON_COUNT; i++) {
		if (p->from->status->ended[i] == 0)
			continue;
		begin_sample(p, name, "");
		put_label(p, "reason", tick_reason_label(i), 64);
		fputc('}', p->out);
		put_value(p->out, ONE, p->from->status->ended[i]);
	}
}

/* Every alert has its sample, so that its absence is no end of an alarm. */
static void
put_alerts(const struct page *p)
{
	put_head(p, "tickring_alert_active", "gauge", "1: the alert has fired and is not over.");
	for (unsigned i = 0; i < ALERT_COUNT; i++) {
		const struct alert_row *row = alert_row(i);
		bool active = p->from->alarm != NULL &&
		    alerts_is_active(&p->from->alarm->alerts, i);

		begin_sample(p, "tickring_alert_active", "");
		put_label(p, "name", row->name, 64);
		put_label(p, "severity", alert_severity_name((int)row->severity), 16);
		fprintf(p->out, "} %d\n", active);
	}
}

static void
put_build(const struct page *p)
{
	const struct tick_status *s = p->from->status;

	put_head(p, "tickring_build_info", "info", "Version of the feed, and its receive path.");
	begin_sample(p, "tickring_build_info", "");
	put_label(p, "version", s->version, sizeof(s->version));
	put_label(p, "transport", s->transport, sizeof(s->transport));
	fputs("} 1\n", p->out);
}

void
metrics_print(FILE *out, const struct metrics_source *from, bool openmetrics)
{
	const struct page page = {out, from, openmetrics};

	put_build(&page);
	for (size_t i = 0; i < METRICS; i++)
		put_metric(&page, i);
	put_counters(&page);
	put_histogram(&page, "tickring_publish_seconds",
	    "Time from receipt of a message to its publication in the ring.",
	    &from->status->publish_spans);
	put_histogram(&page, "tickring_arrival_seconds",
	    "Time from the exchange's stamp to receipt, by two clocks.",
	    &from->status->arrival_spans);
	put_lines(&page);
	put_ends(&page);
	put_reasons(&page);
	put_alerts(&page);
	if (openmetrics)
		fputs("# EOF\n", out);
}

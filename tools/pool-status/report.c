#include "tools/pool-status/report.h"

#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define J(field) offsetof(struct verdict_row, field)
#define R(field) offsetof(struct reason_row, field)
#define F(field) offsetof(struct feed_row, field)
#define L(field) offsetof(struct line_row, field)
#define E(field) offsetof(struct endpoint_row, field)
#define H(field) offsetof(struct healing_row, field)
#define B(field) offsetof(struct budget_row, field)
#define W(field) offsetof(struct why_row, field)
#define S(field) offsetof(struct stream_row, field)
#define C(field) offsetof(struct check_row, field)
#define V(field) offsetof(struct setting_row, field)
#define KIND(name, help, is_list, columns_of, row) \
	{name, help, is_list, columns_of, COUNT(columns_of), sizeof(row)}

/* Metrics by the names that GET /metrics of the feed has. */
static const struct column verdict_columns[] = {
	{"level", "health", VALUE_TEXT, J(word), METRIC_INFO, NULL, NULL, NULL},
	{"severity", NULL, VALUE_INT, J(level), METRIC_GAUGE, "level",
	    "0 ok, 1 warning, 2 critical, 3 unknown", NULL},
	{"score_permille", "score", VALUE_PERMILLE, J(score), METRIC_GAUGE, "score",
	    "that of the worst indicator", NULL},
	{"ready", "ready", VALUE_INT, J(ready), METRIC_GAUGE, NULL, "1 while it delivers", NULL},
	{"reasons", "reasons", VALUE_INT, J(reasons), METRIC_NONE, NULL, NULL, NULL},
};

static const struct column reason_columns[] = {
	{"level", "level", VALUE_TEXT, R(level), METRIC_NONE, NULL, NULL, NULL},
	{"reason", "reason", VALUE_TEXT, R(label), METRIC_NONE, NULL, NULL, NULL},
	{"of", NULL, VALUE_INT, R(of), METRIC_NONE, NULL, NULL, NULL},
	{"value", NULL, VALUE_INT, R(value), METRIC_NONE, NULL, NULL, NULL},
	{"limit", NULL, VALUE_INT, R(limit), METRIC_NONE, NULL, NULL, NULL},
	{"text", "what", VALUE_TEXT, R(text), METRIC_NONE, NULL, NULL, NULL},
};

static const struct column feed_columns[] = {
	{"writer", "writer", VALUE_TEXT, F(writer), METRIC_INFO, NULL, NULL, NULL},
	{"version", "version", VALUE_TEXT, F(version), METRIC_INFO, NULL, NULL, NULL},
	{"transport", "transport", VALUE_TEXT, F(transport), METRIC_INFO, NULL, NULL, NULL},
	{"up", NULL, VALUE_INT, F(up), METRIC_GAUGE, NULL, "1 while the writer is alive", NULL},
	{"started_ns", "up since", VALUE_TIME, F(started), METRIC_GAUGE, "start_time_seconds",
	    "when the feed was started", NULL},
	{"running_ns", "running", VALUE_SPAN, F(running), METRIC_NONE, NULL, NULL, NULL},
	{"age_ns", "status age", VALUE_SPAN, F(age), METRIC_GAUGE, "status_age_seconds",
	    "age of the status", NULL},
	{"messages_per_s", "messages/s", VALUE_RATE, F(messages_rate), METRIC_GAUGE,
	    "messages_per_second", "messages received, between two reads of the status", NULL},
	{"ticks_per_s", "ticks/s", VALUE_RATE, F(ticks_rate), METRIC_GAUGE, "ticks_per_second",
	    "ticks published, between two reads of the status", NULL},
	{"lines", "lines", VALUE_INT, F(lines), METRIC_GAUGE, NULL, "lines that carry streams",
	    NULL},
	{"lines_live", "live", VALUE_INT, F(lines_live), METRIC_GAUGE, NULL,
	    "of them live, 0 without a living writer", NULL},
	{"successors", "successors", VALUE_INT, F(successors), METRIC_GAUGE, NULL,
	    "lines about to replace others", NULL},
	{"redundancy", "redundancy", VALUE_INT, F(redundancy), METRIC_GAUGE, NULL,
	    "lines that carry every stream", NULL},
	{"streams", "streams", VALUE_INT, F(streams), METRIC_GAUGE, NULL, "streams configured",
	    NULL},
	{"streams_wanted", "wanted", VALUE_INT, F(wanted), METRIC_GAUGE, NULL,
	    "streams placed on lines, each leg counts", NULL},
	{"streams_sent", "sent", VALUE_INT, F(sent), METRIC_GAUGE, NULL,
	    "of them requested, each leg counts", NULL},
	{"streams_acknowledged", "acknowledged", VALUE_INT, F(acknowledged), METRIC_GAUGE, NULL,
	    "of them acknowledged, each leg counts", NULL},
	{"streams_producing", "producing", VALUE_INT, F(producing), METRIC_GAUGE, NULL,
	    "streams that brought data, each leg counts", NULL},
	{"streams_refused", "refused", VALUE_INT, F(refused), METRIC_GAUGE, NULL,
	    "streams that the exchange refused, each leg counts", NULL},
	{"streams_stale", "stale", VALUE_INT, F(stale), METRIC_GAUGE, NULL,
	    "streams that no line delivers", NULL},
	{"streams_shed", "shed", VALUE_INT, F(shed), METRIC_GAUGE, NULL,
	    "streams given up for want of memory or processor", NULL},
	{"rotations", "rotations", VALUE_INT, F(rotations), METRIC_COUNTER, "rotations_total",
	    "lines replaced before they ended", NULL},
	{"failovers", "failovers", VALUE_INT, F(failovers), METRIC_COUNTER, "failovers_total",
	    "times the feed went to the endpoints of another region", NULL},
	{"region", "region", VALUE_INT, F(region), METRIC_GAUGE, NULL, "region in use", NULL},
	{"sockets", "sockets", VALUE_INT, F(sockets), METRIC_GAUGE, NULL, "open sockets", NULL},
	{"memory_bytes", "memory", VALUE_BYTES, F(memory_bytes), METRIC_GAUGE, NULL,
	    "resident memory of the feed", NULL},
	{"cpu_permille", "processor", VALUE_PERMILLE, F(cpu_permille), METRIC_GAUGE, "cpu_ratio",
	    "share of one processor", NULL},
	{"reloads", "reloads", VALUE_INT, F(reloads), METRIC_COUNTER, "reloads_total",
	    "configurations taken while running", NULL},
	{"reloads_refused", "refused reloads", VALUE_INT, F(reloads_refused), METRIC_COUNTER,
	    "reloads_refused_total", "configurations refused while running", NULL},
};

static const struct column line_columns[] = {
	{"line", "line", VALUE_INT, L(line), METRIC_LABEL, NULL, NULL, NULL},
	{"role", "role", VALUE_TEXT, L(role), METRIC_INFO, NULL, NULL, NULL},
	{"leg", "leg", VALUE_INT, L(leg), METRIC_NONE, NULL, NULL, NULL},
	{"peer", NULL, VALUE_INT, L(peer), METRIC_NONE, NULL, NULL, NULL},
	{"state", "state", VALUE_TEXT, L(state), METRIC_INFO, NULL, NULL, NULL},
	{"up", NULL, VALUE_INT, L(up), METRIC_GAUGE, NULL, "1 while the line is live", NULL},
	{"state_for_ns", "since", VALUE_SPAN, L(state_for), METRIC_GAUGE, "state_age_seconds",
	    "time since the last change of state", NULL},
	{"endpoint", "endpoint", VALUE_TEXT, L(endpoint), METRIC_INFO, NULL, NULL, NULL},
	{"attempts", "tries", VALUE_INT, L(attempts), METRIC_COUNTER, "attempts_total",
	    "connection attempts", NULL},
	{"connects", "ups", VALUE_INT, L(connects), METRIC_COUNTER, "connects_total",
	    "connections established", NULL},
	{"streams_wanted", "wanted", VALUE_INT, L(wanted), METRIC_GAUGE, NULL,
	    "streams placed on the line", NULL},
	{"streams_sent", "sent", VALUE_INT, L(sent), METRIC_GAUGE, NULL, "of them requested", NULL},
	{"streams_acknowledged", "acked", VALUE_INT, L(acknowledged), METRIC_GAUGE, NULL,
	    "of them acknowledged", NULL},
	{"messages_per_s", "msg/s", VALUE_RATE, L(rate), METRIC_GAUGE, "messages_per_second",
	    "messages received, between two reads of the status", NULL},
	{"messages", NULL, VALUE_INT, L(messages), METRIC_COUNTER, "messages_total",
	    "messages received", NULL},
	{"bytes", NULL, VALUE_INT, L(bytes), METRIC_COUNTER, "bytes_total",
	    "payload bytes received", NULL},
	{"silent_ns", "silent", VALUE_SPAN, L(silent), METRIC_GAUGE, "last_message_age_seconds",
	    "time since the last message", NULL},
	{"lag_p50_ns", "lag p50", VALUE_SPAN, L(lag_p50), METRIC_NONE, NULL, NULL, NULL},
	{"lag_p90_ns", NULL, VALUE_SPAN, L(lag_p90), METRIC_NONE, NULL, NULL, NULL},
	{"lag_p99_ns", "p99", VALUE_SPAN, L(lag_p99), METRIC_GAUGE, "lag_p99_seconds",
	    "from the exchange's time to publish, 99 % of the last second", NULL},
	{"lag_p999_ns", NULL, VALUE_SPAN, L(lag_p999), METRIC_NONE, NULL, NULL, NULL},
	{"lag_max_ns", NULL, VALUE_SPAN, L(lag_max), METRIC_NONE, NULL, NULL, NULL},
	{"lag_count", NULL, VALUE_INT, L(lag_count), METRIC_NONE, NULL, NULL, NULL},
	{"round_trip_ns", "rtt", VALUE_SPAN, L(round_trip), METRIC_GAUGE, "round_trip_seconds",
	    "from our last PING to its PONG", NULL},
	{"pings", "pings", VALUE_INT, L(pings), METRIC_COUNTER, "pings_total",
	    "PINGs of the server; none where the transport hides them", "hidden"},
	{"pongs_permille", "in time", VALUE_PERMILLE, L(pongs_permille), METRIC_GAUGE,
	    "pongs_in_time_ratio", "PINGs of the server that were answered in time", NULL},
	{"pong_ns", NULL, VALUE_SPAN, L(pong), METRIC_GAUGE, "pong_seconds",
	    "from the server's last PING to the answer", NULL},
	{"pong_max_ns", NULL, VALUE_SPAN, L(pong_max), METRIC_NONE, NULL, NULL, NULL},
	{"wins", NULL, VALUE_INT, L(wins), METRIC_COUNTER, "wins_total",
	    "messages that it brought first", NULL},
	{"duplicates", NULL, VALUE_INT, L(duplicates), METRIC_COUNTER, "duplicates_total",
	    "messages that had come before", NULL},
	{"last_end", "last end", VALUE_TEXT, L(last_end), METRIC_INFO, NULL, NULL, NULL},
	{"close_code", "code", VALUE_INT, L(close_code), METRIC_GAUGE, "last_close_code",
	    "WebSocket close code of the last end", NULL},
	{"ended_by", NULL, VALUE_TEXT, L(ended), METRIC_NONE, NULL, NULL, NULL},
	{"ended_ago_ns", NULL, VALUE_SPAN, L(ended_for), METRIC_NONE, NULL, NULL, NULL},
	{"retry_in_ns", "retry in", VALUE_SPAN, L(retry_in), METRIC_GAUGE, "retry_in_seconds",
	    "time to the next attempt", NULL},
	{"retire_in_ns", NULL, VALUE_SPAN, L(retire_in), METRIC_GAUGE, "retire_in_seconds",
	    "time to the planned replacement", NULL},
};

static const struct column ledger_columns[] = {
	{"line", "line", VALUE_INT, L(line), METRIC_LABEL, NULL, NULL, NULL},
	{"leg", "leg", VALUE_INT, L(leg), METRIC_NONE, NULL, NULL, NULL},
	{"role", "role", VALUE_TEXT, L(role), METRIC_INFO, NULL, NULL, NULL},
	{"state", "state", VALUE_TEXT, L(state), METRIC_INFO, NULL, NULL, NULL},
	{"streams_wanted", "wanted", VALUE_INT, L(wanted), METRIC_GAUGE, NULL,
	    "streams placed on the line", NULL},
	{"streams_sent", "sent", VALUE_INT, L(sent), METRIC_GAUGE, NULL, "of them requested", NULL},
	{"streams_acknowledged", "acked", VALUE_INT, L(acknowledged), METRIC_GAUGE, NULL,
	    "of them acknowledged", NULL},
	{"streams_unacknowledged", "missing", VALUE_INT, L(unacknowledged), METRIC_GAUGE, NULL,
	    "of them not acknowledged", NULL},
	{"streams_listed", "listed", VALUE_INT, L(listed), METRIC_GAUGE, NULL,
	    "acknowledged and in the exchange's list, no message yet", NULL},
	{"streams_producing", "producing", VALUE_INT, L(producing), METRIC_GAUGE, NULL,
	    "of them with data", NULL},
	{"streams_silent", "silent", VALUE_INT, L(quiet), METRIC_GAUGE, NULL,
	    "acknowledged, but without data for too long", NULL},
	{"streams_refused", "refused", VALUE_INT, L(refused), METRIC_GAUGE, NULL,
	    "refused by the exchange", NULL},
	{"messages_per_s", "msg/s", VALUE_RATE, L(rate), METRIC_GAUGE, "messages_per_second",
	    "messages received, between two reads of the status", NULL},
	{"wins", "first", VALUE_INT, L(wins), METRIC_COUNTER, "wins_total",
	    "messages that it brought first", NULL},
	{"duplicates", "duplicates", VALUE_INT, L(duplicates), METRIC_COUNTER, "duplicates_total",
	    "messages that had come before", NULL},
};

static const struct column stream_columns[] = {
	{"stream", "stream", VALUE_TEXT, S(name_text), METRIC_LABEL, NULL, NULL, NULL},
	{"lines", "lines", VALUE_TEXT, S(legs_text), METRIC_NONE, NULL, NULL, NULL},
	{"wanted", NULL, VALUE_INT, S(wanted), METRIC_NONE, NULL, NULL, NULL},
	{"messages_per_s", "msg/s", VALUE_RATE, S(rate), METRIC_GAUGE, "messages_per_second",
	    "messages, on all lines together", NULL},
	{"messages", NULL, VALUE_INT, S(messages), METRIC_COUNTER, "messages_total",
	    "messages, on all lines together", NULL},
	{"silent_ns", "silent", VALUE_SPAN, S(silent), METRIC_GAUGE, "last_message_age_seconds",
	    "time since the last message", NULL},
	{"limit_ns", "limit", VALUE_SPAN, S(limit), METRIC_GAUGE, "silence_limit_seconds",
	    "silence that is not usual any more", NULL},
	{"limit_of", "of", VALUE_TEXT, S(learned), METRIC_NONE, NULL, NULL, NULL},
	{"stale", NULL, VALUE_INT, S(stale), METRIC_GAUGE, NULL, "1 while no line delivers it",
	    NULL},
	{"stale_for_ns", "stale for", VALUE_SPAN, S(stale_for), METRIC_NONE, NULL, NULL, NULL},
	{"reason", "why", VALUE_TEXT, S(reason), METRIC_NONE, NULL, NULL, NULL},
	{"healing", "healing", VALUE_TEXT, S(healing), METRIC_NONE, NULL, NULL, NULL},
	{"refused_code", "refused", VALUE_INT, S(refused_code), METRIC_NONE, NULL, NULL, NULL},
	{"retry_in_ns", "retry in", VALUE_SPAN, S(retry_in), METRIC_NONE, NULL, NULL, NULL},
};

static const struct column endpoint_columns[] = {
	{"endpoint", "endpoint", VALUE_TEXT, E(name), METRIC_LABEL, NULL, NULL, NULL},
	{"region", "region", VALUE_INT, E(region), METRIC_NONE, NULL, NULL, NULL},
	{"circuit", "circuit", VALUE_TEXT, E(circuit), METRIC_INFO, NULL, NULL, NULL},
	{"health_permille", "health", VALUE_PERMILLE, E(score_permille), METRIC_GAUGE,
	    "health_ratio", "health score", NULL},
	{"round_trip_ns", "connect rtt", VALUE_SPAN, E(round_trip), METRIC_GAUGE,
	    "round_trip_seconds", "time to connect, moving average", NULL},
	{"lines", "lines", VALUE_INT, E(lines), METRIC_GAUGE, NULL, "lines there or on their way",
	    NULL},
	{"connects", "ups", VALUE_INT, E(ups), METRIC_COUNTER, "connects_total",
	    "connections established", NULL},
	{"failures", "failures", VALUE_INT, E(failures), METRIC_COUNTER, "failures_total",
	    "attempts that failed and connections that were lost", NULL},
	{"opened_by", "opened by", VALUE_TEXT, E(reason), METRIC_INFO, NULL, NULL, NULL},
	{"retry_in_ns", "retry in", VALUE_SPAN, E(retry_in), METRIC_GAUGE, "retry_in_seconds",
	    "time to the next probe", NULL},
};

static const struct column healing_columns[] = {
	{"streams_producing", "producing", VALUE_INT, H(producing), METRIC_GAUGE, NULL,
	    "streams that brought data, each leg counts", NULL},
	{"streams_refused", "refused", VALUE_INT, H(refused), METRIC_GAUGE, NULL,
	    "streams that the exchange refused, each leg counts", NULL},
	{"streams_stale", "stale", VALUE_INT, H(stale), METRIC_GAUGE, NULL,
	    "streams that no line delivers", NULL},
	{"streams_unlisted", "unlisted", VALUE_INT, H(unlisted), METRIC_GAUGE, NULL,
	    "streams of symbols that the exchange does not list", NULL},
	{"streams_shed", "shed", VALUE_INT, H(shed), METRIC_GAUGE, NULL,
	    "streams given up for want of memory or processor", NULL},
	{"stalls", "stalls", VALUE_INT, H(stalls), METRIC_COUNTER, "stalls_total",
	    "streams found silent for longer than usual", NULL},
	{"lists", "lists", VALUE_INT, H(lists), METRIC_COUNTER, "lists_total",
	    "lists of subscriptions compared", NULL},
	{"lists_missing", "not listed", VALUE_INT, H(lists_missing), METRIC_COUNTER,
	    "lists_missing_total", "streams that such a list lacked", NULL},
	{"lists_foreign", "foreign", VALUE_INT, H(lists_foreign), METRIC_COUNTER,
	    "lists_foreign_total", "streams that such a list named and nobody wanted there",
	    NULL},
	{"streams_silent", "silent", VALUE_INT, H(quiet), METRIC_GAUGE, NULL,
	    "streams acknowledged, but without data for too long, each leg counts", NULL},
	{"silent_alarms", "alarms", VALUE_INT, H(alarms), METRIC_COUNTER, "silent_alarms_total",
	    "times a stream was acknowledged, but silent for too long", NULL},
	{"resubscribed", "resubscribed", VALUE_INT, H(resubscribed), METRIC_COUNTER,
	    "resubscribed_total", "streams subscribed anew", NULL},
	{"moved", "moved", VALUE_INT, H(moved), METRIC_COUNTER, "moved_total",
	    "streams moved to another line", NULL},
	{"recycled", "recycled", VALUE_INT, H(recycled), METRIC_COUNTER, "recycled_total",
	    "lines connected anew for silent streams", NULL},
};

static const struct column budget_columns[] = {
	{"budget", "budget", VALUE_TEXT, B(budget), METRIC_LABEL, NULL, NULL, NULL},
	{"line", "line", VALUE_INT, B(line), METRIC_LABEL, NULL, NULL, "pool"},
	{"used", "used", VALUE_INT, B(used), METRIC_GAUGE, NULL, "used of the limit now", NULL},
	{"max", "limit", VALUE_INT, B(max), METRIC_GAUGE, "limit", "the limit", NULL},
	{"left", "left", VALUE_INT, B(left), METRIC_NONE, NULL, NULL, NULL},
	{"window_ns", "per", VALUE_SPAN, B(window), METRIC_GAUGE, "window_seconds",
	    "time that the limit is for", NULL},
};

static const struct column why_columns[] = {
	{"at_ns", "at", VALUE_TIME, W(at), METRIC_NONE, NULL, NULL, NULL},
	{"ago_ns", "ago", VALUE_SPAN, W(before_now), METRIC_NONE, NULL, NULL, NULL},
	{"from", "from", VALUE_TEXT, W(from), METRIC_NONE, NULL, NULL, NULL},
	{"to", "to", VALUE_TEXT, W(to), METRIC_NONE, NULL, NULL, NULL},
	{"attempt", "try", VALUE_INT, W(attempt), METRIC_NONE, NULL, NULL, NULL},
	{"close_code", "code", VALUE_INT, W(close_code), METRIC_NONE, NULL, NULL, NULL},
	{"http_status", "http", VALUE_INT, W(http_status), METRIC_NONE, NULL, NULL, NULL},
	{"reason", NULL, VALUE_TEXT, W(reason), METRIC_NONE, NULL, NULL, NULL},
	{"text", "why", VALUE_TEXT, W(text), METRIC_NONE, NULL, NULL, NULL},
};

static const struct column check_columns[] = {
	{"writer", "writer", VALUE_TEXT, C(writer), METRIC_INFO, NULL, NULL, NULL},
	{"lines_live", "live", VALUE_INT, C(lines_live), METRIC_GAUGE, NULL,
	    "lines that are live, 0 without a living writer", NULL},
	{"lines", "lines", VALUE_INT, C(lines), METRIC_GAUGE, NULL, "lines that carry streams",
	    NULL},
	{"text", "text", VALUE_TEXT, C(text), METRIC_NONE, NULL, NULL, NULL},
};

static const struct column settings_columns[] = {
	{"set", "set", VALUE_TEXT, V(set), METRIC_NONE, NULL, NULL, NULL},
	{"key", "key", VALUE_TEXT, V(key), METRIC_NONE, NULL, NULL, NULL},
	{"value", "value", VALUE_TEXT, V(value), METRIC_NONE, NULL, NULL, NULL},
};

static const struct table_kind verdict_kind =
    KIND("health", "how the feed is", true, verdict_columns, struct verdict_row);
static const struct table_kind reason_kind =
    KIND("reason", NULL, false, reason_columns, struct reason_row);
static const struct table_kind feed_kind =
    KIND("feed", "how the feed runs", true, feed_columns, struct feed_row);
static const struct table_kind line_kind =
    KIND("line", "where the line is and how it does", false, line_columns, struct line_row);
static const struct table_kind ledger_kind =
    KIND("line", "how the line does", false, ledger_columns, struct line_row);
static const struct table_kind stream_kind =
    KIND("stream", NULL, false, stream_columns, struct stream_row);
static const struct table_kind endpoint_kind =
    KIND("endpoint", "state of its circuit", false, endpoint_columns, struct endpoint_row);
static const struct table_kind healing_kind =
    KIND("ledger", NULL, false, healing_columns, struct healing_row);
static const struct table_kind budget_kind =
    KIND("budget", NULL, false, budget_columns, struct budget_row);
static const struct table_kind settings_kind =
    KIND("setting", NULL, false, settings_columns, struct setting_row);
static const struct table_kind why_kind =
    KIND("transition", NULL, false, why_columns, struct why_row);
static const struct table_kind check_kind =
    KIND("check", "how the writer is", false, check_columns, struct check_row);

static void
add(struct report *report, const struct table_kind *kind, const void *row, unsigned rows)
{
	report->table[report->tables++] = (struct report_table){kind, row, rows};
}

static void
say(struct report *report, const char *note)
{
	if (note[0] != '\0')
		report->note[report->note[0] != NULL] = note;
}

void
report_compose(struct report *report, const struct figures *f, const char *feed, enum mode mode)
{
	*report = (struct report){.feed = feed};
	if (mode != MODE_CHECK)
		say(report, f->note);
	switch (mode) {
	case MODE_POOL:
		add(report, &verdict_kind, &f->verdict.row, 1);
		if (f->verdict.reasons > 0)
			add(report, &reason_kind, f->verdict.reason, f->verdict.reasons);
		add(report, &feed_kind, &f->feed, 1);
		add(report, &line_kind, f->line, f->lines);
		add(report, &endpoint_kind, f->endpoint, f->endpoints);
		break;
	case MODE_STREAMS:
		say(report, f->streams_note);
		add(report, &ledger_kind, f->line, f->lines);
		add(report, &stream_kind, f->stream, f->streams);
		add(report, &healing_kind, &f->healing, 1);
		break;
	case MODE_BUDGETS:
		add(report, &budget_kind, f->budget, f->budgets);
		break;
	case MODE_SETTINGS:
		add(report, &settings_kind, f->settings.row, f->settings.rows);
		break;
	case MODE_WHY:
		say(report, f->why_note);
		add(report, &why_kind, f->why, f->whys);
		break;
	case MODE_CHECK:
		add(report, &check_kind, &f->check, 1);
		break;
	}
}

int64_t
report_int(const struct column *column, const void *row)
{
	int64_t value;

	memcpy(&value, (const char *)row + column->at, sizeof(value));
	return value;
}

const char *
report_text(const struct column *column, const void *row)
{
	const char *value;

	memcpy(&value, (const char *)row + column->at, sizeof(value));
	return value;
}

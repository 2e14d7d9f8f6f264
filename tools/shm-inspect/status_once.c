/* --status: what the feed says of itself. */
#include <stdio.h>

#include <tickring/status.h>

#include "tools/common/clock.h"
#include "tools/common/exits.h"
#include "tools/common/text.h"
#include "tools/shm-inspect/head.h"
#include "tools/shm-inspect/render.h"

#define READ_ATTEMPTS 100 /* a millisecond apart */

static void
show_feed(struct sheet *sheet, const struct tick_status *st, int health)
{
	char transport[sizeof(st->transport) + 1], version[sizeof(st->version) + 1];
	char why[sizeof(st->transport_why) + 1];
	struct record r;

	text_clean(st->transport, sizeof(st->transport), transport, sizeof(transport));
	text_clean(st->transport_why, sizeof(st->transport_why), why, sizeof(why));
	text_clean(st->version, sizeof(st->version), version, sizeof(version));
	record_begin(&r, "feed", false);
	record_text(&r, "writer", health == TICK_END ? "alive" : tick_outcome_text(health));
	record_span(&r, "age", clock_between_ns(clock_mono_ns(), st->at_mono_ns));
	record_time(&r, "at", st->at_ns);
	record_time(&r, "started", st->started_ns);
	record_text(&r, "version", version);
	record_text(&r, "transport", transport);
	record_int(&r, "lines", st->lines);
	record_int(&r, "lines_live", st->lines_live);
	record_int(&r, "streams", st->streams);
	record_int(&r, "instruments", st->instruments);
	record_int(&r, "messages_per_s", st->messages_per_s);
	record_int(&r, "ticks_per_s", st->ticks_per_s);
	if (why[0] != '\0')
		record_text(&r, "because", why);
	sheet_record(sheet, &r);
}

static void
show_latency(struct sheet *sheet, const char *name, const struct tick_latency *l)
{
	bool none = l->count == 0;
	struct record r;

	record_begin(&r, "latency", true);
	record_text(&r, "of", name);
	record_int(&r, "count", l->count);
	record_span(&r, "p50", none ? TICK_ABSENT : l->p50);
	record_span(&r, "p90", none ? TICK_ABSENT : l->p90);
	record_span(&r, "p99", none ? TICK_ABSENT : l->p99);
	record_span(&r, "p99_9", none ? TICK_ABSENT : l->p999);
	record_span(&r, "max", none ? TICK_ABSENT : l->max);
	sheet_record(sheet, &r);
}

static void
show_line(struct sheet *sheet, int64_t number, const struct tick_line_status *l)
{
	int64_t now = clock_wall_ns();
	char endpoint[sizeof(l->endpoint) + 1];
	struct record r;

	text_clean(l->endpoint, sizeof(l->endpoint), endpoint, sizeof(endpoint));
	record_begin(&r, "line", true);
	record_int(&r, "line", number);
	record_text(&r, "endpoint", endpoint);
	record_text(&r, "state", tick_line_state_name(l->state));
	record_span(&r, "for", clock_between_ns(now, l->since_ns));
	record_int(&r, "wanted", l->streams_wanted);
	record_int(&r, "acked", l->streams_acknowledged);
	record_int(&r, "messages", l->messages);
	record_int(&r, "bytes", l->bytes);
	record_span(&r, "silent", clock_between_ns(now, l->last_message_ns));
	record_int(&r, "attempts", l->attempts);
	record_int(&r, "connects", l->connects);
	record_int(&r, "pings", l->pings);
	record_text(&r, "last_end", tick_reason_label(l->reason));
	record_int(&r, "code", l->close_code);
	record_span(&r, "retry_in", clock_between_ns(l->retry_at_ns, now));
	sheet_record(sheet, &r);
}

static void
show_counters(struct sheet *sheet, const struct tick_status *st)
{
	for (unsigned i = 0; i < TICK_COUNTER_COUNT; i++) {
		struct record r;

		record_begin(&r, "counter", true);
		record_text(&r, "counter", tick_counter_name(i));
		record_int(&r, "value", (int64_t)st->counter[i]);
		record_text(&r, "of", tick_counter_help(i));
		sheet_record(sheet, &r);
	}
}

int
status_read(const struct tick_status_reader *reader, struct tick_status *out)
{
	int rc = tick_status_read(reader, out);

	for (int i = 1; i < READ_ATTEMPTS && rc == TICK_E_BUSY; i++) {
		clock_sleep_ns(NS_PER_MS);
		rc = tick_status_read(reader, out);
	}
	return rc;
}

static int
complain(const struct options *o, int rc)
{
	fprintf(stderr, "shm-inspect: status of feed \"%s\": %s\n", o->feed, tick_outcome_text(rc));
	return rc == TICK_E_SYSTEM ? EXIT_OTHER : EXIT_FEED;
}

int
status_run(const struct options *o)
{
	static struct tick_status st;
	struct tick_status_reader *reader;
	struct sheet sheet;
	int rc = tick_status_open(&reader, o->feed);

	if (rc != 0)
		return complain(o, rc);
	rc = status_read(reader, &st);
	if (rc != 0) {
		tick_status_close(&reader);
		return complain(o, rc);
	}
	sheet_init(&sheet, stdout, o->output);
	show_feed(&sheet, &st, tick_status_check(reader));
	show_latency(&sheet, "receipt to publish", &st.publish);
	show_latency(&sheet, "exchange to receipt", &st.arrival);
	for (int64_t i = 0; i < st.lines && i < TICK_LINES_MAX; i++)
		show_line(&sheet, i, &st.line[i]);
	show_counters(&sheet, &st);
	sheet_end(&sheet);
	tick_status_close(&reader);
	return EXIT_FINE;
}

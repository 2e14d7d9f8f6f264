#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "feed/ops/alarm_impl.h"

#define VERSION 1
#define NS_PER_S INT64_C(1000000000)

void
alarm_sender_init(struct alarm_sender *sender, const char *feed)
{
	sender->feed = feed;
	if (gethostname(sender->host, sizeof(sender->host)) != 0)
		snprintf(sender->host, sizeof(sender->host), "unknown");
	sender->host[sizeof(sender->host) - 1] = '\0';
	for (char *c = sender->host; *c != '\0'; c++)
		if (!((*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') ||
		        (*c >= '0' && *c <= '9') || *c == '.' || *c == '-' || *c == '_'))
			*c = '-';
}

const char *
alarm_unit_name(const struct alert_row *row)
{
	static const char *const units[] = {"", "count", "permille", "bytes", "ns", "per_s"};
	int unit = row->event ? TICK_UNIT_COUNT : TICK_UNIT_PERMILLE;

	if (row->what >= 0)
		unit = tick_health_unit(row->what);
	return unit >= 0 && unit <= TICK_UNIT_PER_S ? units[unit] : "";
}

/* ---- pieces: every text in them is our own, or was made of harmless characters --------- */

/* As RFC 3339 has it, in UTC. */
static void
put_time(FILE *out, wall_t at)
{
	time_t second = (time_t)(at.ns / NS_PER_S);
	char text[32] = "";
	struct tm tm;

	if (gmtime_r(&second, &tm) != NULL)
		strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm);
	fprintf(out, "\"%s.%03dZ\"", text, (int)(at.ns % NS_PER_S / 1000000));
}

/* The figures, each with a comma before it. */
static void
put_figures(FILE *out, const struct alarm_item *item)
{
	const struct alert_row *row = alert_row(item->news.alert);
	const struct alert_figures *f = &item->news.figures;
	const char *unit = alarm_unit_name(row);

	if (row->what == TICK_HEALTH_STALE_STREAMS)
		fprintf(out, ",\"class\":\"%s\"", tick_class_name(f->of));
	else if (f->of >= 0)
		fprintf(out, ",\"line\":%" PRId64, f->of);
	if (*unit != '\0')
		fprintf(out, ",\"value\":%" PRId64 ",\"limit\":%" PRId64 ",\"unit\":\"%s\"",
		    f->value, f->limit, unit);
}

/* What was written, or nothing when it did not fit: half a text helps nobody. */
static size_t
finish(FILE *out, const char *text)
{
	bool fits = ferror(out) == 0;

	return fclose(out) == 0 && fits ? strlen(text) : 0;
}

size_t
alarm_text_plain(char *out, const struct alarm_sender *sender, const struct alarm_item *item)
{
	const struct alert_row *row = alert_row(item->news.alert);
	FILE *file = fmemopen(out, ALARM_TEXT_MAX, "w");

	if (file == NULL)
		return 0;
	fprintf(file,
	    "{\"version\":%d,\"feed\":\"%s\",\"host\":\"%s\",\"alert\":\"%s\",\"severity\":\"%s\","
	    "\"event\":\"%s\",\"text\":\"%s\",\"at\":", VERSION, sender->feed, sender->host,
	    row->name, alert_severity_name((int)row->severity),
	    alert_word_name((int)item->news.word), row->text);
	put_time(file, item->at);
	fputs(",\"since\":", file);
	put_time(file, item->since);
	put_figures(file, item);
	fputs("}", file);
	return finish(file, out);
}

/*
 * PagerDuty, Events API v2 (2026-08): trigger and resolve belong together by
 * dedup_key; another trigger with the key of an open incident adds to it.
 */
size_t
alarm_text_pagerduty(char *out, const struct alarm_sender *sender, const struct alarm_item *item,
    const char *key)
{
	const struct alert_row *row = alert_row(item->news.alert);
	bool over = item->news.word == ALERT_CLEARED;
	FILE *file = fmemopen(out, ALARM_TEXT_MAX, "w");

	if (file == NULL)
		return 0;
	fprintf(file,
	    "{\"routing_key\":\"%s\",\"event_action\":\"%s\","
	    "\"dedup_key\":\"tickring/%s/%s/%s\",\"payload\":{\"summary\":\"%s: %s\","
	    "\"source\":\"%s\",\"severity\":\"%s\",\"component\":\"tickring\",\"group\":\"%s\","
	    "\"class\":\"%s\",\"timestamp\":", key, over ? "resolve" : "trigger", sender->host,
	    sender->feed, row->name, sender->feed, row->text, sender->host,
	    alert_severity_name((int)row->severity), sender->feed, row->name);
	put_time(file, item->at);
	fprintf(file, ",\"custom_details\":{\"event\":\"%s\",\"since\":",
	    alert_word_name((int)item->news.word));
	put_time(file, item->since);
	put_figures(file, item);
	fputs("}},\"client\":\"tickring\"}", file);
	return finish(file, out);
}

int
alarm_read_key(const char *file, char key[ALARM_KEY_MAX + 1])
{
	int fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK), error;
	ssize_t n;

	if (fd < 0)
		return -errno;
	n = read(fd, key, ALARM_KEY_MAX);
	error = errno;
	close(fd);
	if (n < 0)
		return -error;
	while (n > 0 && (key[n - 1] == '\n' || key[n - 1] == '\r' || key[n - 1] == ' '))
		n--;
	key[n] = '\0';
	for (ssize_t i = 0; i < n; i++)
		if (key[i] <= ' ' || key[i] > '~' || key[i] == '"' || key[i] == '\\')
			return -EINVAL;
	return n > 0 ? 0 : -EINVAL;
}

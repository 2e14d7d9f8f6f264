#include "feed/base/log_line.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "feed/base/utf8.h"

#define TAIL_MAX 16 /* room kept for ,"cut":true} and the newline */

struct line {
	char *out;
	size_t n;
	size_t room; /* n may grow to this */
	bool full;   /* something did not fit */
	enum log_format format;
};

const char *
log_errno_text(int error)
{
	const char *text = strerrordesc_np(error < 0 ? -error : error);

	return text == NULL ? "unknown error" : text;
}

/* "error", "warning", "info" or "debug". */
static const char *
level_name(enum log_level level)
{
	static const char *const name[] = {"error", "warning", "info", "debug"};

	return name[level];
}

static void
put(struct line *line, const char *p, size_t n)
{
	if (line->full || n > line->room - line->n) {
		line->full = true;
		return;
	}
	memcpy(line->out + line->n, p, n);
	line->n += n;
}

static void
put_text(struct line *line, const char *text)
{
	put(line, text, strlen(text));
}

/* One character or one bad byte of a quoted text. Returns the bytes used. */
static size_t
put_escaped(struct line *line, const char *p, size_t n)
{
	size_t length = utf8_length(p, n);
	char escape[8];

	if (length == 0) {
		put_text(line, "\\ufffd");
		return 1;
	}
	if (*p == '"' || *p == '\\') {
		snprintf(escape, sizeof(escape), "\\%c", *p);
		put_text(line, escape);
	} else if (*p == '\n') {
		put_text(line, "\\n");
	} else if (length == 1 && ((unsigned char)*p < ' ' || *p == 0x7f)) {
		snprintf(escape, sizeof(escape), "\\u%04x", *p);
		put_text(line, escape);
	} else {
		put(line, p, length);
	}
	return length;
}

/* logfmt: quotes only where a reader would need them. */
static bool
is_plain(struct bytes text)
{
	for (size_t i = 0; i < text.n; i++) {
		unsigned char c = (unsigned char)text.p[i];

		if (c <= ' ' || c >= 0x7f || c == '"' || c == '=' || c == '\\')
			return false;
	}
	return text.n > 0;
}

static void
put_bytes(struct line *line, struct bytes text)
{
	if (line->format == LOG_FORMAT_LOGFMT && is_plain(text)) {
		put(line, text.p, text.n);
		return;
	}
	put(line, "\"", 1);
	for (size_t i = 0; i < text.n && !line->full;)
		i += put_escaped(line, text.p + i, text.n - i);
	put(line, "\"", 1);
}

static void
put_value(struct line *line, const struct log_field *field)
{
	char number[24];

	switch (field->type) {
	case LOG_TYPE_I64:
		snprintf(number, sizeof(number), "%" PRId64, field->u.i64);
		put_text(line, number);
		break;
	case LOG_TYPE_U64:
		snprintf(number, sizeof(number), "%" PRIu64, field->u.u64);
		put_text(line, number);
		break;
	case LOG_TYPE_BOOL:
		put_text(line, field->u.on ? "true" : "false");
		break;
	case LOG_TYPE_BYTES:
		put_bytes(line, field->u.bytes);
		break;
	}
}

static void
put_field(struct line *line, const struct log_field *field)
{
	bool json = line->format == LOG_FORMAT_JSON;
	size_t before = line->n;

	if (before > 0)
		put_text(line, json ? "," : " ");
	put_text(line, json ? (before == 0 ? "{\"" : "\"") : "");
	put_text(line, field->key);
	put_text(line, json ? "\":" : "=");
	put_value(line, field);
	if (line->full)
		line->n = before;
}

/* RFC 3339 with microseconds, UTC, into text[32]. */
static void
format_time(wall_t when, char *text)
{
	int64_t us = when.ns / 1000 - (when.ns % 1000 < 0);
	int64_t part = us % 1000000 + (us % 1000000 < 0) * 1000000;
	time_t seconds = (us - part) / 1000000;
	struct tm tm;
	size_t n;

	gmtime_r(&seconds, &tm);
	n = strftime(text, 24, "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(text + n, 32 - n, ".%06dZ", (int)part);
}

size_t
log_line_format(enum log_format format, wall_t when, enum log_level level,
    const struct log_field *field, size_t n, char *out)
{
	struct line line = {out, 0, LOG_LINE_MAX - TAIL_MAX, false, format};
	char stamp[32];

	format_time(when, stamp);
	put_field(&line, &LOG_STR("time", stamp));
	put_field(&line, &LOG_STR("level", level_name(level)));
	for (size_t i = 0; i < n && !line.full; i++)
		put_field(&line, &field[i]);
	line.room = LOG_LINE_MAX;
	if (line.full) {
		line.full = false;
		put_field(&line, &LOG_BOOL("cut", true));
	}
	put_text(&line, format == LOG_FORMAT_JSON ? "}\n" : "\n");
	return line.n;
}

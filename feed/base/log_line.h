/*
 * The text of one log line. Pure.
 */
#ifndef FEED_BASE_LOG_LINE_H
#define FEED_BASE_LOG_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "feed/base/bytes.h"
#include "feed/base/wall.h"

#define LOG_LINE_MAX 512 /* bytes of a line, its newline included */

/* Most urgent first. */
enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

enum log_format { LOG_FORMAT_LOGFMT, LOG_FORMAT_JSON };

enum log_type { LOG_TYPE_I64, LOG_TYPE_U64, LOG_TYPE_BOOL, LOG_TYPE_BYTES };

/* Borrowed for the call; keys are [a-z0-9_]. */
struct log_field {
	const char *key;
	enum log_type type;
	union {
		int64_t i64;
		uint64_t u64;
		bool on;
		struct bytes bytes; /* any bytes; what is no UTF-8 becomes U+FFFD */
	} u;
};

#define LOG_I64(k, v) ((struct log_field){(k), LOG_TYPE_I64, {.i64 = (v)}})
#define LOG_U64(k, v) ((struct log_field){(k), LOG_TYPE_U64, {.u64 = (v)}})
#define LOG_BOOL(k, v) ((struct log_field){(k), LOG_TYPE_BOOL, {.on = (v)}})
#define LOG_BYTES(k, v) ((struct log_field){(k), LOG_TYPE_BYTES, {.bytes = (v)}})
#define LOG_STR(k, v) LOG_BYTES(k, log_text(v))       /* NULL is written as "" */
#define LOG_ERRNO(k, e) LOG_STR(k, log_errno_text(e)) /* errno or -errno */
#define LOG_THEN(v) LOG_STR("then", v)                /* what follows from the event */

static inline struct bytes
log_text(const char *text)
{
	return text == NULL ? BYTES_NONE : bytes_of(text);
}

/* The system's text for a positive or negative errno. */
const char *log_errno_text(int error);

/*
 * Writes time, level and fields and a newline into out[LOG_LINE_MAX], without
 * a NUL. A field that has no room is left out with all that follow it, and the
 * line ends with cut=true. Returns the length.
 */
size_t log_line_format(enum log_format format, wall_t when, enum log_level level,
    const struct log_field *field, size_t n, char *out);

#endif

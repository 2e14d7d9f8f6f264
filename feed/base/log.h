/*
 * Leveled log of events with typed fields, as logfmt or JSON lines:
 *
 *	LOG(WARNING, "line_down", LOG_U64("line", 3), LOG_ERRNO("reason", ECONNREFUSED),
 *	    LOG_THEN("retry in 4.2 s"));
 *
 *	time=2026-11-23T17:28:17.123456Z level=warning event=line_down line=3
 *	    reason="Connection refused" then="retry in 4.2 s"           (one line)
 *
 * A line that is not the end of the program says what follows: LOG_THEN last.
 *
 * Any thread may log. Between log_start() and log_stop() nobody who logs
 * waits, allocates or calls the kernel to write: the line goes into a bounded
 * ring, from which one background thread writes it out. When the ring is full
 * the line is dropped, and their number is logged. Outside of log_start() and
 * log_stop(), where no other thread may run, lines are written at once.
 *
 * A call site logs at most LOG_PER_SECOND lines a second; the number of those
 * suppressed is logged when the second is over.
 */
#ifndef FEED_BASE_LOG_H
#define FEED_BASE_LOG_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "feed/base/log_line.h"

#define LOG_PER_SECOND 10 /* lines a second per call site */

/* Lines less urgent than this are not made. May change at any time. */
extern _Atomic int log_level_max;

/* One per call site, static, zeroed. */
struct log_site {
	const char *event;
	_Atomic int64_t second;      /* CLOCK_MONOTONIC second that is counted */
	_Atomic uint32_t lines;      /* in that second */
	_Atomic uint32_t suppressed; /* not reported yet */
	_Atomic bool listed;
	struct log_site *next; /* in the list of sites that ever suppressed a line */
};

/* The least urgent level that is logged; LOG_LEVEL_INFO until told otherwise. */
void log_set_level(enum log_level level);

/* The form of the lines; LOG_FORMAT_LOGFMT until told otherwise. Before log_start(). */
void log_set_format(enum log_format format);

/*
 * Where lines go: a file descriptor, 2 until told otherwise. It stays the
 * caller's; log_stop() must come before it is closed. Before log_start().
 */
void log_set_fd(int fd);

/*
 * The file that this descriptor was opened for, at most LOG_PATH_MAX bytes
 * with the NUL; copied. "" (until told otherwise): none. Before log_start().
 */
#define LOG_PATH_MAX 4096
void log_set_path(const char *path);

/*
 * Opens that file anew and goes on in there, with all lines that are not
 * written yet: somebody moved the old one away. Where that fails the old one is
 * kept, which is logged. Any thread; nothing without a file or a log that was started.
 */
void log_reopen(void);

/* Starts the background thread. Returns 0 or -errno. Not started twice. */
int log_start(void);

/*
 * Writes out what is left and joins the thread. A descriptor that blocks for
 * 2 s is given up, for the process has to end: the thread is left where it is,
 * what is left is lost, and so is every later line. Nothing when not started.
 */
void log_stop(void);

/* Lines dropped so far because the ring was full or could not be written. */
uint64_t log_dropped(void);

/* May the site log one more line in that second of CLOCK_MONOTONIC? */
bool log_site_allows(struct log_site *site, int64_t second);

/* Behind LOG(). field[0] names the event, by a text that stays. */
void log_write(struct log_site *site, enum log_level level, const struct log_field *field,
    size_t n);

/* The fields are evaluated only when the level is logged. `event`: a literal. */
#define LOG(level, event, ...)                                                                     \
	do {                                                                                       \
		if ((int)LOG_LEVEL_##level <=                                                      \
		    atomic_load_explicit(&log_level_max, memory_order_relaxed)) {                  \
			static struct log_site log_site_;                                          \
			const struct log_field log_field_[] = {LOG_STR("event", "" event),         \
			    ##__VA_ARGS__};                                                        \
			log_write(&log_site_, LOG_LEVEL_##level, log_field_,                       \
			    sizeof(log_field_) / sizeof(log_field_[0]));                           \
		}                                                                                  \
	} while (0)

/* The same, for what is seldom and must not be missing: no limit but that of the ring. */
#define LOG_EACH(level, event, ...)                                                                \
	do {                                                                                       \
		if ((int)LOG_LEVEL_##level <=                                                      \
		    atomic_load_explicit(&log_level_max, memory_order_relaxed)) {                  \
			struct log_site log_site_ = {0};                                           \
			const struct log_field log_field_[] = {LOG_STR("event", "" event),         \
			    ##__VA_ARGS__};                                                        \
			log_write(&log_site_, LOG_LEVEL_##level, log_field_,                       \
			    sizeof(log_field_) / sizeof(log_field_[0]));                           \
		}                                                                                  \
	} while (0)

#endif

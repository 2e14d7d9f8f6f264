#include "feed/base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "feed/base/log_ring.h"

#define NS_PER_S 1000000000
#define STOP_WITHIN_S 2 /* what is left must be written by then */

_Atomic int log_level_max = LOG_LEVEL_INFO;

/* The process has one log; LOG() is called from anywhere. */
static struct {
	enum log_format format;
	int fd;
	bool started, abandoned;
	_Atomic bool stop, reopen;
	char path[LOG_PATH_MAX];
	_Atomic uint64_t dropped;
	uint64_t reported; /* of dropped; the background thread's */
	struct log_site *_Atomic sites;
	pthread_t thread;
	sem_t wake, ended;
	struct log_ring ring;
} log_state = {.format = LOG_FORMAT_LOGFMT, .fd = STDERR_FILENO};

void
log_set_level(enum log_level level)
{
	atomic_store_explicit(&log_level_max, (int)level, memory_order_relaxed);
}

void
log_set_format(enum log_format format)
{
	log_state.format = format;
}

void
log_set_fd(int fd)
{
	log_state.fd = fd;
}

void
log_set_path(const char *path)
{
	snprintf(log_state.path, sizeof(log_state.path), "%s", path);
}

void
log_reopen(void)
{
	if (!log_state.started || log_state.path[0] == '\0')
		return;
	atomic_store_explicit(&log_state.reopen, true, memory_order_release);
	sem_post(&log_state.wake);
}

static int64_t
clock_now(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return (int64_t)ts.tv_sec * NS_PER_S + ts.tv_nsec;
}

/* Writes all of it, or gives up: there is nobody to tell. */
static bool
write_out(int fd, const char *p, size_t n)
{
	while (n > 0) {
		ssize_t done = write(fd, p, n);

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return false;
		p += done;
		n -= (size_t)done;
	}
	return true;
}

static void
count_dropped(void)
{
	atomic_fetch_add_explicit(&log_state.dropped, 1, memory_order_relaxed);
}

uint64_t
log_dropped(void)
{
	return atomic_load_explicit(&log_state.dropped, memory_order_relaxed);
}

/* The list only grows, so that a push needs no more than this. */
static void
list_site(struct log_site *site, const char *event)
{
	if (atomic_exchange_explicit(&site->listed, true, memory_order_relaxed))
		return;
	site->event = event;
	site->next = atomic_load_explicit(&log_state.sites, memory_order_relaxed);
	while (!atomic_compare_exchange_weak_explicit(&log_state.sites, &site->next, site,
	    memory_order_release, memory_order_relaxed))
		;
}

bool
log_site_allows(struct log_site *site, int64_t second)
{
	if (atomic_exchange_explicit(&site->second, second, memory_order_relaxed) != second)
		atomic_store_explicit(&site->lines, 0, memory_order_relaxed);
	if (atomic_fetch_add_explicit(&site->lines, 1, memory_order_relaxed) < LOG_PER_SECOND)
		return true;
	atomic_fetch_add_explicit(&site->suppressed, 1, memory_order_relaxed);
	return false;
}

/* A line of the log's own, straight to the descriptor. */
static void
write_own(int fd, const char *event, const char *key, uint64_t n, const char *then)
{
	const struct log_field field[] = {LOG_STR("event", event), LOG_U64("lines", n),
	    LOG_STR("of", key), LOG_THEN(then)};
	char line[LOG_LINE_MAX];
	size_t length = log_line_format(log_state.format, (wall_t){clock_now(CLOCK_REALTIME)},
	    LOG_LEVEL_WARNING, field, sizeof(field) / sizeof(field[0]), line);

	if (!write_out(fd, line, length))
		count_dropped();
}

/* Sites whose second is over say how much they held back. */
static void
report_suppressed(int fd, int64_t second)
{
	struct log_site *site = atomic_load_explicit(&log_state.sites, memory_order_acquire);

	for (; site != NULL; site = site->next) {
		uint32_t n;

		if (atomic_load_explicit(&site->second, memory_order_relaxed) >= second)
			continue;
		n = atomic_exchange_explicit(&site->suppressed, 0, memory_order_relaxed);
		if (n > 0)
			write_own(fd, "log_lines_suppressed", site->event, n,
			    "10 a second of one place are logged");
	}
}

static void
report_dropped(int fd)
{
	uint64_t dropped = log_dropped();

	if (dropped == log_state.reported)
		return;
	write_own(fd, "log_lines_dropped", "log", dropped - log_state.reported,
	    "they are lost, the feed goes on");
	log_state.reported = dropped;
}

/* The new file takes the number of the old one's descriptor. */
static void
open_anew(void)
{
	const struct log_field failed[] = {LOG_STR("event", "log_not_reopened"),
	    LOG_STR("path", log_state.path), LOG_THEN("lines go on to the file that was open")};
	char line[LOG_LINE_MAX];
	size_t n;
	int fd = open(log_state.path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);

	if (fd >= 0 && dup3(fd, log_state.fd, O_CLOEXEC) == log_state.fd) {
		close(fd);
		return;
	}
	if (fd >= 0)
		close(fd);
	n = log_line_format(log_state.format, (wall_t){clock_now(CLOCK_REALTIME)},
	    LOG_LEVEL_ERROR, failed, sizeof(failed) / sizeof(failed[0]), line);
	if (!write_out(log_state.fd, line, n))
		count_dropped();
}

static void
reopen_if_asked(void)
{
	if (atomic_load_explicit(&log_state.reopen, memory_order_relaxed) &&
	    atomic_exchange_explicit(&log_state.reopen, false, memory_order_acquire))
		open_anew();
}

/* Writes out every line that is in the ring: the log thread's work. */
static void
drain(int fd)
{
	const struct log_slot *slot;

	reopen_if_asked();
	while ((slot = log_ring_peek(&log_state.ring)) != NULL) {
		reopen_if_asked(); /* what was logged after that is not for the old file */
		if (!write_out(fd, slot->text, slot->length))
			count_dropped();
		log_ring_release(&log_state.ring);
	}
}

/* Returns whether it was posted. */
static bool
wait_for(sem_t *sem, int seconds)
{
	struct timespec until;
	int rc;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += seconds;
	do
		rc = sem_clockwait(sem, CLOCK_MONOTONIC, &until);
	while (rc != 0 && errno == EINTR);
	return rc == 0;
}

static void
write_all(int64_t second)
{
	drain(log_state.fd);
	report_dropped(log_state.fd);
	report_suppressed(log_state.fd, second);
}

static void *
log_thread(void *arg)
{
	(void)arg;
	while (!atomic_load_explicit(&log_state.stop, memory_order_acquire)) {
		/* Once a second even in silence, for the suppressed lines. */
		wait_for(&log_state.wake, 1);
		write_all(clock_now(CLOCK_MONOTONIC) / NS_PER_S);
	}
	write_all(INT64_MAX);
	sem_post(&log_state.ended);
	return NULL;
}

int
log_start(void)
{
	sigset_t all, before;
	int error;

	if (log_state.started)
		return 0;
	log_ring_init(&log_state.ring);
	atomic_store_explicit(&log_state.stop, false, memory_order_relaxed);
	if (sem_init(&log_state.wake, 0, 0) != 0 || sem_init(&log_state.ended, 0, 0) != 0)
		return -errno;
	/* Signals are for the threads that wait for them. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	error = pthread_create(&log_state.thread, NULL, log_thread, NULL);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (error != 0) {
		sem_destroy(&log_state.wake);
		sem_destroy(&log_state.ended);
		return -error;
	}
	log_state.started = true;
	return 0;
}

void
log_stop(void)
{
	if (!log_state.started || log_state.abandoned)
		return;
	atomic_store_explicit(&log_state.stop, true, memory_order_release);
	sem_post(&log_state.wake);
	if (!wait_for(&log_state.ended, STOP_WITHIN_S)) {
		/* Nothing calls a blocked write back; the end of the process takes it along. */
		log_state.abandoned = true;
		pthread_detach(log_state.thread);
		return;
	}
	pthread_join(log_state.thread, NULL);
	log_state.started = false;
	sem_destroy(&log_state.wake);
	sem_destroy(&log_state.ended);
}

void
log_write(struct log_site *site, enum log_level level, const struct log_field *field, size_t n)
{
	wall_t now = {clock_now(CLOCK_REALTIME)};
	struct log_slot *slot;
	char line[LOG_LINE_MAX];

	if (!log_state.started) {
		n = log_line_format(log_state.format, now, level, field, n, line);
		if (!write_out(log_state.fd, line, n))
			count_dropped();
		return;
	}
	if (!log_site_allows(site, clock_now(CLOCK_MONOTONIC) / NS_PER_S)) {
		list_site(site, field[0].u.bytes.p);
		return;
	}
	slot = log_ring_claim(&log_state.ring);
	if (slot == NULL) {
		count_dropped();
		return;
	}
	slot->length = (uint32_t)log_line_format(log_state.format, now, level, field, n,
	    slot->text);
	log_ring_publish(slot);
	sem_post(&log_state.wake);
}

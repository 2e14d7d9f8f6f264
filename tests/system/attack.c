#include "tests/system/attack.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "feed/io/clock.h"

#define SLOW_MAX 1024
#define SCRAPERS 8      /* connections that scrape, kept open */
#define ANSWER_MAX 262144
#define GARBAGE_MAX 200000
#define NICENESS 10

struct attack {
	uint16_t port;
	unsigned slow, per_s;
	_Atomic bool stop;
	pthread_t slow_thread, garbage_thread, scrape_thread;
	struct attack_counts counts; /* each field by one thread */
	int slow_fd[SLOW_MAX];
	size_t slow_sent[SLOW_MAX];
};

static int
dial(const struct attack *a, bool blocking)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(a->port),
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct timeval limit = {.tv_sec = 2};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | (blocking ? 0 : SOCK_NONBLOCK), 0);

	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0 || errno == EINPROGRESS)
		return fd;
	close(fd);
	return -1;
}

static void
nap(int ms)
{
	struct timespec span = {.tv_nsec = ms * 1000000L};

	nanosleep(&span, NULL);
}

/* It stands for other hosts, whose processors are their own: it takes none from the feed. */
static void
stand_aside(void)
{
	setpriority(PRIO_PROCESS, (id_t)gettid(), NICENESS);
}

/* ---- slow loris ---------------------------------------------------------------------- */

static void
push_slow(struct attack *a, unsigned i)
{
	static const char request[] = "GET /metrics HTTP/1.1\r\nHost: localhost\r\nX-Slow: ";
	size_t at = a->slow_sent[i]++;
	char byte = at < sizeof(request) - 1 ? request[at] : 'a', scratch[256];

	if (recv(a->slow_fd[i], scratch, sizeof(scratch), MSG_DONTWAIT) == 0 ||
	    (send(a->slow_fd[i], &byte, 1, MSG_NOSIGNAL | MSG_DONTWAIT) < 0 && errno != EAGAIN)) {
		close(a->slow_fd[i]);
		a->slow_fd[i] = -1;
		a->counts.slow_cut++;
	}
}

static void *
be_slow(void *context)
{
	struct attack *a = context;
	uint64_t open;

	stand_aside();
	while (!atomic_load(&a->stop)) {
		open = 0;
		for (unsigned i = 0; i < a->slow; i++) {
			if (a->slow_fd[i] < 0) {
				a->slow_fd[i] = dial(a, false);
				a->slow_sent[i] = 0;
				a->counts.slow_opened += a->slow_fd[i] >= 0;
			} else {
				push_slow(a, i);
			}
			open += a->slow_fd[i] >= 0;
		}
		if (open > a->counts.slow_most)
			a->counts.slow_most = open;
		nap(100);
	}
	return NULL;
}

/* ---- what is no request ---------------------------------------------------------------- */

static size_t
make_garbage(char *out, unsigned kind)
{
	size_t n = 0;

	switch (kind % 7) {
	case 0: /* a header without end */
		n = (size_t)snprintf(out, 64, "GET /metrics HTTP/1.1\r\nX: ");
		memset(out + n, 'a', GARBAGE_MAX - n);
		return GARBAGE_MAX;
	case 1: /* a path without end */
		n = (size_t)snprintf(out, 64, "GET /");
		memset(out + n, 'b', GARBAGE_MAX - n);
		return GARBAGE_MAX;
	case 2: /* a body that was not announced so */
		return (size_t)snprintf(out, 256, "PATCH /config HTTP/1.1\r\nContent-Length: "
		    "99999999999999999999\r\n\r\n{}");
	case 3: /* TLS where there is none */
		memcpy(out, "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11);
		memset(out + 11, 0x5a, 500);
		return 511;
	case 4:
		return (size_t)snprintf(out, 64, "\r\n\r\n\r\nGET\r\n\r\n");
	case 5:
		return (size_t)snprintf(out, 256, "GET /metrics HTTP/9.9\r\nContent-Length: -1\r\n"
		    "Transfer-Encoding: chunked\r\nHost: \r\n\r\nzz\r\n");
	default:
		for (; n < 4096; n++)
			out[n] = (char)(n * 7919 + kind * 104729);
		return n;
	}
}

static void *
send_garbage(void *context)
{
	struct attack *a = context;
	char *garbage = malloc(GARBAGE_MAX), scratch[4096];
	size_t n;
	int fd;

	stand_aside();
	for (unsigned kind = 0; garbage != NULL && !atomic_load(&a->stop); kind++) {
		fd = dial(a, true);
		if (fd < 0)
			continue;
		n = make_garbage(garbage, kind);
		(void)!send(fd, garbage, n, MSG_NOSIGNAL);
		/* Half of them wait for what comes back. */
		if (kind & 1)
			(void)!recv(fd, scratch, sizeof(scratch), MSG_DONTWAIT);
		close(fd);
		a->counts.garbage++;
		nap(5);
	}
	free(garbage);
	return NULL;
}

/* ---- scrapes ----------------------------------------------------------------------------- */

struct scraper {
	int fd;
	unsigned due; /* requests not sent yet, or not answered */
	bool asked;
	size_t n;
	char answer[ANSWER_MAX];
};

static void
hang_up(struct scraper *s)
{
	close(s->fd);
	s->fd = -1;
	s->asked = false;
	s->n = 0;
}

/* Is the answer in it whole? */
static bool
is_whole(const struct scraper *s)
{
	const char *end = memmem(s->answer, s->n, "\r\n\r\n", 4), *length;

	if (end == NULL)
		return false;
	length = memmem(s->answer, s->n, "content-length: ", 16);
	return length != NULL &&
	    (size_t)(end + 4 - s->answer) + strtoul(length + 16, NULL, 10) <= s->n;
}

static void
scrape(struct attack *a, struct scraper *s)
{
	static const char request[] = "GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n";
	ssize_t got;

	if (s->fd < 0)
		s->fd = dial(a, true);
	if (s->fd < 0)
		return;
	if (!s->asked && s->due > 0) {
		s->n = 0;
		s->asked = send(s->fd, request, sizeof(request) - 1, MSG_NOSIGNAL) > 0;
	}
	if (!s->asked)
		return;
	got = recv(s->fd, s->answer + s->n, sizeof(s->answer) - s->n, MSG_DONTWAIT);
	if (got == 0 || (got < 0 && errno != EAGAIN)) {
		hang_up(s);
		return;
	}
	s->n += got > 0 ? (size_t)got : 0;
	if (is_whole(s)) {
		a->counts.answers++;
		s->asked = false;
		s->due--;
	}
}

static void *
scrape_all(void *context)
{
	struct attack *a = context;
	struct scraper *s = calloc(SCRAPERS, sizeof(*s));
	struct pollfd polls[SCRAPERS];
	int64_t begun = clock_mono().ns, now;
	uint64_t sent = 0, want;
	unsigned next = 0;

	stand_aside();
	for (unsigned i = 0; i < SCRAPERS; i++)
		s[i].fd = -1;
	while (!atomic_load(&a->stop)) {
		now = clock_mono().ns;
		want = (uint64_t)(now - begun) / 1000 * a->per_s / 1000000;
		for (; sent < want; sent++) {
			if (s[next].due < 100)
				s[next].due++;
			next = (next + 1) % SCRAPERS;
		}
		for (unsigned i = 0; i < SCRAPERS; i++) {
			scrape(a, &s[i]);
			scrape(a, &s[i]);
			polls[i] = (struct pollfd){.fd = s[i].asked ? s[i].fd : -1,
			    .events = POLLIN};
		}
		poll(polls, SCRAPERS, 1);
	}
	for (unsigned i = 0; i < SCRAPERS; i++)
		if (s[i].fd >= 0)
			close(s[i].fd);
	free(s);
	return NULL;
}

/* ---- all ----------------------------------------------------------------------------------- */

struct attack *
attack_start(uint16_t port, unsigned slow, unsigned per_s)
{
	struct attack *a = calloc(1, sizeof(*a));
	struct rlimit files;

	if (a == NULL || slow > SLOW_MAX)
		abort();
	if (getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur < files.rlim_max) {
		files.rlim_cur = files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
	}
	a->port = port;
	a->slow = slow;
	a->per_s = per_s;
	for (unsigned i = 0; i < SLOW_MAX; i++)
		a->slow_fd[i] = -1;
	if (pthread_create(&a->slow_thread, NULL, be_slow, a) != 0 ||
	    pthread_create(&a->garbage_thread, NULL, send_garbage, a) != 0 ||
	    pthread_create(&a->scrape_thread, NULL, scrape_all, a) != 0)
		abort();
	return a;
}

struct attack_counts
attack_stop(struct attack *a)
{
	struct attack_counts counts;

	atomic_store(&a->stop, true);
	pthread_join(a->slow_thread, NULL);
	pthread_join(a->garbage_thread, NULL);
	pthread_join(a->scrape_thread, NULL);
	for (unsigned i = 0; i < SLOW_MAX; i++)
		if (a->slow_fd[i] >= 0)
			close(a->slow_fd[i]);
	counts = a->counts;
	free(a);
	return counts;
}

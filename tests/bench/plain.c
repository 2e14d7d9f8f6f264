#include "tests/bench/plain.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define QUEUE_SLOTS 4096u
#define RATE 100000

struct message {
	uint64_t stamp, number, words[14];
};

struct queue {
	pthread_mutex_t mutex;
	pthread_cond_t filled;
	uint64_t head, tail;
	struct message slot[QUEUE_SLOTS];
};

/* In the arena. */
struct plain_job {
	enum plain_kind kind;
	int in, out; /* of the pipe or the sockets */
	unsigned messages;
	double reader;
	struct queue queue;
	struct paced paced;
};

static void
queue_init(struct queue *q)
{
	pthread_mutexattr_t mutex;
	pthread_condattr_t cond;

	q->head = q->tail = 0;
	pthread_mutexattr_init(&mutex);
	pthread_mutexattr_setpshared(&mutex, PTHREAD_PROCESS_SHARED);
	pthread_mutex_init(&q->mutex, &mutex);
	pthread_condattr_init(&cond);
	pthread_condattr_setpshared(&cond, PTHREAD_PROCESS_SHARED);
	pthread_cond_init(&q->filled, &cond);
}

static bool
queue_put(struct queue *q, const struct message *m, bool wake)
{
	bool room;

	pthread_mutex_lock(&q->mutex);
	room = q->head - q->tail < QUEUE_SLOTS;
	if (room)
		q->slot[q->head++ % QUEUE_SLOTS] = *m;
	pthread_mutex_unlock(&q->mutex);
	if (room && wake)
		pthread_cond_signal(&q->filled);
	return room;
}

static bool
queue_get(struct queue *q, struct message *m, bool sleep)
{
	bool filled;

	pthread_mutex_lock(&q->mutex);
	while (sleep && q->head == q->tail)
		pthread_cond_wait(&q->filled, &q->mutex);
	filled = q->head != q->tail;
	if (filled)
		*m = q->slot[q->tail++ % QUEUE_SLOTS];
	pthread_mutex_unlock(&q->mutex);
	return filled;
}

static void
put(struct plain_job *job, const struct message *m)
{
	switch (job->kind) {
	case PLAIN_MUTEX_POLLED:
	case PLAIN_MUTEX:
		while (!queue_put(&job->queue, m, job->kind == PLAIN_MUTEX))
			;
		break;
	case PLAIN_DATAGRAM:
		if (send(job->in, m, sizeof(*m), 0) != (ssize_t)sizeof(*m))
			_exit(1);
		break;
	case PLAIN_PIPE:
		if (write(job->in, m, sizeof(*m)) != (ssize_t)sizeof(*m))
			_exit(1);
		break;
	case PLAIN_COUNT:
		break;
	}
}

static bool
get(struct plain_job *job, struct message *m)
{
	switch (job->kind) {
	case PLAIN_MUTEX_POLLED:
	case PLAIN_MUTEX:
		return queue_get(&job->queue, m, job->kind == PLAIN_MUTEX);
	case PLAIN_DATAGRAM:
		return recv(job->out, m, sizeof(*m), MSG_DONTWAIT) == (ssize_t)sizeof(*m);
	case PLAIN_PIPE:
		return read(job->out, m, sizeof(*m)) == (ssize_t)sizeof(*m);
	case PLAIN_COUNT:
		break;
	}
	return false;
}

static void
send_plain(void *ctx, uint64_t stamp, uint32_t i)
{
	struct message m = {.stamp = stamp, .number = i};

	put(ctx, &m);
}

static enum paced_look
look_plain(void *ctx, uint64_t *stamp, uint32_t *i)
{
	struct message m;

	if (!get(ctx, &m))
		return PACED_NOTHING;
	*stamp = m.stamp;
	*i = (uint32_t)m.number;
	return PACED_GOT;
}

static void
write_paced(void *arg)
{
	struct plain_job *job = arg;

	paced_send(&job->paced, send_plain, job);
}

static void
read_paced(void *arg)
{
	struct plain_job *job = arg;

	pair_reader_ready();
	paced_receive(&job->paced, look_plain, job);
}

static void
write_flow(void *arg)
{
	struct plain_job *job = arg;

	for (uint32_t i = 0; i < job->messages; i++)
		send_plain(job, 0, i);
}

static void
read_flow(void *arg)
{
	struct plain_job *job = arg;
	uint64_t start = 0;
	struct message m;

	pair_reader_ready();
	for (uint32_t got = 0; got < job->messages;) {
		if (!get(job, &m))
			continue;
		if (got++ == 0)
			start = bench_stamp();
	}
	job->reader = (double)(bench_stamp() - start) / job->messages;
}

static struct plain_job *
open_job(const struct pair *pair, enum plain_kind kind)
{
	struct plain_job *job = pair->arena;
	int fd[2] = {-1, -1}, rc = 0;

	job->kind = kind;
	queue_init(&job->queue);
	if (kind == PLAIN_DATAGRAM)
		rc = socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, fd);
	else if (kind == PLAIN_PIPE)
		rc = pipe2(fd, O_CLOEXEC);
	if (rc != 0) {
		perror("plain alternatives");
		exit(1);
	}
	job->out = fd[0];
	job->in = fd[1];
	if (kind == PLAIN_PIPE)
		fcntl(job->out, F_SETFL, O_NONBLOCK);
	return job;
}

static void
close_job(struct plain_job *job)
{
	if (job->in >= 0)
		close(job->in);
	if (job->out >= 0)
		close(job->out);
}

struct pair_verdict
plain_paced(const struct pair *pair, enum plain_kind kind, unsigned rate, unsigned millis,
    struct paced_result *out)
{
	struct plain_job *job = open_job(pair, kind);
	struct pair_job both = {.writer = write_paced, .reader = read_paced, .arg = job};
	struct pair_verdict verdict;

	paced_init(&job->paced, &pair->clock, rate, millis);
	verdict = pair_run(pair, &both);
	*out = paced_result(&job->paced, &pair->clock);
	close_job(job);
	return verdict;
}

struct pair_verdict
plain_flow(const struct pair *pair, enum plain_kind kind, unsigned messages, double *ns)
{
	struct plain_job *job = open_job(pair, kind);
	struct pair_job both = {.writer = write_flow, .reader = read_flow, .arg = job};
	struct pair_verdict verdict;

	job->messages = messages;
	verdict = pair_run(pair, &both);
	*ns = job->reader * pair->clock.ns_per_stamp;
	close_job(job);
	return verdict;
}

enum plain_figure { CALL, P50, P99, FULL };

void
plain_figures_init(struct figure *figure)
{
#define ROWS(id, name) \
	{.key = "plain_" id "_call_ns", .what = name ": sending call, 100 k/s"}, \
	    {.key = "plain_" id "_p50_ns", .what = "  one way p50", .base = "half trip"}, \
	    {.key = "plain_" id "_p99_ns", .what = "  one way p99", .base = "half trip"}, \
	    {.key = "plain_" id "_full_ns", .what = "  full speed"},
	static const struct figure rows[PLAIN_FIGURES] = {
		ROWS("mutex_polled", "mutex queue, polled")
		ROWS("mutex", "mutex queue, condition variable")
		ROWS("datagram", "Unix datagram socket")
		ROWS("pipe", "pipe")
	};
#undef ROWS

	for (size_t i = 0; i < PLAIN_FIGURES; i++)
		figure[i] = rows[i];
}

void
plain_figures_run(const struct pair *pair, struct figure *figure, unsigned millis)
{
	for (enum plain_kind kind = 0; kind < PLAIN_COUNT; kind++, figure += 4) {
		struct paced_result paced;
		struct pair_verdict v = plain_paced(pair, kind, RATE, millis, &paced);
		double ns;

		if (v.counted) {
			figure_add(&figure[CALL], paced.call_p50_ns, 0, v.rtt_ns);
			figure_add(&figure[P50], paced.p50_ns, v.rtt_ns / 2, v.rtt_ns);
			figure_add(&figure[P99], paced.p99_ns, v.rtt_ns / 2, v.rtt_ns);
		} else {
			figure[CALL].dropped++;
			figure[P50].dropped++;
			figure[P99].dropped++;
		}
		v = plain_flow(pair, kind, millis * 500, &ns);
		if (v.counted)
			figure_add(&figure[FULL], ns, 0, v.rtt_ns);
		else
			figure[FULL].dropped++;
	}
}

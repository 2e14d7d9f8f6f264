/*
 * Blocks to the disk by a thread, for where io_uring is forbidden. The feed
 * thread hands over by an atomic number and a semaphore, which it never waits
 * for.
 */
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "feed/io/tape_impl.h"

struct tape_thread {
	struct tape_writer base;
	struct tape_queue *queue; /* there before `base` is filled in */
	pthread_t thread;
	sem_t work;
	unsigned told; /* blocks that the thread was told of */
	atomic_bool over;
};

static struct tape_thread *
impl_of(struct tape_writer *writer)
{
	return (struct tape_thread *)writer;
}

static int
write_block(const struct tape_block *b)
{
	size_t written = 0;
	ssize_t n;

	while (written < b->n) {
		n = pwrite(b->fd, b->bytes + written, b->n - written,
		    (off_t)(b->offset + written));
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? errno : EIO;
		written += (size_t)n;
	}
	return 0;
}

static void *
tape_thread_main(void *argument)
{
	struct tape_thread *w = argument;
	struct tape_queue *q = w->queue;

	for (;;) {
		unsigned next = atomic_load_explicit(&q->done, memory_order_relaxed);

		if (next != atomic_load_explicit(&q->sealed, memory_order_acquire)) {
			struct tape_block *b = tape_queue_at(q, next);

			b->error = write_block(b);
			atomic_store_explicit(&q->done, next + 1, memory_order_release);
			continue;
		}
		if (atomic_load(&w->over))
			return NULL;
		while (sem_wait(&w->work) != 0)
			;
	}
}

static int
tape_thread_open(struct tape_writer **out, struct tape_queue *queue, int cpu, char *why)
{
	struct tape_thread *w = calloc(1, sizeof(*w));
	sigset_t all, before;
	int rc;

	(void)cpu; /* the scheduler moves a thread where there is room */
	snprintf(why, TAPE_WHY_MAX, "out of memory for the writer");
	if (w == NULL)
		return -ENOMEM;
	w->queue = queue;
	sem_init(&w->work, 0, 0);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	rc = pthread_create(&w->thread, NULL, tape_thread_main, w);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (rc != 0) {
		snprintf(why, TAPE_WHY_MAX, "no thread for the writer: %s", strerror(rc));
		sem_destroy(&w->work);
		free(w);
		return -rc;
	}
	*out = &w->base;
	return 0;
}

static void
poke(struct tape_writer *writer)
{
	struct tape_thread *w = impl_of(writer);
	unsigned sealed = atomic_load_explicit(&w->queue->sealed, memory_order_relaxed);

	if (sealed == w->told)
		return;
	w->told = sealed;
	sem_post(&w->work);
}

static void
tape_thread_close(struct tape_writer *writer)
{
	struct tape_thread *w = impl_of(writer);

	atomic_store(&w->over, true);
	sem_post(&w->work);
	pthread_join(w->thread, NULL);
	sem_destroy(&w->work);
	free(w);
}

const struct tape_writer_ops tape_thread_ops = {
	.name = "thread",
	.open = tape_thread_open,
	.poke = poke,
	.close = tape_thread_close,
};

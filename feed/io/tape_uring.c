/*
 * Blocks to the disk by io_uring: a small ring of the capture's own, so that
 * it works beside every transport. One system call submits a block of 256 KiB;
 * a worker of the kernel's does the copying and the waiting (IOSQE_ASYNC), for
 * a write of such a size that is tried on the spot holds the caller up for 62
 * to 94 us, and for milliseconds when the disk is behind.
 */
#include <errno.h>
#include <liburing.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "feed/io/tape_impl.h"

#define ENTRIES 4

struct tape_uring {
	struct tape_writer base;
	struct io_uring ring;
	bool fixed;       /* the kernel knows the buffers */
	bool busy;        /* the block `done` is being written */
	size_t written;   /* bytes of it */
};

static struct tape_uring *
impl_of(struct tape_writer *writer)
{
	return (struct tape_uring *)writer;
}

/* The rest of the block that is due. */
static void
submit(struct tape_uring *w)
{
	struct tape_queue *q = w->base.queue;
	struct tape_block *b = tape_queue_at(q, q->done);
	struct io_uring_sqe *sqe = io_uring_get_sqe(&w->ring);
	char *from = b->bytes + w->written;
	unsigned n = (unsigned)(b->n - w->written);
	uint64_t at = b->offset + w->written;

	if (sqe == NULL)
		return; /* with the next poke */
	if (w->fixed)
		io_uring_prep_write_fixed(sqe, b->fd, from, n, at, 0);
	else
		io_uring_prep_write(sqe, b->fd, from, n, at);
	sqe->flags |= IOSQE_ASYNC;
	w->busy = true;
	io_uring_submit(&w->ring);
}

static void
finish(struct tape_uring *w, int error)
{
	struct tape_queue *q = w->base.queue;

	tape_queue_at(q, q->done)->error = error;
	w->written = 0;
	atomic_store_explicit(&q->done, q->done + 1, memory_order_release);
}

static void
on_completion(struct tape_uring *w, int result)
{
	struct tape_queue *q = w->base.queue;

	w->busy = false;
	if (result == -EINTR || result == -EAGAIN)
		return; /* once more */
	if (result <= 0) {
		finish(w, result < 0 ? -result : EIO);
		return;
	}
	w->written += (size_t)result;
	if (w->written == tape_queue_at(q, q->done)->n)
		finish(w, 0);
}

static void
poke(struct tape_writer *writer)
{
	struct tape_uring *w = impl_of(writer);
	struct tape_queue *q = writer->queue;
	struct io_uring_cqe *cqe;

	if (w->busy && io_uring_sq_ready(&w->ring) > 0)
		io_uring_submit(&w->ring); /* the kernel did not take it last time */
	while (io_uring_peek_cqe(&w->ring, &cqe) == 0) {
		int result = cqe->res;

		io_uring_cqe_seen(&w->ring, cqe);
		on_completion(w, result);
	}
	if (!w->busy && q->done != q->sealed)
		submit(w);
}

/* On a processor that is not the feed thread's. Refused: it works all the same. */
static void
keep_off(struct tape_uring *w, int cpu)
{
	cpu_set_t set;

	if (cpu < 0)
		return;
	CPU_ZERO(&set);
	for (int i = 0; i < CPU_SETSIZE; i++)
		if (i != cpu)
			CPU_SET((size_t)i, &set);
	io_uring_register_iowq_aff(&w->ring, sizeof(set), &set);
}

static int
tape_uring_open(struct tape_writer **out, struct tape_queue *queue, int cpu, char *why)
{
	struct tape_uring *w = calloc(1, sizeof(*w));
	struct iovec all = {queue->memory, (size_t)queue->blocks * TAPE_BLOCK_BYTES};
	struct io_uring_params params = {
		/* The feed thread enters the kernel often enough by itself. */
		.flags = IORING_SETUP_COOP_TASKRUN | IORING_SETUP_CLAMP,
	};
	int rc;

	snprintf(why, TAPE_WHY_MAX, "out of memory for the writer");
	if (w == NULL)
		return -ENOMEM;
	rc = io_uring_queue_init_params(ENTRIES, &w->ring, &params);
	if (rc != 0) {
		snprintf(why, TAPE_WHY_MAX, "io_uring is not available: %s", strerror(-rc));
		free(w);
		return rc;
	}
	/* Refused where RLIMIT_MEMLOCK is small: a page lookup per write more. */
	w->fixed = io_uring_register_buffers(&w->ring, &all, 1) == 0;
	keep_off(w, cpu);
	*out = &w->base;
	return 0;
}

static void
tape_uring_close(struct tape_writer *writer)
{
	struct tape_uring *w = impl_of(writer);
	struct tape_queue *q = writer->queue;
	struct io_uring_cqe *cqe;

	for (poke(writer); q->done != q->sealed; poke(writer))
		if (io_uring_wait_cqe(&w->ring, &cqe) < 0 && !w->busy)
			break;
	io_uring_queue_exit(&w->ring);
	free(w);
}

const struct tape_writer_ops tape_uring_ops = {
	.name = "uring",
	.open = tape_uring_open,
	.poke = poke,
	.close = tape_uring_close,
};

/*
 * What the parts of the capture share: blocks on their way to the disk, the
 * two ways there (tape_uring.c, tape_thread.c), and the files
 * (tape_files.c). Included by feed/io/tape*.c only.
 */
#ifndef FEED_IO_TAPE_IMPL_H
#define FEED_IO_TAPE_IMPL_H

#include <stdatomic.h>

#include "feed/io/tape.h"

/* A buffer, filled and sealed by the feed thread, then the writer's until it is done. */
struct tape_block {
	char *bytes;       /* TAPE_BLOCK_BYTES */
	size_t n;          /* to write */
	int fd;
	uint64_t offset;
	uint32_t records;  /* that begin in it */
	int error;         /* set by the writer: errno, 0: it is written */
};

/* All of them. Numbers run freely; block i lies in block[i % blocks]. */
struct tape_queue {
	struct tape_block *block;
	char *memory;         /* of all blocks, in one piece */
	unsigned blocks;
	_Atomic unsigned sealed; /* blocks before it are to be written */
	_Atomic unsigned done;   /* blocks before it are written, or failed */
};

static inline struct tape_block *
tape_queue_at(struct tape_queue *q, unsigned i)
{
	return &q->block[i % q->blocks];
}

struct tape_writer;

/* Writes blocks in order, one at a time, so that a file never has a hole. */
struct tape_writer_ops {
	const char *name;
	/* Returns 0 or -errno with words in why[TAPE_WHY_MAX]. */
	int (*open)(struct tape_writer **out, struct tape_queue *queue, int cpu, char *why);
	/* There may be something to write, or something may be done. Never waits. */
	void (*poke)(struct tape_writer *writer);
	/* Waits until all that is sealed is done, then frees. */
	void (*close)(struct tape_writer *writer);
};

/* First member of every writer. */
struct tape_writer {
	const struct tape_writer_ops *ops;
	struct tape_queue *queue;
};

extern const struct tape_writer_ops tape_uring_ops, tape_thread_ops;

/* ---- files -------------------------------------------------------------------- */

#define TAPE_PATH_MAX 512

struct tape_files;

/*
 * Makes the session's first file at once and keeps a thread that has the next
 * one ready. Returns 0 or -errno with words in why[TAPE_WHY_MAX].
 */
int tape_files_open(struct tape_files **out, const struct tape_cfg *cfg,
    uint64_t session, char *why);

/*
 * The next file, empty and open for writing; its number in *number. -1: it is
 * not ready yet. It is the caller's until tape_files_finish().
 */
int tape_files_next(struct tape_files *files, uint32_t *number);

/* Why the next file cannot be made: errno, or 0: nothing is known to be in its way. */
int tape_files_error(const struct tape_files *files);

/*
 * Nothing will be written to that file any more: it is synchronized, closed
 * and, if wanted, compressed. Returns false when too many wait for that:
 * try again.
 */
bool tape_files_finish(struct tape_files *files, int fd, uint32_t number);

/* Path of a file of the session. */
void tape_files_path(const struct tape_files *files, uint32_t number, char *out, size_t room);

/* Finishes what is to be finished, but compresses nothing more; nulls the pointer. */
void tape_files_close(struct tape_files **files);

/*
 * Compresses `path` to `path`.zst and removes the original; `stop` ends it
 * early, with the original in place. Returns 0 or -errno.
 */
int tape_pack(const char *path, const atomic_bool *stop);

#endif

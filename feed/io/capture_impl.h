/*
 * What the parts of the capture share: blocks on their way to the disk, the
 * two ways there (capture_uring.c, capture_thread.c), and the files
 * (capture_files.c). Included by feed/io/capture*.c only.
 */
#ifndef FEED_IO_CAPTURE_IMPL_H
#define FEED_IO_CAPTURE_IMPL_H

#include <stdatomic.h>

#include "feed/io/capture.h"

/* A buffer, filled and sealed by the feed thread, then the writer's until it is done. */
struct capture_block {
	char *bytes;       /* CAPTURE_BLOCK_BYTES */
	size_t n;          /* to write */
	int fd;
	uint64_t offset;
	uint32_t records;  /* that begin in it */
	int error;         /* set by the writer: errno, 0: it is written */
};

/* All of them. Numbers run freely; block i lies in block[i % blocks]. */
struct capture_queue {
	struct capture_block *block;
	char *memory;         /* of all blocks, in one piece */
	unsigned blocks;
	_Atomic unsigned sealed; /* blocks before it are to be written */
	_Atomic unsigned done;   /* blocks before it are written, or failed */
};

static inline struct capture_block *
capture_queue_at(struct capture_queue *q, unsigned i)
{
	return &q->block[i % q->blocks];
}

struct capture_writer;

/* Writes blocks in order, one at a time, so that a file never has a hole. */
struct capture_writer_ops {
	const char *name;
	/* Returns 0 or -errno with words in why[CAPTURE_WHY_MAX]. */
	int (*open)(struct capture_writer **out, struct capture_queue *queue, int cpu, char *why);
	/* There may be something to write, or something may be done. Never waits. */
	void (*poke)(struct capture_writer *writer);
	/* Waits until all that is sealed is done, then frees. */
	void (*close)(struct capture_writer *writer);
};

/* First member of every writer. */
struct capture_writer {
	const struct capture_writer_ops *ops;
	struct capture_queue *queue;
};

extern const struct capture_writer_ops capture_uring_ops, capture_thread_ops;

/* ---- files -------------------------------------------------------------------- */

#define CAPTURE_PATH_MAX 512

struct capture_files;

/*
 * Makes the session's first file at once and keeps a thread that has the next
 * one ready. Returns 0 or -errno with words in why[CAPTURE_WHY_MAX].
 */
int capture_files_open(struct capture_files **out, const struct capture_cfg *cfg,
    uint64_t session, char *why);

/*
 * The next file, empty and open for writing; its number in *number. -1: it is
 * not ready yet. It is the caller's until capture_files_finish().
 */
int capture_files_next(struct capture_files *files, uint32_t *number);

/*
 * Nothing will be written to that file any more: it is synchronized, closed
 * and, if wanted, compressed. Returns false when too many wait for that:
 * try again.
 */
bool capture_files_finish(struct capture_files *files, int fd, uint32_t number);

/* Path of a file of the session. */
void capture_files_path(const struct capture_files *files, uint32_t number, char *out, size_t room);

/* Finishes what is to be finished, but compresses nothing more; nulls the pointer. */
void capture_files_close(struct capture_files **files);

/*
 * Compresses `path` to `path`.zst and removes the original; `stop` ends it
 * early, with the original in place. Returns 0 or -errno.
 */
int capture_pack(const char *path, const atomic_bool *stop);

#endif

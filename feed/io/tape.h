/*
 * The capture: everything that a feed is told, appended to files from which
 * the same ticks can be made again (tape_reader.h, docs/CAPTURE.md).
 *
 * The feed thread makes every call. Adding a record copies it into a buffer
 * of fixed size and never waits: full buffers are written by io_uring, or by
 * a thread where io_uring is forbidden; when all of them are on their way to
 * a slow disk, records are dropped from the capture and counted. Opening,
 * synchronizing and compressing files is another thread's work.
 */
#ifndef FEED_IO_TAPE_H
#define FEED_IO_TAPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "feed/base/bytes.h"
#include "feed/base/mono.h"
#include "feed/base/wall.h"
#include "feed/io/tape_format.h"

#define TAPE_WHY_MAX 160
#define TAPE_BUFFERS_MIN 4
#define TAPE_BUFFERS_MAX 4096

/* One record; TAPE_FLAG_MORE is not the caller's business. */
struct tape_record {
	enum tape_kind kind;
	uint8_t line, flags;
	wall_t wall;
	mono_t mono;
	struct bytes payload;
};

struct tape;

struct tape_cfg {
	const char *dir;      /* exists; copied */
	const char *name;     /* of the feed: files are NAME-SESSION-NUMBER.trc; copied */
	const char *writer;   /* "uring", "thread", or "auto": the first that is permitted */
	int64_t buffer_bytes; /* of all buffers, TAPE_BLOCK_BYTES each */
	int64_t file_bytes;   /* a file is followed by another at that size */
	span_t file_age;      /* or at that age */
	span_t flush_every;   /* records wait in a buffer for no longer than this */
	bool compress;        /* finished files become .trc.zst */
	int cpu;              /* of the feed thread: the kernel writes on another; -1: not pinned */
	/* Adds what a file's reader has to know first; flags TAPE_FLAG_PREAMBLE. May be NULL. */
	void (*preamble)(
	    void *context, struct tape *capture, wall_t now, mono_t mono);
	void *context;
};

struct tape_counts {
	uint64_t records, bytes; /* captured; bytes of their payloads */
	uint64_t dropped;        /* lost: no buffer was free, or writing failed */
	uint64_t files;          /* begun */
	uint64_t errors;         /* blocks that could not be written */
	int error;               /* errno of the last of them, 0: none */
	int no_file;             /* errno: why the file at hand is not followed by another, or 0 */
};

/*
 * Opens the first file of a new session and begins it with the preamble.
 * Returns 0, or -EINVAL (name of no writer, buffers too small), -ENOMEM, or
 * what the system said of the folder, the file, or "uring". `why`
 * (TAPE_WHY_MAX bytes) then says it in words; on success it is empty or
 * says why "auto" did not take the first choice.
 */
int tape_open(struct tape **out, const struct tape_cfg *cfg, wall_t now, mono_t mono,
    char *why);

/* Writes what is in the buffers, waits until it is done, frees; NULL is fine. */
void tape_close(struct tape **capture);

/* Adds a record. Returns false when it was dropped (and counted). */
bool tape_add(struct tape *capture, const struct tape_record *record);

/* Sends on what waited long enough, and sees what was written. */
void tape_on_time(struct tape *capture, mono_t now);
mono_t tape_deadline(const struct tape *capture);

/* Totals since open. */
struct tape_counts tape_counts(const struct tape *capture);

/* "uring" or "thread". */
const char *tape_writer_name(const struct tape *capture);

/* Path of the file that records go to now; valid until it is followed by another. */
const char *tape_path(const struct tape *capture);

#endif

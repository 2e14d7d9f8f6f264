/*
 * The writing side of any segment: create or take over the file, be its only
 * writer, show signs of life. Used by ring.c, board_writer.c and
 * status_writer.c; owned by the feed thread.
 */
#ifndef SHM_SEGMENT_H
#define SHM_SEGMENT_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <tickring/layout.h>

#define SEGMENT_WHY_MAX 256
#define SEGMENT_DIRECTORY "/dev/shm"

/* What a segment shall look like; the identity lines of its header follow from it. */
struct segment_spec {
	enum tick_segment_kind kind;
	const char *directory; /* NULL: SEGMENT_DIRECTORY */
	const char *feed;      /* NAME of NAME.ring */
	const char *suffix;    /* "ring" */
	gid_t group;           /* readers' group, (gid_t)-1: the process's own */
	int64_t heartbeat_every_ns;
	uint32_t record_bytes, board_depth;
	uint64_t records, directory_max;
	bool huge_pages;       /* asked for; without them small ones do */
};

struct segment {
	int fd;
	size_t bytes;
	struct tick_segment_header *header; /* start of the mapping */
	bool huge_pages;
	char warning[SEGMENT_WHY_MAX]; /* of segment_commit(): memory not as wanted, or "" */
	bool continued; /* an existing file was taken over, its records stand */
	char path[PATH_MAX];
	struct segment *predecessor; /* geometry changed: the old one, until segment_commit() */
};

/*
 * Opens the segment for writing: takes over an existing one of the same
 * geometry, or builds a new one. A new one has no name yet: fill it, then
 * segment_commit(). Returns 0 or -errno with words in why[SEGMENT_WHY_MAX]:
 * -EBUSY another process writes it, -EPERM it belongs to another user,
 * -EEXIST the file of that name is no tickring segment, -ENOSPC, -ENOMEM ...
 */
int segment_open(struct segment *s, const struct segment_spec *spec, char *why);

/*
 * Starts an epoch: state LIVE, pid, heartbeat; gives a new segment its name
 * and marks the one it replaces. `first` is the number of the epoch's first
 * tick (ring; else 0). Returns 0 or -errno with words in `why`.
 */
int segment_commit(struct segment *s, uint64_t first, char *why);

/* Shows that the writer lives. `mono_ns` is CLOCK_MONOTONIC. */
void segment_heartbeat(struct segment *s, int64_t mono_ns);

/*
 * Ends in good order: state CLOSED, unmapped, lock released. The file stays,
 * so that late readers can drain it, unless `unlink_it`.
 */
void segment_close(struct segment *s, bool unlink_it);

/* First record. */
void *segment_records(const struct segment *s);

#endif

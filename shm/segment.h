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

#include "shm/why.h"

#define SEGMENT_FOUND_MAX 96
#define SEGMENT_DIRECTORY "/dev/shm"

/* What a segment shall look like; the identity lines of its header follow from it. */
struct segment_spec {
	enum tick_segment_kind kind;
	const char *directory; /* NULL: SEGMENT_DIRECTORY */
	const char *feed;      /* NAME of NAME.ring */
	const char *suffix;    /* "ring" */
	gid_t group;           /* readers' group, (gid_t)-1: the process's own */
	bool claimed;          /* the caller holds the feed's claim (claim.h) */
	int64_t heartbeat_every_ns;
	uint32_t record_bytes, board_depth;
	uint64_t records, directory_max;
	uint64_t lineage;      /* of a new one; 0: its own */
	bool huge_pages;       /* asked for; without them small ones do */
	const char *discard;   /* why one that is there is replaced, as s->found; NULL: it is not */
};

struct segment {
	int fd;
	size_t bytes;
	struct tick_segment_header *header; /* start of the mapping */
	bool huge_pages;
	char warning[SEGMENT_WHY_MAX]; /* of segment_commit(): memory not as wanted, or "" */
	bool continued; /* an existing file was taken over, its records stand */
	char path[PATH_MAX];
	/* The old one that this one replaces, whole file mapped, until segment_commit(). */
	struct segment *predecessor;
	char found[SEGMENT_FOUND_MAX]; /* why it is replaced: "is damaged: ..."; else "" */
	unsigned orphans; /* temporary files of dead writers that were removed */
};

/*
 * Opens the segment for writing: takes over an existing one of the same
 * geometry, or builds a new one beside it. One of ours that has another
 * geometry or ABI, or is damaged, or which a reader has locked, is replaced;
 * s->found says which. A new one has no name yet: fill it, then
 * segment_commit(). Readers notice nothing before that. Returns 0 or -errno
 * with words in why[SEGMENT_WHY_MAX]: -EBUSY another process writes it (or,
 * without a claim, a reader's lock is in the way), -EPERM it belongs to
 * another user, -EEXIST the file of that name is no tickring segment,
 * -ENOSPC, -ENOMEM ...
 */
int segment_open(struct segment *s, const struct segment_spec *spec, char *why);

/*
 * The segment was to be taken over, but its records are damaged (`found`, in
 * words): makes it the predecessor of a new one. Before segment_commit()
 * only. Returns as segment_open().
 */
int segment_start_over(
    struct segment *s, const struct segment_spec *spec, const char *found, char *why);

/*
 * Starts an epoch: state LIVE, pid, heartbeat; gives a new segment its name
 * and marks the one it replaces. `first` is the number of the epoch's first
 * tick (ring; else 0). Returns 0 or -errno with words in `why`.
 */
int segment_commit(struct segment *s, uint64_t first, char *why);

/* Shows that the writer lives. `mono_ns` is CLOCK_MONOTONIC. */
void segment_heartbeat(struct segment *s, int64_t mono_ns);

/* Does `path` name the file that we hold? It may have been removed or replaced. */
bool segment_is_named(const struct segment *s);

/*
 * Ends in good order: state CLOSED, unmapped, lock released. The file stays,
 * so that late readers can drain it, unless `unlink_it`; another one that has
 * its name by now stays in all cases.
 */
void segment_close(struct segment *s, bool unlink_it);

/* First record. */
void *segment_records(const struct segment *s);

#endif

/*
 * The reading side of any segment: find the file, check it, map it read-only,
 * ask whether its writer lives. Used by reader.c, board.c and status.c.
 */
#ifndef SHM_ATTACH_H
#define SHM_ATTACH_H

#include <limits.h>
#include <stddef.h>

#include <tickring/layout.h>

struct attachment {
	int fd;
	size_t bytes;
	const struct tick_segment_header *header; /* start of the mapping */
	/*
	 * Copy of the header as it was checked. Geometry is only ever taken from
	 * here: a bit that flips in the shared one later moves no pointer.
	 */
	struct tick_segment_header checked;
	char path[PATH_MAX];
};

/*
 * Path of a segment: "/dev/shm/FEED.SUFFIX", or `feed` itself with its
 * ".ring" replaced when it holds a slash. Returns 0 or TICK_E_RANGE (empty,
 * too long, or a character that a feed name cannot have).
 */
int attach_path(const char *feed, const char *suffix, char path[PATH_MAX]);

/* Opens, checks and maps. Returns 0 or TICK_E_* as tick_reader_open(); *a is then untouched. */
int attach_open(struct attachment *a, const char *path, enum tick_segment_kind kind);

/* The same for the segment of a feed, as attach_path() finds it. */
int attach_feed(struct attachment *a, const char *feed, const char *suffix,
    enum tick_segment_kind kind);

/* The same file once more, mapped on its own. Returns 0 or TICK_E_SYSTEM; *a is then useless. */
int attach_again(struct attachment *a, const struct attachment *from);

/* Lets go of the pages that were mapped ahead: they come back as they are touched. */
void attach_unload(struct attachment *a);

/* Unmaps and closes. */
void attach_close(struct attachment *a);

/*
 * TICK_END, TICK_E_STALE, TICK_E_DEAD, TICK_E_REPLACED, or TICK_E_TRUNCATED
 * when the file has become shorter than its mapping. At most four system calls.
 */
int attach_check(const struct attachment *a);

#endif

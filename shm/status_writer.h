/*
 * The writer of the status segment. Owned by the feed thread.
 */
#ifndef SHM_STATUS_WRITER_H
#define SHM_STATUS_WRITER_H

#include <tickring/status.h>

#include "shm/segment.h"

struct status_cfg {
	const char *directory; /* NULL: /dev/shm */
	const char *feed;
	gid_t group;           /* readers' group or (gid_t)-1 */
	bool claimed;          /* the caller holds the feed's claim (claim.h) */
	int64_t heartbeat_every_ns;
};

struct status_writer {
	struct tick_status_record *record;
	struct segment segment;
};

/* Creates the segment or takes it over. Returns 0 or -errno as segment_open(). */
int status_open(struct status_writer *w, const struct status_cfg *cfg, char *why);

/* The two halves of status_open(), as ring_prepare() and ring_start(). */
int status_prepare(struct status_writer *w, const struct status_cfg *cfg, char *why);
int status_start(struct status_writer *w, char *why);

/* Ends in good order; see segment_close(). */
void status_close(struct status_writer *w, bool unlink_it);

/* The last status of the one before; false: there is none. Before the first publish. */
bool status_recall(const struct status_writer *w, struct tick_status *out);

/* Publishes a stream's row, 0 to TICK_STREAMS_MAX - 1. */
void status_publish_stream(struct status_writer *w, unsigned row,
    const struct tick_stream_status *status);

/* Publishes a copy of *status, with a heartbeat at its at_mono_ns. */
void status_publish(struct status_writer *w, const struct tick_status *status);

#endif

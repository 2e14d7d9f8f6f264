#include "feed/segments.h"

#include <grp.h>

#include "feed/base/log.h"

static void
tell(const struct segment *s)
{
	if (s->orphans > 0)
		LOG(INFO, "orphans_removed", LOG_STR("path", s->path),
		    LOG_U64("files", s->orphans));
	if (s->found[0])
		LOG(WARNING, "segment_replaced", LOG_STR("path", s->path),
		    LOG_STR("found", s->found),
		    LOG_THEN("a new one takes its name; readers are told to reattach"));
}

static int
prepare(const struct config *cfg, gid_t group, struct ring *ring, struct board *board,
    struct status_writer *status, char *why)
{
	int64_t every = cfg->status_interval_ms * 1000000;
	struct ring_cfg r = {.feed = cfg->feed, .group = group, .claimed = true,
	    .heartbeat_every_ns = every, .slots = (uint64_t)cfg->ring.slots,
	    .instruments_max = (uint32_t)cfg->ring.instruments_max};
	struct board_cfg b = {.feed = cfg->feed, .group = group, .claimed = true,
	    .heartbeat_every_ns = every, .instruments_max = r.instruments_max,
	    .depth = (uint32_t)cfg->board.depth};
	struct status_cfg s = {
	    .feed = cfg->feed, .group = group, .claimed = true, .heartbeat_every_ns = every};
	int rc = ring_prepare(ring, &r, why);

	if (rc == 0)
		rc = board_prepare(board, &b, why);
	if (rc == 0)
		rc = status_prepare(status, &s, why);
	return rc;
}

int
segments_open(const struct config *cfg, struct ring *ring, struct board *board,
    struct status_writer *status)
{
	const struct group *g = cfg->ring.group[0] ? getgrnam(cfg->ring.group) : NULL;
	char why[SEGMENT_WHY_MAX];
	int rc = prepare(cfg, g ? g->gr_gid : (gid_t)-1, ring, board, status, why);

	if (rc == 0) {
		tell(&ring->segment);
		tell(&board->segment);
		tell(&status->segment);
	}
	/* The ring last: when a reader hears of the new epoch, the others have begun theirs. */
	if (rc == 0)
		rc = status_start(status, why);
	if (rc == 0)
		rc = board_start(board, why);
	if (rc == 0)
		rc = ring_start(ring, why);
	if (rc != 0)
		LOG(ERROR, "segment_refused", LOG_STR("detail", why),
		    LOG_THEN("the feed does not start"));
	return rc;
}

#include "feed/store/segments.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "feed/base/log.h"
#include "feed/conf/config_group.h"
#include "feed/store/instruments.h"

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

/* Data that is swapped out, or in small pages, is slower to read, not wrong. */
static void
tell_memory(const struct segment *s)
{
	if (s->warning[0])
		LOG(WARNING, "segment_memory", LOG_STR("path", s->path),
		    LOG_STR("detail", s->warning), LOG_THEN("the feed runs on it as it is"));
}

static int
prepare_board(const struct config *cfg, gid_t group, const struct ring *ring, struct board *board,
    char *why)
{
	struct board_cfg b = {
		.feed = cfg->feed,
		.group = group,
		.claimed = true,
		.huge_pages = cfg->ring.huge_pages,
		.heartbeat_every_ns = cfg->status_interval_ms * 1000000,
		.lineage = ring->header->lineage,
		.instruments = ring->instruments,
		.instruments_max = (uint32_t)cfg->ring.instruments_max,
		.depth = (uint32_t)cfg->board.depth,
	};

	return board_prepare(board, &b, why);
}

static int
prepare(const struct config *cfg, const char *discard, gid_t group, struct ring *ring,
    struct board *board, struct status_writer *status, char *why)
{
	int64_t every = cfg->status_interval_ms * 1000000;
	struct ring_cfg r = {.feed = cfg->feed, .group = group, .claimed = true,
	    .huge_pages = cfg->ring.huge_pages, .heartbeat_every_ns = every,
	    .slots = (uint64_t)cfg->ring.slots,
	    .discard = discard,
	    .instruments_max = (uint32_t)cfg->ring.instruments_max};
	struct status_cfg s = {
	    .feed = cfg->feed, .group = group, .claimed = true, .heartbeat_every_ns = every};
	int rc = ring_prepare(ring, &r, why);

	if (rc == 0)
		rc = prepare_board(cfg, group, ring, board, why);
	if (rc == 0)
		rc = status_prepare(status, &s, why);
	return rc;
}

int
segments_open(const struct config *cfg, const char *discard, struct ring *ring,
    struct board *board, struct status_writer *status)
{
	char why[SEGMENT_WHY_MAX];
	gid_t group;
	int rc = config_group_find(cfg->ring.group, &group);

	if (rc != 0)
		snprintf(why, sizeof(why), "ring.group \"%s\": %s", cfg->ring.group,
		    rc == -ENOENT ? "no group of this system" : strerror(-rc));
	else
		rc = prepare(cfg, discard, group, ring, board, status, why);
	if (rc == 0)
		rc = instruments_check(ring, cfg, why);
	if (rc == 0) {
		tell(&ring->segment);
		tell(&board->segment);
		tell(&status->segment);
		instruments_compare(ring, cfg);
	}
	/* The ring last: when a reader hears of the new epoch, the others have begun theirs. */
	if (rc == 0)
		rc = status_start(status, why);
	if (rc == 0)
		rc = board_start(board, why);
	if (rc == 0)
		rc = ring_start(ring, why);
	if (rc == 0) {
		tell_memory(&ring->segment);
		tell_memory(&board->segment);
		tell_memory(&status->segment);
		return 0;
	}
	LOG(ERROR, "segment_refused", LOG_STR("detail", why), LOG_THEN("the feed does not start"));
	/* They may be another's: ring.unlink_at_exit is for those that were started. */
	status_close(status, false);
	board_close(board, false);
	ring_close(ring, false);
	return rc;
}

#include "feed/segments.h"

#include <grp.h>
#include <stdlib.h>
#include <string.h>

#include "feed/base/log.h"

int
segments_open(struct segments *s, const struct config *cfg)
{
	const struct group *g = cfg->ring.group[0] ? getgrnam(cfg->ring.group) : NULL;
	gid_t group = g ? g->gr_gid : (gid_t)-1;
	int64_t every = cfg->status_interval_ms * 1000000;
	struct ring_cfg ring = {.feed = cfg->feed, .group = group, .heartbeat_every_ns = every,
	    .slots = (uint64_t)cfg->ring.slots,
	    .instruments_max = (uint32_t)cfg->ring.instruments_max};
	struct board_cfg board = {.feed = cfg->feed, .group = group, .heartbeat_every_ns = every,
	    .instruments_max = ring.instruments_max, .depth = (uint32_t)cfg->board.depth};
	struct status_cfg status = {.feed = cfg->feed, .group = group, .heartbeat_every_ns = every};
	char why[SEGMENT_WHY_MAX];

	if (ring_open(&s->ring, &ring, why) == 0 && board_open(&s->board, &board, why) == 0 &&
	    status_open(&s->status, &status, why) == 0)
		return 0;
	LOG(ERROR, "segment_refused", LOG_STR("detail", why), LOG_THEN("the feed does not start"));
	return -1;
}

void
segments_close(struct segments *s, bool unlink_them)
{
	if (s->status.block)
		status_close(&s->status, unlink_them);
	if (s->board.entries)
		board_close(&s->board, unlink_them);
	if (s->ring.header)
		ring_close(&s->ring, unlink_them);
}

static int
compare(const void *a, const void *b)
{
	const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

/* The last writer may have died while it wrote: a time is believed only within the window. */
unsigned
segments_recall_connects(const struct segments *s, struct pool *pool, wall_t now, mono_t mono)
{
	const struct tick_control *c = &s->status.block->status.control;
	int64_t window = pool->cfg.connects_window.ns, ns[TICK_CONNECTS_MAX];
	unsigned n = 0;

	if (!s->status.segment.continued)
		return 0;
	for (unsigned i = 0; i < TICK_CONNECTS_MAX; i++) {
		int64_t age = now.ns - c->connect_ns[i];

		if (c->connect_ns[i] > 0 && age >= 0 && age < window)
			ns[n++] = mono.ns - age;
	}
	qsort(ns, n, sizeof(ns[0]), compare);
	for (unsigned i = 0; i < n; i++)
		pool_recall_connect(pool, (mono_t){ns[i]});
	return n;
}

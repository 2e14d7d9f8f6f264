/*
 * Sub-pools: the lines of one leg that connect to the same path. An exchange
 * may serve some streams at one path and others at another (Binance USD-M since
 * 2026-04-23); what is subscribed at the wrong one is acknowledged and stays
 * silent. So a stream runs on lines of its path only, in every leg.
 *
 * The part of a pool (pool.h) that shares the connections among the groups of
 * a leg: as many as their streams need, what is left by the number of streams.
 */
#ifndef FEED_CORE_GROUP_H
#define FEED_CORE_GROUP_H

#include <stdbool.h>
#include <stdint.h>

#include "feed/core/balance.h"

#define GROUP_PATHS_MAX 2
#define GROUPS_MAX (BALANCE_LEGS_MAX * GROUP_PATHS_MAX)

struct pool;
struct pool_cfg;

/* The group of a leg and path. */
static inline unsigned
group_of(unsigned leg, unsigned path)
{
	return leg * GROUP_PATHS_MAX + path;
}

static inline unsigned
group_leg(unsigned group)
{
	return group / GROUP_PATHS_MAX;
}

static inline unsigned
group_path(unsigned group)
{
	return group % GROUP_PATHS_MAX;
}

/* The group of that line. */
unsigned group_of_line(const struct pool *pool, unsigned line);

/* Makes a free line, of a role, one of that group. */
void group_take_line(struct pool *pool, unsigned line, unsigned group);

/*
 * How many lines of a leg go to each path that has so many streams: those that
 * they need, more up to the initial ones' share, never more than streams. False
 * when they need more than there may be.
 */
bool group_share(const struct pool_cfg *cfg, const unsigned streams[GROUP_PATHS_MAX],
    unsigned lines[GROUP_PATHS_MAX]);

/* Wanted streams by path. */
void group_count_wanted(const struct pool *pool, unsigned streams[GROUP_PATHS_MAX]);

/* Member lines of that group that take streams. */
unsigned group_lines(const struct pool *pool, unsigned group);

/* How many lines it may have now, with what the leg's other group has or is to keep. */
unsigned group_lines_max(const struct pool *pool, unsigned group);

#endif

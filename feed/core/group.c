#include "feed/core/group.h"

#include "feed/core/pool.h"

unsigned
group_of_line(const struct pool *pool, unsigned line)
{
	return group_of(pool->line[line].leg, pool->line[line].path);
}

void
group_take_line(struct pool *pool, unsigned line, unsigned group)
{
	pool->line[line].leg = (uint8_t)group_leg(group);
	pool->line[line].path = (uint8_t)group_path(group);
	pool->session[line].leg = group_leg(group);
	pool->session[line].path = group_path(group);
}

static unsigned
lines_per_leg(const struct pool_cfg *cfg)
{
	return cfg->max_connections / cfg->redundancy;
}

static unsigned
divided_up(unsigned n, unsigned by)
{
	return n / by + (n % by != 0);
}

/* Where one more line helps most; GROUP_PATHS_MAX: nowhere, every stream has its own. */
static unsigned
fullest(const unsigned streams[GROUP_PATHS_MAX], const unsigned lines[GROUP_PATHS_MAX])
{
	unsigned best = GROUP_PATHS_MAX;

	for (unsigned path = 0; path < GROUP_PATHS_MAX; path++)
		if (lines[path] < streams[path] && (best == GROUP_PATHS_MAX ||
		    (uint64_t)streams[path] * lines[best] > (uint64_t)streams[best] * lines[path]))
			best = path;
	return best;
}

bool
group_share(const struct pool_cfg *cfg, const unsigned streams[GROUP_PATHS_MAX],
    unsigned lines[GROUP_PATHS_MAX])
{
	unsigned initial = divided_up(cfg->initial_connections, cfg->redundancy);
	unsigned most = lines_per_leg(cfg), sum = 0, kept = 0, best;

	for (unsigned path = 0; path < GROUP_PATHS_MAX; path++) {
		lines[path] = divided_up(streams[path], cfg->max_streams_per_connection);
		sum += lines[path];
		kept += path < cfg->paths && streams[path] == 0;
	}
	if (sum > most)
		return false;
	if (most < cfg->paths) /* as group_lines_max() */
		kept = 0;
	for (; sum < initial && sum + kept < most; sum++) {
		best = fullest(streams, lines);
		if (best == GROUP_PATHS_MAX)
			break;
		lines[best]++;
	}
	return true;
}

void
group_count_wanted(const struct pool *pool, unsigned streams[GROUP_PATHS_MAX])
{
	for (unsigned path = 0; path < GROUP_PATHS_MAX; path++)
		streams[path] = 0;
	for (unsigned i = 0; i < pool->nstreams; i++)
		streams[pool->stream[i].path] += pool->stream[i].wanted;
}

unsigned
group_lines(const struct pool *pool, unsigned group)
{
	unsigned n = 0;

	for (unsigned line = 0; line < pool->nlines; line++)
		n += pool->line[line].role == POOL_LINE_MEMBER && !pool->line[line].closing &&
		    group_of_line(pool, line) == group;
	return n;
}

/* Each path keeps a line for itself where there are enough: its first stream may come any time. */
unsigned
group_lines_max(const struct pool *pool, unsigned group)
{
	unsigned most = lines_per_leg(&pool->cfg), others = 0;

	for (unsigned path = 0; path < pool->cfg.paths; path++) {
		unsigned other = group_of(group_leg(group), path), n;

		if (other == group)
			continue;
		n = group_lines(pool, other);
		others += n > 0 || most < pool->cfg.paths ? n : 1;
	}
	return most > others ? most - others : 0;
}

#include "feed/core/scale.h"

#include <stddef.h>

#include "feed/core/group.h"
#include "feed/core/place.h"
#include "feed/core/pool.h"
#include "feed/core/shift.h"
#include "feed/core/subscribe.h"

static const span_t review_every = {INT64_C(10000000000)};
static const span_t grow_after = {INT64_C(10000000000)};

#define MESSAGE_BYTES 512 /* of a message, as load: sizes are not measured per stream */
#define FAST_REVIEWS 4    /* that the load of now is made of: 40 s */
#define STEADY_REVIEWS 32 /* that the usual load is made of: five minutes */
#define MEASURED_REVIEWS 3 /* before these nobody knows what a stream's load is */
#define MOVES_AT_ONCE 16  /* per group and review */
#define UNBALANCE_PERMILLE 1500
#define HEALTHY 1000

/* What a group may have changes with what the leg's other one has. */
static void
set_limits(struct pool *pool)
{
	unsigned wanted[GROUP_PATHS_MAX], lines[GROUP_PATHS_MAX];

	group_count_wanted(pool, wanted);
	group_share(&pool->cfg, wanted, lines);
	for (unsigned group = 0; group < GROUPS_MAX; group++)
		pool->scale.balance[group] = (struct balance_cfg){
			.streams_max = pool->cfg.max_streams_per_connection,
			.lines_min = lines[group_path(group)],
			.lines_max = group_lines_max(pool, group),
			.load_high = pool->cfg.scale.load_high,
			.load_low = pool->cfg.scale.load_low,
			.grow_after = grow_after,
			.shrink_after = pool->cfg.scale.idle_for,
			.unbalance = UNBALANCE_PERMILLE,
		};
}

void
scale_retune(struct pool *pool)
{
	set_limits(pool);
}

void
scale_init(struct pool *pool)
{
	pool->scale = (struct scale){.review_at = MONO_NEVER};
	set_limits(pool);
	for (unsigned group = 0; group < GROUPS_MAX; group++)
		balance_scale_init(&pool->scale.groups[group], &pool->scale.balance[group]);
}

void
scale_start(struct pool *pool, mono_t now)
{
	pool->scale.reviewed = now;
	pool->scale.review_at = mono_add(now, review_every);
}

/* ---- lines ------------------------------------------------------------------ */

static bool
takes_streams(const struct pool *pool, unsigned line, unsigned group)
{
	const struct pool_line *l = &pool->line[line];

	return l->role == POOL_LINE_MEMBER && !l->closing && group_of_line(pool, line) == group;
}

/* Opens one more line for a group; POOL_NO_LINE when there may be none. */
static unsigned
open_line(struct pool *pool, unsigned group, mono_t now, struct pool_actions *actions)
{
	static const struct session_event start = {.kind = SESSION_START};

	if (group_lines(pool, group) >= group_lines_max(pool, group))
		return POOL_NO_LINE;
	for (unsigned line = 0; line < pool->nlines; line++) {
		if (pool->line[line].role != POOL_LINE_FREE ||
		    pool->session[line].state != SESSION_IDLE)
			continue;
		pool_line_init(&pool->line[line], POOL_LINE_MEMBER);
		group_take_line(pool, line, group);
		pool->scale.opened++;
		session_step(&pool->session[line], &start, now, actions);
		return line;
	}
	return POOL_NO_LINE;
}

/* Is a connection there, or under way? In BACKOFF nobody knows when there will be one. */
static bool
is_coming(const struct session *session)
{
	return session_is_up(session) || session->state == SESSION_CONNECTING ||
	    session->state == SESSION_HANDSHAKE;
}

/*
 * The line of a group with the fewest streams, if these are fewer than `least`
 * and its session is `fit`.
 */
static unsigned
emptiest(const struct pool *pool, unsigned group, unsigned least,
    bool (*fit)(const struct session *))
{
	unsigned best = POOL_NO_LINE, wanted;

	for (unsigned line = 0; line < pool->nlines; line++) {
		if (!takes_streams(pool, line, group) || !fit(&pool->session[line]))
			continue;
		wanted = subscribe_wanted(&pool->session[line]);
		if (wanted >= least)
			continue;
		least = wanted;
		best = line;
	}
	return best;
}

static unsigned
wanted_of(const struct pool *pool, unsigned group)
{
	unsigned wanted[GROUP_PATHS_MAX];

	group_count_wanted(pool, wanted);
	return wanted[group_path(group)];
}

/* How many lines a group keeps: none when its leg has another one, and nothing is at its path. */
static unsigned
least_lines(const struct pool *pool, unsigned group)
{
	unsigned wanted = wanted_of(pool, group);

	return wanted == 0 && pool->cfg.paths > 1
	    ? 0 : balance_lines_min(&pool->scale.balance[group], wanted);
}

/* Is an empty line one too many, and was it so for long? */
static bool
may_close(const struct pool *pool, unsigned line, mono_t now)
{
	const struct pool_line *l = &pool->line[line];
	unsigned group = group_of_line(pool, line);
	span_t patience = balance_scale_patience(&pool->scale.groups[group], now);

	return l->closing || (group_lines(pool, group) > least_lines(pool, group) &&
	    mono_due(mono_add(l->idle_since, patience), now));
}

/* Closes lines that have been empty for long, as long as there are more than the least. */
static void
close_idle(struct pool *pool, mono_t now, struct pool_actions *actions)
{
	static const struct session_event stop = {.kind = SESSION_STOP};

	for (unsigned line = 0; line < pool->nlines; line++) {
		struct pool_line *l = &pool->line[line];

		if (l->role != POOL_LINE_MEMBER || l->peer != POOL_NO_LINE ||
		    !place_is_empty(pool, line)) {
			l->idle_since = MONO_NEVER;
			continue;
		}
		if (mono_is_never(l->idle_since))
			l->idle_since = now;
		if (!may_close(pool, line, now))
			continue;
		balance_scale_on_closed(&pool->scale.groups[group_of_line(pool, line)]);
		place_clear(pool, line);
		pool_line_init(l, POOL_LINE_FREE);
		pool->scale.closed++;
		session_step(&pool->session[line], &stop, now, actions);
	}
}

/* ---- streams that come and go ----------------------------------------------- */

/* Is there room for one more stream of that path when everything has come to rest? */
static bool
has_room(const struct pool *pool, unsigned path)
{
	unsigned wanted[GROUP_PATHS_MAX], lines[GROUP_PATHS_MAX];

	group_count_wanted(pool, wanted);
	wanted[path]++;
	return group_share(&pool->cfg, wanted, lines);
}

static bool
is_any(const struct session *session)
{
	(void)session;
	return true;
}

/*
 * A line that is up comes first, then one that will be soon, if need be a new
 * one. When there is none of these with room, one line has more than it should
 * for a while, rather than the stream no line that delivers. That is so, too,
 * when streams that move or are about to leave count twice, and lines that are
 * being closed not at all.
 */
static unsigned
line_for(struct pool *pool, unsigned group, mono_t now, struct pool_actions *actions)
{
	unsigned most = pool->cfg.max_streams_per_connection;
	unsigned line = emptiest(pool, group, most, session_is_up);

	if (line == POOL_NO_LINE)
		line = emptiest(pool, group, most, is_coming);
	if (line == POOL_NO_LINE)
		line = open_line(pool, group, now, actions);
	if (line != POOL_NO_LINE && is_coming(&pool->session[line]))
		return line;
	line = emptiest(pool, group, pool->cfg.line_room, session_is_up);
	if (line == POOL_NO_LINE)
		line = emptiest(pool, group, most, is_any);
	if (line == POOL_NO_LINE)
		line = emptiest(pool, group, pool->cfg.line_room, is_any);
	return line;
}

bool
scale_add(struct pool *pool, uint32_t stream, mono_t now, struct pool_actions *actions)
{
	unsigned path = pool->stream[stream].path;
	bool placed = has_room(pool, path);
	unsigned line;

	for (unsigned leg = 0; leg < pool->cfg.redundancy && placed; leg++) {
		line = line_for(pool, group_of(leg, path), now, actions);
		placed = line != POOL_NO_LINE && place_add(pool, line, stream);
		if (placed && pool->line[line].peer != POOL_NO_LINE)
			place_add(pool, pool->line[line].peer, stream);
	}
	if (!placed)
		scale_drop(pool, stream);
	return placed;
}

void
scale_drop(struct pool *pool, uint32_t stream)
{
	for (unsigned line = 0; line < pool->nlines; line++)
		place_remove(pool, line, stream);
}

/* ---- the review ------------------------------------------------------------- */

#define FRACTION 1024 /* of a byte/s, in averages */

static void
measure(struct pool *pool, mono_t now)
{
	uint64_t ms = (uint64_t)(mono_diff(now, pool->scale.reviewed).ns / 1000000 + 1);

	for (uint32_t i = 0; i < pool->nstreams; i++) {
		struct pool_stream *s = &pool->stream[i];
		uint64_t messages = s->messages - s->measured;
		/* Every leg brings each message. */
		int64_t load = (int64_t)(messages * MESSAGE_BYTES * 1000 / ms * FRACTION /
		    pool->cfg.redundancy);

		s->reviews += s->reviews < STEADY_REVIEWS;
		s->fast += (load - s->fast) / FAST_REVIEWS;
		s->steady += (load - s->steady) / s->reviews;
		s->measured = s->messages;
	}
	pool->scale.reviewed = now;
}

static uint32_t
load_of(int64_t average)
{
	int64_t load = average / FRACTION;

	return load < UINT32_MAX ? (uint32_t)load : UINT32_MAX;
}

/* One of the stream's places, as far as it is one of that group. */
static void
describe_place(const struct pool *pool, unsigned group, uint32_t at, struct balance_item *item,
    struct balance_line *line)
{
	unsigned on = at == PLACE_NONE ? POOL_NO_LINE : place_line(pool, at);

	if (on == POOL_NO_LINE || pool->line[on].role != POOL_LINE_MEMBER ||
	    group_of_line(pool, on) != group)
		return;
	/* What is on its way counts where it is going to be. */
	item->fixed |= pool->entry[at].moving_to != POOL_NO_LINE ||
	    pool->entry[at].state != STREAM_ACKED || pool->line[on].peer != POOL_NO_LINE;
	if (pool->entry[at].moving_to != POOL_NO_LINE)
		return;
	item->line = (uint16_t)on;
	line[on].load += item->load;
	line[on].streams++;
}

/*
 * The lines of a group as balance.h sees them, and where each stream is. How many
 * lines there should be is a matter of the load of now, where streams run one
 * of their load as it usually is.
 */
static void
describe(struct pool *pool, unsigned group, bool usually, mono_t now, struct balance_line *line)
{
	for (unsigned i = 0; i < pool->nlines; i++)
		line[i] = (struct balance_line){
			.health = HEALTHY,
			.endpoint = (uint16_t)pool->session[i].endpoint,
			.open = takes_streams(pool, i, group),
			.down = !session_is_up(&pool->session[i]),
		};
	for (uint32_t i = 0; i < pool->nstreams; i++) {
		const struct pool_stream *s = &pool->stream[i];

		pool->item[i] = (struct balance_item){
			.load = load_of(usually ? s->steady : s->fast),
			.line = BALANCE_NONE,
			.rests = shift_rests(&s->rest[group_leg(group)], now) ||
			    s->reviews < MEASURED_REVIEWS,
		};
		for (unsigned k = 0; k < PLACE_COPIES_MAX; k++)
			describe_place(pool, group, s->at[k], &pool->item[i], line);
	}
}

/* Is there anything worth a move: what cannot stay where it is, or a load to speak of? */
static bool
is_worth_moving(const struct pool *pool, const struct balance_line *line)
{
	const struct scale_cfg *cfg = &pool->cfg.scale;
	uint64_t least = cfg->load_low > cfg->load_high / 4 ? cfg->load_low : cfg->load_high / 4;

	for (unsigned i = 0; i < pool->nlines; i++)
		if ((line[i].streams > 0 && !line[i].open) || line[i].load > least ||
		    line[i].streams > pool->cfg.max_streams_per_connection)
			return true;
	return false;
}

/* Is a line of the group being emptied? It takes streams again when others have no room left. */
static bool
is_closing_one(struct pool *pool, unsigned group, struct balance_line *line)
{
	unsigned room = 0, homeless = 0, closing = POOL_NO_LINE;

	for (unsigned i = 0; i < pool->nlines; i++) {
		if (line[i].open && line[i].streams < pool->cfg.max_streams_per_connection)
			room += pool->cfg.max_streams_per_connection - line[i].streams;
		if (pool->line[i].role != POOL_LINE_MEMBER || group_of_line(pool, i) != group ||
		    !pool->line[i].closing)
			continue;
		closing = i;
		homeless += line[i].streams;
	}
	if (closing != POOL_NO_LINE && homeless > room) {
		pool->line[closing].closing = false;
		line[closing].open = true;
	}
	return closing != POOL_NO_LINE;
}

static void
scale_group(struct pool *pool, unsigned group, struct balance_line *line, mono_t now,
    struct pool_actions *actions)
{
	struct scale *scale = &pool->scale;
	struct balance_demand demand = {
		.items = wanted_of(pool, group),
		.divisible = balance_would_spread(&scale->balance[group], line, pool->nlines,
		    pool->item, pool->nstreams, 1),
	};
	enum balance_wish wish;
	uint16_t victim;

	if (least_lines(pool, group) == 0)
		return;
	wish = balance_scale_step(
	    &scale->groups[group], line, pool->nlines, &demand, now, &victim);
	switch (wish) {
	case BALANCE_GROW:
		open_line(pool, group, now, actions);
		break;
	case BALANCE_SHRINK:
		pool->line[victim].closing = true;
		break;
	case BALANCE_STAY:
		break;
	}
}

/* The line of a group that is back for good, has nothing, and stays; POOL_NO_LINE: none. */
static unsigned
returned(const struct pool *pool, unsigned group, const struct balance_line *line)
{
	if (group_lines(pool, group) > least_lines(pool, group))
		return POOL_NO_LINE;
	for (unsigned i = 0; i < pool->nlines; i++)
		if (line[i].open && line[i].streams == 0 && place_is_empty(pool, i) &&
		    pool->line[i].peer == POOL_NO_LINE && pool->session[i].stable &&
		    pool->session[i].state == SESSION_LIVE)
			return i;
	return POOL_NO_LINE;
}

static unsigned
most_streams(const struct pool *pool, const struct balance_line *line)
{
	unsigned best = 0;

	for (unsigned i = 1; i < pool->nlines; i++)
		if (line[i].open && line[i].streams > line[best].streams)
			best = i;
	return best;
}

/*
 * A line whose streams took refuge elsewhere (refuge.h) gets as many again, so
 * that the next loss does not take most streams at once. Load does not ask for
 * it; streams that rest stay where they are.
 */
static void
welcome(struct pool *pool, unsigned group, struct balance_line *line, mono_t now)
{
	unsigned to = returned(pool, group, line), from;
	uint64_t before;

	for (uint32_t i = 0; i < pool->nstreams && to != POOL_NO_LINE; i++) {
		from = most_streams(pool, line);
		if (line[from].streams <= line[to].streams + 1)
			return;
		if (pool->item[i].line != from || pool->item[i].fixed || pool->item[i].rests)
			continue;
		before = pool->scale.moves;
		shift_begin(pool, i, from, to, now);
		line[from].streams -= pool->scale.moves > before;
		line[to].streams += pool->scale.moves > before;
	}
}

static void
review_group(struct pool *pool, unsigned group, mono_t now, struct pool_actions *actions)
{
	struct scale *scale = &pool->scale;
	struct balance_line line[POOL_LINES_MAX];
	struct balance_move moves[MOVES_AT_ONCE];
	unsigned n;

	describe(pool, group, false, now, line);
	/* One line at a time is opened or closed. */
	if (!is_closing_one(pool, group, line))
		scale_group(pool, group, line, now, actions);
	describe(pool, group, true, now, line);
	if (!is_worth_moving(pool, line)) {
		welcome(pool, group, line, now);
		return;
	}
	n = balance_plan(&scale->balance[group], line, pool->nlines, pool->item, pool->nstreams, 1,
	    moves, MOVES_AT_ONCE);
	for (unsigned i = 0; i < n; i++)
		shift_begin(pool, moves[i].item, moves[i].from, moves[i].to, now);
}

void
scale_look(struct pool *pool, mono_t now, struct pool_actions *actions)
{
	if (!mono_due(pool->scale.review_at, now))
		return;
	pool->scale.review_at = mono_add(now, review_every);
	shift_look(pool, now);
	measure(pool, now);
	set_limits(pool);
	for (unsigned leg = 0; leg < pool->cfg.redundancy && pool->item != NULL; leg++)
		for (unsigned path = 0; path < pool->cfg.paths; path++)
			review_group(pool, group_of(leg, path), now, actions);
	close_idle(pool, now, actions);
}

mono_t
scale_deadline(const struct pool *pool)
{
	return pool->scale.review_at;
}

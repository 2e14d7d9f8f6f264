#include "feed/core/scale.h"

#include <stddef.h>

#include "feed/core/place.h"
#include "feed/core/pool.h"
#include "feed/core/subscribe.h"

static const span_t review_every = {INT64_C(10000000000)};
static const span_t grow_after = {INT64_C(10000000000)};
static const span_t move_within = {INT64_C(60000000000)};

#define MESSAGE_BYTES 512 /* of a message, as load: sizes are not measured per stream */
#define MOVES_AT_ONCE 16  /* per leg and review */
#define UNBALANCE_PERMILLE 1500
#define HEALTHY 1000

void
scale_retune(struct pool *pool)
{
	const struct pool_cfg *cfg = &pool->cfg;
	unsigned legs = cfg->redundancy;

	pool->scale.balance = (struct balance_cfg){
		.streams_max = cfg->max_streams_per_connection,
		.lines_min = (cfg->initial_connections + legs - 1) / legs,
		.lines_max = cfg->max_connections / legs,
		.load_high = cfg->scale.load_high,
		.load_low = cfg->scale.load_low,
		.grow_after = grow_after,
		.shrink_after = cfg->scale.idle_for,
		.unbalance = UNBALANCE_PERMILLE,
	};
}

void
scale_init(struct pool *pool)
{
	pool->scale = (struct scale){.review_at = MONO_NEVER};
	scale_retune(pool);
	for (unsigned leg = 0; leg < pool->cfg.redundancy; leg++)
		balance_scale_init(&pool->scale.legs[leg], &pool->scale.balance);
}

void
scale_start(struct pool *pool, mono_t now)
{
	pool->scale.reviewed = now;
	pool->scale.review_at = mono_add(now, review_every);
}

/* ---- lines ------------------------------------------------------------------ */

static bool
takes_streams(const struct pool *pool, unsigned line, unsigned leg)
{
	const struct pool_line *l = &pool->line[line];

	return l->role == POOL_LINE_MEMBER && l->leg == leg && !l->closing;
}

static unsigned
members_of(const struct pool *pool, unsigned leg)
{
	unsigned n = 0;

	for (unsigned line = 0; line < pool->nlines; line++)
		n += takes_streams(pool, line, leg);
	return n;
}

/* Opens one more line for a leg; POOL_NO_LINE when there may be none. */
static unsigned
open_line(struct pool *pool, unsigned leg, mono_t now, struct pool_actions *actions)
{
	static const struct session_event start = {.kind = SESSION_START};

	if (members_of(pool, leg) >= pool->scale.balance.lines_max)
		return POOL_NO_LINE;
	for (unsigned line = 0; line < pool->nlines; line++) {
		if (pool->line[line].role != POOL_LINE_FREE ||
		    pool->session[line].state != SESSION_IDLE)
			continue;
		pool_line_init(&pool->line[line], POOL_LINE_MEMBER, leg);
		pool->session[line].leg = leg;
		pool->scale.opened++;
		session_step(&pool->session[line], &start, now, actions);
		return line;
	}
	return POOL_NO_LINE;
}

static bool
is_up(const struct session *session)
{
	return session->state == SESSION_SUBSCRIBING || session->state == SESSION_LIVE;
}

/* Is a connection there, or under way? In BACKOFF nobody knows when there will be one. */
static bool
is_coming(const struct session *session)
{
	return is_up(session) || session->state == SESSION_CONNECTING ||
	    session->state == SESSION_HANDSHAKE;
}

/*
 * The line of a leg with the fewest streams, if these are fewer than `least`
 * and its session is `fit`.
 */
static unsigned
emptiest(const struct pool *pool, unsigned leg, unsigned least,
    bool (*fit)(const struct session *))
{
	unsigned best = POOL_NO_LINE, wanted;

	for (unsigned line = 0; line < pool->nlines; line++) {
		if (!takes_streams(pool, line, leg) || !fit(&pool->session[line]))
			continue;
		wanted = subscribe_wanted(&pool->session[line]);
		if (wanted >= least)
			continue;
		least = wanted;
		best = line;
	}
	return best;
}

/* Closes lines that have been empty for long, but never the last one of a leg. */
static void
close_idle(struct pool *pool, mono_t now, struct pool_actions *actions)
{
	static const struct session_event stop = {.kind = SESSION_STOP};

	for (unsigned line = 0; line < pool->nlines; line++) {
		struct pool_line *l = &pool->line[line];
		mono_t idle_until;

		if (l->role != POOL_LINE_MEMBER || l->peer != POOL_NO_LINE ||
		    !place_is_empty(pool, line)) {
			l->idle_since = MONO_NEVER;
			continue;
		}
		if (mono_is_never(l->idle_since))
			l->idle_since = now;
		idle_until = mono_add(l->idle_since, pool->cfg.scale.idle_for);
		if (!l->closing &&
		    (!mono_due(idle_until, now) || members_of(pool, l->leg) == 1))
			continue;
		place_clear(pool, line);
		pool_line_init(l, POOL_LINE_FREE, 0);
		pool->scale.closed++;
		session_step(&pool->session[line], &stop, now, actions);
	}
}

/* ---- streams that come and go ----------------------------------------------- */

/* Is there room for one more stream when everything has come to rest? */
static bool
has_room(const struct pool *pool)
{
	unsigned wanted = 0;

	for (unsigned i = 0; i < pool->nstreams; i++)
		wanted += pool->stream[i].wanted;
	return wanted < pool->scale.balance.lines_max * pool->cfg.max_streams_per_connection;
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
line_for(struct pool *pool, unsigned leg, mono_t now, struct pool_actions *actions)
{
	unsigned most = pool->cfg.max_streams_per_connection;
	unsigned line = emptiest(pool, leg, most, is_up);

	if (line == POOL_NO_LINE)
		line = emptiest(pool, leg, most, is_coming);
	if (line == POOL_NO_LINE)
		line = open_line(pool, leg, now, actions);
	if (line != POOL_NO_LINE && is_coming(&pool->session[line]))
		return line;
	line = emptiest(pool, leg, pool->cfg.line_room, is_up);
	if (line == POOL_NO_LINE)
		line = emptiest(pool, leg, most, is_any);
	if (line == POOL_NO_LINE)
		line = emptiest(pool, leg, pool->cfg.line_room, is_any);
	return line;
}

bool
scale_add(struct pool *pool, uint32_t stream, mono_t now, struct pool_actions *actions)
{
	bool placed = has_room(pool);
	unsigned line;

	for (unsigned leg = 0; leg < pool->cfg.redundancy && placed; leg++) {
		line = line_for(pool, leg, now, actions);
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

/* ---- moves ------------------------------------------------------------------ */

static void
move(struct pool *pool, uint32_t stream, unsigned from, unsigned to)
{
	struct session_stream *entry = place_of(pool, from, stream);

	if (entry == NULL || entry->moving_to != POOL_NO_LINE ||
	    place_of(pool, to, stream) != NULL || pool->line[from].peer != POOL_NO_LINE ||
	    pool->line[to].peer != POOL_NO_LINE || !place_add(pool, to, stream))
		return;
	entry->moving_to = (uint8_t)to;
	pool->scale.moves++;
}

void
scale_on_produced(struct pool *pool, uint32_t stream, unsigned line)
{
	for (unsigned from = 0; from < pool->nlines; from++) {
		struct session_stream *entry = place_of(pool, from, stream);

		if (entry != NULL && entry->moving_to == line && from != line) {
			entry->moving_to = POOL_NO_LINE;
			place_remove(pool, from, stream);
		}
	}
}

void
scale_on_rotation(struct pool *pool, unsigned line)
{
	for (unsigned from = 0; from < pool->nlines; from++) {
		struct session *session = &pool->session[from];

		for (unsigned i = 0; i < session->nstreams; i++) {
			struct session_stream *entry = &session->stream[session->first + i];
			unsigned to = entry->moving_to;

			if (to == POOL_NO_LINE || (from != line && to != line))
				continue;
			entry->moving_to = POOL_NO_LINE;
			place_remove(pool, to, entry->index);
		}
	}
}

/* A move is over when the new line has it as far as anyone can tell, or never will. */
static void
look_at_move(struct pool *pool, unsigned from, struct session_stream *entry, mono_t now)
{
	unsigned to = entry->moving_to;
	const struct session_stream *there = place_of(pool, to, entry->index);
	bool quiet;

	if (there == NULL) {
		entry->moving_to = POOL_NO_LINE;
		return;
	}
	if (mono_is_never(there->acked) ||
	    !mono_due(mono_add(there->acked, pool->cfg.rotate.quiet_within), now))
		return;
	quiet = mono_is_never(entry->heard) || mono_before(entry->heard, there->acked);
	if (quiet) {
		entry->moving_to = POOL_NO_LINE;
		place_remove(pool, from, entry->index);
	} else if (mono_due(mono_add(there->acked, move_within), now)) {
		entry->moving_to = POOL_NO_LINE;
		place_remove(pool, to, entry->index);
		pool->scale.moves_failed++;
	}
}

static void
look_at_moves(struct pool *pool, mono_t now)
{
	for (unsigned line = 0; line < pool->nlines; line++) {
		struct session *session = &pool->session[line];

		for (unsigned i = 0; i < session->nstreams; i++) {
			struct session_stream *entry = &session->stream[session->first + i];

			if (entry->state != STREAM_FREE && entry->moving_to != POOL_NO_LINE)
				look_at_move(pool, line, entry, now);
		}
	}
}

/* ---- the review ------------------------------------------------------------- */

static void
measure(struct pool *pool, mono_t now)
{
	int64_t ns = mono_diff(now, pool->scale.reviewed).ns;

	for (uint32_t i = 0; i < pool->nstreams && ns > 0; i++) {
		struct pool_stream *s = &pool->stream[i];
		uint64_t messages = s->messages - s->measured;
		uint64_t load = messages * MESSAGE_BYTES * 1000 / ((uint64_t)ns / 1000000 + 1);

		/* Every leg brings each message. */
		load /= pool->cfg.redundancy;
		load = load < UINT32_MAX ? load : UINT32_MAX;
		s->load = (uint32_t)(s->load - s->load / 4 + load / 4);
		s->measured = s->messages;
	}
	pool->scale.reviewed = now;
}

/* The lines of a leg as balance.h sees them, and where each stream is. */
static void
describe(struct pool *pool, unsigned leg, struct balance_line *line)
{
	for (unsigned i = 0; i < pool->nlines; i++)
		line[i] = (struct balance_line){
			.health = HEALTHY,
			.endpoint = (uint16_t)pool->session[i].endpoint,
			.open = takes_streams(pool, i, leg),
		};
	for (uint32_t i = 0; i < pool->nstreams; i++) {
		struct balance_item *item = &pool->item[i];

		*item = (struct balance_item){
			.load = pool->stream[i].load, .line = BALANCE_NONE, .fixed = true};
		for (unsigned k = 0; k < PLACE_COPIES_MAX; k++) {
			uint32_t at = pool->stream[i].at[k];
			unsigned on = at == PLACE_NONE ? POOL_NO_LINE : place_line(pool, at);

			if (on == POOL_NO_LINE || pool->line[on].role != POOL_LINE_MEMBER ||
			    pool->line[on].leg != leg)
				continue;
			item->fixed = item->line != BALANCE_NONE ||
			    pool->entry[at].state != STREAM_ACKED ||
			    pool->line[on].peer != POOL_NO_LINE;
			item->line = (uint16_t)on;
			line[on].load += item->load;
			line[on].streams++;
		}
	}
}

/* Is there anything worth a move: a line to be emptied, or one with a load to speak of? */
static bool
is_worth_moving(const struct pool *pool, const struct balance_line *line)
{
	for (unsigned i = 0; i < pool->nlines; i++)
		if ((line[i].streams > 0 && !line[i].open) ||
		    line[i].load > pool->cfg.scale.load_low)
			return true;
	return false;
}

/* Is a line of the leg being emptied? It takes streams again when the others have no room left. */
static bool
is_closing_one(struct pool *pool, unsigned leg, struct balance_line *line)
{
	unsigned room = 0, homeless = 0, closing = POOL_NO_LINE;

	for (unsigned i = 0; i < pool->nlines; i++) {
		if (line[i].open && line[i].streams < pool->scale.balance.streams_max)
			room += pool->scale.balance.streams_max - line[i].streams;
		if (pool->line[i].role != POOL_LINE_MEMBER || pool->line[i].leg != leg ||
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
scale_leg(struct pool *pool, unsigned leg, struct balance_line *line, mono_t now,
    struct pool_actions *actions)
{
	struct scale *scale = &pool->scale;
	unsigned wanted = 0;
	uint16_t victim;

	for (uint32_t i = 0; i < pool->nstreams; i++)
		wanted += pool->stream[i].wanted;
	switch (balance_scale_step(&scale->legs[leg], line, pool->nlines, wanted, now, &victim)) {
	case BALANCE_GROW:
		open_line(pool, leg, now, actions);
		break;
	case BALANCE_SHRINK:
		pool->line[victim].closing = true;
		line[victim].open = false;
		break;
	case BALANCE_STAY:
		break;
	}
}

static void
review_leg(struct pool *pool, unsigned leg, mono_t now, struct pool_actions *actions)
{
	struct scale *scale = &pool->scale;
	struct balance_line line[POOL_LINES_MAX];
	struct balance_move moves[MOVES_AT_ONCE];
	unsigned n;

	describe(pool, leg, line);
	/* One line at a time is opened or closed. */
	if (!is_closing_one(pool, leg, line))
		scale_leg(pool, leg, line, now, actions);
	if (!is_worth_moving(pool, line))
		return;
	n = balance_plan(&scale->balance, line, pool->nlines, pool->item, pool->nstreams, 1, moves,
	    MOVES_AT_ONCE);
	for (unsigned i = 0; i < n; i++)
		move(pool, moves[i].item, moves[i].from, moves[i].to);
}

void
scale_look(struct pool *pool, mono_t now, struct pool_actions *actions)
{
	if (!mono_due(pool->scale.review_at, now))
		return;
	pool->scale.review_at = mono_add(now, review_every);
	look_at_moves(pool, now);
	measure(pool, now);
	for (unsigned leg = 0; leg < pool->cfg.redundancy && pool->item != NULL; leg++)
		review_leg(pool, leg, now, actions);
	close_idle(pool, now, actions);
}

mono_t
scale_deadline(const struct pool *pool)
{
	return pool->scale.review_at;
}

#include "feed/core/pool.h"

#include "feed/core/subscribe.h"

#define TIMER_ROUNDS_MAX 2

static const uint64_t seed_step = UINT64_C(0xd1342543de82ef95);

static bool
retry_cfg_is_valid(const struct retry_cfg *cfg)
{
	return cfg->base.ns >= RETRY_DELAY_MIN.ns && cfg->cap.ns >= cfg->base.ns &&
	    cfg->exponential_base > 0 && cfg->jitter_percent <= 100 && cfg->reset_after > 0;
}

static bool
rotate_cfg_is_valid(const struct rotate_cfg *cfg)
{
	return cfg->age_max.ns > 0 && cfg->age_spread_percent <= 100 && cfg->age_min.ns > 0 &&
	    cfg->quiet_within.ns > 0 && cfg->handover_within.ns > cfg->quiet_within.ns &&
	    cfg->again_after.ns > 0;
}

static bool
route_cfg_is_valid(const struct route_cfg *cfg)
{
	return cfg->endpoints > 0 && cfg->endpoints <= ENDPOINTS_MAX &&
	    cfg->breaker.failures_max > 0 && cfg->breaker.jitter_percent <= 100 &&
	    cfg->breaker.probe_within.ns > 0 && cfg->choice.return_after.ns >= 0;
}

static bool
heartbeat_cfg_is_valid(const struct heartbeat_cfg *cfg)
{
	return cfg->idle_after.ns > 0 && cfg->answer_within.ns > 0 &&
	    cfg->server_ping_within.ns > 0 && cfg->max_missed > 0;
}

static bool
session_cfg_is_valid(const struct session_cfg *cfg)
{
	return heartbeat_cfg_is_valid(&cfg->heartbeat) && cfg->connect_within.ns > 0 &&
	    cfg->ack_within.ns > 0 && cfg->data_within.ns > 0 && cfg->drain_within.ns > 0 &&
	    cfg->list_every.ns > 0 &&
	    cfg->stable_after.ns > 0 && cfg->send_window.ns > 0 &&
	    cfg->sends_max > cfg->sends_reserved &&
	    cfg->sends_max <= SESSION_SENDS_MAX &&
	    cfg->request_bytes_max > cfg->request_bytes_overhead &&
	    retry_cfg_is_valid(&cfg->retry);
}

static bool
cfg_is_valid(const struct pool_cfg *cfg)
{
	return cfg->max_connections > 0 && cfg->max_connections <= POOL_LINES_MAX &&
	    cfg->initial_connections > 0 && cfg->initial_connections <= cfg->max_connections &&
	    cfg->max_streams_per_connection > 0 &&
	    cfg->line_room >= cfg->max_streams_per_connection && cfg->redundancy > 0 &&
	    cfg->redundancy <= POOL_LEGS_MAX && cfg->paths > 0 && cfg->paths <= POOL_PATHS_MAX &&
	    cfg->connects_max > 0 &&
	    cfg->connects_max <= POOL_CONNECTS_MAX && cfg->connects_window.ns > 0 &&
	    rotate_cfg_is_valid(&cfg->rotate) && cfg->scale.idle_for.ns > 0 &&
	    cfg->checkup.every.ns > 0 &&
	    cfg->scale.load_high > 0 &&
	    cfg->scale.load_high >= cfg->scale.load_low && route_cfg_is_valid(&cfg->route) &&
	    session_cfg_is_valid(&cfg->session);
}

/* How many lines a pool of that configuration has, with those for replacements. */
static unsigned
lines_max(const struct pool_cfg *cfg)
{
	unsigned lines = 2 * cfg->max_connections;

	return lines < POOL_LINES_MAX ? lines : POOL_LINES_MAX;
}

size_t
pool_places(const struct pool_cfg *cfg)
{
	return (size_t)lines_max(cfg) * cfg->line_room;
}

void
pool_line_init(struct pool_line *line, enum pool_line_role role)
{
	*line = (struct pool_line){
		.role = role,
		.peer = POOL_NO_LINE,
		.retire_at = MONO_NEVER,
		.idle_since = MONO_NEVER,
		.refuge_at = MONO_NEVER,
		.look_at = MONO_NEVER,
		.health = line->health,
		.messages = line->messages,
		.faults = line->faults,
	};
	if (line->health.cfg != NULL)
		health_begin(&line->health);
}

static void
init_lines(struct pool *pool, const unsigned lines[GROUP_PATHS_MAX], uint64_t seed)
{
	for (unsigned line = 0; line < pool->nlines; line++) {
		pool_line_init(&pool->line[line], POOL_LINE_FREE);
		session_init(&pool->session[line], line, &pool->shared, pool->entry,
		    line * pool->cfg.line_room, pool->cfg.line_room, seed + line * seed_step);
	}
	for (unsigned leg = 0; leg < pool->cfg.redundancy; leg++)
		for (unsigned path = 0; path < pool->cfg.paths; path++)
			for (unsigned i = 0; i < lines[path]; i++) {
				pool->line[pool->members].role = POOL_LINE_MEMBER;
				group_take_line(pool, pool->members++, group_of(leg, path));
			}
}

static void
init_stream(struct pool_stream *stream, uint16_t bytes, uint8_t class, uint8_t path)
{
	*stream = (struct pool_stream){.bytes = bytes, .class = class, .path = path,
	    .since = MONO_NEVER, .heard = MONO_NEVER};
	for (unsigned k = 0; k < PLACE_COPIES_MAX; k++)
		stream->at[k] = PLACE_NONE;
}

static void
init_streams(struct pool *pool, const uint16_t *stream_bytes, const struct pool_memory *memory)
{
	for (unsigned i = 0; i < pool->nstreams; i++) {
		init_stream(&pool->stream[i], stream_bytes[i],
		    memory->class != NULL ? memory->class[i] : (uint8_t)STALL_RARE,
		    memory->path != NULL ? memory->path[i] : 0);
		pool->stream[i].wanted = true;
	}
}

static bool
paths_are_valid(const struct pool_cfg *cfg, const uint8_t *path, unsigned n)
{
	for (unsigned i = 0; i < n && path != NULL; i++)
		if (path[i] >= cfg->paths)
			return false;
	return true;
}

enum pool_result
pool_init(struct pool *pool, const struct pool_cfg *cfg, const uint16_t *stream_bytes, unsigned n,
    const struct pool_memory *memory, uint64_t seed)
{
	const struct session_cfg *session = &cfg->session;
	unsigned at[GROUP_PATHS_MAX] = {0}, lines[GROUP_PATHS_MAX];

	if (!cfg_is_valid(cfg) || !paths_are_valid(cfg, memory->path, n))
		return POOL_BAD_CFG;
	if (n == 0)
		return POOL_NO_STREAMS;
	for (unsigned i = 0; i < n; i++)
		at[memory->path != NULL ? memory->path[i] : 0]++;
	if (n > memory->streams_max || !group_share(cfg, at, lines))
		return POOL_TOO_MANY_STREAMS;
	for (unsigned i = 0; i < n; i++)
		if (stream_bytes[i] > session->request_bytes_max - session->request_bytes_overhead)
			return POOL_STREAM_TOO_LONG;
	*pool = (struct pool){
		.cfg = *cfg,
		.shared = {.cfg = *session, .data_due = MONO_NEVER},
		.entry = memory->entry,
		.stream = memory->stream,
		.nstreams = n,
		.streams_max = memory->streams_max,
		.nlines = lines_max(cfg),
		.region_at = MONO_NEVER,
	};
	rng_seed(&pool->rng, seed);
	pool->cfg.route.legs = cfg->redundancy;
	route_init(&pool->shared.route, &pool->cfg.route, seed);
	quota_init(&pool->shared.connects, cfg->connects_max, cfg->connects_window,
	    pool->connect_stamps);
	init_streams(pool, stream_bytes, memory);
	if (memory->stall != NULL) {
		stall_init(&pool->stall, &stall_cfg_default, memory->stall,
		    (uint32_t)pool_places(cfg), MONO_ZERO);
		pool->shared.stall = &pool->stall;
	}
	init_lines(pool, lines, seed);
	place_spread(pool);
	watch_init(&pool->watch);
	pool->item = memory->item;
	scale_init(pool);
	checkup_init(pool);
	return POOL_OK;
}

static void
step_every_line(struct pool *pool, enum session_event_kind kind, mono_t now,
    struct pool_actions *actions)
{
	struct session_event event = {.kind = kind};

	for (unsigned line = 0; line < pool->nlines; line++)
		if (pool->line[line].role != POOL_LINE_FREE)
			session_step(&pool->session[line], &event, now, actions);
}

/* Every event of a line goes through here. */
static void
tell_session(struct pool *pool, unsigned line, const struct session_event *event, mono_t now,
    struct pool_actions *actions)
{
	struct session *session = &pool->session[line];
	bool was_up = session_is_up(session);

	session_step(session, event, now, actions);
	if (!was_up || session_is_up(session))
		return;
	watch_on_line_lost(pool, line, session->reason);
	rotate_on_line_lost(pool, line, now, actions);
}

/*
 * A session that was told of a due deadline has none that is due any more, but
 * a line that gives up its try at an endpoint lets another one try: a second
 * round is enough for that. CONNECTING hangs up, DRAINING backs off by at least
 * RETRY_DELAY_MIN, SUBSCRIBING sends until the quota or the streams are used
 * up, BACKOFF connects or finds the quota used up by the lines before it.
 */
static void
run_due_timers(struct pool *pool, mono_t now, struct pool_actions *actions)
{
	static const struct session_event timer = {.kind = SESSION_TIMER};
	bool any = true;

	for (unsigned round = 0; round < TIMER_ROUNDS_MAX && any; round++) {
		any = false;
		for (unsigned line = 0; line < pool->nlines; line++) {
			if (!mono_due(session_deadline(&pool->session[line]), now))
				continue;
			any = true;
			tell_session(pool, line, &timer, now, actions);
		}
	}
}

/* What the world may tell a line; START, TIMER and STOP are the pool's to give. */
static bool
is_outside_event(enum session_event_kind kind)
{
	return kind >= SESSION_WENT_UP && kind <= SESSION_SHUTDOWN;
}

static void
step_line(struct pool *pool, const struct pool_event *event, mono_t now,
    struct pool_actions *actions)
{
	const struct session_counts *counts;
	uint64_t lists;

	if (event->line >= pool->nlines || !is_outside_event(event->session.kind)) {
		pool->strays++;
		return;
	}
	counts = &pool->session[event->line].counts;
	lists = counts->lists;
	tell_session(pool, event->line, &event->session, now, actions);
	if (counts->lists > lists)
		ledger_on_listed(pool, event->line, event->session.listed);
}

static void
add_stream(struct pool *pool, const struct pool_event *event, mono_t now,
    struct pool_actions *actions)
{
	const struct session_cfg *cfg = &pool->shared.cfg;
	struct pool_action *action;
	struct pool_stream *stream;

	if (event->stream >= pool->streams_max || event->path >= pool->cfg.paths ||
	    event->bytes > cfg->request_bytes_max - cfg->request_bytes_overhead ||
	    (event->stream < pool->nstreams && pool->stream[event->stream].wanted)) {
		pool->strays++;
		return;
	}
	for (; pool->nstreams <= event->stream; pool->nstreams++)
		init_stream(&pool->stream[pool->nstreams], 0, STALL_RARE, 0);
	stream = &pool->stream[event->stream];
	init_stream(stream, event->bytes, event->class, event->path);
	stream->wanted = scale_add(pool, event->stream, now, actions);
	if (stream->wanted)
		return;
	action = actions_add(actions, ACT_STREAM_REFUSED, 0);
	action->stream = event->stream;
	action->no_room = true;
}

static void
drop_stream(struct pool *pool, uint32_t number)
{
	if (number >= pool->nstreams || !pool->stream[number].wanted) {
		pool->strays++;
		return;
	}
	scale_drop(pool, number);
	watch_on_dropped(pool, number);
	pool->stream[number].wanted = false;
}

static void
retune(struct pool *pool, const struct pool_cfg *cfg)
{
	unsigned legs = pool->cfg.redundancy;

	if (!pool_may_retune(pool, cfg)) {
		pool->strays++;
		return;
	}
	pool->cfg = *cfg;
	pool->cfg.route.legs = legs;
	/* Sessions, breakers and quotas point at these. */
	cfg = &pool->cfg;
	pool->shared.connects.window = cfg->connects_window;
	pool->shared.cfg.connect_within = cfg->session.connect_within;
	pool->shared.cfg.ack_within = cfg->session.ack_within;
	pool->shared.cfg.data_within = cfg->session.data_within;
	pool->shared.cfg.drain_within = cfg->session.drain_within;
	pool->shared.cfg.list_every = cfg->session.list_every;
	pool->shared.cfg.stable_after = cfg->session.stable_after;
	pool->shared.cfg.reconnect = cfg->session.reconnect;
	pool->shared.cfg.retry = cfg->session.retry;
	pool->shared.cfg.heartbeat.idle_after = cfg->session.heartbeat.idle_after;
	pool->shared.cfg.heartbeat.answer_within = cfg->session.heartbeat.answer_within;
	pool->shared.cfg.heartbeat.server_ping_within = cfg->session.heartbeat.server_ping_within;
	pool->shared.cfg.heartbeat.max_missed = cfg->session.heartbeat.max_missed;
	pool->shared.route.cfg.breaker = cfg->route.breaker;
	pool->shared.route.cfg.choice = cfg->route.choice;
	scale_retune(pool);
	rotate_retune(pool);
}

/* Lines that stayed down try again when they may; health is measured again, or no more. */
static void
resume(struct pool *pool, mono_t now, struct pool_actions *actions)
{
	static const struct session_event start = {.kind = SESSION_START};
	bool runs = !mono_is_never(pool->scale.review_at);

	for (unsigned line = 0; line < pool->nlines && runs; line++)
		if (pool->line[line].role == POOL_LINE_MEMBER && pool->shared.cfg.reconnect &&
		    pool->session[line].state == SESSION_IDLE)
			session_step(&pool->session[line], &start, now, actions);
	if (runs)
		checkup_start(pool, now);
}

void
pool_step(struct pool *pool, const struct pool_event *event, mono_t now,
    struct pool_actions *actions)
{
	actions->n = 0;
	switch (event->kind) {
	case POOL_START:
		scale_start(pool, now);
		checkup_start(pool, now);
		pool->region_at = now;
		step_every_line(pool, SESSION_START, now, actions);
		break;
	case POOL_STOP:
		pool->scale.review_at = pool->checkup_at = MONO_NEVER;
		pool->region_at = pool->shared.data_due = MONO_NEVER;
		step_every_line(pool, SESSION_STOP, now, actions);
		break;
	case POOL_LINE:
		step_line(pool, event, now, actions);
		break;
	case POOL_HEARD:
		for (unsigned i = 0; i < event->nheard; i++)
			watch_on_heard(pool, &event->heard[i], now);
		break;
	case POOL_ADD:
		add_stream(pool, event, now, actions);
		break;
	case POOL_DROP:
		drop_stream(pool, event->stream);
		break;
	case POOL_QUIET:
		watch_on_quiet(pool, event->stream, event->why, now);
		break;
	case POOL_HELD_UP:
		if (pool->shared.stall != NULL)
			stall_forgive(pool->shared.stall, event->span, now);
		ledger_forgive(pool, event->span);
		refuge_forgive(pool, event->span);
		break;
	case POOL_RETUNE:
		retune(pool, event->cfg);
		resume(pool, now, actions);
		break;
	case POOL_TIMER:
		break;
	}
	run_due_timers(pool, now, actions);
	watch_heal(pool, now);
	ledger_look(pool, now, actions);
	scale_look(pool, now, actions);
	checkup_look(pool, now);
	region_look(pool, now);
	rotate_look(pool, now, actions);
	refuge_look(pool, now, actions);
	run_due_timers(pool, now, actions);
	watch_look(pool, now, actions);
}

mono_t
pool_deadline(const struct pool *pool)
{
	mono_t deadline = mono_min(mono_min(rotate_deadline(pool), ledger_deadline(pool)),
	    mono_min(watch_deadline(pool),
	    mono_min(scale_deadline(pool), checkup_deadline(pool))));

	deadline = mono_min(deadline, region_deadline(pool));
	deadline = mono_min(deadline, refuge_deadline(pool));
	for (unsigned line = 0; line < pool->nlines; line++)
		deadline = mono_min(deadline, session_deadline(&pool->session[line]));
	return deadline;
}

unsigned
pool_request_streams(const struct pool *pool, const struct pool_action *act, uint32_t *out,
    unsigned max)
{
	return subscribe_request_streams(&pool->session[act->line], act->request_id, out, max);
}

void
pool_see_pings(struct pool *pool, bool visible)
{
	pool->shared.cfg.heartbeat.pings_visible = visible;
}

bool
pool_may_retune(const struct pool *pool, const struct pool_cfg *cfg)
{
	return cfg_is_valid(cfg) && cfg->redundancy == pool->cfg.redundancy &&
	    cfg->paths == pool->cfg.paths &&
	    cfg->line_room == pool->cfg.line_room &&
	    cfg->route.endpoints == pool->cfg.route.endpoints &&
	    cfg->max_connections <= pool->nlines && cfg->connects_max == pool->cfg.connects_max;
}

void
pool_recall_connect(struct pool *pool, mono_t at)
{
	if (quota_allows(&pool->shared.connects, at))
		quota_take(&pool->shared.connects, at);
}

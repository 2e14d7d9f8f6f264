#include "tests/sim/feed.h"

#include <assert.h>
#include <string.h>

#include <tickring/reader.h>

#include "feed/pipeline/pipeline.h"
#include "feed/venue/binance/request.h"
#include "shm/board_writer.h"
#include "shm/ring.h"
#include "tests/shm_fixture.h"
#include "tests/sim/frame.h"
#include "tests/sim/journal.h"
#include "tests/sim/peer.h"
#include "tests/sim/places.h"
#include "tests/sim/rules.h"

enum { SLOTS = 4096, HEARD_AT_ONCE = 64, EVENTS_MAX = 256 };

/* As app.c: who was heard is told to the pool not more often than this. */
static const span_t heard_every = {5000000};

static struct feed {
	struct shm_fixture fixture;
	struct ring ring;
	struct board board;
	struct tick_reader *reader;
	struct pipeline *pipeline;
	struct pool pool;
	struct pool_actions actions;
	mono_t heard_due;
	bool heard_waits;
	struct agenda_item event[EVENTS_MAX]; /* what the transport has to tell */
	unsigned nevents;
	bool by_timer;                   /* nothing came in this wake-up */
	uint32_t stream_of[SIM_STREAMS][TICK_TYPE_COUNT]; /* by instrument and type, from 1 */
	struct session_stream entry[SIM_LINES * SIM_ROOM];
	struct stall_stream stall[SIM_LINES * SIM_ROOM];
	struct pool_stream stream[SIM_STREAMS];
	struct balance_item item[SIM_STREAMS];
	uint16_t bytes[SIM_STREAMS];
	uint8_t class[SIM_STREAMS], path[SIM_STREAMS];
} feed;

static wall_t
wall(void)
{
	return (wall_t){sim.now.ns + sim.wall_offset};
}

/* ---- actions ---------------------------------------------------------------- */

static void
send_request(const struct pool_action *act)
{
	static const enum request_method method_of[] = {
		[ACT_SEND_SUBSCRIBE] = REQUEST_METHOD_SUBSCRIBE,
		[ACT_SEND_UNSUBSCRIBE] = REQUEST_METHOD_UNSUBSCRIBE,
		[ACT_SEND_LIST] = REQUEST_METHOD_LIST,
	};
	struct bytes names[SIM_STREAMS];
	uint32_t streams[SIM_STREAMS], mask = 0;
	char text[REQUEST_BYTES_MAX];
	unsigned n = pool_request_streams(&feed.pool, act, streams, SIM_STREAMS);
	size_t bytes;

	if (n == 0 && act->kind != ACT_SEND_LIST)
		return; /* the line ended in the same step */
	for (unsigned i = 0; i < n; i++) {
		names[i] = bytes_of(sim.stream[streams[i]].name);
		mask |= UINT32_C(1) << streams[i];
		if (act->kind == ACT_SEND_UNSUBSCRIBE)
			pipeline_on_stream_left(feed.pipeline, streams[i], act->line);
	}
	bytes = request_format(text, sizeof(text), method_of[act->kind], act->request_id, names, n);
	RULE(bytes > 0 && bytes <= sim.cfg.session.request_bytes_max, "a request is too long",
	    act->line, (int64_t)bytes, n);
	if (act->kind != ACT_SEND_LIST)
		journal_note(act->kind == ACT_SEND_SUBSCRIBE ? "subscribe" : "unsubscribe",
		    act->line, mask, act->request_id);
	peer_request(act, mask);
}

static void
carry_out(const struct pool_action *act)
{
	switch (act->kind) {
	case ACT_CONNECT:
		journal_note("connect", act->line, act->endpoint, act->attempt);
		peer_connect(act);
		break;
	case ACT_SEND_SUBSCRIBE:
	case ACT_SEND_UNSUBSCRIBE:
	case ACT_SEND_LIST:
		send_request(act);
		break;
	case ACT_PING:
		peer_ping(act->line);
		break;
	case ACT_HANG_UP:
		journal_note("hang up", act->line, act->attempt, act->close_code);
		peer_hang_up(act);
		break;
	case ACT_STREAM_STALE:
		pipeline_on_stream_stale(feed.pipeline, act->stream, act->why, wall(), sim.now);
		break;
	case ACT_STREAM_LIVE:
		break;
	case ACT_STREAM_SILENT:
		sim.count.silent++;
		journal_note("acknowledged, but silent", act->line, act->stream, act->elsewhere);
		if (!act->elsewhere)
			pipeline_on_stream_silent(feed.pipeline, act->stream, wall(), sim.now);
		break;
	case ACT_TRANSITION:
		journal_note(session_state_label(act->to), act->line, act->from, act->why);
		break;
	case ACT_STREAM_REFUSED:
		journal_note("a stream is refused", act->line, act->stream, act->error_code);
		RULE(!act->no_room, "no room for a stream", act->stream, 0, 0);
		RULE(sim.peer[act->line].refused > 0, "a stream is refused that the exchange took",
		    act->line, act->stream, act->error_code);
		break;
	case ACT_ROTATION:
		sim.count.rotations += act->step == ROTATION_DONE;
		rules_on_rotation(act);
		journal_note("rotation", act->line, act->peer, act->step);
		break;
	case ACT_STREAMS_MOVED:
		sim.count.moved += act->count;
		journal_note("streams move off it", act->line, act->count, act->why);
		break;
	}
}

static void
step(const struct pool_event *event)
{
	pool_step(&feed.pool, event, sim.now, &feed.actions);
	for (unsigned i = 0; i < feed.actions.n; i++)
		carry_out(&feed.actions.act[i]);
}

static void
step_line(unsigned line, const struct session_event *what)
{
	step(&(struct pool_event){.kind = POOL_LINE, .line = line, .session = *what});
}

/* ---- events ----------------------------------------------------------------- */

static unsigned
leg_of(unsigned line)
{
	struct pool_line_view view;

	return pool_line_view(&feed.pool, line, &view) ? view.leg : 0;
}

static void
tell_event(const struct agenda_item *item)
{
	struct session_event e = {.attempt = item->life, .reason = (enum tick_reason)item->a,
	    .retry_after_s = -1};

	switch (item->kind) {
	case AGENDA_UP:
		pipeline_on_line_up(feed.pipeline, item->line, leg_of(item->line), wall(), sim.now);
		e = (struct session_event){.kind = SESSION_WENT_UP, .retry_after_s = -1,
		    .attempt = sim.peer[item->line].attempt};
		break;
	case AGENDA_FAILED:
		e.kind = SESSION_FAILED;
		e.http_status = (int)item->b;
		e.retry_after_s = (int32_t)item->c;
		break;
	case AGENDA_DOWN:
		pipeline_on_line_down(feed.pipeline, item->line, e.reason, wall(), sim.now);
		e.kind = SESSION_WENT_DOWN;
		e.close_code = (int)item->b;
		break;
	default:
		e.kind = item->kind == AGENDA_PINGED ? SESSION_PINGED : SESSION_PONGED;
		e.attempt = sim.peer[item->line].attempt;
		e.at = sim.now;
		break;
	}
	step_line(item->line, &e);
	if (e.kind != SESSION_PINGED)
		return;
	e.kind = SESSION_ANSWERED;
	step_line(item->line, &e);
}

static void
tell_control(const struct pipeline_control *c)
{
	struct session_event e = {.request_id = c->id, .error_code = c->code};

	switch (c->kind) {
	case EVENT_REPLY:
		e.kind = c->listed ? SESSION_LISTED : SESSION_ACKED;
		e.listed = c->listed ? pipeline_listed(feed.pipeline, c->line) : NULL;
		break;
	case EVENT_ERROR_REPLY:
		e.kind = SESSION_REFUSED;
		break;
	default:
		e.kind = SESSION_SHUTDOWN;
		break;
	}
	step_line(c->line, &e);
}

static void
tell_heard(void)
{
	struct pool_heard heard[HEARD_AT_ONCE];
	struct pool_event event = {.kind = POOL_HEARD, .heard = heard};

	if (!feed.heard_waits || !mono_due(feed.heard_due, sim.now))
		return;
	feed.heard_due = mono_add(sim.now, heard_every);
	feed.heard_waits = false;
	event.nheard = pipeline_take_heard(feed.pipeline, heard, HEARD_AT_ONCE);
	if (event.nheard > 0)
		step(&event);
}

void
feed_take(const struct agenda_item *item)
{
	struct transport_stamps stamps = {.recv = wall(), .recv_mono = sim.now};
	struct frame_bytes frame;

	feed.by_timer = false;
	if (item->kind == AGENDA_ANNOUNCE)
		journal_note("server announces its end", item->line, 0, 0);
	if (frame_make(item, &frame)) {
		sim.count.frames++;
		feed.heard_waits = true;
		pipeline_on_frame(feed.pipeline, item->line, frame.payload,
		    (struct bytes){frame.text, frame.n}, stamps);
	} else if (item->kind != AGENDA_DATA) {
		assert(feed.nevents < EVENTS_MAX);
		feed.event[feed.nevents++] = *item;
	}
}

/* ---- ticks ------------------------------------------------------------------ */

static struct sim_stream *
stream_of(const struct tick *t)
{
	int64_t type = t->type == TICK_FEED_EVENT ? t->event.a : t->type;
	uint32_t number = 0;

	if (t->instrument < SIM_STREAMS && type > 0 && type < TICK_TYPE_COUNT)
		number = feed.stream_of[t->instrument][type];
	return number == 0 ? NULL : &sim.stream[number - 1];
}

static void
read_ticks(void)
{
	struct tick t;
	int rc;

	while ((rc = tick_reader_next(feed.reader, &t)) == TICK_MORE || rc == TICK_E_RESTARTED)
		if (rc == TICK_MORE)
			rules_on_tick(stream_of(&t), &t);
	RULE(rc == (feed.pipeline != NULL ? TICK_END : TICK_E_DEAD) || rc == TICK_END,
	    "the reader does not read", rc, 0, 0);
}

/* ---- wake-ups --------------------------------------------------------------- */

mono_t
feed_deadline(void)
{
	mono_t deadline = mono_min(pool_deadline(&feed.pool), pipeline_deadline(feed.pipeline));

	return feed.heard_waits ? mono_min(deadline, feed.heard_due) : deadline;
}

void
feed_wake(void)
{
	const struct session_event heard = {.kind = SESSION_HEARD};
	struct pipeline_control control;

	pipeline_on_time(feed.pipeline, sim.now);
	for (unsigned i = 0; i < feed.nevents; i++)
		tell_event(&feed.event[i]);
	feed.nevents = 0;
	while (pipeline_next_control(feed.pipeline, &control))
		tell_control(&control);
	for (uint64_t lines = pipeline_heard(feed.pipeline); lines != 0; lines &= lines - 1)
		step_line((unsigned)__builtin_ctzll(lines), &heard);
	tell_heard();
	if (mono_due(pool_deadline(&feed.pool), sim.now))
		step(&(struct pool_event){.kind = POOL_TIMER});
	for (unsigned i = 0; i < sim.nstreams; i++)
		places_check(i);
	ring_idle(&feed.ring, sim.now.ns);
	read_ticks();
	rules_on_wake(feed.by_timer, feed_deadline());
	feed.by_timer = true;
}

/* ---- begin and end ---------------------------------------------------------- */

static const struct {
	enum tick_type type;
	enum stall_class class;
} of_kind[EVENT_KINDS] = {
	[EVENT_TRADE] = {TICK_TRADE, STALL_TRADE},
	[EVENT_AGG_TRADE] = {TICK_AGG_TRADE, STALL_TRADE},
	[EVENT_QUOTE] = {TICK_QUOTE, STALL_QUOTE},
	[EVENT_DEPTH] = {TICK_BOOK_DELTA, STALL_SLOW},
};

/* As plan.c: of any stream, also of one that was dropped. */
static uint32_t
number_of(void *context, struct bytes name)
{
	(void)context;
	for (unsigned i = 0; i < sim.nstreams; i++)
		if (bytes_equal(name, bytes_of(sim.stream[i].name)))
			return i;
	return UINT32_MAX;
}

static void
open_segments(void)
{
	struct board_cfg board = {.directory = feed.fixture.directory, .feed = "t",
	    .group = (gid_t)-1, .instruments_max = 64, .depth = 1,
	    .heartbeat_every_ns = 100000000};
	static const struct config_instruments instruments = {
		.default_price_exponent = -8, .default_qty_exponent = -8};
	struct pipeline_cfg cfg = {.ring = &feed.ring, .board = &feed.board,
	    .venue = venue_find(BYTES_LIT("spot")), .instruments = &instruments,
	    .hold_for = sim.hold_for, .streams_max = SIM_STREAMS,
	    .number_of = number_of};
	char why[SEGMENT_WHY_MAX] = "";

	shm_fixture_ring(&feed.fixture, &feed.ring, SLOTS);
	if (board_open(&feed.board, &board, why) != 0 ||
	    (feed.reader == NULL &&
	        tick_reader_open(&feed.reader, feed.fixture.feed, TICK_FROM_NEWEST) != 0) ||
	    pipeline_new(&feed.pipeline, &cfg, wall(), sim.now) != 0)
		journal_violation("the segments cannot be made", 0, 0, 0);
}

static void
add_streams(void)
{
	for (unsigned i = 0; i < sim.nstreams; i++) {
		const struct sim_stream *s = &sim.stream[i];
		struct bytes name = bytes_of(s->name);
		int64_t id;

		feed.bytes[i] = (uint16_t)request_stream_bytes(name);
		feed.path[i] = (uint8_t)s->path;
		feed.class[i] = (uint8_t)of_kind[s->kind].class;
		RULE(pipeline_add_stream(feed.pipeline, i, name) == 0, "no such stream", i, 0, 0);
		id = ring_find(&feed.ring, s->symbol, strlen(s->symbol));
		RULE(id >= 0 && id < SIM_STREAMS, "no such instrument", i, id, 0);
		feed.stream_of[id][of_kind[s->kind].type] = i + 1;
	}
}

static void
start_pool(void)
{
	const struct pool_memory memory = {.entry = feed.entry, .stream = feed.stream,
	    .stall = feed.stall, .item = feed.item, .class = feed.class,
	    .path = feed.path, .streams_max = SIM_STREAMS};
	enum pool_result made = pool_init(&feed.pool, &sim.cfg, feed.bytes, sim.nstreams, &memory,
	    sim.seed + sim.count.restarts);
	uint64_t n = sim.connects < SIM_CONNECTS ? sim.connects : SIM_CONNECTS;

	RULE(made == POOL_OK, "the pool refuses its configuration", made, 0, 0);
	/* The exchange counts what the last run did, too. */
	for (uint64_t i = sim.connects - n; i < sim.connects; i++)
		if (mono_diff(sim.now, sim.connect[i % SIM_CONNECTS]).ns <
		    sim.cfg.connects_window.ns)
			pool_recall_connect(&feed.pool, sim.connect[i % SIM_CONNECTS]);
	pool_see_pings(&feed.pool, sim.pings_visible);
	step(&(struct pool_event){.kind = POOL_START});
	read_ticks();
}

void
feed_open(void)
{
	memset(&feed, 0, sizeof(feed));
	shm_fixture_init(&feed.fixture);
	open_segments();
	add_streams();
	start_pool();
}

/* ---- changes while it runs -------------------------------------------------- */

void
feed_drop(unsigned stream)
{
	pipeline_remove_stream(feed.pipeline, stream);
	step(&(struct pool_event){.kind = POOL_DROP, .stream = stream});
}

void
feed_add(unsigned stream)
{
	RULE(pipeline_add_stream(feed.pipeline, stream, bytes_of(sim.stream[stream].name)) == 0,
	    "a stream cannot be added", stream, 0, 0);
	step(&(struct pool_event){.kind = POOL_ADD, .stream = stream, .bytes = feed.bytes[stream],
	    .class = feed.class[stream], .path = feed.path[stream]});
}

void
feed_retune(void)
{
	RULE(pool_may_retune(&feed.pool, &sim.cfg), "the pool may not be changed", 0, 0, 0);
	step(&(struct pool_event){.kind = POOL_RETUNE, .cfg = &sim.cfg});
}

void
feed_leave(void)
{
	pipeline_free(&feed.pipeline, wall(), sim.now);
	board_close(&feed.board, false);
	ring_close(&feed.ring, false);
	read_ticks();
	feed.nevents = 0;
	feed.heard_waits = false;
}

void
feed_return(void)
{
	memset(feed.entry, 0, sizeof(feed.entry));
	memset(feed.stall, 0, sizeof(feed.stall));
	memset(feed.stream, 0, sizeof(feed.stream));
	memset(feed.item, 0, sizeof(feed.item));
	open_segments();
	add_streams();
	start_pool();
}

void
feed_stop(void)
{
	step(&(struct pool_event){.kind = POOL_STOP});
}

bool
feed_is_idle(void)
{
	return pool_is_idle(&feed.pool);
}

void
feed_close(void)
{
	tick_reader_close(&feed.reader);
	pipeline_free(&feed.pipeline, wall(), sim.now);
	board_close(&feed.board, true);
	ring_close(&feed.ring, true);
	feed_abandon();
}

void
feed_abandon(void)
{
	if (feed.fixture.directory[0] != '\0')
		shm_fixture_fini(&feed.fixture);
	feed.fixture.directory[0] = '\0';
}

void
feed_view(unsigned line, struct pool_line_view *out)
{
	RULE(pool_line_view(&feed.pool, line, out), "no such line", line, 0, 0);
}

const struct pool *
feed_pool(void)
{
	return &feed.pool;
}

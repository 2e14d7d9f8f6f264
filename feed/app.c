/*
 * The executor: the only place where the control plane's actions touch the
 * world, and where what happens there becomes events.
 */
#include "feed/app.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "feed/base/log.h"
#include "feed/core/pool.h"
#include "feed/io/clock.h"
#include "feed/io/transport.h"
#include "feed/pipeline.h"
#include "feed/plan.h"
#include "feed/ringer.h"
#include "feed/segments.h"
#include "feed/snapshot.h"
#include "feed/standby.h"
#include "feed/venue/binance/request.h"
#include "feed/venue/binance/streams.h"

#define STOP_WITHIN_S 3

struct app {
	const struct config *cfg;
	struct claim claim;
	struct ring ring;
	struct bell bell;
	struct board board;
	struct status_writer status;
	struct pipeline *pipeline;
	struct transport *transport;
	struct plan plan;
	struct pool pool;
	struct pool_actions actions;
	struct snapshot snapshot;
	mono_t snapshot_due;
	char endpoint[300];
	wall_t connected[TRANSPORT_LINES_MAX];
	char detail[TRANSPORT_LINES_MAX][TRANSPORT_DETAIL_MAX]; /* how its last connection ended */
};

static volatile sig_atomic_t stop_asked;
static struct transport *volatile woken_by_signal;

static void
on_signal(int number)
{
	(void)number;
	stop_asked = 1;
	if (woken_by_signal)
		transport_wake(woken_by_signal);
}

static void
catch_signals(void)
{
	struct sigaction stop = {.sa_handler = on_signal}, ignore = {.sa_handler = SIG_IGN};

	sigaction(SIGINT, &stop, NULL);
	sigaction(SIGTERM, &stop, NULL);
	sigaction(SIGPIPE, &ignore, NULL);
}

/* ---- actions ---------------------------------------------------------------- */

static void
connect_line(struct app *app, const struct pool_action *act)
{
	const struct config_endpoint *e = &app->cfg->endpoint;
	const char *unit = e->time_unit == CONFIG_MICROSECOND ? "?timeUnit=MICROSECOND" : "";
	char path[512];
	struct transport_target target = {
		.host = e->host,
		.port = (uint16_t)e->port,
		.path = path,
		.address = e->address[0] ? e->address : NULL,
	};
	int rc;

	snprintf(path, sizeof(path), "%s%s", e->path, unit);
	rc = transport_connect(app->transport, act->line, act->attempt, &target);

	/* The configuration was checked, so this is a bug: the session's timeout heals it. */
	if (rc != 0)
		LOG(ERROR, "connect_refused", LOG_U64("line", act->line), LOG_ERRNO("error", rc),
		    LOG_THEN("tried again after pool.connection_timeout_ms"));
}

static void
send_subscribe(struct app *app, const struct pool_action *act)
{
	struct bytes names[REQUEST_BYTES_MAX / 4];
	char text[REQUEST_BYTES_MAX];
	size_t n = 0;
	int rc = -EMSGSIZE;

	for (unsigned i = 0; i < act->count && i < REQUEST_BYTES_MAX / 4; i++)
		names[i] =
		    bytes_of(app->cfg->streams.item[pool_stream_at(&app->pool, act->first + i)]);
	if (act->count <= REQUEST_BYTES_MAX / 4)
		n = request_format_subscribe(
		    text, sizeof(text), act->request_id, names, act->count);
	if (n > 0)
		rc = transport_send(app->transport, act->line, (struct bytes){text, n});
	pipeline_counters(app->pipeline)[TICK_COUNTER_REQUESTS]++;
	if (rc != 0)
		LOG(WARNING, "request_not_sent", LOG_U64("line", act->line),
		    LOG_I64("id", act->request_id), LOG_ERRNO("error", rc),
		    LOG_THEN("line is connected anew after subscribe.ack_timeout_ms"));
}

static void
log_transition(struct app *app, const struct pool_action *act)
{
	char then[64] = "";

	if (act->to == SESSION_BACKOFF)
		snprintf(then, sizeof(then), "retry in %lld ms",
		    (long long)(act->retry_in.ns / 1000000));
	if (act->to == SESSION_BACKOFF && act->why != TICK_REASON_START)
		LOG(WARNING, "line_state", LOG_U64("line", act->line),
		    LOG_STR("from", session_state_label(act->from)),
		    LOG_STR("to", session_state_label(act->to)),
		    LOG_STR("reason", tick_reason_label(act->why)),
		    LOG_STR("detail", app->detail[act->line]), LOG_THEN(then));
	else
		LOG(INFO, "line_state", LOG_U64("line", act->line),
		    LOG_STR("from", session_state_label(act->from)),
		    LOG_STR("to", session_state_label(act->to)),
		    LOG_STR("reason", tick_reason_label(act->why)));
}

static void
log_refused_stream(struct app *app, const struct pool_action *act)
{
	LOG(ERROR, "stream_refused", LOG_U64("line", act->line),
	    LOG_STR("stream", app->cfg->streams.item[pool_stream_at(&app->pool, act->first)]),
	    LOG_I64("code", act->error_code),
	    LOG_THEN("the other streams go on; it is asked for again on the next connection"));
}

static void
carry_out(struct app *app)
{
	for (unsigned i = 0; i < app->actions.n; i++) {
		const struct pool_action *act = &app->actions.act[i];

		switch (act->kind) {
		case ACT_CONNECT:
			connect_line(app, act);
			break;
		case ACT_SEND_SUBSCRIBE:
			send_subscribe(app, act);
			break;
		case ACT_HANG_UP:
			transport_hang_up(app->transport, act->line, act->close_code);
			break;
		case ACT_TRANSITION:
			log_transition(app, act);
			break;
		case ACT_STREAM_REFUSED:
			log_refused_stream(app, act);
			break;
		}
	}
}

/* ---- events ----------------------------------------------------------------- */

static void
step(struct app *app, const struct pool_event *event, mono_t now)
{
	pool_step(&app->pool, event, now, &app->actions);
	carry_out(app);
}

static void
step_line(struct app *app, unsigned line, const struct session_event *what, mono_t now)
{
	struct pool_event event = {.kind = POOL_LINE, .line = line, .session = *what};

	step(app, &event, now);
}

static void
on_transport_event(struct app *app, const struct transport_event *t, mono_t now)
{
	uint64_t *counter = pipeline_counters(app->pipeline);
	struct session_event e = {
		.attempt = t->attempt,
		.reason = t->reason,
		.http_status = t->http_status,
		.retry_after_s = t->retry_after_s,
		.close_code = t->close_code,
	};

	snprintf(app->detail[t->line], sizeof(app->detail[t->line]), "%s", t->detail);
	switch (t->kind) {
	case TRANSPORT_UP:
		counter[TICK_COUNTER_CONNECTS]++;
		app->connected[t->line] = clock_wall();
		pipeline_on_line_up(app->pipeline, t->line, clock_wall(), now);
		e.kind = SESSION_WENT_UP;
		break;
	case TRANSPORT_FAILED:
		counter[TICK_COUNTER_CONNECT_FAILURES]++;
		e.kind = SESSION_FAILED;
		break;
	case TRANSPORT_DOWN:
		counter[TICK_COUNTER_DISCONNECTS]++;
		pipeline_on_line_down(app->pipeline, t->line, t->reason, clock_wall(), now);
		e.kind = SESSION_WENT_DOWN;
		break;
	case TRANSPORT_PING:
	case TRANSPORT_PONG:
		return; /* counted by the transport */
	}
	step_line(app, t->line, &e, now);
}

static void
on_control(struct app *app, const struct pipeline_control *c, mono_t now)
{
	struct session_event e = {.request_id = c->id, .error_code = c->code};

	switch (c->kind) {
	case EVENT_REPLY:
		e.kind = SESSION_ACKED;
		break;
	case EVENT_ERROR_REPLY:
		LOG(WARNING, "error_reply", LOG_U64("line", c->line), LOG_I64("id", c->id),
		    LOG_I64("code", c->code), LOG_STR("text", c->text),
		    LOG_THEN("its streams are asked for again in smaller requests"));
		e.kind = SESSION_REFUSED;
		break;
	default:
		LOG(WARNING, "server_shutdown", LOG_U64("line", c->line),
		    LOG_THEN("connected anew when the server closes the line"));
		e.kind = SESSION_SHUTDOWN;
		break;
	}
	step_line(app, c->line, &e, now);
}

static void
on_heard(struct app *app, mono_t now)
{
	const struct session_event e = {.kind = SESSION_HEARD};

	for (uint64_t heard = pipeline_heard(app->pipeline); heard != 0; heard &= heard - 1)
		step_line(app, (unsigned)__builtin_ctzll(heard), &e, now);
}

static void
take_snapshot(struct app *app, mono_t now)
{
	struct snapshot_sources from = {
		.pool = &app->pool,
		.transport = app->transport,
		.pipeline = app->pipeline,
		.ring = &app->ring,
		.endpoint = app->endpoint,
		.streams = (int64_t)app->cfg->streams.n,
		.connected = app->connected,
	};

	pipeline_counters(app->pipeline)[TICK_COUNTER_LOG_DROPPED] = log_dropped();
	snapshot_take(&app->snapshot, &from, clock_wall(), now);
	status_publish(&app->status, &app->snapshot.status);
	segment_heartbeat(&app->board.segment, now.ns);
	standby_beat(&app->claim, app->cfg, now);
	ringer_look(&app->bell);
	app->snapshot_due = mono_add(now, span_ms(app->cfg->status_interval_ms));
}

/* One wake-up: wait, then let everything that happened reach the pool. Returns 0 or -errno. */
static int
turn_once(struct app *app)
{
	mono_t deadline = mono_min(pool_deadline(&app->pool), app->snapshot_due), now;
	mono_t bell_due = {bell_deadline(&app->bell)};
	struct transport_event event;
	struct pipeline_control control;
	int rc;

	rc = transport_wait(app->transport, mono_min(deadline, bell_due));
	if (rc != 0) {
		LOG(ERROR, "wait_failed", LOG_ERRNO("error", rc), LOG_THEN("the feed ends"));
		return rc;
	}
	now = clock_mono();
	while (transport_next_event(app->transport, &event))
		on_transport_event(app, &event, now);
	while (pipeline_next_control(app->pipeline, &control))
		on_control(app, &control, now);
	on_heard(app, now);
	if (mono_due(pool_deadline(&app->pool), now))
		step(app, &(struct pool_event){.kind = POOL_TIMER}, now);
	if (mono_due(app->snapshot_due, now))
		take_snapshot(app, now);
	ring_idle(&app->ring, now.ns);
	bell_ring(&app->bell, now.ns);
	return 0;
}

static int
run(struct app *app)
{
	mono_t give_up;
	int rc = 0;

	step(app, &(struct pool_event){.kind = POOL_START}, clock_mono());
	while (!stop_asked && rc == 0)
		rc = turn_once(app);
	LOG(INFO, "stopping", LOG_U64("lines", pool_lines(&app->pool)));
	give_up = mono_add(clock_mono(), span_s(STOP_WITHIN_S));
	step(app, &(struct pool_event){.kind = POOL_STOP}, clock_mono());
	while (rc == 0 && !pool_is_idle(&app->pool) && mono_before(clock_mono(), give_up))
		rc = turn_once(app);
	take_snapshot(app, clock_mono());
	return rc;
}

/* ---- start and end ---------------------------------------------------------- */

static int
open_pipeline(struct app *app)
{
	static const enum tick_venue venue_of[] = {
		[CONFIG_SPOT] = TICK_VENUE_BINANCE_SPOT,
		[CONFIG_USDM] = TICK_VENUE_BINANCE_USDM,
		[CONFIG_COINM] = TICK_VENUE_BINANCE_COINM,
		[CONFIG_OPTIONS] = TICK_VENUE_BINANCE_OPTIONS,
	};
	struct pipeline_cfg cfg = {
		.ring = &app->ring,
		.board = &app->board,
		.venue = venue_of[app->cfg->product],
		.price_exponent = -8,
		.qty_exponent = -8,
	};
	char symbol[TICK_SYMBOL_MAX];
	struct stream_name name;

	if (pipeline_new(&app->pipeline, &cfg, clock_wall(), clock_mono()) != 0)
		return -1;
	for (size_t i = 0; i < app->cfg->streams.n; i++) {
		size_t n = 0;

		if (stream_parse(bytes_of(app->cfg->streams.item[i]), &name) == STREAM_FINE)
			n = stream_symbol_upper(name.symbol, symbol, sizeof(symbol));
		if (n > 0 && pipeline_add_instrument(app->pipeline, (struct bytes){symbol, n}) < 0)
			LOG(WARNING, "directory_full",
			    LOG_BYTES("symbol", ((struct bytes){symbol, n})),
			    LOG_THEN("its messages are counted, not published"));
	}
	return 0;
}

static int
open_transport(struct app *app)
{
	const struct config *cfg = app->cfg;
	static const char *const names[] = {
		[CONFIG_TRANSPORT_AUTO] = "auto",
		[CONFIG_TRANSPORT_URING] = "uring",
		[CONFIG_TRANSPORT_LWS] = "lws",
	};
	const char *name = names[cfg->transport];
	struct transport_cfg t = {
		.ca_file = cfg->endpoint.ca_file,
		.message_bytes_max = cfg->security.max_message_bytes,
		.connect_within = span_ms(cfg->pool.connection_timeout_ms),
		.busy_poll = cfg->busy_poll,
		.lines = pool_lines(&app->pool),
		.sink = pipeline_on_frame,
		.sink_context = app->pipeline,
	};
	char why[TRANSPORT_DETAIL_MAX] = "";
	int rc = transport_open(&app->transport, name, &t, why);

	if (rc == 0 && why[0] != '\0')
		LOG(WARNING, "transport_fallback", LOG_STR("detail", why),
		    LOG_STR("transport", transport_name(app->transport)),
		    LOG_THEN("each message costs several times more"));
	if (rc == 0)
		return 0;
	LOG(ERROR, "transport_refused", LOG_STR("transport", name), LOG_STR("detail", why),
	    LOG_ERRNO("error", rc), LOG_THEN("the feed does not start"));
	return rc;
}

static int
open_pool(struct app *app)
{
	uint64_t seed = 0;

	/* Only the jitter depends on it: without entropy the clock will do. */
	if (getrandom(&seed, sizeof(seed), GRND_NONBLOCK) != (ssize_t)sizeof(seed))
		seed = (uint64_t)clock_mono().ns;
	return plan_pool(&app->plan, app->cfg, &app->pool, seed);
}

static void
pin(const struct config *cfg)
{
	cpu_set_t set;

	if (cfg->cpu < 0)
		return;
	CPU_ZERO(&set);
	CPU_SET((size_t)cfg->cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set) != 0)
		LOG(WARNING, "cpu_not_pinned", LOG_I64("cpu", cfg->cpu), LOG_ERRNO("error", errno),
		    LOG_THEN("the feed runs unpinned"));
}

static void
shut(struct app *app)
{
	bool unlink_them = app->cfg->ring.unlink_at_exit;

	woken_by_signal = NULL;
	transport_close(&app->transport);
	pipeline_free(&app->pipeline, clock_wall(), clock_mono());
	if (app->status.block)
		status_close(&app->status, unlink_them);
	if (app->board.entries)
		board_close(&app->board, unlink_them);
	bell_close(&app->bell, unlink_them);
	if (app->ring.header)
		ring_close(&app->ring, unlink_them);
	claim_close(&app->claim, unlink_them);
	plan_free(&app->plan);
}

/* Everything that a feed needs before it connects. Returns 0, or -errno (logged; -EINTR is not). */
static int
start(struct app *app)
{
	const struct config *cfg = app->cfg;
	int rc = open_pool(app);

	if (rc == 0)
		rc = standby_take(&app->claim, cfg, &stop_asked);
	if (rc == 0)
		rc = segments_open(cfg, &app->ring, &app->board, &app->status);
	if (rc == 0)
		ringer_open(&app->bell, cfg, app->ring.header);
	if (rc == 0)
		rc = open_pipeline(app);
	if (rc == 0)
		rc = open_transport(app);
	if (rc != 0)
		return rc;
	woken_by_signal = app->transport;
	snapshot_init(&app->snapshot, transport_name(app->transport), clock_wall(), clock_mono());
	take_snapshot(app, clock_mono());
	LOG(INFO, "started", LOG_STR("feed", cfg->feed), LOG_STR("endpoint", app->endpoint),
	    LOG_U64("streams", cfg->streams.n), LOG_U64("lines", pool_lines(&app->pool)),
	    LOG_STR("transport", transport_name(app->transport)));
	return 0;
}

int
app_run(const struct config *cfg)
{
	struct app *app = calloc(1, sizeof(*app));
	int rc;

	if (!app)
		return 1;
	app->cfg = cfg;
	app->claim.fd = -1;
	snprintf(app->endpoint, sizeof(app->endpoint), "%s:%d", cfg->endpoint.host,
	    (int)cfg->endpoint.port);
	for (unsigned line = 0; line < TRANSPORT_LINES_MAX; line++)
		app->connected[line].ns = TICK_ABSENT;
	catch_signals();
	pin(cfg);
	rc = start(app);
	if (rc == 0)
		rc = run(app);
	else if (rc == -EINTR)
		rc = 0; /* told to stop while it waited for its turn */
	shut(app);
	free(app);
	return rc == 0 ? 0 : 1;
}

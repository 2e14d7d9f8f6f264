#include "tests/pool_example.h"

#include <stdio.h>
#include <string.h>

#include <tickring/reasons.h>

#define MS INT64_C(1000000)
#define S (1000 * MS)

static struct tick_line_status
line(int64_t role, int64_t state, int64_t streams)
{
	struct tick_line_status l = {
		.state = state,
		.since_ns = EXAMPLE_WALL_NS - 90 * S,
		.attempts = 1,
		.connects = 1,
		.reason = TICK_REASON_START,
		.retry_at_ns = TICK_ABSENT,
		.connected_ns = EXAMPLE_WALL_NS - 90 * S,
		.last_message_ns = EXAMPLE_WALL_NS - 60 * MS,
		.streams_wanted = streams,
		.streams_sent = streams,
		.streams_acknowledged = streams,
		.pings = 4,
		.role = role,
		.peer = -1,
		.retire_at_ns = EXAMPLE_WALL_NS + 3600 * S,
		.round_trip_ns = -1,
		.pongs_permille = -1,
		.endpoint = "stream.example:9443",
	};

	return l;
}

static void
fill_lines(struct tick_status *now, struct tick_status *before)
{
	struct tick_line_status *l = now->line;

	l[0] = line(TICK_ROLE_MEMBER, TICK_LINE_LIVE, 2);
	l[0].messages = 12345;
	l[0].bytes = 2345678;
	l[0].peer = 2;
	l[0].round_trip_ns = 850000;
	l[0].pongs_permille = 1000;
	l[0].sends_used = 1;
	l[0].wins = 12000;
	l[0].duplicates = 345;
	l[1] = line(TICK_ROLE_MEMBER, TICK_LINE_BACKOFF, 1);
	l[1].since_ns = EXAMPLE_WALL_NS - 2 * S;
	l[1].streams_sent = l[1].streams_acknowledged = 0;
	l[1].attempts = 7;
	l[1].connects = 3;
	l[1].reason = TICK_REASON_PEER_CLOSED;
	l[1].close_code = 1008;
	l[1].retry_at_ns = EXAMPLE_WALL_NS + 4200 * MS;
	l[1].last_message_ns = EXAMPLE_WALL_NS - 3 * S;
	l[1].messages = 500;
	l[1].leg = 1;
	l[1].pings = TICK_ABSENT;
	snprintf(l[1].endpoint, sizeof(l[1].endpoint), "%s", "other\033[2J:443");
	l[2] = line(TICK_ROLE_SUCCESSOR, TICK_LINE_SUBSCRIBING, 2);
	l[2].streams_acknowledged = 0;
	l[2].peer = 0;
	l[2].last_message_ns = l[2].retire_at_ns = TICK_ABSENT;
	l[2].pings = 0;
	now->detail[0] = (struct tick_line_detail){.count = 1000, .p50 = 2100000, .p90 = 2900000,
	    .p99 = 4200000, .p999 = 8000000, .max = 9500000, .ended_ns = TICK_ABSENT,
	    .streams_producing = 2, .pong_ns = 42000, .pong_max_ns = 310000};
	now->detail[1] = (struct tick_line_detail){.ended_reason = TICK_REASON_PEER_CLOSED,
	    .ended_code = 1008, .ended_ns = EXAMPLE_WALL_NS - 9 * S, .streams_refused = 1};
	memcpy(before->line, now->line, sizeof(before->line));
	before->line[0].messages -= 1234;
}

static void
fill_endpoints(struct tick_control *c)
{
	c->endpoints = 2;
	c->endpoint[0] = (struct tick_endpoint_status){
		.until_ns = TICK_ABSENT,
		.score = 985,
		.round_trip_ns = 10500000,
		.lines = 2,
		.ups = 3,
		.failures = 1,
		.name = "stream.example:9443",
	};
	c->endpoint[1] = (struct tick_endpoint_status){
		.circuit = 1,
		.until_ns = EXAMPLE_WALL_NS + 30 * S,
		.reason = TICK_REASON_REFUSED,
		.region = 1,
		.score = 120,
		.lines = 1,
		.failures = 6,
		.name = "other\"\\:443@192.0.2.1",
	};
}

static void
fill_control(struct tick_control *c)
{
	c->members = 2;
	c->redundancy = 1;
	c->streams_acknowledged = 2;
	c->streams_producing = 2;
	c->streams_stale = 1;
	c->connects_used = 11;
	c->connects_max = 300;
	c->connects_window_ns = 300 * S;
	c->sends_max = 5;
	c->send_window_ns = S;
	c->streams_max = 200;
	c->request_bytes_max = 4000;
	c->rotations_done = 3;
	c->stalls = 2;
	c->resubscribed = 1;
	c->moved = 1;
	c->lists = 9;
	c->memory_bytes = 18 * 1024 * 1024 + 300 * 1024;
	c->cpu_permille = 42;
	c->sockets = 4;
}

void
pool_example_transition(struct tick_status *st, const struct tick_transition *t, int64_t ago)
{
	struct tick_control *c = &st->control;
	struct tick_transition *slot = &c->transition[c->transitions++ % TICK_TRANSITIONS_MAX];

	*slot = *t;
	slot->at_ns = EXAMPLE_WALL_NS - ago;
}

void
pool_example(struct tick_status *now, struct tick_status *before)
{
	static const struct tick_transition up = {.line = 0, .from = TICK_LINE_SUBSCRIBING,
	    .to = TICK_LINE_LIVE, .reason = TICK_REASON_LINE_UP, .attempt = 1};
	static const struct tick_transition down = {.line = 1, .from = TICK_LINE_LIVE,
	    .to = TICK_LINE_BACKOFF, .reason = TICK_REASON_PEER_CLOSED, .attempt = 6,
	    .close_code = 1008};
	static const struct tick_transition refused = {.line = 1, .from = TICK_LINE_CONNECTING,
	    .to = TICK_LINE_BACKOFF, .reason = TICK_REASON_RATE_LIMITED, .attempt = 7,
	    .http_status = 429};

	memset(now, 0, sizeof(*now));
	now->at_ns = EXAMPLE_WALL_NS - 50 * MS;
	now->at_mono_ns = EXAMPLE_MONO_NS - 50 * MS;
	now->started_ns = EXAMPLE_WALL_NS - 3 * 3600 * S;
	now->lines = 3;
	now->lines_live = 1;
	now->streams = 3;
	now->messages_per_s = 1234;
	now->class_streams[0] = 3;
	now->class_stale[0] = 1;
	now->control.health_permille[0] = 985;
	now->counter[TICK_COUNTER_MESSAGES] = 12845;
	now->counter[TICK_COUNTER_TICKS] = 12500;
	snprintf(now->transport, sizeof(now->transport), "%s", "uring");
	snprintf(now->keys, sizeof(now->keys), "%s",
	    " preset=production\n*feed=demo\n*streams=(200 entries)\n*pool.max_connections=5\n");
	snprintf(now->version, sizeof(now->version), "%s", "1.2.3");
	fill_control(&now->control);
	fill_endpoints(&now->control);
	pool_example_transition(now, &up, 90 * S);
	pool_example_transition(now, &down, 9 * S);
	pool_example_transition(now, &refused, 2 * S);
	*before = *now;
	before->at_ns -= S;
	before->at_mono_ns -= S;
	before->counter[TICK_COUNTER_MESSAGES] -= 1234;
	before->counter[TICK_COUNTER_TICKS] -= 1000;
	fill_lines(now, before);
}

static void
fill_streams(struct tick_stream_status stream[2])
{
	stream[0] = (struct tick_stream_status){
		.wanted = 1,
		.stale_since_ns = TICK_ABSENT,
		.last_message_ns = EXAMPLE_WALL_NS - 60 * MS,
		.retry_at_ns = TICK_ABSENT,
		.messages = 12345,
		.rate_milli = 1234567,
		.limit_ns = 1500 * MS,
		.limit_learned = 1,
		.leg = {{0, TICK_LEDGER_PRODUCING, EXAMPLE_WALL_NS - 60 * MS},
		    {1, TICK_LEDGER_WANTED, TICK_ABSENT}, {-1, TICK_LEDGER_NONE, TICK_ABSENT}},
		.name = "btcusdt@bookTicker",
	};
	stream[1] = (struct tick_stream_status){
		.wanted = 1,
		.stale = 1,
		.stale_since_ns = EXAMPLE_WALL_NS - 9 * S,
		.last_message_ns = TICK_ABSENT,
		.retry_at_ns = EXAMPLE_WALL_NS + 51 * S,
		.reason = TICK_REASON_PEER_CLOSED,
		.limit_ns = 600 * S,
		.refused_code = 2,
		.healing = 1,
		.leg = {{-1, TICK_LEDGER_NONE, TICK_ABSENT}, {1, TICK_LEDGER_REFUSED, TICK_ABSENT},
		    {-1, TICK_LEDGER_NONE, TICK_ABSENT}},
		.name = "x\033usdt@trade",
	};
}

struct reading
pool_example_reading(const struct tick_status *now, const struct tick_status *before, int health)
{
	static struct tick_stream_status stream[2];

	fill_streams(stream);
	return (struct reading){now, before, health, EXAMPLE_WALL_NS, EXAMPLE_MONO_NS,
	    {.row = stream, .rows = 2}};
}

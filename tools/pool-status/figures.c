#include "tools/pool-status/figures.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "tools/common/clock.h"
#include "tools/common/feed.h"
#include "tools/common/num.h"
#include "tools/common/text.h"

static int64_t
at_most(int64_t n, int64_t max)
{
	return n < 0 ? 0 : n > max ? max : n;
}

/* Of numbers from shared memory. */
static int64_t
sum(int64_t a, int64_t b)
{
	int64_t s;

	if (a == TICK_ABSENT || b == TICK_ABSENT || __builtin_add_overflow(a, b, &s))
		return TICK_ABSENT;
	return s;
}

/* What the feed writes as a negative number is not known. */
static int64_t
known(int64_t n)
{
	return n < 0 ? TICK_ABSENT : n;
}

/* Zero is how the feed says that it does not know. */
static int64_t
positive(int64_t n)
{
	return n <= 0 ? TICK_ABSENT : n;
}

/* A time that is still to come; ns from now. */
static int64_t
until(int64_t at, int64_t now, bool alive)
{
	int64_t ns = clock_between_ns(at, now);

	return alive && ns != TICK_ABSENT && ns >= 0 ? ns : TICK_ABSENT;
}

static const char *
role_word(int64_t role)
{
	switch (role) {
	case TICK_ROLE_FREE:
		return "free";
	case TICK_ROLE_MEMBER:
		return "member";
	case TICK_ROLE_SUCCESSOR:
		return "successor";
	default:
		return "unknown";
	}
}

static const char *
circuit_word(int64_t circuit)
{
	static const char *const words[] = {"closed", "open", "half-open"};

	return circuit >= 0 && circuit < 3 ? words[circuit] : "unknown";
}

/* Thousandths per second, when both counts are of the same life of a living writer. */
static int64_t
rate(const struct reading *r, int64_t now, int64_t before)
{
	int64_t n, ns;

	if (r->before == NULL || r->health != TICK_END ||
	    r->before->started_ns != r->now->started_ns ||
	    __builtin_sub_overflow(now, before, &n) || n < 0)
		return TICK_ABSENT;
	ns = clock_between_ns(r->now->at_mono_ns, r->before->at_mono_ns);
	if (ns == TICK_ABSENT || ns <= 0)
		return TICK_ABSENT;
	__uint128_t milli = (__uint128_t)n * 1000 * NS_PER_S / (uint64_t)ns;

	return milli > INT64_MAX ? TICK_ABSENT : (int64_t)milli;
}

/* When it came into its state; one that never changed it was idle before the feed began. */
static int64_t
line_since(const struct tick_line_status *l, const struct tick_status *s)
{
	return l->since_ns > s->started_ns ? l->since_ns : s->started_ns;
}

static void
take_line(struct figures *f, const struct reading *r, unsigned i)
{
	const struct tick_line_status *l = &r->now->line[i];
	bool alive = r->health == TICK_END;

	text_clean(l->endpoint, sizeof(l->endpoint), f->line_endpoint[i],
	    sizeof(f->line_endpoint[i]));
	f->line[i] = (struct line_row){
		.line = i,
		.role = role_word(l->role),
		.state = tick_line_state_name(l->state),
		.endpoint = f->line_endpoint[i],
		.last_end = tick_reason_label(l->reason),
		.up = alive && l->state == TICK_LINE_LIVE,
		.leg = l->leg,
		.peer = known(l->peer),
		.state_for = clock_between_ns(r->wall_ns, line_since(l, r->now)),
		.silent = clock_between_ns(r->wall_ns, l->last_message_ns),
		.round_trip = known(l->round_trip_ns),
		.retry_in = until(l->retry_at_ns, r->wall_ns, alive),
		.retire_in = until(l->retire_at_ns, r->wall_ns, alive),
		.attempts = l->attempts,
		.connects = l->connects,
		.close_code = positive(l->close_code),
		.wanted = l->streams_wanted,
		.sent = l->streams_sent,
		.acknowledged = l->streams_acknowledged,
		.unacknowledged = clock_between_ns(l->streams_wanted, l->streams_acknowledged),
		.rate = rate(r, l->messages, r->before == NULL ? 0 : r->before->line[i].messages),
		.messages = l->messages,
		.bytes = l->bytes,
		.pings = l->pings,
		.pongs_permille = known(l->pongs_permille),
		.sends_used = l->sends_used,
		.wins = l->wins,
		.duplicates = l->duplicates,
	};
}

static void
take_detail(struct line_row *row, const struct tick_line_detail *d, int64_t wall_ns)
{
	bool measured = d->count > 0;

	row->listed = d->streams_listed;
	row->producing = d->streams_producing;
	row->refused = d->streams_refused;
	row->quiet = d->streams_silent;
	row->pong = positive(d->pong_ns);
	row->pong_max = positive(d->pong_max_ns);
	row->lag_count = d->count;
	row->lag_p50 = measured ? d->p50 : TICK_ABSENT;
	row->lag_p90 = measured ? d->p90 : TICK_ABSENT;
	row->lag_p99 = measured ? d->p99 : TICK_ABSENT;
	row->lag_p999 = measured ? d->p999 : TICK_ABSENT;
	row->lag_max = measured ? d->max : TICK_ABSENT;
	row->ended = tick_reason_label(d->ended_reason);
	row->ended_for = d->ended_ns > 0 ? clock_between_ns(wall_ns, d->ended_ns) : TICK_ABSENT;
}

static void
take_lines(struct figures *f, const struct reading *r)
{
	struct feed_row *feed = &f->feed;

	f->lines = (unsigned)at_most(r->now->lines, TICK_LINES_MAX);
	for (unsigned i = 0; i < f->lines; i++) {
		const struct tick_line_status *l = &r->now->line[i];

		take_line(f, r, i);
		take_detail(&f->line[i], &r->now->detail[i], r->wall_ns);
		feed->wanted = sum(feed->wanted, l->streams_wanted);
		feed->sent = sum(feed->sent, l->streams_sent);
		feed->acknowledged = sum(feed->acknowledged, l->streams_acknowledged);
		feed->successors += l->role == TICK_ROLE_SUCCESSOR;
		if (l->role != TICK_ROLE_MEMBER)
			continue;
		feed->lines++;
		feed->lines_live += f->line[i].up;
	}
}

static void
take_feed(struct figures *f, const struct reading *r)
{
	const struct tick_status *st = r->now;
	const struct tick_control *c = &st->control;
	bool alive = r->health == TICK_END, measured = c->memory_bytes > 0;
	const struct tick_status *before = r->before == NULL ? st : r->before;

	text_clean(st->transport, sizeof(st->transport), f->transport, sizeof(f->transport));
	text_clean(st->version, sizeof(st->version), f->version, sizeof(f->version));
	f->feed = (struct feed_row){
		.writer = feed_writer_word(r->health),
		.transport = f->transport,
		.version = f->version,
		.up = alive,
		.started = st->started_ns,
		.running = clock_between_ns(alive ? r->wall_ns : st->at_ns, st->started_ns),
		.age = clock_between_ns(r->mono_ns, st->at_mono_ns),
		.redundancy = positive(c->redundancy),
		.streams = st->streams,
		.producing = c->streams_producing,
		.refused = c->streams_refused,
		.stale = c->streams_stale,
		.messages_rate = rate(r, (int64_t)st->counter[TICK_COUNTER_MESSAGES],
		    (int64_t)before->counter[TICK_COUNTER_MESSAGES]),
		.ticks_rate = rate(r, (int64_t)st->counter[TICK_COUNTER_TICKS],
		    (int64_t)before->counter[TICK_COUNTER_TICKS]),
		.rotations = c->rotations_done,
		.failovers = c->failovers,
		.region = c->region,
		.memory_bytes = positive(c->memory_bytes),
		.cpu_permille = measured ? known(c->cpu_permille) : TICK_ABSENT,
		.sockets = measured ? known(c->sockets) : TICK_ABSENT,
		.shed = c->streams_shed,
		.reloads = c->reloads,
		.reloads_refused = c->reloads_refused,
	};
}

static void
take_endpoints(struct figures *f, const struct reading *r)
{
	const struct tick_control *c = &r->now->control;

	f->endpoints = (unsigned)at_most(c->endpoints, TICK_ENDPOINTS_MAX);
	for (unsigned i = 0; i < f->endpoints; i++) {
		const struct tick_endpoint_status *e = &c->endpoint[i];

		text_clean(e->name, sizeof(e->name), f->endpoint_name[i],
		    sizeof(f->endpoint_name[i]));
		f->endpoint[i] = (struct endpoint_row){
			.name = f->endpoint_name[i],
			.circuit = circuit_word(e->circuit),
			.reason = tick_reason_label(e->reason),
			.region = e->region,
			.score_permille = e->score,
			.round_trip = positive(e->round_trip_ns),
			.lines = e->lines,
			.ups = e->ups,
			.failures = e->failures,
			.retry_in = until(e->until_ns, r->wall_ns, r->health == TICK_END),
		};
	}
}

static void
take_healing(struct figures *f, const struct tick_status *s)
{
	const struct tick_control *c = &s->control;

	f->healing = (struct healing_row){
		.producing = c->streams_producing,
		.refused = c->streams_refused,
		.stale = c->streams_stale,
		.unlisted = s->streams_unlisted,
		.shed = c->streams_shed,
		.stalls = c->stalls,
		.resubscribed = c->resubscribed,
		.moved = c->moved,
		.recycled = c->recycled,
		.lists = c->lists,
		.lists_missing = c->lists_missing,
		.lists_foreign = c->lists_foreign,
		.quiet = c->streams_silent,
		.alarms = c->silent_alarms,
	};
}

/* A limit of zero is not known, and then nothing is left of it that could be told. */
static void
add_budget(struct figures *f, const char *budget, int64_t line, int64_t used, int64_t max,
    int64_t window)
{
	f->budget[f->budgets++] = (struct budget_row){
		.budget = budget,
		.line = line,
		.used = used,
		.max = positive(max),
		.left = max <= 0 ? TICK_ABSENT : clock_between_ns(max, used),
		.window = positive(window),
	};
}

static void
take_budgets(struct figures *f, const struct reading *r)
{
	const struct tick_control *c = &r->now->control;

	f->budgets = 0;
	add_budget(f, "connects", TICK_ABSENT, c->connects_used, c->connects_max,
	    c->connects_window_ns);
	add_budget(f, "request_bytes", TICK_ABSENT, TICK_ABSENT, c->request_bytes_max, 0);
	for (unsigned i = 0; i < f->lines; i++)
		add_budget(f, "messages", i, r->now->line[i].sends_used, c->sends_max,
		    c->send_window_ns);
	for (unsigned i = 0; i < f->lines; i++)
		add_budget(f, "streams", i, r->now->line[i].streams_wanted, c->streams_max, 0);
}

static void
take_note(struct figures *f, const struct reading *r)
{
	char age[NUM_MAX];

	num_span(f->feed.age, age);
	f->note[0] = '\0';
	if (r->health == TICK_E_DEAD)
		snprintf(f->note, sizeof(f->note),
		    "there is no writer: these are its last figures, %s old", age);
	else if (r->health == TICK_E_STALE)
		snprintf(f->note, sizeof(f->note),
		    "the writer hangs or was stopped: these figures are %s old", age);
	else if (r->health != TICK_END)
		snprintf(f->note, sizeof(f->note), "%s: these figures are %s old",
		    tick_outcome_text(r->health), age);
}

static void
take_streams(struct figures *f, const struct reading *r)
{
	const struct stream_reading *s = &r->streams;

	f->streams = streams_take(f->stream, s, r->wall_ns, r->health == TICK_END);
	f->streams_note[0] = '\0';
	if (s->torn > 0)
		snprintf(f->streams_note, sizeof(f->streams_note),
		    "rows of streams were being written (%u): their parts may not belong together",
		    s->torn);
	else if (s->row != NULL && r->now->streams > TICK_STREAMS_MAX)
		snprintf(f->streams_note, sizeof(f->streams_note),
		    "the status has room for %d streams: others have no row", TICK_STREAMS_MAX);
}

static void
take_check(struct figures *f, const struct reading *r)
{
	bool alive = r->health == TICK_END;

	f->check = (struct check_row){
		.writer = f->feed.writer,
		.lines = f->feed.lines,
		.lines_live = f->feed.lines_live,
		.text = !alive             ? tick_outcome_text(r->health)
		    : f->feed.lines == 0   ? "no line carries streams"
		    : figures_fine(f)      ? "all lines are live"
		    : f->feed.lines_live > 0 ? "some lines are not live"
		                             : "no line is live",
	};
}

void
figures_take(struct figures *f, const struct reading *r)
{
	f->whys = 0;
	f->why_note[0] = '\0';
	verdict_take(&f->verdict, r->now, r->health, r->wall_ns, r->mono_ns);
	take_feed(f, r);
	take_lines(f, r);
	take_endpoints(f, r);
	take_healing(f, r->now);
	take_budgets(f, r);
	take_note(f, r);
	take_check(f, r);
	take_streams(f, r);
	settings_take(&f->settings, r->now->keys);
}

bool
figures_fine(const struct figures *f)
{
	return f->feed.up && f->feed.lines > 0 && f->feed.lines_live == f->feed.lines;
}

/* Of a line without transitions: what its row tells. */
static void
last_reason(struct figures *f, const struct reading *r, int64_t line)
{
	const struct tick_line_status *l = &r->now->line[line];

	f->why[f->whys++] = (struct why_row){
		.at = line_since(l, r->now),
		.before_now = clock_between_ns(r->wall_ns, line_since(l, r->now)),
		.from = "-",
		.to = tick_line_state_name(l->state),
		.reason = tick_reason_label(l->reason),
		.text = tick_reason_text(l->reason),
		.attempt = l->attempts,
		.close_code = positive(l->close_code),
		.http_status = TICK_ABSENT,
	};
	snprintf(f->why_note, sizeof(f->why_note),
	    "no transition of line %" PRId64 " is kept: its last state, and why it last ended",
	    line);
}

bool
figures_why(struct figures *f, const struct reading *r, int64_t line)
{
	const struct tick_control *c = &r->now->control;
	int64_t total = c->transitions < 0 ? 0 : c->transitions;
	int64_t first = total - at_most(total, TICK_TRANSITIONS_MAX);

	if (line < 0 || line >= (int64_t)f->lines) {
		snprintf(f->why_note, sizeof(f->why_note), "there is no line %" PRId64, line);
		return false;
	}
	for (int64_t n = first; n < total; n++) {
		const struct tick_transition *t = &c->transition[n % TICK_TRANSITIONS_MAX];

		if (t->line != line)
			continue;
		f->why[f->whys++] = (struct why_row){
			.at = t->at_ns,
			.before_now = clock_between_ns(r->wall_ns, t->at_ns),
			.from = tick_line_state_name(t->from),
			.to = tick_line_state_name(t->to),
			.reason = tick_reason_label(t->reason),
			.text = tick_reason_text(t->reason),
			.attempt = t->attempt,
			.close_code = positive(t->close_code),
			.http_status = positive(t->http_status),
		};
	}
	if (f->whys == 0)
		last_reason(f, r, line);
	else if (first > 0)
		snprintf(f->why_note, sizeof(f->why_note),
		    "the last %d transitions of all lines are kept, %" PRId64 " older %s not",
		    TICK_TRANSITIONS_MAX, first, first == 1 ? "one is" : "ones are");
	return true;
}

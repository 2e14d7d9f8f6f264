#include "feed/pipeline.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "feed/base/utf8.h"
#include "feed/io/clock.h"
#include "feed/normalize.h"
#include "feed/publish.h"
#include "feed/recall.h"
#include "feed/venue/binance/json.h"
#include "feed/venue/binance/streams.h"

/* Exchange stamps further ahead of our clock than this make CLOCK_DOUBT. */
#define CLOCK_AHEAD_NS_MAX 1000000000

/* What the board says of an instrument, and the line that it was heard on last. */
struct instrument {
	struct tick_data data;
	uint16_t leg;
};

struct pipeline {
	struct pipeline_cfg cfg;
	struct event_scratch *scratch;
	struct tick_level *levels; /* normalized: bids, then asks */
	struct instrument *instrument;
	uint32_t instruments_max;
	struct arbiter arbiter;
	struct arbiter_last *arbiter_memory;
	uint64_t counter[TICK_COUNTERS_MAX];
	uint64_t heard;
	struct hist publish, arrival;
	struct pipeline_control control[PIPELINE_CONTROLS_MAX];
	uint32_t control_head, control_tail;
};

static void
count(struct pipeline *p, enum tick_counter counter)
{
	p->counter[counter]++;
}

/* What becomes of each kind of event. */
static const struct kind_row {
	enum tick_counter counter;
	enum tick_type type;      /* of its (first) tick */
	enum arbiter_class class; /* how its ids are judged; ARBITER_CLASSES: not at all */
} kinds[EVENT_KINDS] = {
	[EVENT_TRADE] = {TICK_COUNTER_TRADES, TICK_TRADE, ARBITER_TRADE},
	[EVENT_AGG_TRADE] = {TICK_COUNTER_AGG_TRADES, TICK_AGG_TRADE, ARBITER_AGG_TRADE},
	[EVENT_QUOTE] = {TICK_COUNTER_QUOTES, TICK_QUOTE, ARBITER_QUOTE},
	[EVENT_DEPTH] = {TICK_COUNTER_DEPTHS, TICK_BOOK_DELTA, ARBITER_DEPTH},
	[EVENT_PARTIAL_DEPTH] = {TICK_COUNTER_PARTIAL_DEPTHS, TICK_BOOK_CLEAR, ARBITER_CLASSES},
	[EVENT_KLINE] = {TICK_COUNTER_KLINES, TICK_KLINE, ARBITER_CLASSES},
	[EVENT_REPLY] = {TICK_COUNTER_REPLIES, 0, ARBITER_CLASSES},
	[EVENT_ERROR_REPLY] = {TICK_COUNTER_ERROR_REPLIES, 0, ARBITER_CLASSES},
	[EVENT_SERVER_SHUTDOWN] = {TICK_COUNTER_SERVER_SHUTDOWNS, 0, ARBITER_CLASSES},
	[EVENT_UNKNOWN] = {TICK_COUNTER_UNKNOWN, 0, ARBITER_CLASSES},
};

/* ---- instruments ------------------------------------------------------------ */

int64_t
pipeline_add_instrument(struct pipeline *p, struct bytes symbol)
{
	struct tick_instrument i = {
		.venue = (uint16_t)p->cfg.venue,
		.trading = TICK_TRADING_UNKNOWN,
		.price_exponent = p->cfg.price_exponent,
		.qty_exponent = p->cfg.qty_exponent,
	};

	if (symbol.n == 0 || symbol.n > TICK_SYMBOL_MAX || !utf8_is_valid(symbol.p, symbol.n))
		return -EINVAL;
	i.symbol_bytes = (uint8_t)symbol.n;
	memcpy(i.symbol, symbol.p, symbol.n);
	return ring_add(p->cfg.ring, &i);
}

/* Id of the event's instrument, or -errno. */
static int64_t
find_instrument(struct pipeline *p, const struct event *e)
{
	char upper[TICK_SYMBOL_MAX];
	struct bytes symbol = e->symbol;
	struct stream_name name;
	int64_t id;

	if (symbol.n == 0) { /* spot's partial depth: only the stream's name tells */
		if (stream_parse(e->stream, &name) != STREAM_FINE)
			return -EINVAL;
		symbol =
		    (struct bytes){upper, stream_symbol_upper(name.symbol, upper, sizeof(upper))};
	}
	id = ring_find(p->cfg.ring, symbol.p, symbol.n);
	return id >= 0 ? id : pipeline_add_instrument(p, symbol);
}

/* Publishes a change of an instrument's data state. */
static void
turn(struct pipeline *p, uint32_t id, enum tick_data_state state, enum tick_reason why,
    int64_t now_ns)
{
	struct tick_data *data = &p->instrument[id].data;

	data->state = state;
	data->since_ns = now_ns;
	data->reason = why;
	board_data(p->cfg.board, id, data);
}

/* ---- arbitrate -------------------------------------------------------------- */

static void
remember_id(struct tick_data *data, enum arbiter_class class, int64_t id)
{
	switch (class) {
	case ARBITER_TRADE:
		data->trade_id = id;
		break;
	case ARBITER_AGG_TRADE:
		data->agg_trade_id = id;
		break;
	case ARBITER_QUOTE:
		data->quote_id = id;
		break;
	case ARBITER_DEPTH:
		data->depth_id = id;
		break;
	case ARBITER_CLASSES:
		break;
	}
}

static void
tell_gap(struct pipeline *p, struct publish_context *c, enum event_kind kind,
    const struct arbiter_gap *gap)
{
	c->flags |= TICK_FLAG_GAP_BEFORE;
	count(p, TICK_COUNTER_GAPS);
	if (kind != EVENT_DEPTH) /* depth ids are not consecutive on futures */
		p->counter[TICK_COUNTER_GAP_IDS] += (uint64_t)(gap->last - gap->first + 1);
	publish_event(c, TICK_REASON_GAP, kinds[kind].type, gap->first, gap->last);
}

/* Is the event news? Tells gaps in band, ahead of it. */
static bool
arbitrate(struct pipeline *p, struct publish_context *c, const struct event *e)
{
	struct arbiter_message m = {.instrument = c->instrument, .class = kinds[e->kind].class,
	    .id = e->id, .first_id = e->first_id, .prev_id = e->prev_id};
	struct arbiter_gap gap;

	if (m.class == ARBITER_CLASSES)
		return true;
	switch (arbiter_on_id(&p->arbiter, &m, &gap)) {
	case ARBITER_NEW:
		break;
	case ARBITER_RESET: /* what is missing in between, nobody can tell */
		c->flags |= TICK_FLAG_GAP_BEFORE;
		count(p, TICK_COUNTER_GAPS);
		break;
	case ARBITER_GAP:
		tell_gap(p, c, e->kind, &gap);
		break;
	case ARBITER_INVALID:
		count(p, TICK_COUNTER_MALFORMED);
		return false;
	default:
		count(p, TICK_COUNTER_DUPLICATES);
		return false;
	}
	remember_id(&p->instrument[c->instrument].data, m.class, e->id);
	return true;
}

/* ---- the path --------------------------------------------------------------- */

static void
pass_control(struct pipeline *p, unsigned line, const struct event *e)
{
	uint32_t next = (p->control_head + 1) % PIPELINE_CONTROLS_MAX;
	struct pipeline_control *c = &p->control[p->control_head];
	size_t n = 0;

	count(p, kinds[e->kind].counter);
	if (next == p->control_tail) {
		/* Only a flood does that; a lost answer ends in the request's timeout. */
		count(p, TICK_COUNTER_CONTROLS_DROPPED);
		return;
	}
	*c = (struct pipeline_control){.kind = e->kind, .line = line, .id = e->id};
	if (e->kind == EVENT_ERROR_REPLY) {
		c->code = e->u.reply.code;
		n = e->u.reply.text.n < sizeof(c->text) ? e->u.reply.text.n : sizeof(c->text) - 1;
		memcpy(c->text, e->u.reply.text.p, n);
	}
	c->text[n] = '\0';
	p->control_head = next;
}

/* Everything that is no market event ends here. Returns true for market events. */
static bool
is_market_event(struct pipeline *p, unsigned line, const struct event *e)
{
	switch (e->kind) {
	case EVENT_TRADE:
		if (!e->u.trade.off_market)
			return true;
		count(p, TICK_COUNTER_OFF_MARKET);
		return false;
	case EVENT_AGG_TRADE:
	case EVENT_QUOTE:
	case EVENT_DEPTH:
	case EVENT_PARTIAL_DEPTH:
	case EVENT_KLINE:
		return true;
	case EVENT_REPLY:
	case EVENT_ERROR_REPLY:
	case EVENT_SERVER_SHUTDOWN:
		pass_control(p, line, e);
		return false;
	case EVENT_UNKNOWN:
	case EVENT_KINDS:
		break;
	}
	count(p, TICK_COUNTER_UNKNOWN);
	return false;
}

static bool
decode(struct pipeline *p, enum transport_payload payload, struct bytes frame, struct event *e)
{
	if (payload != TRANSPORT_TEXT) {
		count(p, TICK_COUNTER_BINARY);
		return false;
	}
	switch (json_decode(frame, p->scratch, e)) {
	case DECODE_OK:
		return true;
	case DECODE_MALFORMED:
		count(p, TICK_COUNTER_MALFORMED);
		return false;
	case DECODE_UNFIT:
		count(p, TICK_COUNTER_UNFIT);
		return false;
	}
	return false;
}

static struct publish_context
context_of(struct pipeline *p, uint32_t instrument, unsigned line, const struct event *e,
    struct transport_stamps stamps)
{
	unsigned flags = stamps.kernel ? TICK_FLAG_KERNEL_STAMP : 0;

	if (e->exch_ns != VENUE_NO_TIME && e->exch_ns - stamps.recv.ns > CLOCK_AHEAD_NS_MAX)
		flags |= TICK_FLAG_CLOCK_DOUBT;
	return (struct publish_context){
		.ring = p->cfg.ring,
		.board = p->cfg.board,
		.instrument = instrument,
		.leg = (uint16_t)line,
		.flags = flags,
		.recv_ns = stamps.recv.ns,
		.mono_ns = clock_mono().ns,
	};
}

/* After the ring, so that no id stands on the board whose tick was never published. */
static void
note_on_board(struct pipeline *p, uint32_t id, enum event_kind kind, int64_t now_ns)
{
	enum arbiter_class class = kinds[kind].class;

	if (p->instrument[id].data.state != TICK_DATA_LIVE)
		turn(p, id, TICK_DATA_LIVE, TICK_REASON_NONE, now_ns);
	else if (class != ARBITER_CLASSES && class != ARBITER_QUOTE)
		board_data(p->cfg.board, id, &p->instrument[id].data);
}

void
pipeline_on_frame(void *context, unsigned line, enum transport_payload payload, struct bytes frame,
    struct transport_stamps stamps)
{
	struct pipeline *p = context;
	struct publish_context c;
	struct normal n;
	struct event e;
	int64_t id;

	p->heard |= 1ull << line;
	count(p, TICK_COUNTER_MESSAGES);
	p->counter[TICK_COUNTER_MESSAGE_BYTES] += frame.n;

	if (!decode(p, payload, frame, &e) || !is_market_event(p, line, &e))
		return;
	id = find_instrument(p, &e);
	if (id < 0) {
		count(p, TICK_COUNTER_NO_INSTRUMENT);
		return;
	}
	c = context_of(p, (uint32_t)id, line, &e, stamps);
	if (!normalize(&e, &p->cfg.ring->directory[id], p->levels, &n)) {
		count(p, TICK_COUNTER_UNFIT);
		publish_event(&c, TICK_REASON_UNFIT, kinds[e.kind].type, e.id, 0);
		return;
	}
	if (!arbitrate(p, &c, &e))
		return;
	publish_market_event(&c, &e, &n);
	count(p, kinds[e.kind].counter);
	p->instrument[id].leg = (uint16_t)line;
	note_on_board(p, (uint32_t)id, e.kind, stamps.recv.ns);

	hist_record(&p->publish, span_ns(c.mono_ns - stamps.recv_mono.ns));
	if (e.exch_ns != VENUE_NO_TIME)
		hist_record(&p->arrival, span_ns(stamps.recv.ns - e.exch_ns));
}

/* ---- life ------------------------------------------------------------------- */

static void
tell(struct pipeline *p, enum tick_reason reason, unsigned line, wall_t now, mono_t mono,
    const int64_t word[3])
{
	struct publish_context c = {
		.ring = p->cfg.ring,
		.board = p->cfg.board,
		.instrument = TICK_NO_INSTRUMENT,
		.leg = (uint16_t)line,
		.recv_ns = now.ns,
		.mono_ns = mono.ns,
	};

	publish_event(&c, reason, word[0], word[1], word[2]);
}

/* The last writer's ids go on; its data is stale until the first message. */
static void
recall_instruments(struct pipeline *p, wall_t now)
{
	recall_ids(p->cfg.ring, p->cfg.board, &p->arbiter);
	for (uint32_t id = 0; id < p->cfg.ring->instruments; id++) {
		struct tick_data *data = &p->instrument[id].data, old;
		bool known = board_recall(p->cfg.board, id, &old) && old.state != TICK_DATA_NONE;

		for (enum arbiter_class class = 0; class < ARBITER_CLASSES; class++) {
			int64_t last = arbiter_last_id(&p->arbiter, id, class);

			remember_id(data, class, last);
			known = known || last != ARBITER_NO_ID;
		}
		if (known)
			turn(p, id, TICK_DATA_STALE, TICK_REASON_RESTART, now.ns);
	}
}

static void
tell_start(struct pipeline *p, wall_t now, mono_t mono)
{
	const struct ring *r = p->cfg.ring;
	int64_t silent = r->restarted ? mono.ns - r->silent_since_ns : 0;
	const int64_t word[3] = {r->header->epoch, r->torn, silent};

	tell(p, r->restarted ? TICK_REASON_RESTART : TICK_REASON_START, 0, now, mono, word);
}

int
pipeline_new(struct pipeline **out, const struct pipeline_cfg *cfg, wall_t now, mono_t mono)
{
	struct pipeline *p = calloc(1, sizeof(*p));

	*out = p;
	if (!p)
		return -ENOMEM;
	p->cfg = *cfg;
	p->instruments_max = (uint32_t)cfg->ring->header->directory_max;
	p->scratch = malloc(sizeof(*p->scratch));
	p->levels = malloc(VENUE_LEVELS_MAX * sizeof(*p->levels));
	p->instrument = calloc(p->instruments_max, sizeof(*p->instrument));
	p->arbiter_memory = calloc(p->instruments_max, sizeof(*p->arbiter_memory));
	if (!p->scratch || !p->levels || !p->instrument || !p->arbiter_memory) {
		pipeline_free(out, now, mono);
		return -ENOMEM;
	}
	arbiter_init(&p->arbiter, p->arbiter_memory, p->instruments_max);
	for (uint32_t id = 0; id < p->instruments_max; id++)
		p->instrument[id].data = (struct tick_data){.trade_id = TICK_ABSENT,
		    .agg_trade_id = TICK_ABSENT, .quote_id = TICK_ABSENT, .depth_id = TICK_ABSENT};
	recall_instruments(p, now);
	tell_start(p, now, mono);
	return 0;
}

void
pipeline_free(struct pipeline **pipeline, wall_t now, mono_t mono)
{
	struct pipeline *p = *pipeline;

	if (!p)
		return;
	if (p->arbiter.last)
		tell(p, TICK_REASON_STOP, 0, now, mono, (int64_t[3]){0});
	free(p->scratch);
	free(p->levels);
	free(p->instrument);
	free(p->arbiter_memory);
	free(p);
	*pipeline = NULL;
}

void
pipeline_on_line_up(struct pipeline *p, unsigned line, wall_t now, mono_t mono)
{
	tell(p, TICK_REASON_LINE_UP, line, now, mono, (int64_t[3]){line});
}

void
pipeline_on_line_down(struct pipeline *p, unsigned line, enum tick_reason why, wall_t now,
    mono_t mono)
{
	tell(p, TICK_REASON_LINE_DOWN, line, now, mono, (int64_t[3]){line, why});
	for (uint32_t id = 0; id < p->cfg.ring->instruments; id++) {
		const struct instrument *i = &p->instrument[id];

		if (i->leg == line && i->data.state == TICK_DATA_LIVE)
			turn(p, id, TICK_DATA_STALE, TICK_REASON_LINE_DOWN, now.ns);
	}
}

/* ---- what the app asks ------------------------------------------------------ */

bool
pipeline_next_control(struct pipeline *p, struct pipeline_control *out)
{
	if (p->control_tail == p->control_head)
		return false;
	*out = p->control[p->control_tail];
	p->control_tail = (p->control_tail + 1) % PIPELINE_CONTROLS_MAX;
	return true;
}

uint64_t
pipeline_heard(struct pipeline *p)
{
	uint64_t heard = p->heard;

	p->heard = 0;
	return heard;
}

uint64_t *
pipeline_counters(struct pipeline *p)
{
	p->counter[TICK_COUNTER_TICKS] = p->cfg.ring->next - p->cfg.ring->header->epoch_first;
	return p->counter;
}

static struct tick_latency
latency_of(const struct hist *h)
{
	return (struct tick_latency){
		.count = (int64_t)h->count,
		.p50 = hist_percentile(h, 500000).ns,
		.p90 = hist_percentile(h, 900000).ns,
		.p99 = hist_percentile(h, 990000).ns,
		.p999 = hist_percentile(h, 999000).ns,
		.max = (int64_t)h->max_ns,
	};
}

void
pipeline_latencies(struct pipeline *p, struct tick_latency *publish, struct tick_latency *arrival)
{
	*publish = latency_of(&p->publish);
	*arrival = latency_of(&p->arrival);
	memset(&p->publish, 0, sizeof(p->publish));
	memset(&p->arrival, 0, sizeof(p->arrival));
}

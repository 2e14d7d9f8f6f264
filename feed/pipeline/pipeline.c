#include "feed/pipeline/pipeline.h"

#include <errno.h>
#include <string.h>

#include "feed/base/utf8.h"
#include "feed/io/clock.h"
#include "feed/pipeline/normalize.h"
#include "feed/pipeline/pipeline_impl.h"
#include "feed/venue/binance/json_market.h"
#include "feed/venue/binance/streams.h"

const struct kind_row pipeline_kinds[EVENT_KINDS] = {
	[EVENT_TRADE] = {TICK_COUNTER_TRADES, TICK_TRADE, ARBITER_TRADE},
	[EVENT_AGG_TRADE] = {TICK_COUNTER_AGG_TRADES, TICK_AGG_TRADE, ARBITER_AGG_TRADE},
	[EVENT_QUOTE] = {TICK_COUNTER_QUOTES, TICK_QUOTE, ARBITER_QUOTE},
	[EVENT_DEPTH] = {TICK_COUNTER_DEPTHS, TICK_BOOK_DELTA, ARBITER_DEPTH},
	[EVENT_PARTIAL_DEPTH] = {TICK_COUNTER_PARTIAL_DEPTHS, TICK_BOOK_CLEAR, ARBITER_CLASSES},
	[EVENT_KLINE] = {TICK_COUNTER_KLINES, TICK_KLINE, ARBITER_CLASSES},
	[EVENT_BLOCK_TRADE] = {TICK_COUNTER_BLOCK_TRADES, TICK_BLOCK_TRADE, ARBITER_CLASSES},
	[EVENT_MINI_TICKER] = {TICK_COUNTER_MINI_TICKERS, TICK_MINI_TICKER, ARBITER_CLASSES},
	[EVENT_TICKER] = {TICK_COUNTER_TICKERS, TICK_TICKER_24H, ARBITER_CLASSES},
	[EVENT_AVG_PRICE] = {TICK_COUNTER_AVG_PRICES, TICK_AVG_PRICE, ARBITER_CLASSES},
	[EVENT_REFERENCE_PRICE] = {TICK_COUNTER_REFERENCE_PRICES, TICK_REFERENCE_PRICE,
	    ARBITER_CLASSES},
	[EVENT_MARK_PRICE] = {TICK_COUNTER_MARK_PRICES, TICK_MARK_PRICE, ARBITER_CLASSES},
	[EVENT_LIQUIDATION] = {TICK_COUNTER_LIQUIDATIONS, TICK_LIQUIDATION, ARBITER_CLASSES},
	[EVENT_STATUS] = {TICK_COUNTER_STATUSES, TICK_INSTRUMENT_STATUS, ARBITER_CLASSES},
	[EVENT_LIST] = {TICK_COUNTER_ARRAYS, 0, ARBITER_CLASSES},
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
		.venue = (uint16_t)p->cfg.venue->id,
		.trading = TICK_TRADING_UNKNOWN,
	};
	int64_t id;

	if (symbol.n == 0 || symbol.n > TICK_SYMBOL_MAX || !utf8_is_valid(symbol.p, symbol.n))
		return -EINVAL;
	i.symbol_bytes = (uint8_t)symbol.n;
	memcpy(i.symbol, symbol.p, symbol.n);
	pipeline_describe(p, &i);
	id = ring_add(p->cfg.ring, &i);
	if (id >= 0)
		pipeline_list_new(p, (uint32_t)id);
	return id;
}

/* Id of a symbol's instrument, which is added if it is new; or -errno. */
static int64_t
look_up(struct pipeline *p, struct bytes symbol)
{
	int64_t id = ring_find(p->cfg.ring, symbol.p, symbol.n);

	return id >= 0 ? id : pipeline_add_instrument(p, symbol);
}

/* The same by what came before: for a short symbol, with padding behind it. */
static inline int64_t
recognize(struct pipeline *p, struct bytes symbol)
{
	struct known_symbol as, *place = known_place(&p->known, symbol, &as);
	int64_t id;

	if (known_is(place, &as))
		return place->id;
	id = look_up(p, symbol);
	as.id = (uint32_t)id;
	if (id >= 0)
		*place = as;
	return id;
}

/* Id of the event's instrument, or -errno. */
static inline int64_t
find_instrument(struct pipeline *p, const struct frame *frame, const struct event *e)
{
	char upper[TICK_SYMBOL_MAX];
	struct bytes symbol = e->symbol;
	struct stream_name name;

	/* What was written with escapes lies elsewhere, without padding. */
	if (symbol.n - 1 < KNOWN_BYTES &&
	    (uintptr_t)symbol.p - (uintptr_t)frame->bytes.p < frame->bytes.n)
		return recognize(p, symbol);
	if (symbol.n == 0) { /* spot's partial depth: only the stream's name tells */
		if (stream_parse(e->stream, &name) != STREAM_FINE)
			return -EINVAL;
		symbol =
		    (struct bytes){upper, stream_symbol_upper(name.symbol, upper, sizeof(upper))};
	}
	return look_up(p, symbol);
}

/* ---- the path --------------------------------------------------------------- */

static void
pass_control(struct pipeline *p, unsigned line, const struct event *e)
{
	uint32_t next = (p->control_head + 1) % PIPELINE_CONTROLS_MAX;
	struct pipeline_control *c = &p->control[p->control_head];
	size_t n = 0;

	pipeline_count(p, pipeline_kinds[e->kind].counter);
	if (next == p->control_tail) {
		/* Only a flood does that; a lost answer ends in the request's timeout. */
		pipeline_count(p, TICK_COUNTER_CONTROLS_DROPPED);
		return;
	}
	*c = (struct pipeline_control){.kind = e->kind, .line = line, .id = e->id};
	if (e->kind == EVENT_REPLY && e->u.reply.text.n > 0 && e->u.reply.text.p[0] == '[') {
		if (!listed_read(p, line, e->u.reply.text))
			return;
		c->listed = true;
	}
	if (e->kind == EVENT_ERROR_REPLY) {
		c->code = e->u.reply.code;
		n = e->u.reply.text.n < sizeof(c->text) ? e->u.reply.text.n : sizeof(c->text) - 1;
		memcpy(c->text, e->u.reply.text.p, n);
	}
	c->text[n] = '\0';
	p->control_head = next;
}

/* Nothing is made of the message: if its envelope named a stream, that is remembered of it. */
static void
note_garbled(struct pipeline *p, const struct frame *frame, const struct event *e)
{
	struct bytes stream = frame->part ? frame->stream : e->stream;
	uint32_t number = stream.n > 0 ? listed_number(p, stream) : ROSTER_NONE;

	if (number != ROSTER_NONE)
		roster_on_garbled(&p->roster, number);
}

/* Everything that is no market event ends here. */
static void
take_other(struct pipeline *p, const struct frame *frame, const struct event *e)
{
	switch (e->kind) {
	case EVENT_TRADE:
		pipeline_count(p, TICK_COUNTER_OFF_MARKET);
		break;
	case EVENT_REPLY:
	case EVENT_ERROR_REPLY:
	case EVENT_SERVER_SHUTDOWN:
		pass_control(p, frame->line, e);
		break;
	default: /* a list in a list, or unknown */
		pipeline_count(p, TICK_COUNTER_UNKNOWN);
		note_garbled(p, frame, e);
		break;
	}
}

static inline bool
is_market_event(const struct event *e)
{
	if (e->kind == EVENT_TRADE)
		return !e->u.trade.off_market;
	return e->kind < EVENT_MARKET_KINDS;
}

/* A schema that we do not speak: counted, and its name kept for the log. */
static void
note_foreign(struct pipeline *p, const struct event *e)
{
	pipeline_count(p, TICK_COUNTER_FOREIGN);
	if (p->foreign.known && p->foreign.schema == e->id)
		return;
	p->foreign.schema = e->id;
	p->foreign.version = e->first_id;
	p->foreign.known = true;
	p->foreign.told = false;
}

/* Decodes, false: counted. *unfit: whose message it is is known, but not its values. */
static bool
decode(struct pipeline *p, struct frame *frame, struct event *e, bool *unfit)
{
	const struct venue *venue = p->cfg.venue;
	enum decode_result result;

	if (frame->payload == TRANSPORT_TEXT) {
		result = venue->text(frame->bytes, p->scratch, e);
	} else if (venue->binary != NULL) {
		result = venue->binary(
		    frame->bytes, frame->index, p->scratch, e, &frame->count);
	} else {
		pipeline_count(p, TICK_COUNTER_BINARY);
		return false;
	}
	*unfit = result == DECODE_UNFIT;
	if (result == DECODE_MALFORMED) {
		pipeline_count(p, TICK_COUNTER_MALFORMED);
		p->line[frame->line].faults++;
		note_garbled(p, frame, e);
	}
	if (result == DECODE_FOREIGN)
		note_foreign(p, e);
	return result == DECODE_OK || result == DECODE_UNFIT;
}

/*
 * CLOCK_MONOTONIC. Reading it would be a sixth of what a message costs, so in
 * a burst, messages of one receive, it is read with every few of them; the
 * longer that lasts, and each has waited, with more.
 */
static inline int64_t
time_of_publishing(struct pipeline *p, const struct frame *frame)
{
	bool first = p->clock_of.ns != frame->stamps->recv_mono.ns;

	p->since_clock += frame->bytes.n;
	if (first || p->since_clock >= p->clock_after) {
		p->clock_after = first ? PIPELINE_CLOCK_BYTES : p->clock_after + 64;
		if (p->clock_after > PIPELINE_CLOCK_BYTES_MAX)
			p->clock_after = PIPELINE_CLOCK_BYTES_MAX;
		p->since_clock = 0;
		p->clock_of = frame->stamps->recv_mono;
		p->clock = clock_mono();
	}
	return p->clock.ns;
}

static inline struct publish_context
context_of(struct pipeline *p, uint32_t instrument, const struct frame *frame,
    const struct event *e)
{
	const struct transport_stamps *stamps = frame->stamps;
	unsigned flags = stamps->kernel ? TICK_FLAG_KERNEL_STAMP : 0;

	if (e->exch_ns != VENUE_NO_TIME && e->exch_ns - stamps->recv.ns > p->clock_ahead_ns)
		flags |= TICK_FLAG_CLOCK_DOUBT;
	return (struct publish_context){
		.ring = p->cfg.ring,
		.board = p->cfg.board,
		.instrument = instrument,
		.leg = (uint16_t)frame->line,
		.flags = flags,
		.recv_ns = stamps->recv.ns,
		.mono_ns = time_of_publishing(p, frame),
	};
}

/* Keeps the message until what is missing before it came, or time is over. */
static bool
keep(struct pipeline *p, uint64_t key, int64_t id, const struct frame *frame)
{
	struct held_frame *held;
	int slot;

	if (frame->bytes.n > PIPELINE_HOLD_BYTES)
		return false;
	slot = hold_add(&p->hold, key, id, frame->line, frame->arrived);
	if (slot < 0)
		return false;
	held = &p->held[slot];
	held->frame = *frame;
	held->stamps = *frame->stamps;
	held->frame.stamps = &held->stamps;
	if (frame->bytes.p != held->bytes)
		memmove(held->bytes, frame->bytes.p, frame->bytes.n);
	held->frame.bytes.p = held->bytes;
	held->frame.stream = BYTES_NONE; /* lives as long as its list */
	return true;
}

/* After the ring, so that no id stands on the board whose tick was never published. */
static void
note_on_board(struct pipeline *p, uint32_t id, enum event_kind kind)
{
	enum arbiter_class class = pipeline_kinds[kind].class;

	if (class != ARBITER_CLASSES && class != ARBITER_QUOTE &&
	    p->instrument[id].data.state == TICK_DATA_LIVE)
		board_data(p->cfg.board, id, &p->instrument[id].data);
}

/* What to look for in the hold after a message; `published` only if it holds anything. */
struct outcome {
	bool published, kept;
	bool full; /* it was to be kept, and there is no room: nothing became of it */
	uint64_t key;
	int64_t id;
};

static inline void
measure(struct pipeline *p, const struct frame *frame, const struct publish_context *c,
    int64_t exch_ns)
{
	const struct transport_stamps *stamps = frame->stamps;
	bool dated = exch_ns != VENUE_NO_TIME;
	struct spans now = {
		.publish_ns = c->mono_ns - stamps->recv_mono.ns + stamps->waited.ns,
		.arrival_ns = dated ? stamps->recv.ns - exch_ns + p->clock_offset_ns
		                    : p->spans.arrival_ns,
		.line = frame->line,
	};

	if (now.publish_ns != p->spans.publish_ns || now.arrival_ns != p->spans.arrival_ns ||
	    now.line != p->spans.line)
		pipeline_note_spans(p, now);
	p->spans.messages++;
	p->spans.dated += dated;
}

static struct outcome take_again(struct pipeline *p, struct frame *frame);
static struct outcome take_at_once(
    struct pipeline *p, const struct frame *frame, const struct outcome *full);

/* An array: each element is a message of its own, of the array's stream. */
static void
take_list(struct pipeline *p, const struct frame *frame, const struct event *list)
{
	char name[STREAM_NAME_MAX]; /* the list's lies in the scratch, perhaps */
	struct frame part = *frame;
	struct bytes items = list->u.list.items;
	struct outcome out;

	pipeline_count(p, TICK_COUNTER_ARRAYS);
	part.part = true;
	part.stream = (struct bytes){name, list->stream.n};
	if (list->stream.n == 0 || list->stream.n > sizeof(name))
		part.stream = BYTES_NONE;
	else
		memcpy(name, list->stream.p, list->stream.n);
	while (json_market_next(&items, &part.bytes)) {
		out = take_again(p, &part);
		if (out.full)
			take_at_once(p, &part, &out);
	}
}

/* Decode, normalize, judge, publish; or keep. */
static inline __attribute__((always_inline)) struct outcome
take_frame(struct pipeline *p, struct frame *frame)
{
	struct outcome out = {0};
	struct publish_context c;
	enum judgement judgement;
	struct normal n;
	struct event e;
	bool unfit;
	int64_t id;

	e.stream = BYTES_NONE; /* where the decoder gives up before it looks for a name */
	if (!decode(p, frame, &e, &unfit))
		return out;
	if (e.kind == EVENT_LIST && !frame->part) {
		take_list(p, frame, &e);
		return out;
	}
	if (!is_market_event(&e)) {
		take_other(p, frame, &e);
		return out;
	}
	if (frame->part)
		e.stream = frame->stream;
	id = find_instrument(p, frame, &e);
	if (id < 0) {
		pipeline_count(p, TICK_COUNTER_NO_INSTRUMENT);
		return out;
	}
	c = context_of(p, (uint32_t)id, frame, &e);
	if (unfit || !normalize(&e, &p->cfg.ring->directory[id], p->levels, &n)) {
		pipeline_count(p, TICK_COUNTER_UNFIT);
		p->line[frame->line].faults++;
		publish_event(&c, TICK_REASON_UNFIT, pipeline_kinds[e.kind].type, e.id, 0);
		return out;
	}
	judgement = judge(p, &c, &e, frame, p->now);
	if (judgement == JUDGE_HOLD && judge_hold_key((uint32_t)id, &e, &out.key)) {
		out.kept = keep(p, out.key, e.id, frame);
		out.full = !out.kept;
		out.id = e.id;
	}
	if (judgement != JUDGE_PUBLISH)
		return out;
	if (e.kind == EVENT_DEPTH)
		pipeline_publish_depth(p, &c, &e, &n);
	else if (e.kind != EVENT_PARTIAL_DEPTH || !books_find(p->books, c.instrument))
		publish_market_event(&c, &e, &n); /* a part must not replace the whole book */
	if (p->unasked_kind != EVENT_KINDS)
		pipeline_tell_unasked(p, &c);
	if (e.kind == EVENT_STATUS)
		pipeline_on_status(p, &c, &e);
	pipeline_count(p, pipeline_kinds[e.kind].counter);
	note_on_board(p, (uint32_t)id, e.kind);
	if (p->measures)
		measure(p, frame, &c, e.exch_ns);
	if (!hold_is_empty(&p->hold))
		out.published = judge_hold_key((uint32_t)id, &e, &out.key);
	return out;
}

/* The same for what does not come straight from a line: part of a list, or held. */
static __attribute__((noinline)) struct outcome
take_again(struct pipeline *p, struct frame *frame)
{
	return take_frame(p, frame);
}

/* A held message is shown again. False: it is held still, and so are those behind it. */
static bool
show_again(struct pipeline *p, const struct held *held, mono_t arrived)
{
	struct frame frame = p->held[held->slot].frame;

	p->clock_of = MONO_NEVER; /* it was received a while ago */
	frame.arrived = arrived;
	return !take_again(p, &frame).kept;
}

/* What cannot be kept goes at once: after what is kept below it, or that would come too late. */
static __attribute__((noinline)) struct outcome
take_at_once(struct pipeline *p, const struct frame *frame, const struct outcome *full)
{
	struct frame again = *frame;
	struct held held;

	while (hold_take_below(&p->hold, full->key, full->id, &held))
		show_again(p, &held, ARBITER_AT_ONCE);
	again.arrived = ARBITER_AT_ONCE;
	return take_again(p, &again);
}

/* Something was published: what waited for it may go, in the order of ids. */
static void
release(struct pipeline *p, uint64_t key)
{
	struct held held;

	while (hold_take(&p->hold, key, &held) && show_again(p, &held, held.arrived))
		;
}

void
pipeline_on_time(struct pipeline *p, mono_t now)
{
	struct held held;

	if (!mono_due(hold_deadline(&p->hold), now))
		return;
	p->now = now;
	p->since_clock = PIPELINE_CLOCK_BYTES; /* what is shown now came with no burst */
	recorder_on_pause(p->recorder, now);
	while (hold_take_due(&p->hold, now, &held))
		if (show_again(p, &held, ARBITER_AT_ONCE))
			release(p, held.key);
}

mono_t
pipeline_deadline(const struct pipeline *p)
{
	return hold_deadline(&p->hold);
}

void
pipeline_on_frame(void *context, unsigned line, enum transport_payload payload, struct bytes bytes,
    struct transport_stamps stamps)
{
	struct frame frame = {.line = line, .payload = payload, .bytes = bytes, .stamps = &stamps,
	    .arrived = stamps.recv_mono};
	struct pipeline *p = context;
	struct outcome out;

	if (p->recorder != NULL)
		recorder_on_frame(p->recorder, line, payload, bytes, stamps);
	p->now = mono_before(p->now, stamps.recv_mono) ? stamps.recv_mono : p->now;
	p->heard |= 1ull << line;
	pipeline_count(p, TICK_COUNTER_MESSAGES);
	p->counter[TICK_COUNTER_MESSAGE_BYTES] += bytes.n;
	do {
		out = take_frame(p, &frame);
		if (out.full)
			out = take_at_once(p, &frame, &out);
		if (out.kept)
			pipeline_count(p, TICK_COUNTER_HELD);
		if (out.published)
			release(p, out.key);
	} while (++frame.index < frame.count);
}

#include "feed/pipeline/pipeline.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "feed/pipeline/pipeline_impl.h"
#include "feed/pipeline/recall.h"
#include "feed/venue/binance/streams.h"

/* ---- streams ---------------------------------------------------------------- */

bool
pipeline_kind_of(enum stream_class class, enum event_kind *kind)
{
	static const int kinds[STREAM_CLASSES] = {
		[STREAM_TRADE] = EVENT_TRADE,
		[STREAM_AGG_TRADE] = EVENT_AGG_TRADE,
		[STREAM_BOOK_TICKER] = EVENT_QUOTE,
		[STREAM_DEPTH] = EVENT_DEPTH,
		[STREAM_PARTIAL_DEPTH] = EVENT_PARTIAL_DEPTH,
		[STREAM_KLINE] = EVENT_KLINE,
		[STREAM_BLOCK_TRADE] = EVENT_BLOCK_TRADE,
		[STREAM_MINI_TICKER] = EVENT_MINI_TICKER,
		[STREAM_TICKER] = EVENT_TICKER,
		[STREAM_AVG_PRICE] = EVENT_AVG_PRICE,
		[STREAM_REFERENCE_PRICE] = EVENT_REFERENCE_PRICE,
		[STREAM_MARK_PRICE] = EVENT_MARK_PRICE,
		[STREAM_INDEX_PRICE] = EVENT_MARK_PRICE,
		[STREAM_LIQUIDATION] = EVENT_LIQUIDATION,
		[STREAM_STATUS] = EVENT_STATUS,
		[STREAM_RPI_DEPTH] = -1,
		[STREAM_OTHER] = -1,
	};

	*kind = (enum event_kind)(kinds[class] < 0 ? EVENT_UNKNOWN : kinds[class]);
	return kinds[class] >= 0;
}

/* COIN-M: "btcusd@markPrice" brings the mark prices of all contracts of that pair (2026-08). */
static bool
is_of_pair(const struct pipeline *p, const struct stream_name *name)
{
	return p->cfg.venue->id == TICK_VENUE_BINANCE_COINM && name->class == STREAM_MARK_PRICE &&
	    memchr(name->symbol.p, '_', name->symbol.n) == NULL;
}

/* Puts it on the roster, or counts it where its messages mean nothing to us. */
static int
watch(struct pipeline *p, uint32_t number, struct bytes name, uint32_t instrument,
    enum stream_class class)
{
	enum event_kind kind;

	if (pipeline_kind_of(class, &kind))
		return roster_add(&p->roster, number, name, instrument, kind);
	roster_add_foreign(&p->roster, number);
	return 0;
}

int
pipeline_add_stream(struct pipeline *p, uint32_t number, struct bytes name)
{
	char symbol[TICK_SYMBOL_MAX];
	struct stream_name parts;
	int64_t id;
	size_t n;

	recorder_on_stream(p->recorder, TAPE_STREAM, number, 0, name);
	if (stream_parse(name, &parts) != STREAM_FINE)
		return -EINVAL;
	n = stream_symbol_upper(parts.symbol, symbol, sizeof(symbol));
	if (n == 0 || is_of_pair(p, &parts))
		return watch(p, number, name, p->instruments_max, parts.class);
	id = ring_find(p->cfg.ring, symbol, n);
	if (id < 0)
		id = pipeline_add_instrument(p, (struct bytes){symbol, n});
	if (id < 0)
		return (int)id;
	if (parts.class == STREAM_DEPTH && p->books && books_add(p->books, (uint32_t)id) != 0)
		return -ENOMEM;
	return watch(p, number, name, (uint32_t)id, parts.class);
}

void
pipeline_remove_stream(struct pipeline *p, uint32_t number)
{
	struct roster_stream *s;
	uint32_t instrument;
	bool of_book;

	recorder_on_stream(p->recorder, TAPE_STREAM_GONE, number, 0, BYTES_NONE);
	if (number >= p->roster.streams_max)
		return;
	s = &p->roster.stream[number];
	if (s->name == NULL) {
		roster_remove(&p->roster, number);
		return;
	}
	instrument = s->instrument;
	of_book = s->kind == EVENT_DEPTH;
	if (s->stale)
		p->instrument[s->instrument].stale--;
	for (unsigned line = 0; line < TRANSPORT_LINES_MAX; line++)
		judge_on_stream_left(p, number, line);
	roster_remove(&p->roster, number);
	if (of_book && p->books &&
	    roster_find(&p->roster, instrument, EVENT_DEPTH, BYTES_NONE) == ROSTER_NONE)
		books_remove(p->books, instrument);
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
	recall_board_ids(p->cfg.ring, p->cfg.board, &p->arbiter);
	if (!p->cfg.replayed)
		recall_ring_ids(p->cfg.ring, &p->arbiter);
	for (uint32_t id = 0; id < p->cfg.ring->instruments; id++) {
		struct tick_data *data = &p->instrument[id].data, old;
		bool known = board_recall(p->cfg.board, id, &old) && old.state != TICK_DATA_NONE;

		for (enum arbiter_class class = 0; class < ARBITER_CLASSES; class++) {
			int64_t last = arbiter_last_id(&p->arbiter, id, class);

			pipeline_remember_id(data, class, last);
			known = known || last != ARBITER_NO_ID;
		}
		if (known)
			pipeline_turn(p, id, TICK_DATA_STALE, TICK_REASON_RESTART, now.ns);
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

/* Returns 0 or -ENOMEM. */
static int
make_books(struct pipeline *p, const struct books_cfg *cfg)
{
	uint32_t depth = p->cfg.board->depth;

	p->cfg.books = NULL; /* the caller's */
	if (!cfg)
		return 0;
	if (depth < cfg->levels_max + BOOK_LEVELS_MIN)
		depth = cfg->levels_max + BOOK_LEVELS_MIN;
	p->image = malloc(2 * (size_t)depth * sizeof(*p->image));
	return p->image ? books_new(&p->books, cfg) : -ENOMEM;
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
	p->instrument = calloc(p->instruments_max + 1, sizeof(*p->instrument));
	p->arbiter_memory = calloc(p->instruments_max, sizeof(*p->arbiter_memory));
	p->of_line = calloc(TRANSPORT_LINES_MAX, sizeof(*p->of_line));
	p->clock_of = MONO_NEVER;
	p->clock_ahead_ns = PIPELINE_AHEAD_NS;
	p->measures = true;
	p->unasked_kind = EVENT_KINDS;
	p->cfg.gaps = NULL; /* the caller's */
	p->held = malloc(HOLD_MAX * sizeof(*p->held));
	p->listed_words = cfg->streams_max / 64 + 1;
	p->listed = calloc(TRANSPORT_LINES_MAX * p->listed_words, sizeof(*p->listed));
	if (!p->of_line || !p->held || !p->listed || !p->scratch || !p->levels || !p->instrument ||
	    !p->arbiter_memory ||
	    roster_init(&p->roster, cfg->streams_max, p->instruments_max) != 0 ||
	    make_books(p, cfg->books) != 0 ||
	    (cfg->gaps != NULL && gaps_new(&p->gaps, cfg->gaps) != 0)) {
		pipeline_free(out, now, mono);
		return -ENOMEM;
	}
	arbiter_init(&p->arbiter, p->arbiter_memory, p->instruments_max);
	p->arbiter.cfg.wait_max = cfg->hold_for;
	hold_init(&p->hold, cfg->hold_for);
	for (uint32_t id = 0; id < p->instruments_max; id++)
		p->instrument[id].data = (struct tick_data){.trade_id = TICK_ABSENT,
		    .agg_trade_id = TICK_ABSENT, .quote_id = TICK_ABSENT, .depth_id = TICK_ABSENT};
	p->listing = cfg->listing;
	pipeline_recall_trading(p);
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
	free(p->of_line);
	books_free(&p->books);
	gaps_free(&p->gaps);
	free(p->image);
	free(p->held);
	free(p->listed);
	free(p->scratch);
	free(p->levels);
	free(p->instrument);
	free(p->arbiter_memory);
	roster_fini(&p->roster);
	free(p);
	*pipeline = NULL;
}

void
pipeline_on_line_up(struct pipeline *p, unsigned line, unsigned leg, wall_t now, mono_t mono)
{
	recorder_on_line(p->recorder, TAPE_LINE_UP, line, leg, now, mono);
	p->leg[line] = (uint8_t)leg;
	tell(p, TICK_REASON_LINE_UP, line, now, mono, (int64_t[3]){line});
}

void
pipeline_on_line_down(struct pipeline *p, unsigned line, enum tick_reason why, wall_t now,
    mono_t mono)
{
	recorder_on_line(p->recorder, TAPE_LINE_DOWN, line, why, now, mono);
	tell(p, TICK_REASON_LINE_DOWN, line, now, mono, (int64_t[3]){line, why});
	for (uint32_t number = 0; number < p->roster.streams_max; number++)
		judge_on_stream_left(p, number, line);
}

void
pipeline_on_stream_left(struct pipeline *p, uint32_t number, unsigned line)
{
	recorder_on_stream(p->recorder, TAPE_STREAM_LEFT, number, line, BYTES_NONE);
	judge_on_stream_left(p, number, line);
	if (number >= p->roster.streams_max)
		return;
	p->roster.stream[number].left_line = (uint8_t)line;
	p->roster.stream[number].left_at = p->now;
}

void
pipeline_on_request(struct pipeline *p, unsigned line, struct bytes text, wall_t now, mono_t mono)
{
	recorder_on_request(p->recorder, line, text, now, mono);
}

void
pipeline_record(struct pipeline *p, struct recorder *recorder)
{
	p->recorder = recorder;
}

struct pipeline_line_counts
pipeline_line_counts(const struct pipeline *p, unsigned line)
{
	return p->line[line];
}

void
pipeline_on_stream_stale(struct pipeline *p, uint32_t number, enum tick_reason why, wall_t now,
    mono_t mono)
{
	struct roster_stream *s = &p->roster.stream[number];
	struct instrument *i;
	struct publish_context c = {
		.ring = p->cfg.ring, .board = p->cfg.board, .recv_ns = now.ns, .mono_ns = mono.ns};
	bool of_all;

	recorder_on_stale(p->recorder, number, why, now, mono);
	if (number >= p->roster.streams_max || s->name == NULL || s->stale)
		return;
	i = &p->instrument[s->instrument];
	of_all = s->instrument == p->instruments_max;
	c.instrument = of_all ? TICK_NO_INSTRUMENT : s->instrument;
	s->stale = true;
	i->stale++;
	if (!i->halted)
		publish_event(&c, TICK_REASON_STALE, pipeline_kinds[s->kind].type, number, why);
	if (!of_all && (i->data.state == TICK_DATA_LIVE || i->data.state == TICK_DATA_SYNCING))
		pipeline_turn(p, s->instrument, TICK_DATA_STALE, why, now.ns);
}

void
pipeline_on_stream_silent(struct pipeline *p, uint32_t number, wall_t now, mono_t mono)
{
	const struct roster_stream *s = &p->roster.stream[number];
	struct publish_context c = {
		.ring = p->cfg.ring, .board = p->cfg.board, .recv_ns = now.ns, .mono_ns = mono.ns};

	if (number >= p->roster.streams_max || s->name == NULL)
		return;
	c.instrument = s->instrument;
	publish_event(&c, TICK_REASON_ACKED_SILENT, pipeline_kinds[s->kind].type, number, 0);
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

const uint64_t *
pipeline_listed(const struct pipeline *p, unsigned line)
{
	return p->listed + line * p->listed_words;
}

uint32_t
pipeline_undecoded(const struct pipeline *p)
{
	return p->roster.undecoded;
}

unsigned
pipeline_take_heard(struct pipeline *p, struct pool_heard *out, unsigned max)
{
	return roster_take(&p->roster, out, max);
}

bool
pipeline_take_foreign(struct pipeline *p, int64_t *schema, int64_t *version)
{
	if (!p->foreign.known || p->foreign.told)
		return false;
	p->foreign.told = true;
	*schema = p->foreign.schema;
	*version = p->foreign.version;
	return true;
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

/* Fine buckets into coarse ones: both end at powers of two. */
static void
add_spans(struct tick_histogram *into, const struct hist *h)
{
	unsigned coarse = 0;

	into->count += (int64_t)h->count;
	into->sum_ns += (int64_t)h->sum_ns;
	for (unsigned i = 0; i < HIST_BUCKETS - 1; i++) {
		while (hist_bucket_top(i) >= (uint64_t)tick_histogram_bound(coarse))
			coarse++;
		into->bucket[coarse] += (int64_t)h->bucket[i];
	}
	into->bucket[TICK_HISTOGRAM_BUCKETS - 1] += (int64_t)h->bucket[HIST_BUCKETS - 1];
}

void
pipeline_note_spans(struct pipeline *p, struct spans next)
{
	const struct spans *s = &p->spans;

	hist_record_many(&p->publish, span_ns(s->publish_ns), s->messages);
	hist_record_many(&p->arrival, span_ns(s->arrival_ns), s->dated);
	hist_record_many(
	    &p->of_line[s->line], span_ns(s->arrival_ns + s->publish_ns), s->dated);
	p->spans = next;
}

struct pipeline_latencies
pipeline_take_latencies(struct pipeline *p, struct tick_histogram *publish,
    struct tick_histogram *arrival)
{
	struct pipeline_latencies out;

	pipeline_note_spans(p, (struct spans){0});
	out = (struct pipeline_latencies){latency_of(&p->publish), latency_of(&p->arrival)};
	add_spans(publish, &p->publish);
	add_spans(arrival, &p->arrival);
	memset(&p->publish, 0, sizeof(p->publish));
	memset(&p->arrival, 0, sizeof(p->arrival));
	return out;
}

struct tick_latency
pipeline_line_latency(struct pipeline *p, unsigned line)
{
	struct tick_latency latency;

	pipeline_note_spans(p, (struct spans){0});
	latency = latency_of(&p->of_line[line]);
	memset(&p->of_line[line], 0, sizeof(p->of_line[line]));
	return latency;
}

struct tick_latency
pipeline_leg_skew(struct pipeline *p, unsigned leg)
{
	struct hist *skew = &p->arbiter.skew[leg * PIPELINE_LEGS_PER_LEG];
	struct tick_latency latency;

	for (unsigned i = 1; i < PIPELINE_LEGS_PER_LEG; i++)
		hist_merge(skew, &skew[i]);
	latency = latency_of(skew);
	memset(skew, 0, PIPELINE_LEGS_PER_LEG * sizeof(*skew));
	return latency;
}

void
pipeline_on_clock(struct pipeline *p, struct clock_estimate is)
{
	int64_t size = is.ns < 0 ? -is.ns : is.ns;

	p->clock_offset_ns = size > is.within ? is.ns : 0;
	p->clock_ahead_ns = is.within > 0 ? is.ns + is.within + PIPELINE_AHEAD_KNOWN_NS
	                                  : PIPELINE_AHEAD_NS;
}

void
pipeline_measure(struct pipeline *p, bool on)
{
	p->measures = on;
}

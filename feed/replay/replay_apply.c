#include "feed/replay/replay_apply.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "feed/base/log.h"
#include "feed/base/utf8.h"
#include "feed/conf/config_exponents.h"
#include "feed/io/clock.h"
#include "feed/plan/plan.h"
#include "feed/store/opening.h"

/* The words at the front of a payload; false: it is shorter. */
static bool
read_words(struct bytes payload, uint64_t *words, size_t n)
{
	if (payload.n < n * sizeof(*words))
		return false;
	memcpy(words, payload.p, n * sizeof(*words));
	return true;
}

/* ---- a session begins ----------------------------------------------------------- */

static int
make_pipeline(struct replay_apply *r)
{
	struct pool_cfg pool = plan_pool_cfg(r->cfg);
	struct plan nothing = {
		.memory.streams_max = pool.max_connections * pool.line_room};
	/* Of the product, whether there was a key or not: it reads text as well. */
	const struct venue *venue = venue_find(bytes_of(config_product_name(r->cfg->product)));

	r->stores->replayed = true;
	if (opening_pipeline(&r->pipeline, r->cfg, r->stores, &nothing, venue, NULL) != 0)
		return -ENOMEM;
	r->sessions++;
	return 0;
}

static bool
is_sound(const struct tape_instrument *i)
{
	return i->symbol_bytes > 0 && i->symbol_bytes <= TICK_SYMBOL_MAX &&
	    utf8_is_valid(i->symbol, i->symbol_bytes) && i->venue >= 0 &&
	    i->venue < TICK_VENUE_COUNT && i->price_exponent <= 0 && i->price_exponent >= -18 &&
	    i->qty_exponent <= 0 && i->qty_exponent >= -18 && i->state >= TICK_DATA_NONE &&
	    i->state <= TICK_DATA_HALTED && i->trading >= TICK_TRADING_UNKNOWN &&
	    i->trading < TICK_TRADING_COUNT;
}

/* Into the directory and onto the board, where the pipeline recalls it from. */
static int
seed_instrument(struct replay_apply *r, struct bytes payload, wall_t now)
{
	struct ring *ring = &r->stores->ring;
	struct tape_instrument i = {.trading = TICK_TRADING_UNKNOWN};
	struct tick_instrument entry;
	int64_t id;

	if (payload.n < TAPE_INSTRUMENT_BYTES_MIN) {
		r->senseless++;
		return 0;
	}
	memcpy(&i, payload.p, payload.n < sizeof(i) ? TAPE_INSTRUMENT_BYTES_MIN : sizeof(i));
	if (!is_sound(&i)) {
		r->senseless++;
		return 0;
	}
	entry = (struct tick_instrument){
		.venue = (uint16_t)i.venue,
		.symbol_bytes = (uint8_t)i.symbol_bytes,
		.price_exponent = (int8_t)i.price_exponent,
		.qty_exponent = (int8_t)i.qty_exponent,
	};
	memcpy(entry.symbol, i.symbol, i.symbol_bytes);
	id = ring_find(ring, i.symbol, i.symbol_bytes);
	if (id < 0)
		id = ring_add(ring, &entry);
	if (id < 0 || (uint64_t)id != i.id) {
		LOG(ERROR, "replay_refused", LOG_U64("instrument", i.id), LOG_I64("here", id),
		    LOG_STR("feed", r->cfg->feed),
		    LOG_THEN("replay it into a feed of its own: --set feed=NAME"));
		return -EEXIST;
	}
	ring_set_terms(ring, (uint32_t)id, &(struct ring_terms){(unsigned)i.trading,
	    ring->directory[id].price_step, ring->directory[id].qty_step});
	board_data(&r->stores->board, (uint32_t)id,
	    &(struct tick_data){.state = i.state, .since_ns = now.ns, .trade_id = i.trade_id,
	        .agg_trade_id = i.agg_trade_id, .quote_id = i.quote_id, .depth_id = i.depth_id});
	return 0;
}

/* ---- what it was told ------------------------------------------------------------ */

static void
tell_frame(struct replay_apply *r, const struct tape_record *record)
{
	const struct transport_stamps stamps = {
		.recv = record->wall,
		.recv_mono = record->mono,
		.kernel = (record->flags & TAPE_FLAG_KERNEL) != 0,
	};

	r->frames++;
	pipeline_on_frame(r->pipeline, record->line,
	    record->flags & TAPE_FLAG_BINARY ? TRANSPORT_BINARY : TRANSPORT_TEXT,
	    record->payload, stamps);
}

static void
tell_stream(struct replay_apply *r, const struct tape_record *record)
{
	struct bytes name = record->payload;
	uint64_t number;

	if (!read_words(record->payload, &number, 1) || number > UINT32_MAX) {
		r->senseless++;
		return;
	}
	name = (struct bytes){name.p + sizeof(number), name.n - sizeof(number)};
	if (record->kind == TAPE_STREAM) /* refused then, refused now */
		(void)pipeline_add_stream(r->pipeline, (uint32_t)number, name);
	else if (record->kind == TAPE_STREAM_GONE)
		pipeline_remove_stream(r->pipeline, (uint32_t)number);
	else
		pipeline_on_stream_left(r->pipeline, (uint32_t)number, record->line);
}

static void
tell_line(struct replay_apply *r, const struct tape_record *record)
{
	uint64_t word;

	if (!read_words(record->payload, &word, 1) || word > INT32_MAX ||
	    (record->kind == TAPE_LINE_UP && word >= POOL_LEGS_MAX))
		r->senseless++;
	else if (record->kind == TAPE_LINE_UP)
		pipeline_on_line_up(
		    r->pipeline, record->line, (unsigned)word, record->wall, record->mono);
	else
		pipeline_on_line_down(r->pipeline, record->line, (enum tick_reason)word,
		    record->wall, record->mono);
}

static void
tell_stale(struct replay_apply *r, const struct tape_record *record)
{
	uint64_t word[2];

	if (!read_words(record->payload, word, 2) || word[0] > UINT32_MAX || word[1] > INT32_MAX)
		r->senseless++;
	else
		pipeline_on_stream_stale(r->pipeline, (uint32_t)word[0],
		    (enum tick_reason)word[1], record->wall, record->mono);
}

/* The levels lie behind the head, which was checked against the payload's length. */
static void
tell_snapshot(struct replay_apply *r, const struct tape_record *record)
{
	struct bytes left = record->payload;
	struct booksync_snapshot snapshot;
	struct tape_snapshot head;
	struct tick_level *levels;
	size_t n;

	if (left.n < sizeof(head)) {
		r->senseless++;
		return;
	}
	memcpy(&head, left.p, sizeof(head));
	left = (struct bytes){left.p + sizeof(head), left.n - sizeof(head)};
	n = left.n / sizeof(*levels);
	if (left.n % sizeof(*levels) != 0 || head.bids > n || head.asks != n - head.bids ||
	    head.instrument >= r->stores->ring.instruments || head.limit > UINT32_MAX) {
		r->senseless++;
		return;
	}
	levels = malloc(left.n + 1); /* aligned */
	if (levels == NULL)
		abort();
	if (left.n > 0)
		memcpy(levels, left.p, left.n);
	snapshot = (struct booksync_snapshot){.id = head.id, .exch_ns = head.exch_ns,
	    .bids = levels, .asks = levels + head.bids, .nbids = (uint32_t)head.bids,
	    .nasks = (uint32_t)head.asks, .limit = (uint32_t)head.limit};
	pipeline_on_snapshot(r->pipeline, (uint32_t)head.instrument, &snapshot, record->wall,
	    record->mono);
	free(levels);
}

/* As above: the trades lie behind the head. */
static void
tell_fill(struct replay_apply *r, const struct tape_record *record)
{
	struct bytes left = record->payload;
	struct past_trade *trades;
	struct tape_fill head;

	if (left.n < sizeof(head)) {
		r->senseless++;
		return;
	}
	memcpy(&head, left.p, sizeof(head));
	left = (struct bytes){left.p + sizeof(head), left.n - sizeof(head)};
	if (left.n % sizeof(*trades) != 0 || head.trades != left.n / sizeof(*trades) ||
	    head.instrument >= r->stores->ring.instruments) {
		r->senseless++;
		return;
	}
	trades = malloc(left.n + 1); /* aligned */
	if (trades == NULL)
		abort();
	if (left.n > 0)
		memcpy(trades, left.p, left.n);
	pipeline_on_fill(r->pipeline,
	    &(struct pipeline_fill){.ticket = head.ticket,
	        .instrument = (uint32_t)head.instrument, .trades = (uint32_t)head.trades,
	        .last = head.last, .trade = trades}, record->wall, record->mono);
	free(trades);
}

static bool
listed_is_sound(const struct tape_listed *i)
{
	return i->symbol_bytes > 0 && i->symbol_bytes <= TICK_SYMBOL_MAX &&
	    i->trading >= TICK_TRADING_UNKNOWN && i->trading < TICK_TRADING_COUNT &&
	    i->price_exponent <= 0 && i->price_exponent >= -18 && i->qty_exponent <= 0 &&
	    i->qty_exponent >= -18;
}

/* A list out of a payload behind its head; NULL: it makes no sense. */
static struct listing *
list_of(const struct tape_list *head, struct bytes items)
{
	struct tape_listed item;
	struct listing *list;

	if (items.n % sizeof(item) != 0 || head->instruments != items.n / sizeof(item))
		return NULL;
	list = calloc(1, sizeof(*list) + head->instruments * sizeof(list->item[0]));
	if (list == NULL)
		abort();
	list->unusable = head->unusable;
	for (; list->n < head->instruments; list->n++) {
		struct listed *to = &list->item[list->n];

		memcpy(&item, items.p + list->n * sizeof(item), sizeof(item));
		if (!listed_is_sound(&item)) {
			free(list);
			return NULL;
		}
		*to = (struct listed){.symbol_bytes = (uint8_t)item.symbol_bytes,
		    .trading = (uint8_t)item.trading,
		    .price_exponent = (int8_t)item.price_exponent,
		    .qty_exponent = (int8_t)item.qty_exponent,
		    .price_step = item.price_step, .qty_step = item.qty_step};
		memcpy(to->symbol, item.symbol, item.symbol_bytes);
	}
	return list;
}

static void
tell_list(struct replay_apply *r, const struct tape_record *record)
{
	struct bytes left = record->payload;
	const struct listing *gone;
	struct tape_list head;
	struct listing *list = NULL;

	if (left.n >= sizeof(head)) {
		memcpy(&head, left.p, sizeof(head));
		left = (struct bytes){left.p + sizeof(head), left.n - sizeof(head)};
		list = list_of(&head, left);
	}
	if (list == NULL) {
		r->senseless++;
		return;
	}
	gone = pipeline_list(r->pipeline, list, record->wall, record->mono);
	if (gone != list) {
		r->listing = list;
		list = (struct listing *)gone;
	}
	free(list);
}

static void
tell(struct replay_apply *r, const struct tape_record *record)
{
	struct books_want want;

	switch (record->kind) {
	case TAPE_IN:
		tell_frame(r, record);
		break;
	case TAPE_STREAM:
	case TAPE_STREAM_GONE:
	case TAPE_STREAM_LEFT:
		tell_stream(r, record);
		break;
	case TAPE_LINE_UP:
	case TAPE_LINE_DOWN:
		tell_line(r, record);
		break;
	case TAPE_STREAM_STALE:
		tell_stale(r, record);
		break;
	case TAPE_TIME:
		pipeline_on_time(r->pipeline, record->mono);
		break;
	case TAPE_SNAPSHOT:
		tell_snapshot(r, record);
		break;
	case TAPE_FILL:
		tell_fill(r, record);
		break;
	case TAPE_WISH:
		(void)pipeline_next_want(r->pipeline, &want);
		break;
	case TAPE_LIST:
		tell_list(r, record);
		break;
	case TAPE_NO_LIST:
		pipeline_no_list(r->pipeline, record->wall, record->mono);
		break;
	case TAPE_OUT:
	case TAPE_CONFIG:
	case TAPE_INSTRUMENT:
	case TAPE_KINDS:
		break;
	}
}

int
replay_apply(struct replay_apply *r, const struct tape_record *record, uint64_t session)
{
	bool is_preamble = (record->flags & TAPE_FLAG_PREAMBLE) != 0;
	int rc = 0;

	if (!r->begun || session != r->session) {
		replay_apply_end(r);
		r->begun = true;
		r->session = session;
	}
	if (is_preamble && r->pipeline != NULL && record->kind != TAPE_STREAM)
		return 0; /* of a later file of the session: known */
	if (record->line >= TRANSPORT_LINES_MAX) {
		r->senseless++;
		return 0;
	}
	if (record->kind == TAPE_INSTRUMENT)
		return seed_instrument(r, record->payload, record->wall);
	if (record->kind == TAPE_CONFIG)
		return 0;
	if (r->pipeline == NULL)
		rc = make_pipeline(r);
	if (rc == 0)
		tell(r, record);
	return rc;
}

void
replay_apply_end(struct replay_apply *r)
{
	pipeline_free(&r->pipeline, clock_wall(), clock_mono());
	free(r->listing);
	r->listing = NULL;
}

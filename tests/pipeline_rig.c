#include "tests/pipeline_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "feed/io/clock.h"

void
pipeline_rig_open(struct pipeline_rig *rig, int64_t now_ns)
{
	char why[SEGMENT_WHY_MAX] = "";
	struct board_cfg board = {
		.directory = rig->fixture.directory,
		.feed = "t",
		.group = (gid_t)-1,
		.instruments_max = PIPELINE_RIG_INSTRUMENTS,
		.depth = rig->depth,
		.heartbeat_every_ns = 100000000,
	};
	struct pipeline_cfg cfg = {
		.ring = &rig->ring,
		.board = &rig->board,
		.venue = rig->venue,
		.instruments = &rig->instruments,
		.hold_for = span_ms(50),
		.streams_max = 16,
		.books = rig->books,
		.gaps = rig->gaps,
	};

	shm_fixture_ring(&rig->fixture, &rig->ring, PIPELINE_RIG_SLOTS);
	board.lineage = rig->ring.header->lineage;
	board.instruments = rig->ring.instruments;
	assert_int_equal(board_open(&rig->board, &board, why), 0);
	if (!rig->reader) {
		assert_int_equal(
		    tick_reader_open(&rig->reader, rig->fixture.feed, TICK_FROM_NEWEST), 0);
		assert_int_equal(tick_board_open(&rig->look, rig->fixture.feed), 0);
	}
	assert_int_equal(
	    pipeline_new(&rig->pipeline, &cfg, (wall_t){now_ns}, (mono_t){1000}), 0);
}

static int
setup(void **state, const char *venue, const struct books_cfg *books,
    const struct gaps_cfg *gaps, uint32_t depth)
{
	struct pipeline_rig *rig = calloc(1, sizeof(*rig));

	if (!rig)
		return -1;
	*state = rig;
	rig->venue = venue_find(bytes_of(venue));
	rig->books = books;
	rig->gaps = gaps;
	rig->depth = depth;
	shm_fixture_init(&rig->fixture);
	rig->instruments.default_price_exponent = rig->instruments.default_qty_exponent = -8;
	rig->stamps.recv.ns = PIPELINE_RIG_RECV_NS;
	pipeline_rig_open(rig, PIPELINE_RIG_RECV_NS);
	rig->start = pipeline_rig_event(rig, TICK_REASON_START);
	return 0;
}

int
pipeline_rig_setup(void **state)
{
	return setup(state, "spot", NULL, NULL, PIPELINE_RIG_DEPTH);
}

int
pipeline_rig_setup_books(void **state, const struct books_cfg *books, uint32_t depth)
{
	return setup(state, "spot", books, NULL, depth);
}

int
pipeline_rig_setup_gaps(void **state, const struct gaps_cfg *gaps)
{
	return setup(state, "spot", NULL, gaps, PIPELINE_RIG_DEPTH);
}

int
pipeline_rig_setup_venue(void **state, const char *venue)
{
	return setup(state, venue, NULL, NULL, PIPELINE_RIG_DEPTH);
}

void
pipeline_rig_kill(struct pipeline_rig *rig)
{
	uint64_t next = rig->ring.next;

	/* Frees the memory; its last word is taken back. */
	pipeline_free(&rig->pipeline, (wall_t){0}, (mono_t){0});
	rig->ring.next = next;
	memset(&rig->ring.slots[next & rig->ring.mask], 0, sizeof(struct tick));
	board_close(&rig->board, false);
	ring_close(&rig->ring, false);
}

int
pipeline_rig_teardown(void **state)
{
	struct pipeline_rig *rig = *state;

	tick_reader_close(&rig->reader);
	tick_board_close(&rig->look);
	pipeline_free(&rig->pipeline, (wall_t){0}, (mono_t){0});
	board_close(&rig->board, false);
	ring_close(&rig->ring, false);
	shm_fixture_fini(&rig->fixture);
	free(rig);
	return 0;
}

void
pipeline_rig_feed(struct pipeline_rig *rig, unsigned line, const char *text)
{
	size_t n = strlen(text);
	char *frame = calloc(1, n + TRANSPORT_PADDING);

	assert_non_null(frame);
	memcpy(frame, text, n);
	pipeline_on_frame(rig->pipeline, line, TRANSPORT_TEXT, (struct bytes){frame, n},
	    rig->stamps);
	free(frame);
}

void
pipeline_rig_feedf(struct pipeline_rig *rig, const char *format, ...)
{
	char text[4096];
	va_list arguments;
	int n;

	va_start(arguments, format);
	n = vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	assert_true(n > 0 && n < (int)sizeof(text));
	pipeline_rig_feed(rig, 2, text);
}

#define TRADE \
	"{\"e\":\"trade\",\"E\":1700000000123,\"s\":\"ABCUSDT\",\"t\":%lld,\"p\":\"12.34\"," \
	"\"q\":\"0.5\",\"T\":1700000000120,\"m\":true,\"M\":true}"

void
pipeline_rig_trade(struct pipeline_rig *rig, int64_t id)
{
	pipeline_rig_feedf(rig, TRADE, (long long)id);
}

void
pipeline_rig_feed_on(struct pipeline_rig *rig, unsigned line, const char *text)
{
	rig->stamps.recv_mono = clock_mono();
	pipeline_rig_feed(rig, line, text);
}

void
pipeline_rig_trade_on(struct pipeline_rig *rig, unsigned line, int64_t id)
{
	char text[256];

	snprintf(text, sizeof(text), TRADE, (long long)id);
	pipeline_rig_feed_on(rig, line, text);
}

void
pipeline_rig_expect_trade(struct pipeline_rig *rig, int64_t id, bool gap_before)
{
	struct tick t = pipeline_rig_tick(rig);

	assert_int_equal(t.type, TICK_TRADE);
	assert_int_equal(t.id, id);
	assert_int_equal((t.flags & TICK_FLAG_GAP_BEFORE) != 0, gap_before);
}

struct tick
pipeline_rig_tick(struct pipeline_rig *rig)
{
	struct tick t;

	assert_int_equal(tick_reader_next(rig->reader, &t), TICK_MORE);
	return t;
}

void
pipeline_rig_no_tick(struct pipeline_rig *rig)
{
	struct tick t;

	assert_true(tick_reader_next(rig->reader, &t) <= 0);
}

struct tick
pipeline_rig_event(struct pipeline_rig *rig, enum tick_reason reason)
{
	struct tick t = pipeline_rig_tick(rig);

	assert_int_equal(t.type, TICK_FEED_EVENT);
	assert_int_equal(t.event.reason, reason);
	return t;
}

struct tick_data
pipeline_rig_data(struct pipeline_rig *rig, uint32_t instrument)
{
	struct tick_data data;

	assert_int_equal(tick_board_data(rig->look, instrument, &data), 0);
	return data;
}

uint64_t
pipeline_rig_count(struct pipeline_rig *rig, enum tick_counter counter)
{
	return pipeline_counters(rig->pipeline)[counter];
}

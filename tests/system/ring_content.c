#include "tests/system/ring_content.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <tickring/reader.h>

#define TICKS_MAX (1 << 18)
#define LATE_FLAGS (TICK_FLAG_KERNEL_STAMP | TICK_FLAG_CLOCK_DOUBT | TICK_FLAG_STALE)

struct content {
	struct tick *tick; /* sorted: by symbol, kind, id, then as they came */
	size_t n;
};

static const char *const symbols[] = {"BTCUSDT", "ETHUSDT"};

/* CLEAR begins the image of a partial book, of which the deltas are part. */
static unsigned
kind_of(const struct tick *t)
{
	return t->type == TICK_BOOK_CLEAR ? TICK_BOOK_DELTA : t->type;
}

static bool
is_compared(const struct tick *t)
{
	return (t->type == TICK_TRADE || t->type == TICK_QUOTE || t->type == TICK_BOOK_DELTA ||
	    t->type == TICK_BOOK_CLEAR) && t->id != TICK_ABSENT;
}

static int
by_place(const void *a, const void *b)
{
	const struct tick *x = a, *y = b;

	if (x->instrument != y->instrument)
		return x->instrument < y->instrument ? -1 : 1;
	if (kind_of(x) != kind_of(y))
		return kind_of(x) < kind_of(y) ? -1 : 1;
	if (x->id != y->id)
		return x->id < y->id ? -1 : 1;
	return x->seq < y->seq ? -1 : x->seq > y->seq;
}

/* Instruments become indices into `symbols`. */
static void
content_read(struct content *c, const char *feed)
{
	struct tick_reader *reader;
	int64_t id[2];

	c->n = 0;
	c->tick = calloc(TICKS_MAX, sizeof(*c->tick));
	assert_non_null(c->tick);
	assert_int_equal(tick_reader_open(&reader, feed, TICK_FROM_OLDEST), 0);
	for (int i = 0; i < 2; i++)
		id[i] = tick_reader_find(reader, symbols[i]);
	while (c->n < TICKS_MAX && tick_reader_next(reader, &c->tick[c->n]) == TICK_MORE) {
		struct tick *t = &c->tick[c->n];

		if (!is_compared(t))
			continue;
		assert_true(t->instrument == id[0] || t->instrument == id[1]);
		t->instrument = t->instrument != id[0];
		c->n++;
	}
	tick_reader_close(&reader);
	qsort(c->tick, c->n, sizeof(*c->tick), by_place);
}

/* The part of one instrument and kind. */
struct part {
	const struct tick *tick;
	size_t n;
};

static struct part
part_of(const struct content *c, uint32_t instrument, unsigned kind)
{
	struct part p = {c->tick, 0};

	for (size_t i = 0; i < c->n; i++) {
		if (c->tick[i].instrument != instrument || kind_of(&c->tick[i]) != kind)
			continue;
		if (p.n++ == 0)
			p.tick = &c->tick[i];
	}
	return p;
}

/* Cuts off what is not within the ids. */
static void
part_cut(struct part *p, int64_t first, int64_t last)
{
	while (p->n > 0 && p->tick->id < first) {
		p->tick++;
		p->n--;
	}
	while (p->n > 0 && p->tick[p->n - 1].id > last)
		p->n--;
}

static bool
says_the_same(const struct tick *binary, const struct tick *text)
{
	return binary->type == text->type && binary->id == text->id &&
	    binary->first_id == text->first_id && binary->trade_ns == text->trade_ns &&
	    (binary->flags & ~LATE_FLAGS) == (text->flags & ~LATE_FLAGS) &&
	    binary->exch_ns != TICK_ABSENT && memcmp(binary->v, text->v, sizeof(text->v)) == 0 &&
	    memcmp(binary->w, text->w, sizeof(text->w)) == 0 &&
	    (binary->exch_ns == text->exch_ns || text->exch_ns == TICK_ABSENT);
}

static void
expect_same_part(const struct content c[2], uint32_t instrument, unsigned kind, size_t least)
{
	struct part a = part_of(&c[0], instrument, kind), b = part_of(&c[1], instrument, kind);
	int64_t first, last;

	if (a.n == 0 || b.n == 0)
		fail_msg("no %s of %s: %zu, %zu", tick_type_name(kind), symbols[instrument],
		    a.n, b.n);
	first = a.tick->id > b.tick->id ? a.tick->id : b.tick->id;
	last = a.tick[a.n - 1].id < b.tick[b.n - 1].id ? a.tick[a.n - 1].id : b.tick[b.n - 1].id;
	part_cut(&a, first, last);
	part_cut(&b, first, last);
	print_message("%s of %s: %zu in binary, %zu as text\n", tick_type_name(kind),
	    symbols[instrument], a.n, b.n);
	assert_int_equal(a.n, b.n);
	assert_true(a.n >= least);
	for (size_t i = 0; i < a.n; i++)
		if (!says_the_same(&a.tick[i], &b.tick[i]))
			fail_msg("%s of %s, ids %" PRId64 " and %" PRId64 ": differ",
			    tick_type_name(kind), symbols[instrument], a.tick[i].id, b.tick[i].id);
}

void
ring_content_expect_same(const char *binary, const char *text)
{
	struct content c[2];

	content_read(&c[0], binary);
	content_read(&c[1], text);
	expect_same_part(c, 0, TICK_TRADE, 50);
	expect_same_part(c, 0, TICK_QUOTE, 50);
	expect_same_part(c, 0, TICK_BOOK_DELTA, 10);
	expect_same_part(c, 1, TICK_BOOK_DELTA, 10);
	expect_same_part(c, 1, TICK_QUOTE, 50);
	for (int i = 0; i < 2; i++)
		free(c[i].tick);
}

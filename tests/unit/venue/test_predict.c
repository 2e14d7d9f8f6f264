/*
 * The predicted way and the general one are the same decoder. A blank in front
 * of a message sends it the general way: it changes nothing else.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "feed/venue/binance/json.h"
#include "feed/venue/binance/levels_run.h"
#include "feed/venue/binance/predict.h"
#include "tests/decode_oracle.h"
#include "tests/json_random.h"

#define MESSAGES 20000

static struct event_scratch scratch, scratch_general;

/* A copy of the text behind `front`, in memory of exactly the size that may be touched. */
static char *
copy_of(const char *front, struct bytes text, int pad)
{
	size_t before = strlen(front);
	char *copy = malloc(before + text.n + JSON_PADDING);

	assert_non_null(copy);
	memcpy(copy, front, before);
	memcpy(copy + before, text.p, text.n);
	memset(copy + before + text.n, pad, JSON_PADDING);
	return copy;
}

/* Decodes both ways; they have to agree. */
static void
assert_same_both_ways(struct bytes text)
{
	char *plain = copy_of("", text, '7'), *blank = copy_of(" ", text, '}');
	struct event ours, general;
	enum decode_result result = json_decode((struct bytes){plain, text.n}, &scratch, &ours);

	if (json_decode((struct bytes){blank, text.n + 1}, &scratch_general, &general) != result ||
	    (result == DECODE_OK && !events_equal(&ours, &general)))
		fail_msg("not the same: %.*s", (int)text.n, text.p);
	if (result == DECODE_UNFIT)
		assert_true(ours.kind == general.kind && ours.id == general.id &&
		    bytes_equal(ours.symbol, general.symbol));
	free(plain);
	free(blank);
}

/* As json_decode() begins. */
static bool
predicted_as(struct bytes text, struct event *event)
{
	*event = (struct event){.stream = BYTES_NONE, .exch_ns = VENUE_NO_TIME,
	    .trade_ns = VENUE_NO_TIME, .id = VENUE_NO_ID, .first_id = VENUE_NO_ID,
	    .last_id = VENUE_NO_ID, .prev_id = VENUE_NO_ID};
	return predict_decode(text, &scratch, event);
}

static void
a_predicted_message_is_what_the_general_way_makes_of_it(void **state)
{
	struct rng rng;
	size_t predicted = 0;

	(void)state;
	rng_seed(&rng, 1);
	for (int i = 0; i < MESSAGES; i++) {
		struct json_random m;
		struct event event;
		bool hit;

		json_random_message(&m, &rng);
		assert_same_both_ways((struct bytes){m.text, m.n});
		hit = predicted_as((struct bytes){m.text, m.n}, &event);
		if (m.usual && !hit)
			fail_msg("not predicted: %.*s", (int)m.n, m.text);
		predicted += hit;
	}
	assert_true(predicted > MESSAGES / 2);
}

static void
a_spoiled_message_is_the_same_both_ways(void **state)
{
	struct rng rng;

	(void)state;
	rng_seed(&rng, 2);
	for (int i = 0; i < MESSAGES; i++) {
		struct json_random m;

		json_random_message(&m, &rng);
		for (unsigned times = 1 + (unsigned)rng_below(&rng, 3); times > 0; times--)
			json_random_spoil(&m, &rng);
		assert_same_both_ways((struct bytes){m.text, m.n});
	}
}

static void
a_message_cut_off_is_not_predicted_even_if_its_rest_lies_behind_it(void **state)
{
	struct rng rng;

	(void)state;
	rng_seed(&rng, 3);
	for (int i = 0; i < MESSAGES / 20; i++) {
		struct json_random m;
		struct event event;
		char *copy;

		json_random_message(&m, &rng);
		for (size_t n = 1; n < m.n; n++) {
			if (predicted_as((struct bytes){m.text, n}, &event))
				fail_msg("predicted: %.*s", (int)n, m.text);
			assert_int_equal(json_decode((struct bytes){m.text, n}, &scratch, &event),
			    DECODE_MALFORMED);
		}
		/* And nothing is touched behind the padding. */
		for (size_t n = 0; n < m.n; n++) {
			size_t rest = m.n - n < JSON_PADDING ? m.n - n : JSON_PADDING;

			copy = copy_of("", (struct bytes){m.text, n}, '1');
			memcpy(copy + n, m.text + n, rest);
			assert_false(predicted_as((struct bytes){copy, n}, &event));
			free(copy);
		}
	}
}

/* ---- levels ----------------------------------------------------------------- */

/* Reads `text` with one of the loops. Returns how much of it was read, -1: malformed. */
static long
levels_with(levels_run_fn *run, struct bytes text, struct event_scratch *room, uint32_t most,
    struct levels *out)
{
	levels_run_fn *best = levels_run;
	char *copy = copy_of("{\"bids\":", text, ']');
	const char *start = copy + 8, *next;
	long read;

	*out = (struct levels){room->level, most, 0, FIXED_OK};
	levels_run = run;
	next = levels_read(out, start, start + text.n, 1);
	levels_run = best;
	read = next == NULL ? -1 : next - start;
	free(copy);
	return read;
}

static void
assert_same_levels(levels_run_fn *run, struct bytes text, uint32_t room)
{
	struct levels a, b;
	long read = levels_with(levels_run_portable, text, &scratch_general, room, &a);

	if (levels_with(run, text, &scratch, room, &b) != read || a.count != b.count ||
	    a.result != b.result)
		fail_msg("not the same: %.*s", (int)text.n, text.p);
	for (uint32_t i = 0; read >= 0 && i < a.count; i++) {
		assert_int_equal(a.level[i].price.mantissa, b.level[i].price.mantissa);
		assert_int_equal(a.level[i].price.exponent, b.level[i].price.exponent);
		assert_int_equal(a.level[i].qty.mantissa, b.level[i].qty.mantissa);
		assert_int_equal(a.level[i].qty.exponent, b.level[i].qty.exponent);
	}
}

/* The loops that this machine has. Returns how many. */
static size_t
loops_here(levels_run_fn *loops[3])
{
	size_t n = 0;

	loops[n++] = levels_run_portable;
#ifdef __x86_64__
	loops[n++] = levels_run_sse2;
	if (levels_run_has_avx512())
		loops[n++] = levels_run_avx512;
#endif
	return n;
}

static void
commas_and_brackets_have_to_be_where_levels_want_them(void **state)
{
	static const char *const rows[] = {"[[\"1\",\"2\"],]", "[,[\"1\",\"2\"]]",
		"[[\"1.5\",\"2\"],[\"1.5\",\"2\"],]", "[[\"1\",\"2\"][\"1\",\"2\"]]",
		"[[\"1\",\"2\"],,[\"1\",\"2\"]]", "[[\"1\",\"2\"]", "[[\"1\",\"2\"],",
		"[[\"1\" \"2\"]]", "[[\"1\",\"2\"5]]", "[[\"1\"5,\"2\"],[\"1\",\"2\"]]",
		"[[\"1\",\"2\",]]", "[\"1\",\"2\"]]", "[[\"1\",\"2\"]5,[\"1\",\"2\"]]"};
	levels_run_fn *loops[3];
	size_t n = loops_here(loops);
	struct levels out;

	(void)state;
	for (size_t k = 0; k < n; k++)
		for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
			long read = levels_with(loops[k], bytes_of(rows[i]), &scratch, 100, &out);

			/* Well-formed up to a bracket, but no levels: the caller sees the rest. */
			if (read != -1 && out.result != FIXED_MALFORMED)
				fail_msg("levels: %s", rows[i]);
		}
}

static void
all_loops_over_levels_read_the_same(void **state)
{
	levels_run_fn *loops[3];
	size_t n = loops_here(loops);
	struct rng rng;

	(void)state;
	rng_seed(&rng, 4);
	for (int i = 0; i < MESSAGES; i++) {
		struct json_random m = {.n = 0};
		uint32_t room = rng_below(&rng, 4) == 0 ? (uint32_t)rng_below(&rng, 12) : 1000;

		json_random_levels(&m, &rng, rng_below(&rng, 14));
		for (unsigned spoiled = 0; spoiled < 4; spoiled++) {
			for (size_t k = 0; k < n; k++)
				assert_same_levels(loops[k], (struct bytes){m.text, m.n}, room);
			json_random_spoil(&m, &rng);
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_predicted_message_is_what_the_general_way_makes_of_it),
		cmocka_unit_test(a_spoiled_message_is_the_same_both_ways),
		cmocka_unit_test(
		    a_message_cut_off_is_not_predicted_even_if_its_rest_lies_behind_it),
		cmocka_unit_test(commas_and_brackets_have_to_be_where_levels_want_them),
		cmocka_unit_test(all_loops_over_levels_read_the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

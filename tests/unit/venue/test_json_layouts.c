/*
 * Messages of every kind in layouts at random, cut off, and mutated: what the
 * decoder makes of them is what cJSON does. `make mutate` runs it with more
 * mutations (first argument) from another seed (second).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "feed/venue/binance/json.h"
#include "feed/venue/binance/sbe.h"
#include "tests/decode_oracle.h"
#include "tests/json_examples.h"
#include "tests/json_layout.h"
#include "tests/sbe_frame.h"

#define LAYOUTS 400 /* of each example */
#define RESULTS (DECODE_UNFIT + 1)

static struct event_scratch scratch, scratch_plain;
static unsigned long long mutations = 100000;
static unsigned long long seed = 1;

static size_t
examples(void)
{
	size_t n = 0;

	while (json_examples[n].text != NULL)
		n++;
	return n;
}

/* Puts the promised padding behind it. */
static struct bytes
padded(struct json_random *m)
{
	memset(m->text + m->n, '7', JSON_PADDING);
	return (struct bytes){m->text, m->n};
}

/* A tree of an example, with other values. The caller deletes it. */
static cJSON *
tree_of(size_t which, struct rng *rng)
{
	cJSON *tree = cJSON_Parse(json_examples[which].text);

	assert_non_null(tree);
	json_layout_vary(tree, rng);
	return tree;
}

static void
assert_as_cjson(struct bytes text, const struct event *event)
{
	char why[ORACLE_WHY_MAX] = "";

	if (!oracle_agrees(text, event, why))
		fail_msg("%s: %.*s", why, (int)text.n, text.p);
}

static void
a_message_says_the_same_in_every_layout(void **state)
{
	static struct json_random plain, other;
	struct rng rng;

	(void)state;
	rng_seed(&rng, seed);
	for (size_t i = 0; i < LAYOUTS * examples(); i++) {
		enum event_kind kind = json_examples[i % examples()].kind;
		cJSON *tree = tree_of(i % examples(), &rng);
		struct event a, b;

		json_layout_plain(&plain, tree);
		json_layout_random(&other, tree, &rng);
		assert_int_equal(json_decode(padded(&plain), &scratch_plain, &a), DECODE_OK);
		if (json_decode(padded(&other), &scratch, &b) != DECODE_OK)
			fail_msg("not decoded: %.*s", (int)other.n, other.text);
		assert_int_equal(b.kind, kind);
		assert_as_cjson(padded(&plain), &a);
		assert_as_cjson(padded(&other), &b);
		/* Of these, the event is the text itself. */
		if (kind != EVENT_LIST && kind != EVENT_REPLY && !events_equal(&a, &b))
			fail_msg("%.*s\nis not\n%.*s", (int)plain.n, plain.text, (int)other.n,
			    other.text);
		cJSON_Delete(tree);
	}
}

static void
a_message_in_any_layout_is_malformed_wherever_it_is_cut_off(void **state)
{
	static struct json_random m;
	struct event event;
	struct rng rng;

	(void)state;
	rng_seed(&rng, seed + 1);
	for (size_t i = 0; i < 10 * examples(); i++) {
		cJSON *tree = tree_of(i % examples(), &rng);

		json_layout_random(&m, tree, &rng);
		cJSON_Delete(tree);
		for (size_t n = 0; n < m.n; n++)
			/* From memory of exactly its size. */
			if (json_example_decode((struct bytes){m.text, n}, &event) !=
			    DECODE_MALFORMED)
				fail_msg("not malformed: %.*s", (int)n, m.text);
	}
}

/* ---- mutations --------------------------------------------------------------- */

struct counts {
	unsigned long long json[RESULTS], known, sbe[RESULTS];
};

/* One message, with one to four bytes changed, lost, doubled or put in. */
static void
mutate(struct json_random *m, struct rng *rng)
{
	for (uint64_t times = 1 + rng_below(rng, 4); times > 0; times--)
		json_random_spoil(m, rng);
}

static void
one_json_mutation(struct counts *counts, struct rng *rng)
{
	static struct json_random m;
	const char *text = json_examples[rng_below(rng, examples())].text;
	struct event event;
	enum decode_result result;

	if (rng_below(rng, 3) == 0) {
		json_random_message(&m, rng);
	} else {
		m.n = strlen(text);
		memcpy(m.text, text, m.n);
	}
	mutate(&m, rng);
	result = json_decode(padded(&m), &scratch, &event);
	assert_in_range(result, 0, RESULTS - 1);
	counts->json[result]++;
	if (result != DECODE_OK)
		return;
	counts->known += event.kind != EVENT_UNKNOWN;
	assert_as_cjson(padded(&m), &event);
}

static void
sbe_made_up(struct sbe_frame *f, struct rng *rng)
{
	unsigned elements = (unsigned)rng_below(rng, 5);

	switch (rng_below(rng, 4)) {
	case 0:
		sbe_quote(f, 7);
		break;
	case 1:
		sbe_depth(f, 10002, 1, 7, elements, 4 - elements);
		break;
	case 2:
		sbe_depth(f, 10003, 5, 7, elements, 4 - elements);
		break;
	default:
		sbe_trades(f, 7, 1 + elements, elements % 3);
	}
}

static void
one_sbe_mutation(struct counts *counts, struct rng *rng)
{
	static struct json_random m;
	static struct sbe_frame f;
	struct event event;
	uint32_t count = 1;

	sbe_made_up(&f, rng);
	m.n = f.n;
	memcpy(m.text, f.bytes, f.n);
	mutate(&m, rng);
	for (uint32_t i = 0; i < count; i++) {
		char *copy = malloc(m.n + 1); /* memory of its size, for AddressSanitizer */
		enum decode_result result;

		memcpy(copy, m.text, m.n);
		result = sbe_decode((struct bytes){copy, m.n}, i, &scratch, &event, &count);
		free(copy);
		assert_in_range(result, 0, RESULTS - 1);
		counts->sbe[result] += i == 0;
		if (result != DECODE_OK)
			break;
	}
}

static void
print_counts(const struct counts *c)
{
	static const char *const names[RESULTS] = {
		[DECODE_OK] = "decoded",
		[DECODE_MALFORMED] = "malformed",
		[DECODE_FOREIGN] = "of another schema",
		[DECODE_UNFIT] = "unfit",
	};

	for (int i = 0; i < RESULTS; i++)
		print_message("%12llu JSON  %12llu SBE  %s\n", c->json[i], c->sbe[i], names[i]);
	print_message("%12llu of the JSON decoded are events, all as cJSON reads them\n",
	    c->known);
}

static void
mutated_messages_are_decoded_as_cjson_does_or_refused(void **state)
{
	struct counts counts = {0};
	unsigned long long total = 0;
	struct rng rng;

	(void)state;
	rng_seed(&rng, seed + 2);
	for (unsigned long long i = 0; i < mutations; i++)
		if (i % 8 == 0)
			one_sbe_mutation(&counts, &rng);
		else
			one_json_mutation(&counts, &rng);
	print_counts(&counts);
	for (int i = 0; i < RESULTS; i++)
		total += counts.json[i] + counts.sbe[i];
	assert_true(total == mutations);
	if (mutations < 100000)
		return;
	/* Each way out was taken. */
	assert_true(counts.known > 0 && counts.json[DECODE_FOREIGN] == 0);
	for (int i = 0; i < RESULTS; i++)
		assert_true(counts.sbe[i] > 0 && (i == DECODE_FOREIGN || counts.json[i] > 0));
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_message_says_the_same_in_every_layout),
		cmocka_unit_test(a_message_in_any_layout_is_malformed_wherever_it_is_cut_off),
		cmocka_unit_test(mutated_messages_are_decoded_as_cjson_does_or_refused),
	};

	if (argc > 1)
		mutations = strtoull(argv[1], NULL, 10);
	if (argc > 2)
		seed = strtoull(argv[2], NULL, 10);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Which instruments are stale, as JSON: feed/ops/stale.c over a ring and a board. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

#include <tickring/reasons.h>

#include "feed/ops/stale.h"
#include "shm/board_writer.h"
#include "tests/shm_fixture.h"

#define INSTRUMENTS_MAX 200

struct scene {
	struct shm_fixture fixture;
	struct ring ring;
	struct board board;
	struct stale stale;
};

static struct scene the_scene;

static int
begin(void **state)
{
	char why[SEGMENT_WHY_MAX];
	struct ring_cfg ring = {.feed = "t", .group = (gid_t)-1, .slots = 64,
	    .instruments_max = INSTRUMENTS_MAX, .heartbeat_every_ns = 100000000};
	struct board_cfg board = {.feed = "t", .group = (gid_t)-1, .depth = 1,
	    .instruments_max = INSTRUMENTS_MAX, .heartbeat_every_ns = 100000000};

	memset(&the_scene, 0, sizeof(the_scene));
	shm_fixture_init(&the_scene.fixture);
	ring.directory = board.directory = the_scene.fixture.directory;
	assert_int_equal(ring_open(&the_scene.ring, &ring, why), 0);
	assert_int_equal(board_open(&the_scene.board, &board, why), 0);
	assert_int_equal(stale_open(&the_scene.stale, the_scene.fixture.feed), 0);
	*state = &the_scene;
	return 0;
}

static int
end(void **state)
{
	struct scene *s = *state;

	stale_close(&s->stale);
	board_close(&s->board, true);
	ring_close(&s->ring, true);
	shm_fixture_fini(&s->fixture);
	return 0;
}

static void
add(struct scene *s, const char *symbol, int64_t data_state)
{
	struct tick_instrument i = {.symbol_bytes = (uint8_t)strlen(symbol)};
	struct tick_data data = {
	    .state = data_state, .since_ns = 1000, .reason = TICK_REASON_STALE};
	int64_t id;

	memcpy(i.symbol, symbol, strlen(symbol));
	id = ring_add(&s->ring, &i);
	assert_true(id >= 0);
	if (data_state != TICK_DATA_NONE)
		board_data(&s->board, (uint32_t)id, &data);
}

/* What it says; to be deleted. */
static cJSON *
said(struct scene *s)
{
	char *text = NULL;
	size_t n = 0;
	FILE *out = open_memstream(&text, &n);
	cJSON *json;

	assert_non_null(out);
	stale_json(out, &s->stale, "t");
	assert_int_equal(fclose(out), 0);
	json = cJSON_Parse(text);
	assert_non_null(json);
	free(text);
	return json;
}

static double
number(const cJSON *json, const char *key)
{
	return cJSON_GetNumberValue(cJSON_GetObjectItem(json, key));
}

static const char *
word(const cJSON *json, const char *key)
{
	return cJSON_GetStringValue(cJSON_GetObjectItem(json, key));
}

static void
a_feed_without_instruments_has_none_that_is_stale(void **state)
{
	cJSON *json = said(*state);

	assert_string_equal(word(json, "feed"), "t");
	assert_int_equal((int)number(json, "stale"), 0);
	assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(json, "instruments")), 0);
	cJSON_Delete(json);
}

static void
only_the_stale_ones_are_told_with_time_and_reason(void **state)
{
	struct scene *s = *state;
	cJSON *json, *list;

	add(s, "ALIVE", TICK_DATA_LIVE);
	add(s, "STALE1", TICK_DATA_STALE);
	add(s, "NOTHING", TICK_DATA_NONE);
	add(s, "SYNCING", TICK_DATA_SYNCING);
	add(s, "HALTED", TICK_DATA_HALTED);
	add(s, "STALE2", TICK_DATA_STALE);
	json = said(s);
	list = cJSON_GetObjectItem(json, "instruments");
	assert_int_equal((int)number(json, "stale"), 2);
	assert_int_equal(cJSON_GetArraySize(list), 2);
	assert_string_equal(word(cJSON_GetArrayItem(list, 0), "symbol"), "STALE1");
	assert_string_equal(word(cJSON_GetArrayItem(list, 1), "symbol"), "STALE2");
	assert_string_equal(word(cJSON_GetArrayItem(list, 0), "reason"), "stale");
	assert_int_equal((int)number(cJSON_GetArrayItem(list, 0), "since_ns"), 1000);
	cJSON_Delete(json);
}

static void
beyond_the_first_hundred_they_are_only_counted(void **state)
{
	struct scene *s = *state;
	char symbol[16];
	cJSON *json;

	for (int i = 0; i < INSTRUMENTS_MAX; i++) {
		snprintf(symbol, sizeof(symbol), "S%d", i);
		add(s, symbol, TICK_DATA_STALE);
	}
	json = said(s);
	assert_int_equal((int)number(json, "stale"), INSTRUMENTS_MAX);
	assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(json, "instruments")),
	    STALE_NAMED_MAX);
	cJSON_Delete(json);
}

static void
symbols_cannot_end_the_string_and_keep_their_script(void **state)
{
	struct scene *s = *state;
	cJSON *json, *list;

	add(s, "A\"B\\C\nD", TICK_DATA_STALE);
	add(s, "\xe5\xb8\x81USDT", TICK_DATA_STALE);
	add(s, "X\xff" "Y\xe5", TICK_DATA_STALE);
	json = said(s);
	list = cJSON_GetObjectItem(json, "instruments");
	assert_string_equal(word(cJSON_GetArrayItem(list, 0), "symbol"), "A?B?C?D");
	assert_string_equal(word(cJSON_GetArrayItem(list, 1), "symbol"), "\xe5\xb8\x81USDT");
	assert_string_equal(word(cJSON_GetArrayItem(list, 2), "symbol"), "X?Y?");
	cJSON_Delete(json);
}

static void
a_feed_that_is_not_there_is_an_error(void **state)
{
	struct stale none;

	(void)state;
	assert_true(stale_open(&none, "no-such-feed-at-all") < 0);
	stale_close(&none);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_feed_without_instruments_has_none_that_is_stale),
		TEST(only_the_stale_ones_are_told_with_time_and_reason),
		TEST(beyond_the_first_hundred_they_are_only_counted),
		TEST(symbols_cannot_end_the_string_and_keep_their_script),
		TEST(a_feed_that_is_not_there_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

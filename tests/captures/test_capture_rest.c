/*
 * The recorded REST bodies against cJSON's tree of the same bodies: every
 * instrument of every exchangeInfo, every level of every order book.
 */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>
#include <cmocka.h>

#include "feed/venue/binance/depth_snapshot.h"
#include "feed/venue/binance/exchange_info.h"
#include "tests/captures.h"

#define LEVELS 5000

static struct captures captures;
static bool found;

static const char *
text_of(const cJSON *object, const char *key)
{
	const cJSON *value = cJSON_GetObjectItemCaseSensitive(object, key);

	return value == NULL ? "" : value->valuestring;
}

/* The value of a text at an exponent, which must be exact. */
static int64_t
mantissa_of(const char *text, int exponent)
{
	struct fixed value;
	int64_t mantissa;

	assert_int_equal(fixed_parse(bytes_of(text), &value), FIXED_OK);
	if (fixed_rescale(value, exponent, &mantissa) != FIXED_OK)
		fail_msg("%s is not exact at %d", text, exponent);
	return mantissa;
}

static void
compare_rule(const cJSON *filters, const char *type, const char *step_key, const char *min_key,
    int exponent, int64_t step)
{
	const cJSON *filter;

	cJSON_ArrayForEach(filter, filters) {
		int64_t least;

		if (strcmp(text_of(filter, "filterType"), type) != 0)
			continue;
		assert_int_equal(mantissa_of(text_of(filter, step_key), exponent), step);
		if (step == 0)
			continue;
		least = mantissa_of(text_of(filter, min_key), exponent);
		/* One digit less would not do. */
		assert_true(exponent == 0 || step % 10 != 0 || least % 10 != 0);
	}
}

static void
compare_symbol(const cJSON *tree, const struct exchange_symbol *symbol)
{
	const cJSON *filters = cJSON_GetObjectItemCaseSensitive(tree, "filters");
	const char *status = cJSON_HasObjectItem(tree, "status") ? "status" : "contractStatus";

	assert_true(bytes_equal(symbol->name, bytes_of(text_of(tree, "symbol"))));
	assert_true(bytes_equal(symbol->status, bytes_of(text_of(tree, status))));
	assert_true(bytes_equal(symbol->contract, bytes_of(text_of(tree, "contractType"))));
	assert_int_not_equal(symbol->trading, TICK_TRADING_UNKNOWN);
	compare_rule(filters, "PRICE_FILTER", "tickSize", "minPrice", symbol->price_exponent,
	    symbol->price_step);
	compare_rule(filters, "LOT_SIZE", "stepSize", "minQty", symbol->qty_exponent,
	    symbol->qty_step);
}

/* Returns how many instruments it has. */
static unsigned
compare_exchange_info(struct bytes body)
{
	cJSON *tree = cJSON_ParseWithLength(body.p, body.n);
	const cJSON *entry = cJSON_GetObjectItemCaseSensitive(tree, "symbols")->child;
	enum exchange_info_result result;
	struct exchange_symbol symbol;
	struct exchange_info info;
	unsigned count = 0;

	exchange_info_begin(&info, body);
	while ((result = exchange_info_next(&info, &symbol)) == EXCHANGE_INFO_SYMBOL) {
		assert_non_null(entry);
		compare_symbol(entry, &symbol);
		entry = entry->next;
		count++;
	}
	assert_int_equal(result, EXCHANGE_INFO_END);
	assert_null(entry);
	cJSON_Delete(tree);
	return count;
}

static void
compare_side(const cJSON *tree, const struct tick_level *levels, uint32_t n)
{
	const cJSON *entry;
	uint32_t i = 0;

	assert_int_equal(cJSON_GetArraySize(tree), n);
	cJSON_ArrayForEach(entry, tree) {
		assert_int_equal(
		    mantissa_of(cJSON_GetArrayItem(entry, 0)->valuestring, -8), levels[i].price);
		assert_int_equal(
		    mantissa_of(cJSON_GetArrayItem(entry, 1)->valuestring, -8), levels[i].qty);
		i++;
	}
}

/* Returns how many levels it has. */
static unsigned
compare_depth(struct bytes body)
{
	static struct tick_level bids[LEVELS], asks[LEVELS];
	struct depth_snapshot snapshot = {.price_exponent = -8, .qty_exponent = -8, .bids = bids,
		.asks = asks, .room = LEVELS};
	cJSON *tree = cJSON_ParseWithLength(body.p, body.n);

	assert_int_equal(depth_snapshot_parse(&snapshot, body), DEPTH_SNAPSHOT_OK);
	assert_true(cJSON_GetObjectItemCaseSensitive(tree, "lastUpdateId")->valuedouble ==
	    (double)snapshot.last_update_id);
	compare_side(cJSON_GetObjectItemCaseSensitive(tree, "bids"), bids, snapshot.nbids);
	compare_side(cJSON_GetObjectItemCaseSensitive(tree, "asks"), asks, snapshot.nasks);
	cJSON_Delete(tree);
	return snapshot.nbids + snapshot.nasks;
}

/* Compares every body whose file name holds `word`. Returns how many there are. */
static unsigned
compare_all(const char *word, unsigned (*compare)(struct bytes), unsigned *items)
{
	char path[2 * CAPTURES_NAME_MAX];
	struct dirent *entry;
	unsigned files = 0;
	DIR *dir;

	snprintf(path, sizeof(path), "%s/rest", captures.folder);
	dir = opendir(path);
	assert_non_null(dir);
	while ((entry = readdir(dir)) != NULL) {
		size_t size;
		char *text;

		if (strstr(entry->d_name, word) == NULL || strstr(entry->d_name, ".json") == NULL)
			continue;
		snprintf(path, sizeof(path), "rest/%s", entry->d_name);
		text = captures_file(&captures, path, &size);
		assert_non_null(text);
		*items += compare((struct bytes){text, size});
		free(text);
		files++;
	}
	closedir(dir);
	return files;
}

static void
every_instrument_of_every_exchange_info_is_what_cjson_reads(void **state)
{
	unsigned symbols = 0, files;

	(void)state;
	if (!found)
		skip();
	files = compare_all("exchangeInfo", compare_exchange_info, &symbols);
	printf("%u exchangeInfo bodies, %u instruments\n", files, symbols);
	assert_true(files > 0 && symbols > files);
}

static void
every_level_of_every_order_book_is_what_cjson_reads(void **state)
{
	unsigned levels = 0, files;

	(void)state;
	if (!found)
		skip();
	files = compare_all("depth", compare_depth, &levels);
	printf("%u order books, %u levels\n", files, levels);
	assert_true(files > 0 && levels > files);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_instrument_of_every_exchange_info_is_what_cjson_reads),
		cmocka_unit_test(every_level_of_every_order_book_is_what_cjson_reads),
	};

	found = captures_find(&captures);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "feed/conf/config.h"
#include "feed/venue/binance/limits.h"
#include "feed/venue/binance/streams.h"
#include "feed/venue/venues.h"

static void
every_product_of_the_configuration_is_a_venue(void **state)
{
	size_t venues = 0;

	(void)state;
	while (venue_at(venues) != NULL)
		venues++;
	assert_int_equal(venues, CONFIG_PRODUCTS);
	for (enum config_product p = 0; p < CONFIG_PRODUCTS; p++)
		assert_non_null(venue_find(bytes_of(config_product_name(p))));
	assert_null(venue_find(BYTES_LIT("margin")));
	assert_null(venue_find(BYTES_NONE));
}

static void
every_venue_has_limits_hosts_and_a_decoder(void **state)
{
	const struct venue *venue;

	(void)state;
	for (size_t i = 0; (venue = venue_at(i)) != NULL; i++) {
		assert_non_null(limits_find(bytes_of(venue->limits)));
		assert_ptr_equal(venue_find(bytes_of(venue->name)), venue);
		assert_true(venue->id > TICK_VENUE_UNKNOWN && venue->id < TICK_VENUE_COUNT);
		assert_true(venue->host[0] != '\0' && venue->port != 0 && venue->path[0] == '/');
		assert_true(venue->rest_host[0] != '\0' && venue->rest_info[0] == '/');
		assert_non_null(venue->text);
		/* Who needs a key has a venue that does without, with the same instruments. */
		if (venue->keyless == NULL)
			continue;
		assert_non_null(venue->binary);
		assert_non_null(venue_find(bytes_of(venue->keyless)));
		assert_null(venue_find(bytes_of(venue->keyless))->keyless);
		assert_int_equal(venue_find(bytes_of(venue->keyless))->id, venue->id);
	}
}

static void
streams_of_usdm_go_by_two_routes(void **state)
{
	const struct venue *usdm = venue_find(BYTES_LIT("usdm"));
	const struct venue *spot = venue_find(BYTES_LIT("spot"));

	(void)state;
	assert_int_equal(venue_paths(usdm), 2);
	assert_string_equal(venue_path(usdm, 0), "/public/stream");
	assert_string_equal(venue_path(usdm, 1), "/market/stream");
	assert_int_equal(venue_path_of(usdm, STREAM_BOOK_TICKER), 0);
	assert_int_equal(venue_path_of(usdm, STREAM_PARTIAL_DEPTH), 0);
	assert_int_equal(venue_path_of(usdm, STREAM_MARK_PRICE), 1);
	assert_int_equal(venue_path_of(usdm, STREAM_AGG_TRADE), 1);
	assert_int_equal(venue_path_of(usdm, STREAM_TRADE), 1);
	assert_int_equal(venue_paths(spot), 1);
	assert_string_equal(venue_path(spot, 0), "/stream");
	assert_int_equal(venue_path_of(spot, STREAM_BOOK_TICKER), 0);
	assert_int_equal(usdm->join, VENUE_JOIN_FUTURES);
	assert_int_equal(spot->join, VENUE_JOIN_SPOT);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_product_of_the_configuration_is_a_venue),
		cmocka_unit_test(every_venue_has_limits_hosts_and_a_decoder),
		cmocka_unit_test(streams_of_usdm_go_by_two_routes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

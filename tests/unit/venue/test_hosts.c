/* The exchange's hosts and the products behind them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "feed/venue/binance/hosts.h"
#include "feed/venue/venues.h"

static void
every_venue_fits_its_own_hosts(void **state)
{
	const struct venue *venue;

	(void)state;
	for (size_t i = 0; (venue = venue_at(i)) != NULL; i++) {
		struct bytes name = bytes_of(venue->name);

		assert_null(hosts_mismatch(bytes_of(venue->host), name, false));
		assert_null(hosts_mismatch(bytes_of(venue->rest_host), name, true));
		/* And they are known: another product does not fit. */
		assert_non_null(hosts_mismatch(bytes_of(venue->host), BYTES_LIT("none"), false));
		assert_non_null(
		    hosts_mismatch(bytes_of(venue->rest_host), BYTES_LIT("none"), true));
	}
}

static void
a_host_of_another_product_is_told_by_what_it_serves(void **state)
{
	const struct bytes usdm = BYTES_LIT("usdm");

	(void)state;
	assert_string_equal(hosts_mismatch(BYTES_LIT("stream.binance.com"), usdm, false),
	    "streams of spot");
	assert_string_equal(hosts_mismatch(BYTES_LIT("Stream.Binance.Com."), usdm, false),
	    "streams of spot");
	assert_string_equal(hosts_mismatch(BYTES_LIT("api.binance.com"), usdm, true),
	    "REST of spot");
	assert_string_equal(hosts_mismatch(BYTES_LIT("fstream.binance.com"), usdm, true),
	    "streams of usdm and options");
	assert_string_equal(hosts_mismatch(BYTES_LIT("fapi.binance.com"), usdm, false),
	    "REST of usdm");
}

static void
of_hosts_that_are_not_known_nothing_is_said(void **state)
{
	static const char *const hosts[] = {"localhost", "127.0.0.1", "::1", "example.com",
	    "stream.binance.co", "stream.binance.com.example", "", "."};

	(void)state;
	for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++)
		assert_null(hosts_mismatch(bytes_of(hosts[i]), BYTES_LIT("usdm"), false));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_venue_fits_its_own_hosts),
		cmocka_unit_test(a_host_of_another_product_is_told_by_what_it_serves),
		cmocka_unit_test(of_hosts_that_are_not_known_nothing_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

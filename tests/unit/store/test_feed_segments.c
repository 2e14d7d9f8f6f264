/*
 * The three segments of a feed, opened as one over what an earlier feed left.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include <tickring/board.h>
#include <tickring/reader.h>

#include "feed/base/log.h"
#include "feed/store/instruments.h"
#include "feed/store/segments.h"

static struct config cfg;
static struct ring ring;
static struct board board;
static struct status_writer status;
static const char *discard; /* of the ring that is there */
static int log_fd;

static const char *
path_of(const char *suffix)
{
	static char path[128];

	snprintf(path, sizeof(path), "/dev/shm/%s.%s", cfg.feed, suffix);
	return path;
}

static int
open_segments(void)
{
	int rc = segments_open(&cfg, discard, &ring, &board, &status);

	assert_true((ring.header != NULL) == (rc == 0));
	assert_true((board.entries != NULL) == (rc == 0));
	assert_true((status.record != NULL) == (rc == 0));
	return rc;
}

static void
close_segments(void)
{
	status_close(&status, false);
	board_close(&board, false);
	ring_close(&ring, false);
}

static uint32_t
add(const char *symbol, enum tick_venue venue)
{
	struct tick_instrument i = {.venue = (uint16_t)venue, .price_exponent = -8,
	    .qty_exponent = -8, .symbol_bytes = (uint8_t)strlen(symbol)};
	int64_t id;

	memcpy(i.symbol, symbol, i.symbol_bytes);
	id = ring_add(&ring, &i);
	assert_true(id >= 0);
	return (uint32_t)id;
}

static int
begin(void **state)
{
	(void)state;
	config_defaults(&cfg);
	free(cfg.feed);
	assert_true(asprintf(&cfg.feed, "test-segments-%ld", (long)getpid()) > 0);
	cfg.ring.instruments_max = 8;
	log_fd = memfd_create("log", MFD_CLOEXEC);
	assert_true(log_fd >= 0);
	log_set_fd(log_fd);
	return log_start();
}

static int
end(void **state)
{
	static const char *const suffixes[] = {"ring", "board", "status"};

	(void)state;
	log_stop();
	close(log_fd);
	close_segments();
	for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++)
		unlink(path_of(suffixes[i]));
	config_free(&cfg);
	return 0;
}

/* All that was logged; ends the log. */
static const char *
logged(void)
{
	static char text[4096];
	ssize_t n;

	log_stop();
	n = pread(log_fd, text, sizeof(text) - 1, 0);
	assert_true(n >= 0);
	text[n] = '\0';
	assert_int_equal(log_start(), 0);
	return text;
}

/* ---- ring and board ---------------------------------------------------------- */

static const struct tick_last_trade trade = {1, 2, 3, 4, 5, 6, 0};

/* Two instruments with a trade each on the board. */
static void
leave_two_trades(void)
{
	assert_int_equal(open_segments(), 0);
	board_trade(&board, add("BTCUSDT", TICK_VENUE_BINANCE_SPOT), &trade);
	board_trade(&board, add("ETHUSDT", TICK_VENUE_BINANCE_SPOT), &trade);
	close_segments();
}

static int
outcome_of_trade(uint32_t instrument, struct tick_last_trade *out)
{
	struct tick_board *look;
	int outcome;

	assert_int_equal(tick_board_open(&look, cfg.feed), 0);
	outcome = tick_board_trade(look, instrument, out);
	tick_board_close(&look);
	return outcome;
}

static void
a_board_goes_on_with_its_ring_also_when_that_is_replaced(void **state)
{
	struct tick_last_trade found;

	(void)state;
	leave_two_trades();
	assert_int_equal(open_segments(), 0);
	assert_int_equal(outcome_of_trade(1, &found), 0);
	assert_memory_equal(&found, &trade, sizeof(found));
	close_segments();
	cfg.ring.slots *= 2;
	assert_int_equal(open_segments(), 0);
	assert_non_null(strstr(logged(), "segment_replaced"));
	assert_int_equal(outcome_of_trade(1, &found), 0);
	close_segments();
	assert_int_equal(open_segments(), 0);
	assert_int_equal(outcome_of_trade(1, &found), 0);
}

static void
a_board_whose_ring_is_lost_is_replaced(void **state)
{
	struct tick_last_trade found;
	struct tick_board *reader;

	(void)state;
	leave_two_trades();
	assert_int_equal(tick_board_open(&reader, cfg.feed), 0);
	assert_int_equal(unlink(path_of("ring")), 0);
	assert_int_equal(open_segments(), 0);
	assert_non_null(strstr(logged(), "belongs to another ring"));
	assert_int_equal(tick_board_check(reader), TICK_E_REPLACED);
	tick_board_close(&reader);
	for (uint32_t id = 0; id < 2; id++)
		assert_int_equal(outcome_of_trade(id, &found), TICK_E_ABSENT);
	board_trade(&board, add("ETHUSDT", TICK_VENUE_BINANCE_SPOT), &trade);
	close_segments();
	assert_int_equal(open_segments(), 0);
	assert_int_equal(outcome_of_trade(0, &found), 0);
}

static void
a_board_forgets_what_the_directory_lost(void **state)
{
	struct tick_last_trade found;

	(void)state;
	leave_two_trades();
	assert_int_equal(open_segments(), 0);
	memset(&ring.directory[1], 0, sizeof(ring.directory[1]));
	__atomic_store_n(&ring.header->instruments, 1, __ATOMIC_RELAXED);
	close_segments();
	assert_int_equal(open_segments(), 0);
	assert_int_equal(outcome_of_trade(0, &found), 0);
	assert_memory_equal(&found, &trade, sizeof(found));
	assert_int_equal(outcome_of_trade(1, &found), 0);
	assert_int_equal(found.id, 0);
	assert_int_equal(found.recv_ns, 0);
}

/* ---- products ---------------------------------------------------------------- */

static void
a_ring_of_another_product_is_refused_and_left_alone(void **state)
{
	uint32_t epoch;

	(void)state;
	assert_int_equal(open_segments(), 0);
	add("BTCUSDT", TICK_VENUE_BINANCE_SPOT);
	epoch = ring.header->epoch;
	close_segments();
	cfg.product = CONFIG_USDM;
	assert_int_equal(open_segments(), -EEXIST);
	assert_non_null(strstr(logged(), "ring: BTCUSDT is of product \\\"spot\\\", key "
	    "\\\"product\\\" says \\\"usdm\\\""));
	assert_int_equal(access(path_of("ring"), F_OK), 0);
	assert_int_equal(access(path_of("board"), F_OK), 0);
	/* Also where the ring is replaced, because it inherits the directory. */
	cfg.ring.slots *= 2;
	assert_int_equal(open_segments(), -EEXIST);
	cfg.ring.slots /= 2;
	cfg.product = CONFIG_SPOT;
	assert_int_equal(open_segments(), 0);
	assert_int_equal(ring.header->epoch, epoch + 1);
	assert_int_equal(ring.instruments, 1);
}

static void
a_ring_without_instruments_is_of_any_product(void **state)
{
	(void)state;
	assert_int_equal(open_segments(), 0);
	close_segments();
	for (cfg.product = CONFIG_SPOT; cfg.product <= CONFIG_OPTIONS; cfg.product++) {
		assert_int_equal(open_segments(), 0);
		close_segments();
	}
	cfg.product = CONFIG_COINM;
	assert_int_equal(open_segments(), 0);
	add("BTCUSD_PERP", instruments_venue(CONFIG_COINM));
	close_segments();
	assert_int_equal(open_segments(), 0);
}

static void
a_ring_that_is_discarded_gives_way_to_an_empty_one_and_its_readers_are_told(void **state)
{
	struct tick_reader *reader;
	uint64_t lineage, epoch;

	(void)state;
	assert_int_equal(open_segments(), 0);
	add("BTCUSDT", TICK_VENUE_BINANCE_SPOT);
	ring_publish(&ring, &(struct ring_tick){.meta = ring_meta(0, TICK_TRADE, 0, 0)});
	lineage = ring.header->lineage;
	epoch = ring.header->epoch;
	assert_int_equal(tick_reader_open(&reader, cfg.feed, TICK_FROM_NEWEST), 0);
	close_segments();
	discard = "is of yesterday";
	assert_int_equal(open_segments(), 0);
	discard = NULL;
	assert_non_null(strstr(logged(), "is of yesterday"));
	assert_int_equal(ring.instruments, 0);
	assert_int_equal(ring.next, 0);
	assert_int_equal(ring.header->first, 0);
	assert_false(ring.restarted);
	assert_int_equal(ring.header->epoch, epoch + 1);
	assert_true(ring.header->lineage != lineage); /* the board is for other instruments, too */
	assert_int_equal(board.segment.header->lineage, ring.header->lineage);
	assert_int_equal(tick_reader_check(reader), TICK_E_REPLACED);
	tick_reader_close(&reader);
}

static void
a_group_that_does_not_exist_opens_nothing(void **state)
{
	(void)state;
	free(cfg.ring.group);
	cfg.ring.group = strdup("no-such-group");
	assert_int_equal(open_segments(), -ENOENT);
	assert_int_equal(access(path_of("ring"), F_OK), -1);
	assert_non_null(strstr(logged(), "no-such-group"));
}

/* ---- exponents --------------------------------------------------------------- */

static void
exponents_that_cannot_change_any_more_are_reported(void **state)
{
	(void)state;
	assert_int_equal(open_segments(), 0);
	add("BTCUSDT", TICK_VENUE_BINANCE_SPOT);
	add("SHIBUSDT", TICK_VENUE_BINANCE_SPOT);
	add("SHIBUSDC", TICK_VENUE_BINANCE_SPOT);
	close_segments();
	assert_int_equal(open_segments(), 0);
	assert_null(strstr(logged(), "exponents_kept"));
	close_segments();
	cfg.instruments.overrides.item = malloc(sizeof(char *));
	cfg.instruments.overrides.item[0] = strdup("SHIB*:-8:-2");
	cfg.instruments.overrides.n = 1;
	assert_int_equal(open_segments(), 0);
	assert_non_null(strstr(logged(), "event=exponents_kept symbol=SHIBUSDT price_exponent=-8 "
	    "qty_exponent=-8 price_wanted=-8 qty_wanted=-2 instruments=2"));
	assert_int_equal(ring.directory[1].qty_exponent, -8);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_board_goes_on_with_its_ring_also_when_that_is_replaced),
		TEST(a_board_whose_ring_is_lost_is_replaced),
		TEST(a_board_forgets_what_the_directory_lost),
		TEST(a_ring_of_another_product_is_refused_and_left_alone),
		TEST(a_ring_without_instruments_is_of_any_product),
		TEST(a_ring_that_is_discarded_gives_way_to_an_empty_one_and_its_readers_are_told),
		TEST(a_group_that_does_not_exist_opens_nothing),
		TEST(exponents_that_cannot_change_any_more_are_reported),
	};

	return cmocka_run_group_tests_name("feed segments", tests, NULL, NULL);
}

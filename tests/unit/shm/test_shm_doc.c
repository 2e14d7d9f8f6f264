/*
 * The tables of docs/SHM.md against the headers: offset and size of every
 * field, no hole, no overlap, and the size of the whole.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <tickring/board.h>
#include <tickring/reader.h>
#include <tickring/reasons.h>
#include <tickring/status.h>

#define FIELD_MAX 48
#define ROWS_MAX 64

struct row {
	unsigned long offset, bytes;
	char field[FIELD_MAX];
};

struct known {
	const char *of, *field;
	unsigned long offset, bytes; /* field NULL: the size of the struct */
};

#define F(s, f) {#s, #f, offsetof(struct s, f), sizeof(((struct s *)0)->f)}
#define END(s) {#s, NULL, 0, sizeof(struct s)}

static const struct known known[] = {
    F(tick_segment_header, magic), F(tick_segment_header, byte_order),
    F(tick_segment_header, kind), F(tick_segment_header, abi_major),
    F(tick_segment_header, abi_minor), F(tick_segment_header, header_bytes),
    F(tick_segment_header, record_bytes), F(tick_segment_header, records),
    F(tick_segment_header, records_at), F(tick_segment_header, directory_at),
    F(tick_segment_header, directory_max), F(tick_segment_header, total_bytes),
    F(tick_segment_header, first), F(tick_segment_header, generation),
    F(tick_segment_header, created_ns), F(tick_segment_header, board_depth),
    F(tick_segment_header, spare), F(tick_segment_header, feed),
    F(tick_segment_header, lineage),
    F(tick_segment_header, epoch), F(tick_segment_header, state),
    F(tick_segment_header, heartbeat_ns), F(tick_segment_header, heartbeat_every_ns),
    F(tick_segment_header, epoch_first), F(tick_segment_header, started_ns),
    F(tick_segment_header, writer_pid), F(tick_segment_header, hint),
    F(tick_segment_header, instruments), F(tick_segment_header, bell),
    F(tick_segment_header, bell_epoch), END(tick_segment_header),

    F(tick_instrument, id), F(tick_instrument, venue), F(tick_instrument, trading),
    F(tick_instrument, symbol_bytes), F(tick_instrument, price_exponent),
    F(tick_instrument, qty_exponent), F(tick_instrument, spare),
    F(tick_instrument, price_step), F(tick_instrument, qty_step), F(tick_instrument, symbol),
    F(tick_instrument, spare2), END(tick_instrument),

    F(tick, seq), F(tick, instrument), F(tick, type), F(tick, flags), F(tick, leg),
    F(tick, exch_ns), F(tick, recv_ns), F(tick, v), F(tick, id), F(tick, first_id),
    F(tick, trade_ns), F(tick, mono_ns), F(tick, w), END(tick),

    F(tick_level, price), F(tick_level, qty), END(tick_level),
    F(tick_scale, price), F(tick_scale, qty), F(tick_scale, quote), F(tick_scale, rate),
    F(tick_scale, window), F(tick_scale, spare), END(tick_scale),

    F(tick_board_entry, quote), F(tick_board_entry, trade), F(tick_board_entry, state),
    F(tick_board_entry, book), END(tick_board_entry),

    F(tick_board_quote, seq), F(tick_board_quote, recv_ns), F(tick_board_quote, exch_ns),
    F(tick_board_quote, id), F(tick_board_quote, bid_px), F(tick_board_quote, bid_qty),
    F(tick_board_quote, ask_px), F(tick_board_quote, ask_qty), END(tick_board_quote),

    F(tick_board_trade, seq), F(tick_board_trade, recv_ns), F(tick_board_trade, exch_ns),
    F(tick_board_trade, trade_ns), F(tick_board_trade, id), F(tick_board_trade, price),
    F(tick_board_trade, qty), F(tick_board_trade, flags), END(tick_board_trade),

    F(tick_board_state, seq), F(tick_board_state, state), F(tick_board_state, since_ns),
    F(tick_board_state, reason), F(tick_board_state, trade_id),
    F(tick_board_state, agg_trade_id), F(tick_board_state, quote_id),
    F(tick_board_state, depth_id), END(tick_board_state),

    F(tick_board_book, seq), F(tick_board_book, recv_ns), F(tick_board_book, exch_ns),
    F(tick_board_book, id), F(tick_board_book, bids), F(tick_board_book, asks),
    F(tick_board_book, spare), END(tick_board_book),

    F(tick_status_record, copy), F(tick_status_record, stream), END(tick_status_record),

    F(tick_stream_block, seq), F(tick_stream_block, status), END(tick_stream_block),

    F(tick_stream_status, wanted), F(tick_stream_status, stale),
    F(tick_stream_status, stale_since_ns), F(tick_stream_status, reason),
    F(tick_stream_status, healing), F(tick_stream_status, last_message_ns),
    F(tick_stream_status, messages), F(tick_stream_status, rate_milli),
    F(tick_stream_status, limit_ns), F(tick_stream_status, limit_learned),
    F(tick_stream_status, refused_code), F(tick_stream_status, retry_at_ns),
    F(tick_stream_status, spare), F(tick_stream_status, leg), F(tick_stream_status, name),
    END(tick_stream_status),

    F(tick_stream_leg, line), F(tick_stream_leg, state), F(tick_stream_leg, heard_ns),
    END(tick_stream_leg),

    F(tick_line_detail, count), F(tick_line_detail, p50), F(tick_line_detail, p90),
    F(tick_line_detail, p99), F(tick_line_detail, p999), F(tick_line_detail, max),
    F(tick_line_detail, ended_reason), F(tick_line_detail, ended_code),
    F(tick_line_detail, ended_ns), F(tick_line_detail, streams_listed),
    F(tick_line_detail, streams_producing), F(tick_line_detail, streams_refused),
    F(tick_line_detail, streams_silent), F(tick_line_detail, pong_ns),
    F(tick_line_detail, pong_max_ns), F(tick_line_detail, spare), END(tick_line_detail),

    F(tick_settings, monitoring), F(tick_settings, health_interval_ns),
    F(tick_settings, unhealthy_permille), F(tick_settings, metrics_interval_ns),
    F(tick_settings, ping_within_ns), F(tick_settings, pong_within_ns),
    F(tick_settings, performance), F(tick_settings, errors), F(tick_settings, reconnect),
    F(tick_settings, limits_kept), F(tick_settings, spare), END(tick_settings),

    F(tick_status_block, seq), F(tick_status_block, spare), F(tick_status_block, status),
    END(tick_status_block),

    F(tick_status, at_ns), F(tick_status, at_mono_ns), F(tick_status, started_ns),
    F(tick_status, messages_per_s), F(tick_status, ticks_per_s), F(tick_status, lines),
    F(tick_status, lines_live), F(tick_status, instruments), F(tick_status, streams),
    F(tick_status, class_streams), F(tick_status, class_stale), F(tick_status, spare),
    F(tick_status, publish), F(tick_status, arrival), F(tick_status, counter),
    F(tick_status, line), F(tick_status, transport), F(tick_status, version),
    F(tick_status, control), F(tick_status, publish_spans), F(tick_status, arrival_spans),
    F(tick_status, transport_why),
    F(tick_status, stream_rows), F(tick_status, streams_undecoded),
    F(tick_status, books_starved), F(tick_status, books_cut),
    F(tick_status, rest_paused_reason), F(tick_status, streams_unlisted),
    F(tick_status, clock_offset_ns), F(tick_status, clock_within_ns),
    F(tick_status, skew_p50_ns), F(tick_status, skew_p99_ns), F(tick_status, spare2),
    F(tick_status, settings),
    F(tick_status, detail), F(tick_status, ended), F(tick_status, keys),
    END(tick_status),

    F(tick_histogram, count), F(tick_histogram, sum_ns), F(tick_histogram, spare),
    F(tick_histogram, bucket), END(tick_histogram),

    F(tick_latency, count), F(tick_latency, p50), F(tick_latency, p90), F(tick_latency, p99),
    F(tick_latency, p999), F(tick_latency, max), END(tick_latency),

    F(tick_line_status, state), F(tick_line_status, since_ns),
    F(tick_line_status, attempts), F(tick_line_status, connects),
    F(tick_line_status, reason), F(tick_line_status, close_code),
    F(tick_line_status, retry_at_ns), F(tick_line_status, connected_ns),
    F(tick_line_status, last_message_ns), F(tick_line_status, streams_wanted),
    F(tick_line_status, streams_sent), F(tick_line_status, streams_acknowledged),
    F(tick_line_status, messages), F(tick_line_status, bytes), F(tick_line_status, pings),
    F(tick_line_status, role), F(tick_line_status, leg), F(tick_line_status, peer),
    F(tick_line_status, retire_at_ns), F(tick_line_status, round_trip_ns),
    F(tick_line_status, pongs_permille), F(tick_line_status, sends_used),
    F(tick_line_status, wins), F(tick_line_status, duplicates),
    F(tick_line_status, endpoint), END(tick_line_status),

    F(tick_control, members), F(tick_control, redundancy), F(tick_control, streams_acknowledged),
    F(tick_control, streams_producing), F(tick_control, streams_refused),
    F(tick_control, streams_stale), F(tick_control, connects_used),
    F(tick_control, connects_max), F(tick_control, connects_window_ns),
    F(tick_control, sends_max), F(tick_control, send_window_ns), F(tick_control, streams_max),
    F(tick_control, request_bytes_max), F(tick_control, rotations_begun),
    F(tick_control, rotations_done), F(tick_control, rotations_abandoned),
    F(tick_control, rotations_took_over), F(tick_control, stalls), F(tick_control, resubscribed),
    F(tick_control, moved), F(tick_control, recycled), F(tick_control, lists),
    F(tick_control, lists_missing), F(tick_control, endpoints), F(tick_control, region),
    F(tick_control, failovers), F(tick_control, returns), F(tick_control, memory_bytes),
    F(tick_control, cpu_permille), F(tick_control, sockets), F(tick_control, streams_shed),
    F(tick_control, reloads), F(tick_control, reloads_refused), F(tick_control, transitions),
    F(tick_control, recent_connects), F(tick_control, recent_failures), F(tick_control, limits),
    F(tick_control, streams_listed), F(tick_control, streams_silent),
    F(tick_control, silent_alarms), F(tick_control, lists_foreign), F(tick_control, books),
    F(tick_control, books_live), F(tick_control, rest_used), F(tick_control, rest_budget),
    F(tick_control, rest_paused_until_ns),
    F(tick_control, transition), F(tick_control, endpoint), F(tick_control, health_permille),
    F(tick_control, connect_ns), END(tick_control),

    F(tick_health_limits, healthy), F(tick_health_limits, alert),
    F(tick_health_limits, critical), F(tick_health_limits, messages_expected),
    F(tick_health_limits, messages_alert), F(tick_health_limits, messages_critical),
    F(tick_health_limits, memory_alert), F(tick_health_limits, memory_critical),
    F(tick_health_limits, success_expected), F(tick_health_limits, success_alert),
    F(tick_health_limits, success_critical), F(tick_health_limits, pongs_expected),
    F(tick_health_limits, pongs_alert), F(tick_health_limits, pongs_critical),
    F(tick_health_limits, stale_alert), F(tick_health_limits, stale_critical),
    F(tick_health_limits, cpu_alert), F(tick_health_limits, silence_ns),
    F(tick_health_limits, line_down_ns), END(tick_health_limits),

    F(tick_transition, at_ns), F(tick_transition, line), F(tick_transition, from),
    F(tick_transition, to), F(tick_transition, reason), F(tick_transition, attempt),
    F(tick_transition, close_code), F(tick_transition, http_status), END(tick_transition),

    F(tick_endpoint_status, circuit), F(tick_endpoint_status, until_ns),
    F(tick_endpoint_status, reason), F(tick_endpoint_status, region),
    F(tick_endpoint_status, score), F(tick_endpoint_status, round_trip_ns),
    F(tick_endpoint_status, lines), F(tick_endpoint_status, ups),
    F(tick_endpoint_status, failures), F(tick_endpoint_status, spare),
    F(tick_endpoint_status, name), END(tick_endpoint_status),
};

#define KNOWN (sizeof(known) / sizeof(known[0]))

static char *
page_text(void)
{
	const char *root = getenv("TICKRING_ROOT");
	char path[4096], *text = calloc(1, 1 << 17);
	FILE *f;

	snprintf(path, sizeof(path), "%s/docs/SHM.md", root ? root : ".");
	f = fopen(path, "re");
	assert_non_null(text);
	assert_non_null(f);
	assert_in_range(fread(text, 1, (1 << 17) - 1, f), 1, (1 << 17) - 2);
	fclose(f);
	return text;
}

/* The rows of the table under "`struct NAME`:". Returns how many, 0: no such table. */
static size_t
read_table(const char *text, const char *of, struct row *row)
{
	char title[80];
	const char *at;
	size_t n = 0;

	snprintf(title, sizeof(title), "\n`struct %s`:\n\n| offset | bytes | field |", of);
	at = strstr(text, title);
	if (!at)
		return 0;
	at = strchr(at + strlen(title), '\n') + 1;
	at = strchr(at, '\n') + 1; /* past |---| */
	for (; *at == '|' && n < ROWS_MAX; n++) {
		if (sscanf(at, "| %lu | %lu | %47[^ |] |", &row[n].offset, &row[n].bytes,
		        row[n].field) != 3)
			return 0;
		at = strchr(at, '\n') + 1;
	}
	return n;
}

static int
is_right(const struct known *k, const struct row *row, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(row[i].field, k->field) == 0)
			return row[i].offset == k->offset && row[i].bytes == k->bytes;
	return 0;
}

static int
is_known(const char *of, const char *field)
{
	if (strcmp(field, "(padding)") == 0)
		return 1;
	for (size_t i = 0; i < KNOWN; i++)
		if (known[i].field && strcmp(known[i].of, of) == 0 &&
		    strcmp(known[i].field, field) == 0)
			return 1;
	return 0;
}

/* The struct whose table is wrong, and where; NULL: none. */
static const char *
first_fault(const char *text)
{
	static char fault[160];
	struct row row[ROWS_MAX];

	for (size_t i = 0; i < KNOWN; i++) {
		size_t n = read_table(text, known[i].of, row);
		unsigned long end = 0;

		snprintf(fault, sizeof(fault), "%s.%s", known[i].of,
		    known[i].field ? known[i].field : "(size)");
		if (n == 0 || (known[i].field && !is_right(&known[i], row, n)))
			return fault;
		for (size_t j = 0; !known[i].field && j < n; end += row[j++].bytes)
			if (row[j].offset != end || !is_known(known[i].of, row[j].field))
				return fault;
		if (!known[i].field && end != known[i].bytes)
			return fault;
	}
	return NULL;
}

static void
the_page_gives_every_field_its_offset_and_size(void **state)
{
	char *text = page_text();
	const char *fault = first_fault(text);

	(void)state;
	if (fault)
		fail_msg("docs/SHM.md: %s is not as in the headers", fault);
	free(text);
}

/* Replaces `old` by `new`, of the same length; the fault must be named. */
static void
expect_fault(const char *old, const char *new, const char *named)
{
	char *text = page_text(), *at = strstr(text, old);
	const char *fault;

	assert_non_null(at);
	assert_int_equal(strlen(old), strlen(new));
	memcpy(at, new, strlen(new));
	fault = first_fault(text);
	assert_non_null(fault);
	assert_string_equal(fault, named);
	free(text);
}

static void
a_wrong_page_is_found_out(void **state)
{
	(void)state;
	expect_fault("| 256 | 4 | epoch |", "| 256 | 8 | epoch |", "tick_segment_header.epoch");
	expect_fault("| 384 | 8 | hint |", "| 376 | 8 | hint |", "tick_segment_header.hint");
	expect_fault("| 648 | 120 |", "| 648 | 116 |", "tick_segment_header.(size)");
	expect_fault("| leg |", "| log |", "tick.leg");
	expect_fault("`struct tick_level`:", "`struct tick_lovel`:", "tick_level.price");
}

/* The number stands in the table of feed events as "| 4 GAP |". */
static void
the_page_numbers_the_feed_events_as_the_reasons(void **state)
{
	static const struct {
		const char *name;
		enum tick_reason reason;
	} event[] = {
	    {"START", TICK_REASON_START}, {"STOP", TICK_REASON_STOP},
	    {"RESTART", TICK_REASON_RESTART}, {"GAP", TICK_REASON_GAP},
	    {"LINE_UP", TICK_REASON_LINE_UP}, {"LINE_DOWN", TICK_REASON_LINE_DOWN},
	    {"UNFIT", TICK_REASON_UNFIT}, {"ACKED_SILENT", TICK_REASON_ACKED_SILENT},
	    {"BOOK_STARVED", TICK_REASON_BOOK_STARVED},
	};
	char *text = page_text();

	(void)state;
	for (size_t i = 0; i < sizeof(event) / sizeof(event[0]); i++) {
		char row[64];

		snprintf(row, sizeof(row), "\n| %d %s |", (int)event[i].reason, event[i].name);
		if (!strstr(text, row))
			fail_msg("docs/SHM.md: no feed event %d %s", (int)event[i].reason,
			    event[i].name);
	}
	free(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_page_gives_every_field_its_offset_and_size),
	    cmocka_unit_test(a_wrong_page_is_found_out),
	    cmocka_unit_test(the_page_numbers_the_feed_events_as_the_reasons),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

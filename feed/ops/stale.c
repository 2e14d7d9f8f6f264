#include "feed/ops/stale.h"

#include <inttypes.h>
#include <string.h>

#include <tickring/reasons.h>

#include "feed/base/utf8.h"
#include "shm/unload.h"

#define VERSION 1

int
stale_open(struct stale *out, const char *feed)
{
	int outcome;

	memset(out, 0, sizeof(*out));
	outcome = tick_reader_open(&out->ring, feed, TICK_FROM_NEWEST);
	if (outcome == 0)
		outcome = tick_board_open(&out->board, feed);
	if (outcome != 0) {
		stale_close(out);
		return outcome;
	}
	reader_unload(out->ring);
	board_unload(out->board);
	return 0;
}

void
stale_close(struct stale *stale)
{
	tick_board_close(&stale->board);
	tick_reader_close(&stale->ring);
}

/* Symbols are the exchange's: what is no text, or would end the string, becomes "?". */
static void
put_symbol(FILE *out, const struct tick_instrument *i)
{
	size_t n = i->symbol_bytes <= TICK_SYMBOL_MAX ? i->symbol_bytes : TICK_SYMBOL_MAX;

	for (size_t at = 0, length; at < n; at += length) {
		length = utf8_length(i->symbol + at, n - at);
		if (length == 0 || (unsigned char)i->symbol[at] < ' ' || i->symbol[at] == '"' ||
		    i->symbol[at] == '\\') {
			fputc('?', out);
			length = 1;
		} else {
			fwrite(i->symbol + at, 1, length, out);
		}
	}
}

void
stale_json(FILE *out, const struct stale *stale, const char *feed)
{
	uint32_t instruments = tick_reader_instruments(stale->ring), count = 0;
	struct tick_data data;

	/* The name of a feed is plain text: config_rule_feed(). */
	fprintf(out, "{\"version\":%d,\"feed\":\"%s\",\"instruments\":[", VERSION, feed);
	for (uint32_t id = 0; id < instruments; id++) {
		if (tick_board_data(stale->board, id, &data) != 0 || data.state != TICK_DATA_STALE)
			continue;
		if (++count > STALE_NAMED_MAX)
			continue;
		fputs(count > 1 ? ",{\"symbol\":\"" : "{\"symbol\":\"", out);
		put_symbol(out, tick_reader_instrument(stale->ring, id));
		fprintf(out, "\",\"since_ns\":%" PRId64 ",\"reason\":\"%s\"}", data.since_ns,
		    tick_reason_label(data.reason));
	}
	fprintf(out, "],\"stale\":%" PRIu32 "}", count);
}

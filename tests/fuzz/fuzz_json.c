/*
 * Any bytes through the decoder: no crash, no read behind the padding, nothing
 * decided by the padding, what it accepts is what cJSON reads, and the
 * predicted layouts (predict.h) decide nothing that the general way would not.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "feed/venue/binance/json.h"
#include "tests/decode_oracle.h"
#include "tests/fuzz/fuzz.h"

static struct event_scratch scratch, scratch_again;

/* cJSON copies a number into a buffer of 63 characters and refuses the rest. */
static bool
number_too_long_for_cjson(const uint8_t *data, size_t size)
{
	size_t run = 0;

	for (size_t i = 0; i < size; i++) {
		run = data[i] != 0 && strchr("0123456789+-eE.", data[i]) != NULL ? run + 1 : 0;
		if (run > 63)
			return true;
	}
	return false;
}

/* Its strings end at a NUL: a key "r\u0000" is "r" to it. */
static bool
nul_written(const uint8_t *data, size_t size)
{
	return memmem(data, size, "\\u0000", 6) != NULL;
}

/* Decodes a copy with nothing but `pad` behind it. */
static enum decode_result
decode_padded(const uint8_t *data, size_t size, int pad, struct event_scratch *room,
    struct bytes *copy, struct event *out)
{
	*copy = fuzz_copy(data, size, pad, JSON_PADDING);
	return json_decode(*copy, room, out);
}

/* A blank in front changes nothing but that no layout is predicted. */
static bool
general_way_agrees(const uint8_t *data, size_t size, enum decode_result result,
    const struct event *event)
{
	char *copy = malloc(1 + size + JSON_PADDING);
	struct event general;
	bool agrees;

	copy[0] = ' ';
	if (size > 0)
		memcpy(copy + 1, data, size);
	memset(copy + 1 + size, 0, JSON_PADDING);
	agrees = json_decode((struct bytes){copy, size + 1}, &scratch_again, &general) == result &&
	    (result != DECODE_OK || events_equal(event, &general));
	free(copy);
	return agrees;
}

/* All that a message with a decimal beyond 64 bits still says. */
static bool
heads_equal(const struct event *a, const struct event *b)
{
	return a->kind == b->kind && bytes_equal(a->stream, b->stream) &&
	    bytes_equal(a->symbol, b->symbol) && a->exch_ns == b->exch_ns &&
	    a->trade_ns == b->trade_ns && a->id == b->id && a->first_id == b->first_id &&
	    a->last_id == b->last_id && a->prev_id == b->prev_id;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char pads[] = {'7', '"', '}', ']', ' ', ','};
	char why[ORACLE_WHY_MAX] = "";
	struct event event, other;
	struct bytes copy, again;
	enum decode_result result;

	result = decode_padded(data, size, 0, &scratch, &copy, &event);
	for (size_t i = 0; i < sizeof(pads); i++) {
		must(decode_padded(data, size, pads[i], &scratch_again, &again, &other) == result &&
		    (result != DECODE_OK || events_equal(&event, &other)) &&
		    (result != DECODE_UNFIT || heads_equal(&event, &other)),
		    "the padding decides");
		fuzz_free(again);
	}
	must(general_way_agrees(data, size, result, &event), "the general way differs");
	if (result == DECODE_OK && !number_too_long_for_cjson(data, size) &&
	    !nul_written(data, size))
		must(oracle_agrees(copy, &event, why), why);
	fuzz_free(copy);
	return 0;
}

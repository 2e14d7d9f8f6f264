/*
 * Decoders that ours is measured beside. Each fills an event as json_decode()
 * does, or says that it cannot; what they read is compared before the clock
 * starts. One thread.
 */
#ifndef TESTS_BENCH_DECODE_RIVAL_H
#define TESTS_BENCH_DECODE_RIVAL_H

#include <stdbool.h>

#include "feed/base/bytes.h"
#include "feed/venue/venue.h"

/* Whose layouts to expect; a program knows what it connected to. */
enum rival_product { RIVAL_SPOT, RIVAL_USDM, RIVAL_COINM, RIVAL_UNKNOWN };

/* simdjson wants so many readable bytes behind a text (SIMDJSON_PADDING). */
#define RIVAL_PADDING 64

/*
 * simdjson's on-demand parser, in C++: one parser and one set of buffers for
 * all messages, the fields in the order of the text, no tree, the integers of
 * decimals taken from the raw strings. Texts point into its buffers until the
 * next call. False: not JSON, or a field of another type.
 */
bool rival_simdjson(struct bytes text, enum rival_product product, struct event_scratch *scratch,
    struct event *out);

/* "icelake", ...: what simdjson chose for this machine. */
const char *rival_simdjson_kernel(void);

/* cJSON's tree, built and freed; nothing is taken out of it. */
bool rival_cjson(struct bytes text);

#endif

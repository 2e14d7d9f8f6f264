/*
 * Streams that are configured by a pattern of symbols, "*usdt@bookTicker", and
 * the exchange's list of instruments that says which they are. Any thread.
 */
#ifndef FEED_PLAN_PATTERNS_H
#define FEED_PLAN_PATTERNS_H

#include <stdbool.h>

#include "feed/conf/config.h"
#include "feed/pipeline/listing.h"

bool pattern_is(const char *stream);

/* How many of the list are patterns. */
size_t patterns_count(const struct config_strings *streams);

/*
 * The streams that are meant: each once, in the order of the configuration,
 * those of a pattern by symbol. A pattern means instruments that trade, will,
 * or pause; without a list (NULL) none. Returns 0 or -ENOMEM; *out wants
 * patterns_free() either way.
 */
int patterns_expand(const struct config_strings *streams, const struct listing *listing,
    struct config_strings *out);

/* The same, but only those of patterns, that `before` did not have. */
int patterns_expand_new(const struct config_strings *streams, const struct listing *listing,
    const struct listing *before, struct config_strings *out);

void patterns_free(struct config_strings *list);

#endif

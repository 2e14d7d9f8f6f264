/*
 * Streams that are configured by a pattern of symbols, "*usdt@bookTicker", and
 * the exchange's list of instruments that says which they are. Any thread.
 */
#ifndef FEED_PLAN_PATTERNS_H
#define FEED_PLAN_PATTERNS_H

#include <stdbool.h>

#include "feed/conf/config.h"
#include "feed/pipeline/listing.h"
#include "feed/venue/binance/streams.h"

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

/*
 * The same one by one, so that it can be done in pieces, and without memory: a
 * stream may come more than once.
 */
struct pattern_walk {
	const struct config_strings *streams;
	const struct listing *listing; /* NULL: none */
	const struct listing *before;  /* NULL: none */
	bool only_new;
	size_t stream, item;           /* where it is */
	size_t upper_bytes;            /* of the pattern at which it is */
	char upper[STREAM_NAME_MAX];
	char name[TICK_SYMBOL_MAX + STREAM_NAME_MAX + 1];
};

/*
 * All is borrowed until the end of the walk. only_new: streams of patterns
 * only, and those only which they did not mean by the list `before`.
 */
void patterns_begin(struct pattern_walk *walk, const struct config_strings *streams,
    const struct listing *listing, const struct listing *before, bool only_new);

enum pattern_step {
	PATTERN_NAME,    /* *name is valid until the next step */
	PATTERN_NOTHING, /* not at this step */
	PATTERN_END,
};

/* One instrument of the list against one pattern, or one stream. */
enum pattern_step patterns_next(struct pattern_walk *walk, const char **name);

void patterns_free(struct config_strings *list);

#endif

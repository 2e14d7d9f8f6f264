/*
 * Messages made up at random in the exchange's layouts, and ways to spoil them.
 */
#ifndef TESTS_JSON_RANDOM_H
#define TESTS_JSON_RANDOM_H

#include <stdbool.h>
#include <stddef.h>

#include "feed/base/rng.h"

#define JSON_RANDOM_MAX 4096 /* bytes of a message, with room for what spoils it */

struct json_random {
	char text[JSON_RANDOM_MAX];
	size_t n;
	bool usual; /* all its numbers are short enough for the predicted way */
};

/* Writes a trade, aggregate trade, quote or book of spot, USD-M or COIN-M. */
void json_random_message(struct json_random *out, struct rng *rng);

/* Writes levels: [["1.5","20"],...], `n` of them. */
void json_random_levels(struct json_random *out, struct rng *rng, size_t n);

/* Changes, drops, doubles or inserts a byte. */
void json_random_spoil(struct json_random *message, struct rng *rng);

#endif

/*
 * The same message in another layout, made up at random: its members in another
 * order, members that nobody knows between them, white space, escapes.
 */
#ifndef TESTS_JSON_LAYOUT_H
#define TESTS_JSON_LAYOUT_H

#include <cJSON.h>

#include "tests/json_random.h"

/*
 * Gives the decimals, ids, times and symbols of a tree other values of their kind:
 * decimals of at most 18 digits, integers below 2^53, which cJSON keeps exact.
 */
void json_layout_vary(cJSON *tree, struct rng *rng);

/* Writes a tree as it is: its members in their order, no white space, no escapes. */
void json_layout_plain(struct json_random *out, const cJSON *tree);

/* Writes a tree in a layout at random. Ends with its last bracket or quote. */
void json_layout_random(struct json_random *out, const cJSON *tree, struct rng *rng);

#endif

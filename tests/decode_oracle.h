/*
 * Checks a decoded event against cJSON's tree of the same message. It derives
 * nothing from the decoder: decimals are compared digit by digit as text,
 * integers through cJSON's doubles (exact below 2^53, equal roundings above).
 */
#ifndef TESTS_DECODE_ORACLE_H
#define TESTS_DECODE_ORACLE_H

#include <stdbool.h>

#include "feed/base/bytes.h"
#include "feed/venue/venue.h"

#define ORACLE_WHY_MAX 256

/*
 * `event` is what the decoder returned DECODE_OK for. Returns whether cJSON
 * takes the message too and has the same kind and values; `why` (ORACLE_WHY_MAX
 * bytes) says what differs.
 */
bool oracle_agrees(struct bytes message, const struct event *event, char *why);

/* Whether two events say the same, wherever their texts and levels lie. */
bool events_equal(const struct event *a, const struct event *b);

#endif

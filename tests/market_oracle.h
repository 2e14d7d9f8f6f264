/*
 * The oracle's part for figures, states and arrays (json_market.h): what
 * cJSON's tree says they are. It shares no table with the decoder.
 */
#ifndef TESTS_MARKET_ORACLE_H
#define TESTS_MARKET_ORACLE_H

#include "tests/oracle_check.h"

/* The kind that a payload with an "e" must have; EVENT_UNKNOWN: it is none of these. */
enum event_kind market_kind_expected(const cJSON *payload);

/* Compares all of an event of such a kind, or of an array. */
void market_check(struct check *c);

/* Whether two events of the same such kind say the same. */
bool market_same_payload(const struct event *a, const struct event *b);

#endif

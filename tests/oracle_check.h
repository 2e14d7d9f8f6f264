/*
 * The comparison of one value of a decoded event with cJSON's: what the
 * oracles of tests/decode_oracle.h are made of.
 */
#ifndef TESTS_ORACLE_CHECK_H
#define TESTS_ORACLE_CHECK_H

#include <stdbool.h>
#include <stdint.h>

#include <cJSON.h>

#include "feed/venue/venue.h"
#include "tests/decode_oracle.h"

/* The comparison of one message; the first difference stays in `why`. */
struct check {
	const cJSON *payload;
	const struct event *event;
	char *why;
	bool differs;
};

/* Notes a difference at that key, unless one was noted before. */
void check_differ(struct check *c, const char *key, const char *what);

/* A member of an object, or NULL. */
const cJSON *check_item(const cJSON *object, const char *key);

/* Each notes whether `object`'s member and ours say the same. */
void check_text(struct check *c, const cJSON *object, const char *key, struct bytes ours);
void check_integer(struct check *c, const cJSON *object, const char *key, int64_t ours);
void check_flag(struct check *c, const cJSON *object, const char *key, bool ours);

/* The "k" of a kline's payload, all of it but whose it is. */
void check_candle(struct check *c);
void check_decimal(struct check *c, const cJSON *object, const char *key, struct fixed ours);

/* The same where the member may be missing, and ours "none". */
void check_optional_integer(struct check *c, const cJSON *object, const char *key, int64_t ours);
void check_time(struct check *c, const cJSON *object, const char *key, int64_t ours);

/* Digit by digit. */
bool check_same_decimal(const cJSON *theirs, struct fixed ours);

#endif

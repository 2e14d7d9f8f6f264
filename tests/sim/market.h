/*
 * What the exchange has to say: consecutive ids, whether anybody listens or
 * not; and which of it reached the feed.
 */
#ifndef TESTS_SIM_MARKET_H
#define TESTS_SIM_MARKET_H

#include <stddef.h>
#include <stdint.h>

#include "tests/sim/sim.h"

/* The first message of every stream is planned. */
void market_open(void);

/* The stream says its next message; the one after it is planned. */
void market_say(unsigned stream);

/* Ids are used up without a message: nobody can bring them. */
void market_skip(unsigned stream, unsigned ids);

/* The exchange counts that stream's ids anew, below the last one. */
void market_renumber(unsigned stream);

/* The message as JSON. Returns its length. */
size_t market_format(char *text, size_t size, unsigned stream, const struct sim_record *record);

/* What the exchange's clock showed, ms since 1970. */
int64_t market_ms(mono_t at);

/* The price of a message, at eight decimals: its id tells. */
int64_t market_price(int64_t id);

/* Message number n, NULL when it is forgotten. */
struct sim_record *market_record(struct sim_stream *s, uint64_t n);

/* The message of that id, NULL when it is forgotten or was never said. */
struct sim_record *market_find(struct sim_stream *s, int64_t id);

#endif

/*
 * The messages that bench_decode decodes: all recorded ones in their order, or,
 * where there are no recordings, made-up ones in the same formats and about the
 * same proportions. They stay until the program ends.
 */
#ifndef TESTS_BENCH_DECODE_MIX_H
#define TESTS_BENCH_DECODE_MIX_H

#include <stdbool.h>
#include <stddef.h>

#include "feed/base/bytes.h"
#include "tests/bench/decode_rival.h"

struct decode_message {
	struct bytes text; /* with 64 readable bytes behind it */
	enum rival_product product;
};

struct decode_mix {
	struct decode_message *message;
	size_t count;
	size_t bytes; /* of all texts */
	bool recorded;
};

/* Fills *mix; ends the program with a message when there is no memory. */
void decode_mix_load(struct decode_mix *mix);

#endif

/*
 * What the HTTP interface has to bear: threads that do it harm until they are
 * told to stop. They use raw sockets on 127.0.0.1 and nothing of cmocka.
 */
#ifndef TESTS_SYSTEM_ATTACK_H
#define TESTS_SYSTEM_ATTACK_H

#include <stdint.h>

struct attack_counts {
	uint64_t slow_opened;  /* connections that send their request a byte at a time */
	uint64_t slow_cut;     /* of them closed by the server */
	uint64_t slow_most;    /* open at the same time */
	uint64_t garbage;      /* requests that are too long, or no HTTP */
	uint64_t answers;      /* whole answers to GET /metrics */
};

struct attack;

/* Starts `slow` slow connections, garbage, and `per_s` scrapes a second, against that port. */
struct attack *attack_start(uint16_t port, unsigned slow, unsigned per_s);

/* Ends all of it. */
struct attack_counts attack_stop(struct attack *attack);

#endif

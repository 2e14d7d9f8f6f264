/*
 * The exchange's side of the receive benchmark: a process that serves one
 * client over TLS 1.3, takes its upgrade and subscription, and then sends
 * ready-made frames as fast as the client takes them, or at a pace.
 */
#ifndef TESTS_BENCH_RECEIVE_BLASTER_H
#define TESTS_BENCH_RECEIVE_BLASTER_H

#include <openssl/ssl.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/types.h>

#include "tests/bench/receive/wares.h"

/* Shared by the benchmark and the blaster. */
struct blaster_link {
	_Atomic uint64_t sent;    /* market messages handed to the socket */
	_Atomic uint64_t replies; /* answers to SUBSCRIBE */
	_Atomic bool begun;       /* the first message is out */
	_Atomic bool ended;       /* no message will follow: `sent` is final */
	_Atomic bool stop;        /* asks for the end: a close frame, then the client's EOF */
};

struct blaster_cfg {
	struct blaster_link *link;
	int listener;        /* takes the first client that comes */
	SSL_CTX *tls;
	enum wares_mix mix;
	unsigned per_record; /* frames in one TLS record; 1 when paced */
	unsigned pace;       /* messages/s; 0: as fast as the client takes them */
	int cpu;
};

/* In a process of its own: serves, then ends it. Exit status 0 when all went well. */
_Noreturn void blaster_run(const struct blaster_cfg *cfg);

#endif

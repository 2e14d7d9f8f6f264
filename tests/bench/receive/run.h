/*
 * One run of the receive benchmark: a blaster on one processor, a client on
 * another, a span of time between two looks at both. Main thread.
 */
#ifndef TESTS_BENCH_RECEIVE_RUN_H
#define TESTS_BENCH_RECEIVE_RUN_H

#include <limits.h>
#include <stdbool.h>

#include "tests/bench/receive/blaster.h"

enum run_client {
	RUN_FEEDD_URING,
	RUN_FEEDD_BUSY, /* uring, busy_poll */
	RUN_FEEDD_LWS,
	RUN_OPENSSL,      /* blocks in recv() */
	RUN_OPENSSL_POLL, /* poll(), then recv() */
	RUN_LWS_CJSON,
	RUN_NPM_WS,
	RUN_CONNECTOR,
	RUN_CLIENTS
};

struct run_rig {
	char folder[64];      /* for logs and the authority's certificate */
	char self[PATH_MAX];  /* this program, which is also some of the clients */
	char node[PATH_MAX];  /* where the npm packages are; empty: not available */
	const char *build, *root;
	SSL_CTX *tls;
	struct blaster_link *link;
	int sender_cpu, client_cpu;
};

struct run_cfg {
	enum run_client client;
	enum wares_mix mix;
	unsigned per_record, pace; /* as blaster_cfg */
	int64_t warm_ms, ms;
	bool count_syscalls; /* instead of anything else: counting costs time */
};

enum run_figure {
	RUN_MESSAGES_PER_S,
	RUN_CPU_NS,      /* per message */
	RUN_BUSY,        /* percent of its processor that the client was on it */
	RUN_SENDER_BUSY, /* the same of the blaster */
	RUN_P50_US,      /* from sending to the client's having it; 0 when not stamped */
	RUN_P99_US,
	RUN_RSS_MIB,
	RUN_SYSCALLS,    /* per message; only if counted */
	RUN_FIGURES
};

struct run_result {
	bool failed;
	char why[256];
	double figure[RUN_FIGURES];
};

/* Name of a client, as in the table. */
const char *run_client_name(enum run_client client);

/* Makes the folder, certificates and shared memory. Returns 0 or -1 (said on stderr). */
int run_rig_open(struct run_rig *rig);
void run_rig_close(struct run_rig *rig);

/*
 * The run. A client that loses a message, or decodes one wrongly as far as its
 * counters tell, has failed.
 */
void run_once(const struct run_rig *rig, const struct run_cfg *cfg, struct run_result *out);

#endif

/*
 * Keeps watch over what the process takes and what the messages look like:
 * memory, processor, sockets, malformed messages. Says it in the log, under
 * the names of the specification, and tells when something must be given up.
 *
 * Feed thread; a look costs some system calls. What costs more, the counting
 * of sockets, is another thread's.
 */
#ifndef FEED_STATUS_GUARD_H
#define FEED_STATUS_GUARD_H

#include <stdbool.h>
#include <stdint.h>

#include "feed/base/mono.h"
#include "feed/conf/config.h"
#include "feed/io/resources.h"

struct guard {
	struct resources resources;
	mono_t look_at;    /* next look at memory and processor */
	mono_t cleanup_at; /* next clean-up and count of sockets */
	unsigned hot;      /* looks in a row above the limit of the processor */
	unsigned leaks;    /* counts in a row with more sockets than lines */
	int64_t sockets_at_start;
	bool quiet;        /* security events are not logged */
	uint64_t messages, malformed, oversize; /* at the last look */
	uint64_t parse_alarms, memory_alarms, cpu_alarms, leak_alarms; /* so far */
};

/* What the messages were until now (counters of the pipeline), and the lines. */
struct guard_input {
	uint64_t messages, malformed, oversize;
};

/* Sockets that are open now belong to others than the lines. Counts them. */
void guard_init(struct guard *guard, mono_t now);

/* Looks, when it is time. Returns true when an optional stream should be given up. */
bool guard_look(struct guard *guard, const struct config *cfg, const struct guard_input *input,
    mono_t now);

/* Is it time to clean up and to count the sockets? Once in resources.cleanup_interval_ms. */
bool guard_cleans_up(struct guard *guard, const struct config *cfg, mono_t now);

/*
 * That count. `used`: lines that may have a socket (connecting, up or
 * draining), clients of HTTP. More sockets than that, twice in a row, are counted
 * as a leak, and logged, if events were at the last guard_cleans_up().
 */
void guard_on_sockets(struct guard *guard, int64_t sockets, unsigned used);

mono_t guard_deadline(const struct guard *guard);

#endif

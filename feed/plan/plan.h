/*
 * From the configuration to a pool: how many lines, which streams, which
 * limits. Used at start by the app, and by forecast.c to say beforehand what
 * will happen. One thread.
 */
#ifndef FEED_PLAN_PLAN_H
#define FEED_PLAN_PLAN_H

#include <stdbool.h>
#include <stdint.h>

#include "feed/conf/config.h"
#include "feed/core/pool.h"
#include "feed/plan/names.h"

/*
 * Memory of a pool, and the streams by the numbers that the pool knows them
 * by. A zeroed one is empty. A dropped stream keeps its number and name: an
 * UNSUBSCRIBE may have to be sent still, and it may come back.
 */
struct plan {
	struct pool_memory memory;
	uint16_t *stream_bytes;
	uint8_t *class, *path;
	const struct venue *venue; /* whose paths the streams are at; NULL: there is one path */
	char **name;     /* by number; NULL: never used */
	struct names names; /* the other way round */
	bool *meant;     /* by number, for who goes through all of them */
	bool *wanted;
	uint8_t *quiet;  /* why nothing is expected, as the pool was told: enum tick_reason */
	uint64_t *dropped; /* by number: as the how many-th it was dropped last */
	uint64_t drops;
	uint32_t n;      /* numbers below it were used */
};

/*
 * Makes the pool ready to start, with those streams. `seed` is that of the retries' jitter.
 * Returns 0, or -1 after saying why in the log.
 */
int plan_pool(struct plan *plan, const struct config *cfg, const struct config_strings *streams,
    struct pool *pool, uint64_t seed);

/* What a pool of that configuration is like. */
struct pool_cfg plan_pool_cfg(const struct config *cfg);

/* The path of that number (struct pool_action) on the exchange's endpoints. */
const char *plan_path(const struct config *cfg, unsigned number);

/* The number of a stream of that name, wanted or dropped; UINT32_MAX: there was none. */
uint32_t plan_find(const struct plan *plan, const char *name);

/*
 * The same for a name that the exchange lists (`plan` is a struct plan); one
 * that was never configured gets an unused number, so that it can be unsubscribed.
 * UINT32_MAX: there is none left. Fits pipeline_cfg.number_of.
 */
uint32_t plan_number_of(void *plan, struct bytes name);

/* That stream is not wanted any more. */
void plan_drop(struct plan *plan, uint32_t number);

/*
 * A number for a new stream: its old one, or a free one. Fills *event with
 * POOL_ADD. Returns false when all numbers are in use.
 */
bool plan_add(struct plan *plan, const char *name, struct pool_event *event);

/* Releases the memory; the pool may not be used any more. */
void plan_free(struct plan *plan);

#endif

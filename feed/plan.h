/*
 * From the configuration to a pool: how many lines, which streams, which
 * limits. Used at start by the app, and by forecast.c to say beforehand what
 * will happen.
 */
#ifndef FEED_PLAN_H
#define FEED_PLAN_H

#include <stdint.h>

#include "feed/conf/config.h"
#include "feed/core/pool.h"

/* Memory of the pool's streams. A zeroed one is empty. */
struct plan {
	struct session_stream *stream;
	uint16_t *stream_bytes;
};

/*
 * Makes the pool ready to start. `seed` is that of the retries' jitter.
 * Returns 0, or -1 after saying why in the log.
 */
int plan_pool(struct plan *plan, const struct config *cfg, struct pool *pool, uint64_t seed);

/* Releases the memory; the pool may not be used any more. */
void plan_free(struct plan *plan);

#endif

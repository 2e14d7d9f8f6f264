/*
 * What the configuration says of instruments, against what the ring's
 * directory says of them already: an entry never changes. Feed thread, at
 * start.
 */
#ifndef FEED_STORE_INSTRUMENTS_H
#define FEED_STORE_INSTRUMENTS_H

#include "feed/conf/config.h"
#include "shm/ring.h"

/* The venue of a product's instruments. */
enum tick_venue instruments_venue(enum config_product product);

/*
 * Are all instruments of the directory of the configuration's product? If not,
 * one market's ids would go on in the other's, under the same symbols. Returns
 * 0, or -EEXIST with words in why[SEGMENT_WHY_MAX].
 */
int instruments_check(const struct ring *ring, const struct config *cfg, char *why);

/*
 * Logs a warning when the directory has instruments with other exponents than
 * the configuration wants: theirs stand.
 */
void instruments_compare(const struct ring *ring, const struct config *cfg);

#endif

/*
 * What the configuration says of instruments, against what the ring's
 * directory says of them already: an entry never changes. Feed thread, at
 * start.
 */
#ifndef FEED_INSTRUMENTS_H
#define FEED_INSTRUMENTS_H

#include "feed/conf/config.h"
#include "shm/ring.h"

/* The venue of a product's instruments. */
enum tick_venue instruments_venue(enum config_product product);

/*
 * Logs a warning when the directory has instruments with other exponents than
 * the configuration wants: theirs stand.
 */
void instruments_compare(const struct ring *ring, const struct config *cfg);

#endif

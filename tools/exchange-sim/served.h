/*
 * Which streams of futures are served at which path: `/public` and `/market`.
 * A table of its own, so that a mistake of the feed's is not made here as well.
 */
#ifndef TOOLS_EXCHANGE_SIM_SERVED_H
#define TOOLS_EXCHANGE_SIM_SERVED_H

#include <stdbool.h>

#include "feed/base/bytes.h"

enum served_route {
	SERVED_ALL,    /* no such path: everything */
	SERVED_PUBLIC,
	SERVED_MARKET
};

/* Do messages of that stream come at that path? Of those in no table, everywhere. */
bool served_at(enum served_route route, struct bytes stream);

#endif

/*
 * Figures and states as the words of ticks: tickers, average, reference and
 * mark prices, liquidations, states of instruments. Pure.
 *
 * Figures are finer than prices or larger than quantities (a day's volume in
 * quote currency), so they keep the exponents with which the exchange wrote
 * them: the finest of each group counts for all of it, and w[0] says which.
 */
#ifndef FEED_PIPELINE_FIGURES_H
#define FEED_PIPELINE_FIGURES_H

#include <stdbool.h>

#include "feed/pipeline/normalize.h"
#include "feed/venue/venue.h"

/*
 * Fills out->figures and nfigures. Returns false when the numbers of a group
 * do not fit 64 bits together, and for events that are no figures.
 */
bool figures_of(const struct event *e, struct normal *out);

#endif

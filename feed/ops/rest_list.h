/*
 * The exchange's list of instruments by REST: at start, each
 * instruments.refresh_ms, and ahead of that time when the feed thread wants
 * one. Ops thread; of rest.c.
 */
#ifndef FEED_OPS_REST_LIST_H
#define FEED_OPS_REST_LIST_H

#include "feed/base/mono.h"
#include "feed/conf/config.h"
#include "feed/ops/ops.h"

struct rest;

struct rest_list {
	struct rest *rest;
	const struct config *cfg;
	struct ops_timer timer;
	mono_t at; /* it is asked for; MONO_ZERO: it is awaited */
};

/* Where the configuration wants lists, the first one is asked for at once. */
void rest_list_open(struct rest_list *list, struct rest *rest, const struct config *cfg);

/* Asks no more. Fine for a zeroed one. */
void rest_list_close(struct rest_list *list);

#endif

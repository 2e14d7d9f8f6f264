/*
 * From the configuration to REST: where requests go, which weight they may
 * use, which books are kept, how long their first snapshots take. Any thread.
 */
#ifndef FEED_PLAN_REST_PLAN_H
#define FEED_PLAN_REST_PLAN_H

#include <stdbool.h>

#include "feed/conf/config.h"
#include "feed/core/snapsched.h"
#include "feed/pipeline/books.h"
#include "feed/pipeline/gaps.h"
#include "feed/venue/binance/limits.h"

/* Points into the configuration. */
struct rest_base {
	const char *host;
	uint16_t port;
	const char *address; /* "": look the host up */
	const char *depth;   /* path of an order book, or NULL */
	const char *info;    /* path of the list of instruments, or NULL */
	const char *aggregates, *trades; /* paths of those of the past, or NULL */
	span_t within;       /* longest time for a request */
};

/* Fills *out; false: the configuration names no REST host and none is known. */
bool rest_plan_base(const struct config *cfg, struct rest_base *out);

/* The path of the exchange's time, which stands beside that of the instruments; false: none. */
bool rest_plan_time_path(const struct rest_base *base, char *out, size_t room);

/* Is its time asked for? Fills its path. */
bool rest_plan_clock(const struct config *cfg, char *path, size_t room);

/* The scheduler of snapshots, with the weight that the configuration leaves it. */
struct snapsched_cfg rest_plan_schedule(const struct config *cfg);

/* Weight of the exchange's list of instruments. */
uint32_t rest_plan_list_weight(const struct config *cfg);

/* Is the list of instruments asked for? */
bool rest_plan_lists(const struct config *cfg);

/* Fills *out; false: no books are put together. */
bool rest_plan_books(const struct config *cfg, struct books_cfg *out);

/* Fills *out; false: gaps of trades are told and stay. */
bool rest_plan_gaps(const struct config *cfg, struct gaps_cfg *out);

/* What past trades cost with that product; page_max 0: they are not to be had. */
struct limits_past rest_plan_past(const struct config *cfg, bool aggregates);

/* For how many of those streams a book is put together. */
uint32_t rest_plan_count(const struct config *cfg, const struct config_strings *streams);

#endif

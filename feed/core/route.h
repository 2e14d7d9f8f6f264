/*
 * Which endpoint a line connects to, and when it may: the endpoints' scores,
 * regions and circuit breakers together, and who is where.
 *
 * One per pool, shared by its sessions; feed thread. Owns no clock. Each leg
 * has endpoints of its own as long as there are as many as legs: number i is
 * home to leg i mod legs. Others are taken when none at home is usable.
 */
#ifndef FEED_CORE_ROUTE_H
#define FEED_CORE_ROUTE_H

#include <stdbool.h>
#include <stdint.h>

#include <tickring/reasons.h>

#include "feed/base/mono.h"
#include "feed/core/breaker.h"
#include "feed/core/endpoints.h"

#define ROUTE_LINES_MAX 64
#define ROUTE_NOWHERE UINT8_MAX

struct route_cfg {
	unsigned endpoints;             /* 1 to ENDPOINTS_MAX */
	uint8_t region[ENDPOINTS_MAX];  /* 0 is preferred */
	unsigned legs;                  /* >= 1 */
	struct breaker_cfg breaker;
	struct endpoints_cfg choice;
};

struct route {
	struct route_cfg cfg;
	struct endpoints endpoints;
	struct endpoint list[ENDPOINTS_MAX];
	struct breaker breaker[ENDPOINTS_MAX];
	unsigned regions;                 /* how many there are */
	mono_t probe_at;                  /* no probe of a better one before this */
	uint64_t probes;                  /* so far */
	uint8_t at[ROUTE_LINES_MAX];      /* where a line is or tries to be; ROUTE_NOWHERE */
	uint8_t lines[ENDPOINTS_MAX];     /* how many there are on each */
};

/* The cfg is copied; the route points into itself: do not copy it. `seed`: of the jitter. */
void route_init(struct route *route, const struct route_cfg *cfg, uint64_t seed);

/* When somebody may connect somewhere: MONO_ZERO: now. */
mono_t route_allowed_at(const struct route *route);

/* A line connects now: to where. Only when route_allowed_at() has come: a bug otherwise. */
unsigned route_take(struct route *route, unsigned line, unsigned leg, mono_t now);

/* It is up, `took` after it began to connect. */
void route_on_up(struct route *route, unsigned line, span_t took, mono_t now);

/* Its attempt failed. `exhausted`: its retries are used up. */
void route_on_failure(struct route *route, unsigned line, enum tick_reason reason,
    int32_t retry_after_s, bool exhausted, mono_t now);

/* Its connection ended; `unasked`: by the other side. */
void route_on_end(struct route *route, unsigned line, bool unasked);

/* Its attempt was called off. */
void route_on_abandoned(struct route *route, unsigned line, mono_t now);

/* Failover or return, where it is due. True: lines elsewhere want to move. */
bool route_review(struct route *route, mono_t now);

/* Is the line of that leg in a less preferred region than a new one would go to? */
bool route_is_astray(const struct route *route, unsigned line, unsigned leg, mono_t now);

/*
 * Is a better region to be tried by one line, the next that connects? After a
 * probe none is for return_after, a minute at least.
 */
bool route_wants_probe(const struct route *route, mono_t now);

#endif

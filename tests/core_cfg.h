/*
 * What the tests of the control plane share: a configuration without jitter,
 * and questions to a list of actions.
 */
#ifndef TESTS_CORE_CFG_H
#define TESTS_CORE_CFG_H

#include <stddef.h>
#include <stdint.h>

#include "feed/core/pool.h"

/* A stream of 20 bytes, requests of 1000 bytes: 47 streams per request. */
enum { STREAM_BYTES = 20, REQUEST_STREAMS = 47 };

static inline struct session_cfg
core_session_cfg(void)
{
	return (struct session_cfg){
		.connect_within = span_s(30),
		.ack_within = span_s(5),
		.data_within = span_s(36000), /* the tests of the ledger set it otherwise */
		.drain_within = span_s(3),
		.list_every = span_s(36000),
		.stable_after = span_s(60),
		.reconnect = true,
		.sends_max = 5,
		.sends_reserved = 1,
		.send_window = span_s(1),
		/* An hour of silence is fine; the tests of silence set it otherwise. */
		.heartbeat = {
			.idle_after = span_s(36000),
			.answer_within = span_s(5),
			.server_ping_within = span_s(60),
			.max_missed = 3,
		},
		.request_bytes_max = 1000,
		.request_bytes_overhead = 60,
		.retry = {
			.base = span_s(1),
			.cap = span_s(60),
			.exponential_base = 2,
			.jitter_percent = 0,
			.max_retries = 15,
			.reset_after = 3,
		},
	};
}

static inline struct route_cfg
core_route_cfg(void)
{
	return (struct route_cfg){
		.endpoints = 2,
		.legs = 1,
		.breaker = {.failures_max = 10, .probe_within = span_s(60)},
		.choice = {.return_after = span_s(300), .unfit_below = 500},
	};
}

static inline struct pool_cfg
core_pool_cfg(void)
{
	return (struct pool_cfg){
		.initial_connections = 3,
		.max_connections = 10,
		.max_streams_per_connection = 200,
		.line_room = 250,
		.redundancy = 1,
		.paths = 1,
		.connects_max = 300,
		.connects_window = span_s(300),
		.rotate = {
			.age_max = span_s(3600),
			.age_spread_percent = 0,
			.age_min = span_s(10),
			.quiet_within = span_s(10),
			.handover_within = span_s(60),
			.again_after = span_s(600),
		},
		.scale = {.load_high = 4000000, .load_low = 1000000, .idle_for = span_s(300)},
		.checkup = {
			.every = span_s(30),
			.health = {.fall = span_s(5), .rise = span_s(30), .unhealthy = 500},
		},
		.route = core_route_cfg(),
		.session = core_session_cfg(),
	};
}

/* The k-th action of that kind, counting from 0; NULL when there are fewer. */
static inline const struct pool_action *
action_at(const struct pool_actions *actions, enum pool_action_kind kind, unsigned k)
{
	for (unsigned i = 0; i < actions->n; i++)
		if (actions->act[i].kind == kind && k-- == 0)
			return &actions->act[i];
	return NULL;
}

static inline unsigned
action_count(const struct pool_actions *actions, enum pool_action_kind kind)
{
	unsigned n = 0;

	while (action_at(actions, kind, n) != NULL)
		n++;
	return n;
}

#endif

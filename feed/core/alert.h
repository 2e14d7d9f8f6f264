/*
 * Alerts: when somebody is to be told of the state of a feed, and when no
 * longer. A pure machine per row of alert.def, over the status and the verdict
 * on it:
 *
 *	quiet -> pending   the condition holds
 *	pending -> firing  it has held for the row's hold time: told "fired"
 *	firing -> clearing it does not hold
 *	clearing -> quiet  it has not held for the row's clear time: told "cleared"
 *
 * Who comes back meanwhile is told nothing: a condition that flickers makes
 * one alert. What stays is told again now and then ("repeated").
 *
 * One thread; owns no clock.
 */
#ifndef FEED_CORE_ALERT_H
#define FEED_CORE_ALERT_H

#include <stdbool.h>
#include <stdint.h>

#include <tickring/health.h>
#include <tickring/status.h>

#include "feed/base/mono.h"

enum alert_severity { ALERT_INFO, ALERT_WARNING, ALERT_CRITICAL, ALERT_SEVERITIES };

enum alert_name {
#define ALERT_REASON(NAME, ...) ALERT_##NAME,
#define ALERT_STATE(NAME, ...) ALERT_##NAME,
#define ALERT_EVENT(NAME, ...) ALERT_##NAME,
#include "feed/core/alert.def"
#undef ALERT_REASON
#undef ALERT_STATE
#undef ALERT_EVENT
	ALERT_COUNT
};

struct alert_row {
	const char *name, *text;
	enum alert_severity severity;
	span_t hold, clear;
	int what;   /* enum tick_health_what, -1: not of a reason */
	bool event; /* it happens, and does not last */
};

enum alert_state { ALERT_QUIET, ALERT_PENDING, ALERT_FIRING, ALERT_CLEARING };

enum alert_word { ALERT_FIRED, ALERT_REPEATED, ALERT_CLEARED, ALERT_WORDS };

/* What made it fire, as in struct tick_health_reason; of an event: how often so far. */
struct alert_figures {
	int64_t of, value, limit;
};

struct alert {
	enum alert_state state;
	mono_t since; /* of PENDING and CLEARING */
	mono_t told;  /* last */
	int64_t count; /* of an event, at the last look */
	struct alert_figures figures;
};

struct alerts_cfg {
	span_t hold, clear; /* for all; below 0: each its own */
	span_t repeat;      /* what stays is told again after that; 0: never */
};

struct alerts {
	struct alerts_cfg cfg;
	bool began; /* `members` is that of an earlier look */
	int64_t transitions, members;
	int64_t certificates, timeouts, scalings; /* seen since the start */
	struct alert alert[ALERT_COUNT];
};

/* One thing to tell. */
struct alert_news {
	enum alert_name alert;
	enum alert_word word;
	struct alert_figures figures;
};

/* The row of that alert; `alert` below ALERT_COUNT. */
const struct alert_row *alert_row(unsigned alert);

/* "info" ..., "fired" ...; never NULL. */
const char *alert_severity_name(int severity);
const char *alert_word_name(int word);

void alerts_init(struct alerts *alerts, const struct alerts_cfg *cfg);

/* Looks at a new status. Returns how many of news[] are to be told, one per alert at most. */
unsigned alerts_look(struct alerts *alerts, const struct tick_status *status,
    const struct tick_health *health, mono_t now, struct alert_news news[ALERT_COUNT]);

/* Was it told, and is not over? */
bool alerts_is_active(const struct alerts *alerts, unsigned alert);

#endif

#include "feed/core/breaker.h"

#include <assert.h>
#include <limits.h>

#include "feed/core/retry.h"

#define S(n) {INT64_C(n) * 1000000000}

/* The rows of the table in breaker.h. */
struct rule {
	bool at_once;   /* opens at the first failure instead of failures_max */
	bool ours;      /* concerns our address, so every endpoint of the exchange */
	span_t first;   /* first delay */
	span_t cap;     /* longest one */
};

static const struct rule rules[BREAKER_FAULTS] = {
	[BREAKER_DNS] = {.first = S(5), .cap = S(60)},
	[BREAKER_NETWORK] = {.first = S(5), .cap = S(60)},
	[BREAKER_TLS] = {.first = S(10), .cap = S(300)},
	[BREAKER_CERTIFICATE] = {.at_once = true, .first = S(60), .cap = S(600)},
	[BREAKER_SERVER_ERROR] = {.first = S(5), .cap = S(60)},
	[BREAKER_RATE_LIMITED] = {.at_once = true, .ours = true, .first = S(60), .cap = S(300)},
	[BREAKER_BANNED] = {.at_once = true, .ours = true, .first = S(120), .cap = S(259200)},
	[BREAKER_FORBIDDEN] = {.at_once = true, .ours = true, .first = S(300), .cap = S(3600)},
	[BREAKER_REGION] = {.at_once = true, .ours = true, .first = S(900), .cap = S(21600)},
};

/* The kind of fault that a failed attempt's reason is (anything unforeseen: NETWORK). */
static enum breaker_fault
fault_of(enum tick_reason reason)
{
	static const struct {
		enum tick_reason reason;
		enum breaker_fault fault;
	} known[] = {
		{TICK_REASON_DNS, BREAKER_DNS},
		{TICK_REASON_TLS_ERROR, BREAKER_TLS},
		{TICK_REASON_TLS_UNTRUSTED, BREAKER_CERTIFICATE},
		{TICK_REASON_TLS_HOSTNAME, BREAKER_CERTIFICATE},
		{TICK_REASON_TLS_EXPIRED, BREAKER_CERTIFICATE},
		{TICK_REASON_TLS_NOT_YET_VALID, BREAKER_CERTIFICATE},
		{TICK_REASON_SERVER_ERROR, BREAKER_SERVER_ERROR},
		{TICK_REASON_UPGRADE_REFUSED, BREAKER_SERVER_ERROR},
		{TICK_REASON_RATE_LIMITED, BREAKER_RATE_LIMITED},
		{TICK_REASON_BANNED, BREAKER_BANNED},
		{TICK_REASON_FORBIDDEN, BREAKER_FORBIDDEN},
		{TICK_REASON_BLOCKED_REGION, BREAKER_REGION},
	};

	for (unsigned i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (known[i].reason == reason)
			return known[i].fault;
	return BREAKER_NETWORK;
}

bool
breaker_is_ours(enum tick_reason reason)
{
	return rules[fault_of(reason)].ours;
}

static void
enter(struct breaker *breaker, enum breaker_state state, mono_t until, mono_t now)
{
	breaker->state = state;
	breaker->since = now;
	breaker->until = until;
}

void
breaker_init(struct breaker *breaker, const struct breaker_cfg *cfg, uint64_t seed, mono_t now)
{
	*breaker = (struct breaker){.cfg = cfg, .random = seed, .reason = TICK_REASON_NONE};
	enter(breaker, BREAKER_CLOSED, MONO_NEVER, now);
}

bool
breaker_allows(const struct breaker *breaker, mono_t now)
{
	return breaker->state == BREAKER_CLOSED || mono_due(breaker->until, now);
}

void
breaker_on_attempt(struct breaker *breaker, mono_t now)
{
	assert(breaker_allows(breaker, now));
	if (breaker->state == BREAKER_CLOSED)
		return;
	breaker->probes++;
	enter(breaker, BREAKER_HALF_OPEN, mono_add(now, breaker->cfg->probe_within), now);
}

void
breaker_on_success(struct breaker *breaker, mono_t now)
{
	/* Sent away on purpose: a line that slipped through does not change that. */
	if (breaker->state == BREAKER_OPEN && rules[breaker->fault].at_once)
		return;
	breaker->failures = 0;
	breaker->opened = 0;
	if (breaker->state != BREAKER_CLOSED)
		enter(breaker, BREAKER_CLOSED, MONO_NEVER, now);
}

/* splitmix64, as in retry.c: good enough to keep processes from probing together. */
static uint64_t
next_random(struct breaker *breaker)
{
	uint64_t z = (breaker->random += UINT64_C(0x9e3779b97f4a7c15));

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

/* first x 2^(times opened), at most the cap; longer by the jitter, never shorter. */
static span_t
own_delay(struct breaker *breaker, const struct rule *rule)
{
	int64_t ns = rule->first.ns, spread;

	for (unsigned i = 0; i < breaker->opened && ns < rule->cap.ns; i++)
		ns *= 2;
	if (ns > rule->cap.ns)
		ns = rule->cap.ns;
	spread = ns / 100 * breaker->cfg->jitter_percent;
	return span_ns(ns + (int64_t)(next_random(breaker) % ((uint64_t)spread + 1)));
}

static span_t
asked_delay(int32_t retry_after_s)
{
	if (retry_after_s <= 0)
		return SPAN_ZERO;
	return span_s(retry_after_s < RETRY_AFTER_S_MAX ? retry_after_s : RETRY_AFTER_S_MAX);
}

static void
open_circuit(struct breaker *breaker, enum tick_reason reason, int32_t retry_after_s, mono_t now)
{
	enum breaker_fault fault = fault_of(reason);
	span_t delay, asked = asked_delay(retry_after_s);

	/* Another kind of fault starts with its own first delay. */
	if (fault != breaker->fault)
		breaker->opened = 0;
	delay = own_delay(breaker, &rules[fault]);
	if (asked.ns > delay.ns)
		delay = asked;
	breaker->fault = fault;
	breaker->reason = reason;
	breaker->opened += breaker->opened < UINT_MAX;
	breaker->opened_total++;
	enter(breaker, BREAKER_OPEN, mono_add(now, delay), now);
}

/* News from a line that was on its way: it may lengthen the wait, never shorten it. */
static void
lengthen(struct breaker *breaker, enum tick_reason reason, int32_t retry_after_s, mono_t now)
{
	enum breaker_fault fault = fault_of(reason);
	mono_t until = mono_add(now, asked_delay(retry_after_s));
	mono_t before = breaker->until;

	if (fault != breaker->fault && rules[fault].at_once)
		open_circuit(breaker, reason, retry_after_s, now);
	if (mono_before(breaker->until, before))
		breaker->until = before;
	if (mono_before(breaker->until, until))
		breaker->until = until;
}

void
breaker_on_failure(struct breaker *breaker, enum tick_reason reason, int32_t retry_after_s,
    mono_t now)
{
	const struct rule *rule = &rules[fault_of(reason)];

	breaker->failures += breaker->failures < UINT_MAX;
	switch (breaker->state) {
	case BREAKER_CLOSED:
		if (rule->at_once || retry_after_s > 0 ||
		    breaker->failures >= breaker->cfg->failures_max)
			open_circuit(breaker, reason, retry_after_s, now);
		break;
	case BREAKER_HALF_OPEN:
		open_circuit(breaker, reason, retry_after_s, now);
		break;
	case BREAKER_OPEN:
		lengthen(breaker, reason, retry_after_s, now);
		break;
	case BREAKER_STATES:
		assert(!"a breaker is in one of its states");
	}
}

void
breaker_on_exhausted(struct breaker *breaker, enum tick_reason reason, mono_t now)
{
	if (breaker->state == BREAKER_CLOSED)
		open_circuit(breaker, reason, -1, now);
}

void
breaker_on_abandoned(struct breaker *breaker, mono_t now)
{
	if (breaker->state == BREAKER_HALF_OPEN)
		enter(breaker, BREAKER_OPEN, now, now);
}

mono_t
breaker_deadline(const struct breaker *breaker)
{
	return breaker->until;
}

#include "feed/core/retry.h"

#include <limits.h>

/* splitmix64: one word of state, good enough to spread delays. */
static uint64_t
next_random(struct retry *retry)
{
	uint64_t z = (retry->random += UINT64_C(0x9e3779b97f4a7c15));

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

/* A span between two others, both included. */
static span_t
random_span(struct retry *retry, span_t low, span_t high)
{
	uint64_t range = (uint64_t)(high.ns - low.ns) + 1;

	return span_ns(low.ns + (int64_t)(next_random(retry) % range));
}

/* base x exponential_base^(failures - 1), at most the cap. */
static span_t
plain_delay(const struct retry *retry)
{
	const struct retry_cfg *cfg = retry->cfg;
	int64_t ns = cfg->base.ns;

	if (retry_exhausted(retry))
		return cfg->cap;
	for (unsigned i = 1; i < retry->failures && ns < cfg->cap.ns; i++)
		if (__builtin_mul_overflow(ns, (int64_t)cfg->exponential_base, &ns))
			return cfg->cap;
	return ns < cfg->cap.ns ? span_ns(ns) : cfg->cap;
}

/*
 * The cap bounds the jittered delay as well, so at the cap the spread is
 * downwards only: clipping would make half of the lines come back together.
 */
static span_t
jittered(struct retry *retry, span_t delay)
{
	int64_t spread = delay.ns / 100 * retry->cfg->jitter_percent;
	int64_t low = delay.ns - spread;
	int64_t high = delay.ns + spread;

	if (high > retry->cfg->cap.ns)
		high = retry->cfg->cap.ns;
	if (low < RETRY_DELAY_MIN.ns)
		low = RETRY_DELAY_MIN.ns;
	return random_span(retry, span_ns(low), span_ns(high));
}

void
retry_init(struct retry *retry, const struct retry_cfg *cfg, uint64_t seed)
{
	*retry = (struct retry){.cfg = cfg, .random = seed, .at = MONO_NEVER};
}

int32_t
retry_after_honoured(int32_t retry_after_s, int http_status)
{
	bool judges_us = http_status == 418 || http_status == 429;
	int32_t most = judges_us ? RETRY_AFTER_S_MAX : RETRY_AFTER_OTHER_S_MAX;

	if (retry_after_s < 0)
		return -1;
	return retry_after_s < most ? retry_after_s : most;
}

void
retry_on_failure(struct retry *retry, mono_t now, int32_t retry_after_s)
{
	span_t delay, asked;

	if (retry->failures < UINT_MAX)
		retry->failures++;
	/* The end of a good connection does not break the row, a failed try does. */
	if (!retry->up)
		retry->good = 0;
	retry->up = false;
	delay = jittered(retry, plain_delay(retry));
	if (retry_after_s > 0) {
		asked = span_s(retry_after_s < RETRY_AFTER_S_MAX ? retry_after_s
		                                                 : RETRY_AFTER_S_MAX);
		/* Later than asked by up to `base`: all lines were told the same. */
		asked.ns += random_span(retry, SPAN_ZERO, retry->cfg->base).ns;
		if (asked.ns > delay.ns)
			delay = asked;
	}
	retry->at = mono_add(now, delay);
}

void
retry_on_success(struct retry *retry)
{
	retry->at = MONO_NEVER;
	retry->up = true;
	if (++retry->good >= retry->cfg->reset_after)
		retry_reset(retry);
}

void
retry_at_once(struct retry *retry, mono_t now)
{
	retry->up = false;
	retry->at = now;
}

void
retry_cancel(struct retry *retry)
{
	retry->at = MONO_NEVER;
}

void
retry_reset(struct retry *retry)
{
	retry->failures = 0;
	retry->good = 0;
}

mono_t
retry_deadline(const struct retry *retry)
{
	return retry->at;
}

bool
retry_exhausted(const struct retry *retry)
{
	return retry->failures > retry->cfg->max_retries;
}

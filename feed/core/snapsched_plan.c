/* What the scheduler will do, and what it says of answers: no part of its work. */
#include "feed/core/snapsched.h"

span_t
snapsched_plan(const struct snapsched_cfg *cfg, uint32_t count, uint32_t limit)
{
	int64_t weight = snapsched_weight(cfg, limit), per_window = cfg->budget / weight;
	int64_t windows, rest;

	if (count == 0 || per_window == 0)
		return SPAN_ZERO;
	windows = (count - 1) / per_window;
	rest = count - windows * per_window;
	/* Weight is remembered by quarter seconds. */
	return span_ns(windows * (cfg->window.ns + SNAPSCHED_SLOT_NS) +
	    rest * weight * (cfg->spread.ns / cfg->budget));
}

const char *
snapsched_verdict_name(enum snapsched_verdict verdict)
{
	static const char *const names[SNAPSCHED_VERDICTS] = {
		[SNAPSCHED_FINE] = "fine",
		[SNAPSCHED_NETWORK] = "no answer",
		[SNAPSCHED_SERVER] = "server error (5xx)",
		[SNAPSCHED_RATE_LIMITED] = "too many requests (429)",
		[SNAPSCHED_BANNED] = "address is banned (418)",
		[SNAPSCHED_FORBIDDEN] = "refused by the exchange's firewall (403)",
		[SNAPSCHED_BLOCKED] = "region is blocked (451)",
		[SNAPSCHED_REFUSED] = "refused",
	};

	return (unsigned)verdict < SNAPSCHED_VERDICTS ? names[verdict] : "unknown";
}

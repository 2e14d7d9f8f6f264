#include "feed/core/clock_offset.h"

#define DRIFT_PPM 50 /* of two ordinary clocks against each other, at most */

static struct clock_estimate
aged(const struct clock_offset *offset, unsigned i, mono_t now)
{
	struct clock_estimate is = offset->sample[i].is;

	is.within += mono_diff(now, offset->sample[i].at).ns / 1000000 * DRIFT_PPM;
	return is;
}

static bool
contradict(struct clock_estimate a, struct clock_estimate b)
{
	int64_t apart = a.ns > b.ns ? a.ns - b.ns : b.ns - a.ns;

	return apart > a.within + b.within;
}

void
clock_offset_add(struct clock_offset *offset, wall_t sent, wall_t came, wall_t server,
    int64_t unit, mono_t now)
{
	struct clock_estimate fresh, best = clock_offset_now(offset, now);

	if (came.ns < sent.ns)
		return;
	/* It was read somewhere between, and its last digit is cut, not rounded. */
	fresh.within = (came.ns - sent.ns) / 2 + unit / 2 + 1;
	fresh.ns = server.ns + unit / 2 - (sent.ns + (came.ns - sent.ns) / 2);
	if (best.within != 0 && contradict(fresh, best))
		offset->n = 0;
	offset->sample[offset->n % CLOCK_OFFSET_SAMPLES].is = fresh;
	offset->sample[offset->n++ % CLOCK_OFFSET_SAMPLES].at = now;
}

struct clock_estimate
clock_offset_now(const struct clock_offset *offset, mono_t now)
{
	unsigned n = offset->n < CLOCK_OFFSET_SAMPLES ? offset->n : CLOCK_OFFSET_SAMPLES;
	struct clock_estimate best = {0};

	for (unsigned i = 0; i < n; i++) {
		struct clock_estimate is = aged(offset, i, now);

		if (best.within == 0 || is.within < best.within)
			best = is;
	}
	return best;
}

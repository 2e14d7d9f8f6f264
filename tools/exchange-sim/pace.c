#include "tools/exchange-sim/pace.h"

#define SECOND INT64_C(1000000000)

void
pace_start(struct pace *p, int64_t per_second, mono_t now)
{
	*p = (struct pace){.per_second = per_second, .start = now};
}

/* When message `n` is due, n counted from 1; rounded up to a nanosecond. */
static mono_t
due_at(const struct pace *p, int64_t n)
{
	int64_t seconds = n / p->per_second, rest = n % p->per_second;

	return mono_add(p->start, span_ns(seconds * SECOND +
	    (rest * SECOND + p->per_second - 1) / p->per_second));
}

int64_t
pace_due(struct pace *p, mono_t now)
{
	span_t late;
	int64_t ns, total;

	if (p->per_second == 0)
		return 0;
	late = mono_diff(now, due_at(p, p->sent + 1));
	if (late.ns > PACE_DEBT_MAX.ns)
		p->start = mono_add(p->start, span_ns(late.ns - PACE_DEBT_MAX.ns));
	if (-late.ns > PACE_SURPLUS_MAX.ns)
		p->start = mono_add(p->start, span_ns(late.ns + PACE_SURPLUS_MAX.ns));
	ns = mono_diff(now, p->start).ns;
	/* Whole seconds apart, so that neither product overflows. */
	total = ns / SECOND * p->per_second + ns % SECOND * p->per_second / SECOND;
	return total > p->sent ? total - p->sent : 0;
}

void
pace_sent(struct pace *p, int64_t n)
{
	p->sent += n;
}

mono_t
pace_deadline(const struct pace *p, mono_t now)
{
	mono_t next, batch = mono_add(now, PACE_BATCH);

	if (p->per_second == 0)
		return MONO_NEVER;
	next = due_at(p, p->sent + 1);
	return mono_before(next, batch) && p->per_second > SECOND / PACE_BATCH.ns ? batch : next;
}

#include "tools/feed-health/probe.h"

#include <stdbool.h>

#include <tickring/reader.h>

#include "tools/common/clock.h"

#define READ_ATTEMPTS 50 /* a millisecond apart: a writer is done sooner, if it lives */

/* The status into *status. Returns whether it stands; *outcome is the writer's. */
static bool
read_status(const char *feed, struct tick_status *status, int *outcome)
{
	struct tick_status_reader *reader;
	int rc = tick_status_open(&reader, feed);

	*outcome = rc;
	if (rc != 0)
		return false;
	rc = tick_status_read(reader, status);
	for (int i = 1; i < READ_ATTEMPTS && rc == TICK_E_BUSY; i++) {
		clock_sleep_ns(NS_PER_MS);
		rc = tick_status_read(reader, status);
	}
	*outcome = tick_status_check(reader);
	if (*outcome == TICK_END)
		*outcome = rc;
	tick_status_close(&reader);
	return rc == 0;
}

/* Whose limits: the command line's over the feed's own over the defaults. */
static void
choose_limits(struct probe *p, const struct tick_status *status, const struct options *o)
{
	if (status != NULL && status->control.limits.healthy > 0)
		p->limits = status->control.limits;
	else
		tick_health_limits_default(&p->limits);
	options_limit(o, &p->limits);
}

void
probe_take(struct probe *p, const struct options *o)
{
	static struct tick_status copy;
	const struct tick_status *status = NULL;

	if (read_status(o->feed, &copy, &p->outcome))
		status = &copy;
	/* Another segment took the name between opening and asking. */
	if (p->outcome == TICK_E_REPLACED)
		status = read_status(o->feed, &copy, &p->outcome) ? &copy : NULL;
	choose_limits(p, status, o);
	tick_health_judge(&p->health, status, p->outcome, clock_wall_ns(), clock_mono_ns(),
	    &p->limits);
	p->level = (int)p->health.level;
	if (o->ready && p->level != TICK_HEALTH_UNKNOWN)
		p->level = p->health.ready ? TICK_HEALTH_OK : TICK_HEALTH_CRITICAL;
}

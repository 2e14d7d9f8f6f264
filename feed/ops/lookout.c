#include "feed/ops/lookout.h"

#include <string.h>

int
lookout_open(struct lookout *out, const char *feed)
{
	memset(out, 0, sizeof(*out));
	out->looked = MONO_NEVER;
	return tick_status_open(&out->reader, feed);
}

void
lookout_close(struct lookout *lookout)
{
	tick_status_close(&lookout->reader);
}

/* A copy that cannot be had leaves the last one; its age tells. */
void
lookout_look(struct lookout *lookout, wall_t wall, mono_t now)
{
	int outcome;

	if (!mono_is_never(lookout->looked) &&
	    mono_before(now, mono_add(lookout->looked, span_ms(LOOKOUT_EVERY_MS))))
		return;
	lookout->looked = now;
	lookout->looks++;
	outcome = tick_status_read(lookout->reader, &lookout->status);
	if (outcome == 0 || outcome == TICK_E_BUSY)
		outcome = tick_status_check(lookout->reader);
	tick_health_judge(&lookout->health, &lookout->status, outcome, wall.ns, now.ns, NULL);
}

/* feed-health: how is a feed? For cron and monitoring. docs/man/feed-health.1 */
#include <stdio.h>

#include "tools/common/cli.h"
#include "tools/common/clock.h"
#include "tools/common/stop.h"
#include "tools/feed-health/line.h"
#include "tools/feed-health/options.h"
#include "tools/feed-health/probe.h"

#define LOOK_EVERY_NS (50 * NS_PER_MS)

int
main(int argc, char **argv)
{
	static struct probe probe;
	struct options o;
	int64_t begun = clock_mono_ns();
	int rc = options_read(&o, argc, argv);

	if (rc >= 0)
		return rc != TICK_HEALTH_OK || cli_has_shown() ? rc : TICK_HEALTH_UNKNOWN;
	stop_init();
	probe_take(&probe, &o);
	while (probe.level != TICK_HEALTH_OK && clock_mono_ns() - begun < o.wait_ns &&
	    !stop_asked()) {
		clock_sleep_ns(LOOK_EVERY_NS);
		probe_take(&probe, &o);
	}
	line_print(stdout, o.feed, &probe);
	return cli_has_shown() ? probe.level : TICK_HEALTH_UNKNOWN;
}

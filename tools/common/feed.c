#include "tools/common/feed.h"

#include <stdio.h>

#include <tickring/reader.h>

#include "tools/common/clock.h"
#include "tools/common/stop.h"

bool
feed_wait(struct feed_wait *wait)
{
	int64_t now_ns = clock_mono_ns();

	if (!wait->told)
		wait->begun_ns = now_ns;
	if (!wait->wanted || stop_asked() ||
	    (wait->ns_max > 0 && now_ns - wait->begun_ns >= wait->ns_max))
		return false;
	if (!wait->told)
		fprintf(stderr, "%s: waiting for feed \"%s\"\n", wait->program, wait->feed);
	wait->told = true;
	clock_sleep_ns(pace_on_idle(&wait->pace));
	return true;
}

const char *
feed_writer_word(int outcome)
{
	switch (outcome) {
	case TICK_END:
		return "alive";
	case TICK_E_STALE:
		return "stale";
	case TICK_E_DEAD:
		return "dead";
	case TICK_E_REPLACED:
		return "replaced";
	default:
		return "unknown";
	}
}

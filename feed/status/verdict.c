#include "feed/status/verdict.h"

#include <tickring/health.h>

#include "feed/base/log.h"

void
verdict_init(struct verdict *verdict, span_t every, mono_t now)
{
	*verdict = (struct verdict){.level = TICK_HEALTH_OK, .due = mono_add(now, every)};
}

static void
tell(const struct tick_health *health)
{
	const char *level = tick_health_level_name(health->level);
	const char *worst = health->reasons > 0 ? tick_health_label(health->reason[0].what) : "";

	if (health->level == TICK_HEALTH_OK)
		LOG(INFO, "health", LOG_STR("level", level), LOG_I64("score", health->score));
	else if (health->level == TICK_HEALTH_CRITICAL)
		LOG(ERROR, "health", LOG_STR("level", level), LOG_I64("score", health->score),
		    LOG_STR("reason", worst), LOG_THEN("the feed goes on"));
	else
		LOG(WARNING, "health", LOG_STR("level", level), LOG_I64("score", health->score),
		    LOG_STR("reason", worst), LOG_THEN("the feed goes on"));
}

void
verdict_look(struct verdict *verdict, const struct tick_status *status, span_t every,
    wall_t now, mono_t mono)
{
	struct tick_health health;

	if (!mono_due(verdict->due, mono))
		return;
	verdict->due = mono_add(mono, every);
	tick_health_judge(&health, status, TICK_END, now.ns, mono.ns, NULL);
	if (health.level == verdict->level)
		return;
	verdict->level = health.level;
	tell(&health);
}

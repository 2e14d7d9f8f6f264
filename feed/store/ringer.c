#include "feed/store/ringer.h"

#include "feed/base/log.h"
#include "feed/conf/config_group.h"

void
ringer_open(struct bell *bell, const struct config *cfg, struct tick_segment_header *ring)
{
	const char *group = cfg->ring.bell_group[0] ? cfg->ring.bell_group : cfg->ring.group;
	struct bell_cfg bell_cfg = {.feed = cfg->feed};
	char why[SEGMENT_WHY_MAX];

	if (!cfg->ring.bell)
		return;
	/* It was there when the configuration was read. */
	if (config_group_find(group, &bell_cfg.group) != 0)
		LOG(WARNING, "group_unknown", LOG_STR("group", group),
		    LOG_THEN("only the group of the process may wait by the bell"));
	if (bell_open(bell, &bell_cfg, ring, why) != 0)
		LOG(WARNING, "bell_refused", LOG_STR("detail", why),
		    LOG_THEN("readers that sleep look by themselves"));
}

void
ringer_look(struct bell *bell)
{
	if (!bell_is_lost(bell))
		return;
	LOG(WARNING, "bell_lost", LOG_STR("file", bell->path),
	    LOG_THEN("readers that sleep look by themselves until the feed is started again"));
	bell_close(bell, false);
}

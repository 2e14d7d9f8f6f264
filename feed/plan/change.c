#include "feed/plan/change.h"

#include <string.h>

static void
walk_begin(struct change *c)
{
	patterns_begin(&c->walk, c->streams, c->listing, c->before, c->only_new);
	c->at = 0;
}

void
change_begin(struct change *c, struct plan *plan, const struct config_strings *streams,
    const struct listing *listing)
{
	memset(plan->meant, 0, plan->memory.streams_max * sizeof(*plan->meant));
	*c = (struct change){.phase = CHANGE_MARK, .streams = streams, .listing = listing};
	walk_begin(c);
}

void
change_follow(struct change *c, const struct config_strings *streams,
    const struct listing *listing, const struct listing *before)
{
	*c = (struct change){.phase = CHANGE_GAIN, .streams = streams, .listing = listing,
	    .before = before, .only_new = true};
	walk_begin(c);
}

static void
mark(struct change *c, const struct plan *plan)
{
	const char *name;
	uint32_t number;

	switch (patterns_next(&c->walk, &name)) {
	case PATTERN_NAME:
		number = plan_find(plan, name);
		if (number != NAMES_NONE)
			plan->meant[number] = true;
		break;
	case PATTERN_NOTHING:
		break;
	case PATTERN_END:
		c->phase = CHANGE_SHED;
		break;
	}
}

static enum change_step
shed(struct change *c, const struct plan *plan, uint32_t *number)
{
	*number = c->at++;
	if (*number >= plan->n) {
		c->phase = CHANGE_GAIN;
		walk_begin(c);
		return CHANGE_NOTHING;
	}
	if (!plan->wanted[*number] || plan->meant[*number])
		return CHANGE_NOTHING;
	c->removed++;
	return CHANGE_DROP;
}

static enum change_step
gain(struct change *c, const struct plan *plan, const char **name)
{
	uint32_t number;

	switch (patterns_next(&c->walk, name)) {
	case PATTERN_NAME:
		number = plan_find(plan, *name);
		if (number != NAMES_NONE && plan->wanted[number])
			break;
		c->added++;
		return CHANGE_ADD;
	case PATTERN_NOTHING:
		break;
	case PATTERN_END:
		c->phase = CHANGE_NONE;
		return CHANGE_END;
	}
	return CHANGE_NOTHING;
}

enum change_step
change_next(struct change *c, const struct plan *plan, uint32_t *number, const char **name)
{
	switch (c->phase) {
	case CHANGE_NONE:
		return CHANGE_END;
	case CHANGE_MARK:
		mark(c, plan);
		return CHANGE_NOTHING;
	case CHANGE_SHED:
		return shed(c, plan, number);
	case CHANGE_GAIN:
		return gain(c, plan, name);
	}
	return CHANGE_END;
}

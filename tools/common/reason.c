#include "tools/common/reason.h"

#include <inttypes.h>
#include <stdio.h>

#include <tickring/reader.h>

#include "tools/common/num.h"

/* Appends to what stands in out[REASON_MAX]; n is its length, which may be more than it has. */
#define ADD(...)                                                                                   \
	(n += n < REASON_MAX ? (size_t)snprintf(out + n, REASON_MAX - n, __VA_ARGS__) : 0)

static size_t
add_value(char *out, size_t n, int unit, int64_t value)
{
	char text[NUM_MAX];

	switch (unit) {
	case TICK_UNIT_PERMILLE:
		ADD("%" PRId64 ".%d %%", value / 10, (int)(value % 10));
		break;
	case TICK_UNIT_BYTES:
		ADD("%" PRId64 " MiB", value >> 20);
		break;
	case TICK_UNIT_NS:
		ADD("%s", num_span(value, text));
		break;
	case TICK_UNIT_PER_S:
		ADD("%" PRId64 "/s", value);
		break;
	default:
		ADD("%" PRId64, value);
		break;
	}
	return n;
}

char *
reason_words(const struct tick_health_reason *r, char *out)
{
	int unit = tick_health_unit(r->what);
	size_t n = 0;

	if (r->what == TICK_HEALTH_UNREADABLE) {
		ADD("%s", tick_outcome_text((int)r->value));
		return out;
	}
	ADD("%s", tick_health_text(r->what));
	if (r->of >= 0 && r->what == TICK_HEALTH_STALE_STREAMS)
		ADD(" (%s)", tick_class_name(r->of));
	else if (r->of >= 0)
		ADD(" (line %" PRId64 ")", r->of);
	if (unit == TICK_UNIT_NONE)
		return out;
	ADD(": ");
	n = add_value(out, n, unit, r->value);
	if (r->limit == 0)
		return out;
	ADD(", limit ");
	add_value(out, n, unit, r->limit);
	return out;
}

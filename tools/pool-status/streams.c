#include "tools/pool-status/streams.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <tickring/reasons.h>

#include "tools/common/clock.h"
#include "tools/common/text.h"

static const char *
healing_word(int64_t stage)
{
	static const char *const words[] = {"-", "list", "resubscribe", "move", "line"};

	return stage >= 0 && stage < 5 ? words[stage] : "unknown";
}

static void
take_legs(char legs[STREAM_LEGS_MAX], const struct tick_stream_status *s)
{
	size_t n = 0;
	int length;

	legs[0] = '\0';
	for (unsigned i = 0; i < TICK_LEGS_MAX; i++) {
		const struct tick_stream_leg *leg = &s->leg[i];

		if (leg->line < 0 || leg->line >= TICK_LINES_MAX)
			continue;
		length = snprintf(legs + n, STREAM_LEGS_MAX - n, "%s%" PRId64 ":%s",
		    n > 0 ? " " : "", leg->line, tick_ledger_state_name(leg->state));
		if (length < 0 || (size_t)length >= STREAM_LEGS_MAX - n)
			return;
		n += (size_t)length;
	}
	if (n == 0)
		snprintf(legs, STREAM_LEGS_MAX, "-");
}

static void
take(struct stream_row *row, const struct tick_stream_status *s, int64_t wall_ns, int alive)
{
	int64_t retry_in = clock_between_ns(s->retry_at_ns, wall_ns);

	*row = (struct stream_row){
		.wanted = s->wanted,
		.stale = s->stale,
		.stale_for = clock_between_ns(wall_ns, s->stale_since_ns),
		.silent = clock_between_ns(wall_ns, s->last_message_ns),
		.limit = s->limit_ns > 0 ? s->limit_ns : TICK_ABSENT,
		.retry_in = alive && retry_in >= 0 ? retry_in : TICK_ABSENT,
		.messages = s->messages,
		.rate = alive ? s->rate_milli : TICK_ABSENT,
		.refused_code = s->refused_code != 0 ? s->refused_code : TICK_ABSENT,
		.learned = s->limit_learned == 1 ? "own" : "kind",
		.healing = healing_word(s->healing),
		.reason = s->wanted == 1 ? tick_reason_label(s->reason) : "dropped",
	};
	text_clean(s->name, sizeof(s->name), row->name, sizeof(row->name));
	take_legs(row->legs, s);
	row->name_text = row->name;
	row->legs_text = row->legs;
}

unsigned
streams_take(struct stream_row *out, const struct stream_reading *r, int64_t wall_ns, int alive)
{
	unsigned n = 0;

	for (unsigned i = 0; i < r->rows && i < TICK_STREAMS_MAX; i++)
		if (r->row[i].name[0] != '\0' && (r->all || r->row[i].wanted == 1))
			take(&out[n++], &r->row[i], wall_ns, alive);
	return n;
}

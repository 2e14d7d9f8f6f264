#include "tools/exchange-sim/visitor.h"

#include <stdio.h>
#include <string.h>

#define WINDOW span_s(300)

void
visitors_init(struct visitors *v, uint32_t connects_max, span_t ban)
{
	v->connects_max = connects_max;
	v->ban = ban;
	v->n = 0;
}

static struct visitor *
visitor_at(struct visitors *v, const char *address)
{
	uint32_t i = 0;

	while (i < v->n && strcmp(v->visitor[i].address, address) != 0)
		i++;
	if (i == VISITORS_MAX)
		return &v->visitor[VISITORS_MAX - 1];
	if (i == v->n) {
		struct visitor *who = &v->visitor[v->n++];

		snprintf(who->address, sizeof(who->address), "%s", address);
		who->banned_until = MONO_NEVER;
		who->patience = who->offences = 0;
		limiter_init(&who->attempts, v->connects_max ? v->connects_max : LIMITER_MAX,
		    WINDOW);
	}
	return &v->visitor[i];
}

static void
banish(struct visitors *v, struct visitor *who, mono_t now, struct tally *t)
{
	who->banned_until = mono_add(now, v->ban);
	who->patience = who->offences = 0;
	t->bans++;
}

/* Whole seconds from now, rounded up, at least one. */
static int
seconds_until(mono_t then, mono_t now)
{
	int64_t s = (mono_diff(then, now).ns + 999999999) / 1000000000;

	return s < 1 ? 1 : s > INT32_MAX ? INT32_MAX : (int)s;
}

int
visitors_admit(struct visitors *v, const char *address, mono_t now, int *retry_after_s,
    struct tally *t)
{
	struct visitor *who = visitor_at(v, address);
	bool banned = !mono_is_never(who->banned_until) && mono_before(now, who->banned_until);

	if (!banned && limiter_admits(&who->attempts, now)) {
		tally_peak(&t->peak_connects, limiter_count(&who->attempts, now));
		who->patience = 0;
		return 0;
	}
	tally_peak(&t->peak_connects, limiter_count(&who->attempts, now) + 1);
	if (v->connects_max == 0)
		return 0;
	if (!banned && ++who->patience <= VISITOR_PATIENCE) {
		*retry_after_s = seconds_until(limiter_free_at(&who->attempts), now);
		return 429;
	}
	if (!banned)
		banish(v, who, now, t);
	*retry_after_s = seconds_until(who->banned_until, now);
	return 418;
}

void
visitors_offend(struct visitors *v, const char *address, mono_t now, struct tally *t)
{
	struct visitor *who = visitor_at(v, address);

	if (v->connects_max > 0 && ++who->offences >= VISITOR_OFFENCES)
		banish(v, who, now, t);
}

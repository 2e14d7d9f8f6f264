#include "feed/core/alert.h"

#include <assert.h>
#include <string.h>

#include <tickring/reasons.h>

#include "feed/core/security.h"

static const struct alert_row rows[ALERT_COUNT] = {
#define MS(ms) {(ms) * INT64_C(1000000)}
#define ALERT_REASON(NAME, name, SEVERITY, hold, clear, WHAT, text)                                \
	{#name, text, ALERT_##SEVERITY, MS(hold), MS(clear), TICK_HEALTH_##WHAT, false},
#define ALERT_STATE(NAME, name, SEVERITY, hold, clear, told, most, condition, text)                \
	{#name, text, ALERT_##SEVERITY, MS(hold), MS(clear), -1, false},
#define ALERT_EVENT(NAME, name, SEVERITY, clear, count, text)                                      \
	{#name, text, ALERT_##SEVERITY, MS(0), MS(clear), -1, true},
#include "feed/core/alert.def"
#undef ALERT_REASON
#undef ALERT_STATE
#undef ALERT_EVENT
};

const struct alert_row *
alert_row(unsigned alert)
{
	assert(alert < ALERT_COUNT);
	return &rows[alert];
}

const char *
alert_severity_name(int severity)
{
	static const char *const names[] = {"info", "warning", "critical"};

	return severity >= 0 && severity < ALERT_SEVERITIES ? names[severity] : "unknown";
}

const char *
alert_word_name(int word)
{
	static const char *const names[] = {"fired", "repeated", "cleared"};

	return word >= 0 && word < ALERT_WORDS ? names[word] : "unknown";
}

void
alerts_init(struct alerts *alerts, const struct alerts_cfg *cfg)
{
	*alerts = (struct alerts){.cfg = *cfg};
}

bool
alerts_is_active(const struct alerts *alerts, unsigned alert)
{
	assert(alert < ALERT_COUNT);
	return alerts->alert[alert].state == ALERT_FIRING ||
	    alerts->alert[alert].state == ALERT_CLEARING;
}

/* ---- what happened since the last look --------------------------------------------- */

/* The rules by which these count as security events are those of the log (tell.h). */
static void
count_transition(struct alerts *a, const struct tick_transition *t)
{
	bool tried = t->from == TICK_LINE_CONNECTING || t->from == TICK_LINE_HANDSHAKE;

	a->certificates += tried && security_is_certificate((enum tick_reason)t->reason);
	a->timeouts += tried && t->reason == TICK_REASON_CONNECT_TIMEOUT;
}

/* All counts begin with the feed, and so at 0. */
static void
count(struct alerts *a, const struct tick_control *c)
{
	int64_t n = c->transitions < 0 ? 0 : c->transitions;
	int64_t first = n > TICK_TRANSITIONS_MAX ? n - TICK_TRANSITIONS_MAX : 0;

	if (a->transitions > first && a->transitions <= n)
		first = a->transitions;
	for (int64_t i = first; i < n; i++)
		count_transition(a, &c->transition[i % TICK_TRANSITIONS_MAX]);
	a->transitions = n;
	if (a->began && a->members != c->members)
		a->scalings++;
	a->members = c->members;
}

/* ---- conditions --------------------------------------------------------------------- */

/* A feed that has published no limits has the defaults. */
static int64_t
alert_limit(int64_t limit, int64_t otherwise)
{
	return limit > 0 ? limit : otherwise;
}

static bool
has_reason(const struct tick_health *h, const struct alert_row *row, struct alert_figures *out)
{
	for (int64_t i = 0; i < h->reasons && i < TICK_HEALTH_REASONS_MAX; i++) {
		const struct tick_health_reason *r = &h->reason[i];

		if (r->what != row->what || r->level < (int64_t)row->severity)
			continue;
		*out = (struct alert_figures){r->of, r->value, r->limit};
		return true;
	}
	return false;
}

static bool
has_grown(struct alert *alert, int64_t n, struct alert_figures *out)
{
	bool grown = n > alert->count;

	alert->count = n;
	*out = (struct alert_figures){-1, n, 0};
	return grown;
}

/* Is there a reason for this one, and which? */
static bool
holds(struct alerts *a, unsigned n, const struct tick_status *s, const struct tick_health *h,
    struct alert_figures *out)
{
	const struct tick_control *c = &s->control;
	struct alert *alert = &a->alert[n];

	*out = (struct alert_figures){-1, 0, 0};
	switch ((enum alert_name)n) {
#define ALERT_REASON(NAME, name, SEVERITY, hold, clear, WHAT, text)                                \
	case ALERT_##NAME:                                                                         \
		return has_reason(h, &rows[n], out);
#define ALERT_STATE(NAME, name, SEVERITY, hold, clear, told, most, condition, text)                \
	case ALERT_##NAME:                                                                         \
		*out = (struct alert_figures){-1, told, most};                                     \
		return condition;
#define ALERT_EVENT(NAME, name, SEVERITY, clear, count, text)                                      \
	case ALERT_##NAME:                                                                         \
		return has_grown(alert, count, out);
#include "feed/core/alert.def"
#undef ALERT_REASON
#undef ALERT_STATE
#undef ALERT_EVENT
	case ALERT_COUNT:
		break;
	}
	return false;
}

/* ---- the machine --------------------------------------------------------------------- */

static span_t
either(span_t for_all, span_t own)
{
	return for_all.ns >= 0 ? for_all : own;
}

/* Has it held for long enough? An event has happened, and holds only once. */
static bool
fires(const struct alerts_cfg *cfg, struct alert *alert, const struct alert_row *row, mono_t now,
    enum alert_word *word)
{
	span_t hold = row->event ? SPAN_ZERO : either(cfg->hold, row->hold);

	if (!mono_due(mono_add(alert->since, hold), now))
		return false;
	alert->state = ALERT_FIRING;
	*word = ALERT_FIRED;
	return true;
}

/* Returns whether there is something to tell; *word is then what. */
static bool
step(const struct alerts_cfg *cfg, struct alert *alert, const struct alert_row *row, bool holds_now,
    mono_t now, enum alert_word *word)
{
	switch (alert->state) {
	case ALERT_QUIET:
		if (!holds_now)
			return false;
		alert->state = ALERT_PENDING;
		alert->since = now;
		return fires(cfg, alert, row, now, word);
	case ALERT_PENDING:
		if (holds_now)
			return fires(cfg, alert, row, now, word);
		alert->state = ALERT_QUIET;
		return false;
	case ALERT_FIRING:
		if (!holds_now) {
			alert->state = ALERT_CLEARING;
			alert->since = now;
			return false;
		}
		*word = ALERT_REPEATED;
		return cfg->repeat.ns > 0 && mono_due(mono_add(alert->told, cfg->repeat), now);
	case ALERT_CLEARING:
		if (holds_now) {
			alert->state = ALERT_FIRING;
			return false;
		}
		if (!mono_due(mono_add(alert->since, either(cfg->clear, row->clear)), now))
			return false;
		alert->state = ALERT_QUIET;
		*word = ALERT_CLEARED;
		return true;
	}
	return false;
}

unsigned
alerts_look(struct alerts *alerts, const struct tick_status *status,
    const struct tick_health *health, mono_t now, struct alert_news news[ALERT_COUNT])
{
	unsigned n = 0;

	count(alerts, &status->control);
	for (unsigned i = 0; i < ALERT_COUNT; i++) {
		struct alert *alert = &alerts->alert[i];
		struct alert_figures figures;
		bool now_holds = holds(alerts, i, status, health, &figures);
		enum alert_word word;

		if (now_holds)
			alert->figures = figures;
		if (!step(&alerts->cfg, alert, &rows[i], now_holds, now, &word))
			continue;
		alert->told = now;
		news[n++] = (struct alert_news){(enum alert_name)i, word, alert->figures};
	}
	alerts->began = true;
	return n;
}

#include "feed/core/heartbeat.h"

static const span_t unknown = {HEARTBEAT_UNKNOWN};

void
heartbeat_init(struct heartbeat *hb, const struct heartbeat_cfg *cfg)
{
	*hb = (struct heartbeat){
		.cfg = cfg,
		.heard = MONO_NEVER,
		.asked = MONO_NEVER,
		.window = MONO_NEVER,
		.owed = MONO_NEVER,
		.round_trip = unknown,
		.round_trip_avg = unknown,
		.answered_in = unknown,
		.answered_in_max = unknown,
	};
}

static bool
is_connected(const struct heartbeat *hb)
{
	return !mono_is_never(hb->heard);
}

void
heartbeat_begin(struct heartbeat *hb, mono_t now)
{
	heartbeat_end(hb);
	hb->heard = now;
	hb->window = now;
}

void
heartbeat_end(struct heartbeat *hb)
{
	hb->pongs_late += hb->owing;
	hb->owing = 0;
	hb->heard = hb->asked = hb->window = hb->owed = MONO_NEVER;
	hb->ask_again = false;
	hb->missed = hb->windows = 0;
}

void
heartbeat_on_bytes(struct heartbeat *hb, mono_t now)
{
	if (!is_connected(hb))
		return;
	hb->heard = now;
	hb->missed = 0;
}

void
heartbeat_on_server_ping(struct heartbeat *hb, mono_t at, mono_t now)
{
	if (!is_connected(hb))
		return;
	heartbeat_on_bytes(hb, now);
	if (hb->owing++ == 0)
		hb->owed = at;
	hb->window = now;
	hb->windows = 0;
	hb->pings_seen++;
}

void
heartbeat_on_pong_sent(struct heartbeat *hb, mono_t at)
{
	if (hb->owing == 0)
		return;
	hb->answered_in = mono_diff(at, hb->owed);
	if (hb->answered_in.ns > hb->answered_in_max.ns)
		hb->answered_in_max = hb->answered_in;
	if (hb->answered_in.ns <= hb->cfg->answer_within.ns)
		hb->pongs_in_time += hb->owing;
	else
		hb->pongs_late += hb->owing;
	hb->owing = 0;
	hb->owed = MONO_NEVER;
}

uint64_t
heartbeat_on_asked(struct heartbeat *hb, mono_t now)
{
	hb->asked = now;
	hb->ask_again = false;
	hb->asked_total++;
	return ++hb->number;
}

static void
measure(struct heartbeat *hb, span_t round_trip)
{
	hb->round_trip = round_trip;
	if (hb->round_trip_avg.ns == HEARTBEAT_UNKNOWN)
		hb->round_trip_avg = round_trip;
	else
		hb->round_trip_avg.ns += (round_trip.ns - hb->round_trip_avg.ns) / 8;
}

void
heartbeat_on_pong(struct heartbeat *hb, uint64_t number, mono_t now)
{
	if (!is_connected(hb))
		return;
	heartbeat_on_bytes(hb, now);
	if (number == 0 || number > hb->number)
		return;
	/* Both halves of the connection work, so its missing PINGs are the server's own affair. */
	hb->windows = 0;
	if (number != hb->number || mono_is_never(hb->asked))
		return;
	measure(hb, mono_diff(now, hb->asked));
	hb->asked = MONO_NEVER;
	hb->ask_again = false;
}

/* Our PING's time is over. Bytes that came meanwhile prove life, but no round trip. */
static void
count_unanswered(struct heartbeat *hb, mono_t now)
{
	if (mono_is_never(hb->asked) ||
	    !mono_due(mono_add(hb->asked, hb->cfg->answer_within), now))
		return;
	hb->missed_total++;
	if (!mono_before(hb->asked, hb->heard)) {
		hb->missed++;
		hb->ask_again = true;
	}
	hb->asked = MONO_NEVER;
}

/* The server's PING is overdue; a pause of our own process counts as one miss only. */
static void
count_windows(struct heartbeat *hb, mono_t now)
{
	if (!hb->cfg->pings_visible ||
	    !mono_due(mono_add(hb->window, hb->cfg->server_ping_within), now))
		return;
	hb->window = now;
	hb->windows++;
	hb->windows_missed++;
	hb->ask_again = true;
}

/* When to ask, if no answer is awaited. */
static mono_t
ask_due(const struct heartbeat *hb)
{
	return hb->ask_again ? hb->heard : mono_add(hb->heard, hb->cfg->idle_after);
}

enum heartbeat_verdict
heartbeat_check(struct heartbeat *hb, mono_t now)
{
	if (!is_connected(hb))
		return HEARTBEAT_OK;
	count_unanswered(hb, now);
	count_windows(hb, now);
	if (hb->missed >= hb->cfg->max_missed || hb->windows >= hb->cfg->max_missed)
		return HEARTBEAT_DEAD;
	if (mono_is_never(hb->asked) && mono_due(ask_due(hb), now))
		return HEARTBEAT_ASK;
	return HEARTBEAT_OK;
}

mono_t
heartbeat_deadline(const struct heartbeat *hb)
{
	mono_t deadline;

	if (!is_connected(hb))
		return MONO_NEVER;
	if (mono_is_never(hb->asked))
		deadline = ask_due(hb);
	else
		deadline = mono_add(hb->asked, hb->cfg->answer_within);
	if (!hb->cfg->pings_visible)
		return deadline;
	return mono_min(deadline, mono_add(hb->window, hb->cfg->server_ping_within));
}

int
heartbeat_compliance(const struct heartbeat *hb, mono_t now)
{
	uint64_t answered = hb->pongs_in_time + hb->pongs_late;

	if (hb->owing > 0 && mono_before(mono_add(hb->owed, hb->cfg->answer_within), now))
		answered += hb->owing;
	if (!hb->cfg->pings_visible || answered == 0)
		return HEARTBEAT_UNKNOWN;
	return (int)(hb->pongs_in_time * 1000 / answered);
}

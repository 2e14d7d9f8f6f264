#include "feed/store/stores.h"

#include <stdlib.h>

#include "feed/store/ringer.h"
#include "feed/store/segments.h"
#include "feed/store/standby.h"

/* No pause is longer (snapsched.c): a time beyond that was never written by a feed. */
#define PAUSE_NS_MAX (7 * 86400 * INT64_C(1000000000))

void
stores_init(struct stores *s)
{
	*s = (struct stores){.claim.fd = -1};
}

int
stores_claim(struct stores *s, const struct config *cfg, const volatile sig_atomic_t *stop)
{
	return standby_take(&s->claim, cfg, stop);
}

int
stores_open(struct stores *s, const struct config *cfg, const char *discard)
{
	int rc = segments_open(cfg, discard, &s->ring, &s->board, &s->status);

	if (rc == 0)
		ringer_open(&s->bell, cfg, s->ring.header);
	return rc;
}

void
stores_close(struct stores *s, bool unlink_them)
{
	if (s->status.record)
		status_close(&s->status, unlink_them);
	if (s->board.entries)
		board_close(&s->board, unlink_them);
	bell_close(&s->bell, unlink_them && claim_is_named(&s->claim));
	if (s->ring.header)
		ring_close(&s->ring, unlink_them);
	claim_close(&s->claim, unlink_them);
}

void
stores_publish(struct stores *s, const struct config *cfg, const struct tick_status *status,
    mono_t now)
{
	status_publish(&s->status, status);
	segment_heartbeat(&s->board.segment, now.ns);
	standby_beat(&s->claim, cfg, now);
	ringer_look(&s->bell);
}

const char *
stores_lost(struct stores *s)
{
	const struct segment *segment[] = {
		&s->ring.segment, &s->board.segment, &s->status.segment};
	unsigned turn = s->looked_at++ % 4;

	if (turn == 3)
		return claim_is_named(&s->claim) ? NULL : s->claim.path;
	return segment_is_named(segment[turn]) ? NULL : segment[turn]->path;
}

static int
compare(const void *a, const void *b)
{
	const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

/*
 * Now, by the wall clock as it stood when that was written: if it was set since
 * then, what the exchange counts against us is neither over nor still to come.
 */
static int64_t
now_by(const struct tick_status *last, wall_t now, mono_t mono)
{
	int64_t passed, then;

	if (__builtin_sub_overflow(mono.ns, last->at_mono_ns, &passed) || passed < 0 ||
	    __builtin_add_overflow(last->at_ns, passed, &then))
		return now.ns;
	return then;
}

/* The last writer may have died while it wrote: a time is believed only within the window. */
unsigned
stores_recall_connects(const struct stores *s, struct pool *pool, wall_t now, mono_t mono)
{
	const struct tick_control *c;
	struct tick_status *last = malloc(sizeof(*last));
	int64_t window = pool->cfg.connects_window.ns, ns[TICK_CONNECTS_MAX], then;
	unsigned n = 0;

	if (!last || !status_recall(&s->status, last)) {
		free(last);
		return 0;
	}
	c = &last->control;
	then = now_by(last, now, mono);
	for (unsigned i = 0; i < TICK_CONNECTS_MAX; i++) {
		int64_t at = c->connect_ns[i];

		if (at > 0 && at <= then && then - at < window)
			ns[n++] = mono.ns - (then - at);
	}
	free(last);
	qsort(ns, n, sizeof(ns[0]), compare);
	for (unsigned i = 0; i < n; i++)
		pool_recall_connect(pool, (mono_t){ns[i]});
	return n;
}

enum tick_reason
stores_recall_pause(const struct stores *s, wall_t now, mono_t mono, mono_t *until)
{
	enum tick_reason why = TICK_REASON_NONE;
	struct tick_status *last = malloc(sizeof(*last));
	int64_t left;

	if (last && status_recall(&s->status, last) &&
	    !__builtin_sub_overflow(
	        last->control.rest_paused_until_ns, now_by(last, now, mono), &left) &&
	    left > 0 && left <= PAUSE_NS_MAX) {
		why = (enum tick_reason)last->rest_paused_reason;
		*until = (mono_t){mono.ns + left};
	}
	free(last);
	return why;
}

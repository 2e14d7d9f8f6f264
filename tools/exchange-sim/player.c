#include "tools/exchange-sim/player.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "feed/base/plural.h"
#include "tools/exchange-sim/deliver.h"
#include "tools/exchange-sim/report.h"
#include "tools/exchange-sim/session.h"

int
player_init(struct player *p, const struct capture *c, int64_t speed_milli, struct hub *hub,
    struct session **sessions)
{
	*p = (struct player){.capture = c, .sessions = sessions, .next_at = MONO_NEVER,
		.speed_milli = c->timed ? speed_milli : 0};
	p->stream = calloc(c->nstreams ? c->nstreams : 1, sizeof(struct stream *));
	if (p->stream == NULL)
		return -ENOMEM;
	for (uint32_t i = 0; i < c->nstreams; i++) {
		p->stream[i] = hub_pin(hub, c->stream[i]);
		if (p->stream[i] == NULL)
			return -ENOMEM;
	}
	return 0;
}

void
player_fini(struct player *p)
{
	free(p->stream);
	p->stream = NULL;
}

/* Has every stream a subscriber, or, without streams, is anybody there? */
static bool
everybody_here(const struct player *p)
{
	for (uint32_t i = 0; i < p->capture->nstreams; i++)
		if (p->stream[i]->nsubs == 0)
			return false;
	for (const struct session *s = *p->sessions; s != NULL; s = s->next)
		if (s->state == SESSION_OPEN)
			return true;
	return false;
}

/* When message `i` is due. */
static mono_t
due_at(const struct player *p, size_t i)
{
	const struct capture_message *m = p->capture->message;
	int64_t us = m[i].time_us - m[0].time_us;

	if (p->speed_milli == 0 || us < 0)
		return p->start;
	/* A quotient of days, then the rest: the product must not overflow. */
	return mono_add(p->start, span_us(us / p->speed_milli * 1000 +
	    us % p->speed_milli * 1000 / p->speed_milli));
}

/* `stream` is NULL for a message of no stream. */
typedef bool visit_fn(struct session *s, const struct stream *stream, struct bytes m);

/* Calls for each receiver of message `i`: may it be queued, or: queue it. */
static bool
for_receivers(struct player *p, size_t i, visit_fn *visit, uint32_t *receivers)
{
	uint32_t stream = p->capture->message[i].stream;
	struct bytes m = capture_bytes(p->capture, i);

	*receivers = 0;
	if (stream == CAPTURE_EVERYONE) {
		for (struct session *s = *p->sessions; s != NULL; s = s->next) {
			if (s->state != SESSION_OPEN)
				continue;
			if (!visit(s, NULL, m))
				return false;
			(*receivers)++;
		}
		return true;
	}
	for (uint32_t k = 0; k < p->stream[stream]->nsubs; k++) {
		if (!visit(p->stream[stream]->sub[k], p->stream[stream], m))
			return false;
		(*receivers)++;
	}
	return true;
}

static bool
has_room(struct session *s, const struct stream *stream, struct bytes m)
{
	(void)stream;
	return outq_has_room(&s->out, m.n + WIRE_HEAD_MAX);
}

static bool
send_one(struct session *s, const struct stream *stream, struct bytes m)
{
	unsigned char head[WIRE_HEAD_MAX];
	size_t n = wire_head(head, WIRE_TEXT, m.n);
	bool good = stream == NULL ? session_send(s, m)
		: deliver(s, stream, (struct bytes){(const char *)head, n}, m);

	/* It has room: what a fault adds may not fit, and then that fault failed. */
	if (!good)
		report(REPORT_WARN, "connection %llu: a replayed message did not fit",
		    (unsigned long long)s->number);
	return true;
}

/* Does a fault keep message `i` from everybody? */
static bool
is_hole(const struct player *p, size_t i)
{
	uint32_t stream = p->capture->message[i].stream;

	return stream != CAPTURE_EVERYONE && p->stream[stream]->nsubs > 0 &&
	    deliver_leaves_out(p->stream[stream]->sub[0]->desk, p->stream[stream]);
}

static void
finish(struct player *p)
{
	p->state = PLAYER_DONE;
	p->next_at = MONO_NEVER;
	printf("replay: %llu message%s sent, %llu to no subscriber\n",
	    (unsigned long long)p->sent, plural(p->sent), (unsigned long long)p->unheard);
}

static mono_t
later(mono_t a, mono_t b)
{
	return mono_before(a, b) ? b : a;
}

/* Plays what is due, until a queue is full. */
static void
play(struct player *p, mono_t now)
{
	uint32_t receivers;

	while (p->next < p->capture->nmessages) {
		p->next_at = due_at(p, p->next);
		if (p->shelf != NULL)
			p->next_at = later(p->next_at, shelf_holds(p->shelf,
			    p->capture->message[p->next].time_us, now));
		if (mono_before(now, p->next_at))
			return;
		if (!for_receivers(p, p->next, has_room, &receivers)) {
			p->next_at = MONO_NEVER;
			return;
		}
		if (!is_hole(p, p->next))
			for_receivers(p, p->next, send_one, &receivers);
		if (p->shelf != NULL && p->capture->message[p->next].stream != CAPTURE_EVERYONE)
			shelf_on_message(
			    p->shelf, p->capture->stream[p->capture->message[p->next].stream]);
		p->sent += receivers > 0;
		p->unheard += receivers == 0;
		p->next++;
	}
	finish(p);
}

void
player_wake(struct player *p, mono_t now)
{
	if (p->state == PLAYER_WAITS && everybody_here(p)) {
		report(REPORT_INFO, "replay: streams subscribed: all %u, starting",
		    p->capture->nstreams);
		p->state = PLAYER_PLAYS;
		p->start = now;
	}
	if (p->state == PLAYER_PLAYS)
		play(p, now);
}

mono_t
player_deadline(const struct player *p)
{
	return p->next_at;
}

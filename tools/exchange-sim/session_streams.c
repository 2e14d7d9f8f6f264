#include "tools/exchange-sim/session.h"

#include <stdlib.h>
#include <string.h>

#include "tools/exchange-sim/binary.h"

/* What the hub calls a stream of the client's; `room` is of STREAM_NAME_MAX bytes. */
static struct bytes
hub_name(const struct session *s, struct bytes name, char *room)
{
	return session_is_binary(s) ? binary_stream(name, room) : name;
}

static uint32_t
place_of(const struct session *s, struct bytes name)
{
	uint32_t i = 0;

	while (i < s->nstreams &&
	    !bytes_equal((struct bytes){s->stream[i]->name, s->stream[i]->name_n}, name))
		i++;
	return i;
}

bool
session_has(const struct session *s, struct bytes name)
{
	char room[STREAM_NAME_MAX];

	return place_of(s, hub_name(s, name, room)) < s->nstreams;
}

bool
session_subscribe(struct session *s, struct bytes name)
{
	char room[STREAM_NAME_MAX];
	struct stream *stream;

	if (session_has(s, name))
		return true;
	stream = hub_subscribe(s->desk->hub, hub_name(s, name, room), s);
	if (stream == NULL)
		return false;
	s->mute[s->nstreams] = false;
	s->stream[s->nstreams++] = stream;
	/* Binance, 2026-08: it is acknowledged and stays silent. */
	if (!served_at(s->route, name)) {
		s->desk->tally.misrouted++;
		session_mute(s, (struct bytes){stream->name, stream->name_n});
	}
	tally_peak(&s->desk->tally.peak_streams, s->nstreams);
	s->desk->changed(s->desk->ctx);
	return true;
}

static void
forget_kept(struct session *s)
{
	free(s->kept.p);
	s->kept.p = NULL;
	s->kept.stream = NULL;
}

void
session_unsubscribe(struct session *s, struct bytes name)
{
	char room[STREAM_NAME_MAX];
	uint32_t i = place_of(s, hub_name(s, name, room));
	struct stream *stream;

	if (i == s->nstreams)
		return;
	stream = s->stream[i];
	s->nmute -= s->mute[i];
	s->nstreams--;
	memmove(&s->stream[i], &s->stream[i + 1],
	    (s->nstreams - i) * sizeof(struct stream *));
	memmove(&s->mute[i], &s->mute[i + 1], (s->nstreams - i) * sizeof(bool));
	if (s->kept.stream == stream)
		forget_kept(s);
	hub_unsubscribe(s->desk->hub, stream, s);
}

void
session_unsubscribe_all(struct session *s)
{
	while (s->nstreams > 0)
		hub_unsubscribe(s->desk->hub, s->stream[--s->nstreams], s);
	s->nmute = 0;
	forget_kept(s);
}

void
session_mute(struct session *s, struct bytes name)
{
	uint32_t i = place_of(s, name);

	if (i == s->nstreams || s->mute[i])
		return;
	s->mute[i] = true;
	s->nmute++;
}

bool
session_is_mute(const struct session *s, const struct stream *stream)
{
	for (uint32_t i = 0; s->nmute > 0 && i < s->nstreams; i++)
		if (s->stream[i] == stream)
			return s->mute[i];
	return false;
}

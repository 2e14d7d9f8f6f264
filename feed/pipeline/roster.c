#include "feed/pipeline/roster.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/*
 * Streams of one kind that bring other things each. Messages of one that was dropped come
 * until its UNSUBSCRIBE is there; taken for the other one's, they would make those look old.
 */
static bool
names_differ(enum event_kind kind)
{
	return kind == EVENT_KLINE || kind == EVENT_TICKER || kind == EVENT_PARTIAL_DEPTH;
}

/* Is one of all symbols among that kind, or do names differ anyway? */
static void
look_at_names(struct roster *roster, enum event_kind kind)
{
	uint32_t bit = UINT32_C(1) << kind;

	if (names_differ(kind) || roster->first[roster->instruments_max][kind] != ROSTER_NONE)
		roster->by_name |= bit;
	else
		roster->by_name &= ~bit;
}

int
roster_init(struct roster *roster, uint32_t streams_max, uint32_t instruments_max)
{
	*roster = (struct roster){.streams_max = streams_max, .instruments_max = instruments_max};
	roster->stream = calloc(streams_max + 1, sizeof(*roster->stream));
	roster->heard = calloc(streams_max + 1, sizeof(*roster->heard));
	roster->first = calloc(instruments_max + 1, sizeof(*roster->first));
	if (!roster->stream || !roster->heard || !roster->first) {
		roster_fini(roster);
		return -ENOMEM;
	}
	for (uint32_t id = 0; id <= instruments_max; id++)
		for (unsigned kind = 0; kind < ROSTER_KINDS; kind++)
			roster->first[id][kind] = ROSTER_NONE;
	for (enum event_kind kind = 0; kind < ROSTER_KINDS; kind++)
		look_at_names(roster, kind);
	return 0;
}

void
roster_fini(struct roster *roster)
{
	for (uint32_t i = 0; roster->stream && i < roster->streams_max; i++)
		roster_remove(roster, i);
	free(roster->stream);
	free(roster->heard);
	free(roster->first);
	*roster = (struct roster){0};
}

int
roster_add(struct roster *roster, uint32_t number, struct bytes name, uint32_t instrument,
    enum event_kind kind)
{
	struct roster_stream *s;
	uint32_t *first;

	if (number >= roster->streams_max || instrument > roster->instruments_max ||
	    kind >= ROSTER_KINDS)
		return -ENOSPC;
	roster_remove(roster, number);
	s = &roster->stream[number];
	first = &roster->first[instrument][kind];
	s->name = strndup(name.p, name.n);
	if (instrument == roster->instruments_max)
		s->each = malloc((roster->instruments_max + 1) * sizeof(*s->each));
	if (!s->name || (instrument == roster->instruments_max && !s->each)) {
		free(s->name);
		free(s->each);
		s->name = NULL;
		s->each = NULL;
		return -ENOMEM;
	}
	s->last = (struct roster_last){.line = ROSTER_NO_LINE};
	for (uint32_t id = 0; s->each != NULL && id <= roster->instruments_max; id++)
		s->each[id] = s->last;
	s->instrument = instrument;
	s->kind = kind;
	memset(s->line_of, ROSTER_NO_LINE, sizeof(s->line_of));
	s->left_line = ROSTER_NO_LINE;
	s->next = *first;
	*first = number;
	look_at_names(roster, kind);
	return 0;
}

void
roster_remove(struct roster *roster, uint32_t number)
{
	struct roster_stream *s = &roster->stream[number];
	uint32_t *link;

	if (number >= roster->streams_max)
		return;
	roster->undecoded -= s->garbled >= ROSTER_GARBLED;
	s->garbled = 0;
	if (s->name == NULL)
		return;
	link = &roster->first[s->instrument][s->kind];
	while (*link != number)
		link = &roster->stream[*link].next;
	*link = s->next;
	look_at_names(roster, s->kind);
	free(s->name);
	free(s->each);
	/* What was heard stays: the list of the heard names this number still. */
	*s = (struct roster_stream){.messages = s->messages, .lines = s->lines};
}

uint32_t
roster_find_name(const struct roster *roster, uint32_t instrument, enum event_kind kind,
    struct bytes name)
{
	uint32_t number = roster->first[instrument][kind];

	while (number != ROSTER_NONE && !bytes_equal(name, bytes_of(roster->stream[number].name)))
		number = roster->stream[number].next;
	return number;
}

uint32_t
roster_find_among(const struct roster *roster, uint32_t instrument, enum event_kind kind,
    struct bytes name)
{
	uint32_t number = roster->first[instrument][kind];
	uint32_t of_all = roster->first[roster->instruments_max][kind];

	if (name.n == 0)
		return number != ROSTER_NONE ? number : of_all;
	of_all = roster_find_name(roster, roster->instruments_max, kind, name);
	return of_all != ROSTER_NONE ? of_all
				     : roster_find_name(roster, instrument, kind, name);
}

struct roster_last *
roster_last(struct roster *roster, uint32_t number, uint32_t instrument)
{
	struct roster_stream *s = &roster->stream[number];

	return s->each != NULL ? &s->each[instrument] : &s->last;
}

void
roster_add_foreign(struct roster *roster, uint32_t number)
{
	if (number >= roster->streams_max)
		return;
	roster_remove(roster, number);
	roster->stream[number].garbled = ROSTER_FOREIGN;
	roster->undecoded++;
}

void
roster_on_garbled(struct roster *roster, uint32_t number)
{
	struct roster_stream *s = &roster->stream[number];

	if (s->garbled < ROSTER_GARBLED && ++s->garbled == ROSTER_GARBLED)
		roster->undecoded++;
}

unsigned
roster_take(struct roster *roster, struct pool_heard *out, unsigned max)
{
	unsigned n = 0;

	while (n < max && roster->nheard > 0) {
		uint32_t number = roster->heard[--roster->nheard];
		struct roster_stream *s = &roster->stream[number];

		out[n++] = (struct pool_heard){
			.stream = number, .messages = s->messages, .lines = s->lines};
		s->messages = 0;
		s->lines = 0;
	}
	return n;
}

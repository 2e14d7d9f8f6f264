#include "tools/exchange-sim/hub.h"

#include <stdlib.h>
#include <string.h>

void
hub_init(struct hub *h, struct hub_watch watch)
{
	*h = (struct hub){.watch = watch};
}

/* FNV-1a, by Fowler, Noll and Vo. */
static uint32_t
bucket_of(struct bytes name)
{
	uint32_t hash = 2166136261u;

	for (size_t i = 0; i < name.n; i++)
		hash = (hash ^ (unsigned char)name.p[i]) * 16777619u;
	return hash % HUB_BUCKETS;
}

static void
stream_free(struct stream *s)
{
	free(s->sub);
	free(s);
}

void
hub_fini(struct hub *h)
{
	for (uint32_t i = 0; i < HUB_BUCKETS; i++) {
		struct stream *s = h->bucket[i], *next;

		for (; s != NULL; s = next) {
			next = s->next;
			stream_free(s);
		}
		h->bucket[i] = NULL;
	}
}

struct stream *
hub_find(struct hub *h, struct bytes name)
{
	struct stream *s = h->bucket[bucket_of(name)];

	while (s != NULL && !bytes_equal((struct bytes){s->name, s->name_n}, name))
		s = s->next;
	return s;
}

static struct stream *
find_or_make(struct hub *h, struct bytes name)
{
	struct stream *s = hub_find(h, name), **head = &h->bucket[bucket_of(name)];

	if (s != NULL || name.n > STREAM_NAME_MAX)
		return s;
	s = calloc(1, sizeof(*s));
	if (s == NULL)
		return NULL;
	memcpy(s->name, name.p, name.n);
	s->name_n = (uint32_t)name.n;
	s->next = *head;
	*head = s;
	return s;
}

struct stream *
hub_pin(struct hub *h, struct bytes name)
{
	struct stream *s = find_or_make(h, name);

	if (s != NULL)
		s->pinned = true;
	return s;
}

/* Forgets a stream that nobody needs. */
static void
drop_if_unused(struct hub *h, struct stream *s)
{
	struct stream **at = &h->bucket[bucket_of((struct bytes){s->name, s->name_n})];

	if (s->nsubs > 0 || s->pinned)
		return;
	while (*at != s)
		at = &(*at)->next;
	*at = s->next;
	stream_free(s);
}

struct stream *
hub_subscribe(struct hub *h, struct bytes name, struct session *who)
{
	struct stream *s = find_or_make(h, name);

	if (s == NULL)
		return NULL;
	if (s->nsubs == s->cap) {
		uint32_t cap = s->cap ? 2 * s->cap : 2;
		struct session **sub = realloc(s->sub, cap * sizeof(struct session *));

		if (sub == NULL) {
			drop_if_unused(h, s);
			return NULL;
		}
		s->sub = sub;
		s->cap = cap;
	}
	s->sub[s->nsubs++] = who;
	if (s->nsubs == 1 && h->watch.wanted != NULL)
		h->watch.wanted(h->watch.ctx, s);
	return s;
}

void
hub_unsubscribe(struct hub *h, struct stream *s, struct session *who)
{
	uint32_t i = 0;

	while (s->sub[i] != who)
		i++;
	memmove(&s->sub[i], &s->sub[i + 1], (s->nsubs - i - 1) * sizeof(struct session *));
	s->nsubs--;
	if (s->nsubs == 0 && h->watch.unwanted != NULL)
		h->watch.unwanted(h->watch.ctx, s);
	drop_if_unused(h, s);
}

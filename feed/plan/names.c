#include "feed/plan/names.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

/* FNV-1a. The names are those of a configuration and of the exchange: nobody aims at it. */
static uint32_t
hash_of(struct bytes text)
{
	uint32_t h = 2166136261u;

	for (size_t i = 0; i < text.n; i++)
		h = (h ^ (unsigned char)text.p[i]) * 16777619u;
	return h ^ h >> 15;
}

int
names_init(struct names *names, uint32_t room)
{
	uint32_t slots = 16;

	/* Never more than half full. */
	while (slots / 2 < room && slots < UINT32_C(1) << 31)
		slots *= 2;
	*names = (struct names){.mask = slots - 1};
	names->slot = calloc(slots, sizeof(*names->slot));
	return names->slot != NULL ? 0 : -ENOMEM;
}

void
names_free(struct names *names)
{
	free(names->slot);
	*names = (struct names){0};
}

/* The slot of that name, or the free one where it would be. */
static uint32_t
slot_of(const struct names *names, char *const *name, struct bytes what)
{
	uint32_t at = hash_of(what) & names->mask;

	while (names->slot[at] != 0 &&
	    !bytes_equal(bytes_of(name[names->slot[at] - 1]), what))
		at = (at + 1) & names->mask;
	return at;
}

uint32_t
names_find(const struct names *names, char *const *name, struct bytes what)
{
	if (names->slot == NULL)
		return NAMES_NONE;
	return names->slot[slot_of(names, name, what)] - 1; /* free: NAMES_NONE */
}

void
names_add(struct names *names, char *const *name, uint32_t number)
{
	uint32_t at = slot_of(names, name, bytes_of(name[number]));

	assert(names->slot[at] == 0 && names->n < names->mask);
	names->slot[at] = number + 1;
	names->n++;
}

void
names_remove(struct names *names, char *const *name, uint32_t number)
{
	uint32_t hole = slot_of(names, name, bytes_of(name[number])), at = hole, home;

	assert(names->slot[hole] == number + 1);
	names->slot[hole] = 0;
	names->n--;
	/* Those behind it move up, unless they would come before their first choice. */
	while (names->slot[at = (at + 1) & names->mask] != 0) {
		home = hash_of(bytes_of(name[names->slot[at] - 1])) & names->mask;
		if (((at - home) & names->mask) < ((at - hole) & names->mask))
			continue;
		names->slot[hole] = names->slot[at];
		names->slot[at] = 0;
		hole = at;
	}
}

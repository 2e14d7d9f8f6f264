#include "feed/pipeline/gaps.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct gaps {
	struct gaps_cfg cfg;
	uint64_t tickets; /* given out */
	uint32_t n, unasked;
	struct gap gap[];
};

int
gaps_new(struct gaps **out, const struct gaps_cfg *cfg)
{
	struct gaps *gaps = calloc(1, sizeof(*gaps) + cfg->gaps_max * sizeof(gaps->gap[0]));

	*out = gaps;
	if (gaps == NULL)
		return -ENOMEM;
	gaps->cfg = *cfg;
	return 0;
}

void
gaps_free(struct gaps **gaps)
{
	free(*gaps);
	*gaps = NULL;
}

bool
gaps_add(struct gaps *gaps, uint32_t instrument, enum event_kind kind, int64_t first, int64_t last)
{
	if (gaps->n == gaps->cfg.gaps_max || last - first >= gaps->cfg.ids_max)
		return false;
	gaps->gap[gaps->n++] = (struct gap){
		.ticket = ++gaps->tickets,
		.instrument = instrument,
		.kind = kind,
		.first = first,
		.last = last,
		.next = first,
	};
	gaps->unasked++;
	return true;
}

struct gap *
gaps_find(struct gaps *gaps, uint64_t ticket)
{
	for (uint32_t i = 0; i < gaps->n; i++)
		if (gaps->gap[i].ticket == ticket)
			return &gaps->gap[i];
	return NULL;
}

struct gap *
gaps_find_of(struct gaps *gaps, uint32_t instrument, enum event_kind kind)
{
	for (uint32_t i = 0; i < gaps->n; i++)
		if (gaps->gap[i].instrument == instrument && gaps->gap[i].kind == kind &&
		    !gaps->gap[i].over)
			return &gaps->gap[i];
	return NULL;
}

void
gaps_remove(struct gaps *gaps, struct gap *gap)
{
	uint32_t behind = (uint32_t)(&gaps->gap[gaps->n] - gap) - 1;

	gaps->unasked -= !gap->asked;
	memmove(gap, gap + 1, behind * sizeof(*gap));
	gaps->n--;
}

bool
gaps_next_wish(struct gaps *gaps, struct gap *out)
{
	if (gaps == NULL || gaps->unasked == 0)
		return false;
	for (uint32_t i = 0; i < gaps->n; i++) {
		if (gaps->gap[i].asked)
			continue;
		gaps->gap[i].asked = true;
		gaps->unasked--;
		*out = gaps->gap[i];
		return true;
	}
	return false;
}

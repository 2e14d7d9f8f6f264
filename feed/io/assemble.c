#include "feed/io/assemble.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int
assemble_init(struct assemble *assemble, size_t bytes_max)
{
	*assemble = (struct assemble){.bytes_max = bytes_max};
	assemble->buffer = calloc(1, bytes_max + ASSEMBLE_PADDING);
	return assemble->buffer == NULL ? -ENOMEM : 0;
}

void
assemble_fini(struct assemble *assemble)
{
	free(assemble->buffer);
	assemble->buffer = NULL;
}

void
assemble_reset(struct assemble *assemble)
{
	assemble->length = 0;
	assemble->open = false;
	assemble->dropping = false;
}

/* Takes note of where the message begins and ends. Returns whether the fragment is wanted. */
static bool
fragment_wanted(struct assemble *assemble, bool first, bool final)
{
	bool wanted;

	if (first == assemble->open)
		assemble->broken++;
	if (first) {
		assemble_reset(assemble);
		assemble->open = true;
	}
	wanted = assemble->open && !assemble->dropping;
	if (final)
		assemble->open = false;
	return wanted;
}

enum assemble_result
assemble_add(struct assemble *assemble, struct bytes fragment, bool first, bool final, bool padded,
    struct bytes *whole)
{
	if (!fragment_wanted(assemble, first, final))
		return ASSEMBLE_MORE;
	if (fragment.n > assemble->bytes_max - assemble->length) {
		assemble->oversize++;
		assemble->dropping = true;
		return ASSEMBLE_OVERSIZE;
	}
	if (first && final && padded) {
		*whole = fragment;
		return ASSEMBLE_WHOLE;
	}
	if (fragment.n > 0)
		memcpy(assemble->buffer + assemble->length, fragment.p, fragment.n);
	assemble->length += fragment.n;
	if (!final)
		return ASSEMBLE_MORE;
	*whole = (struct bytes){assemble->buffer, assemble->length};
	return ASSEMBLE_WHOLE;
}

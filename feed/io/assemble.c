#include "feed/io/assemble.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int
assemble_init(struct assemble *assemble, size_t bytes_max, size_t padding)
{
	*assemble = (struct assemble){.bytes_max = bytes_max, .padding = padding};
	assemble->buffer = calloc(1, bytes_max + padding);
	return assemble->buffer == NULL ? -ENOMEM : 0;
}

void
assemble_fini(struct assemble *assemble)
{
	free(assemble->buffer);
	*assemble = (struct assemble){0};
}

void
assemble_reset(struct assemble *assemble)
{
	assemble->n = 0;
	assemble->skipping = false;
}

bool
assemble_is_open(const struct assemble *assemble)
{
	return assemble->n > 0 || assemble->skipping;
}

enum assemble_result
assemble_add(struct assemble *assemble, struct bytes piece, bool last, struct bytes *out)
{
	bool fits = !assemble->skipping && piece.n <= assemble->bytes_max - assemble->n;

	if (fits && piece.n > 0)
		memcpy(assemble->buffer + assemble->n, piece.p, piece.n);
	assemble->n += fits ? piece.n : 0;
	assemble->skipping = !fits;
	if (!last)
		return ASSEMBLE_MORE;
	if (fits) {
		memset(assemble->buffer + assemble->n, 0, assemble->padding);
		*out = (struct bytes){assemble->buffer, assemble->n};
	}
	assemble_reset(assemble);
	return fits ? ASSEMBLE_WHOLE : ASSEMBLE_OVERSIZE;
}

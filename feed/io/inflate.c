#include "feed/io/inflate.h"

#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>

#include <zlib.h>

#define WINDOW_BYTES 32768

struct inflate {
	z_stream z;
	bool ready;      /* z is to be ended */
	bool fresh_each;
	unsigned ends;   /* final blocks in this message so far */
	size_t bytes_max;
	char *buffer;    /* bytes_max + padding */
	Bytef window[WINDOW_BYTES];
};

int
inflate_open(struct inflate **out, size_t bytes_max)
{
	struct inflate *i = calloc(1, sizeof(*i));

	*out = i;
	if (i == NULL)
		return -ENOMEM;
	i->bytes_max = bytes_max;
	i->buffer = calloc(1, bytes_max + INFLATE_PADDING);
	/* Negative: no zlib header, only deflated data, of any window. */
	i->ready = i->buffer != NULL && inflateInit2(&i->z, -MAX_WBITS) == Z_OK;
	if (!i->ready) {
		inflate_close(out);
		return -ENOMEM;
	}
	return 0;
}

void
inflate_close(struct inflate **inflate)
{
	struct inflate *i = *inflate;

	*inflate = NULL;
	if (i == NULL)
		return;
	if (i->ready)
		inflateEnd(&i->z);
	free(i->buffer);
	free(i);
}

void
inflate_begin(struct inflate *inflate, bool fresh_each)
{
	inflate->fresh_each = fresh_each;
	inflateReset(&inflate->z);
}

/* A final block within a message (RFC 7692 7.2.3.4): what follows may refer to what was before. */
static bool
go_on_after_end(struct inflate *i)
{
	uInt n = 0;

	return ++i->ends <= INFLATE_ENDS_MAX &&
	    inflateGetDictionary(&i->z, i->window, &n) == Z_OK &&
	    inflateReset(&i->z) == Z_OK && inflateSetDictionary(&i->z, i->window, n) == Z_OK;
}

/* Where the next bytes go: once the buffer is full, over its beginning. */
static void
make_room(struct inflate *i, uint64_t *total)
{
	size_t room = i->bytes_max < UINT_MAX ? i->bytes_max : UINT_MAX;

	if (i->z.avail_out > 0)
		return;
	i->z.next_out = (Bytef *)i->buffer;
	i->z.avail_out = (uInt)room;
	*total += room;
}

/* Inflates some input. `total`: the room given so far. Returns whether it is sound. */
static bool
take(struct inflate *i, const char *p, size_t n, uint64_t *total)
{
	int rc = Z_OK;

	i->z.next_in = (Bytef *)(uintptr_t)p;
	i->z.avail_in = (uInt)n;
	do {
		make_room(i, total);
		if (*total > (uint64_t)INFLATE_BOMB * i->bytes_max)
			return false;
		rc = inflate(&i->z, Z_SYNC_FLUSH);
		if (rc == Z_STREAM_END && !go_on_after_end(i))
			return false;
		if (rc != Z_OK && rc != Z_STREAM_END && rc != Z_BUF_ERROR)
			return false;
	} while (i->z.avail_in > 0 || i->z.avail_out == 0);
	return true;
}

enum inflate_result
inflate_message(struct inflate *inflate, struct bytes payload, struct bytes *message)
{
	/* The sender took it off the end of the message (RFC 7692 7.2.1). */
	static const char tail[] = {0, 0, (char)0xff, (char)0xff};
	uint64_t total = 0;

	*message = BYTES_NONE;
	if (payload.n > UINT_MAX)
		return INFLATE_BROKEN;
	inflate->z.avail_out = 0;
	inflate->ends = 0;
	if (!take(inflate, payload.p, payload.n, &total) ||
	    !take(inflate, tail, sizeof(tail), &total))
		return INFLATE_BROKEN;
	if (inflate->fresh_each)
		inflateReset(&inflate->z);
	if (total - inflate->z.avail_out > inflate->bytes_max)
		return INFLATE_OVERSIZE;
	*message = (struct bytes){inflate->buffer, (size_t)(total - inflate->z.avail_out)};
	return INFLATE_OK;
}

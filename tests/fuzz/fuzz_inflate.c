/*
 * Compressed messages of any bytes: what comes out is never longer than it may
 * be, and has its padding. And what zlib compresses, over several messages,
 * comes out as it was.
 *
 * The first byte says where the input is cut into messages, and its low bit
 * whether each stands alone.
 */
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include <zlib.h>

#include "feed/io/inflate.h"
#include "tests/fuzz/fuzz.h"

#define MESSAGE_MAX 2048

static volatile unsigned sum; /* of paddings: so that they are read */

static enum inflate_result
take(struct inflate *inflate, const void *p, size_t n, struct bytes *message)
{
	struct bytes piece = fuzz_copy(p, n, 0, 1);
	enum inflate_result result = inflate_message(inflate, piece, message);

	fuzz_free(piece);
	must(message->n <= MESSAGE_MAX, "length");
	must(result == INFLATE_OK || message->n == 0, "nothing of what is refused");
	/* The sanitizer sees whether it is there. */
	for (size_t i = 0; result == INFLATE_OK && i < INFLATE_PADDING; i++)
		sum += (unsigned char)message->p[message->n + i];
	return result;
}

static void
any_bytes(struct inflate *inflate, const uint8_t *data, size_t size, size_t step)
{
	struct bytes message;

	for (size_t at = 0; at < size; at += step) {
		size_t n = size - at < step ? size - at : step;

		if (take(inflate, data + at, n, &message) == INFLATE_BROKEN)
			return;
	}
}

static void
there_and_back(struct inflate *inflate, const uint8_t *data, size_t size, size_t step, bool fresh)
{
	static unsigned char wire[2 * MESSAGE_MAX + 64];
	struct bytes message;
	z_stream z = {0};

	must(deflateInit2(&z, 1, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY) == Z_OK, "deflateInit2");
	for (size_t at = 0; at < size; at += step) {
		size_t n = size - at < step ? size - at : step;

		z.next_in = (Bytef *)(uintptr_t)(data + at);
		z.avail_in = (uInt)n;
		z.next_out = wire;
		z.avail_out = sizeof(wire);
		must(deflate(&z, Z_SYNC_FLUSH) == Z_OK && z.avail_out > 0, "deflate");
		must(take(inflate, wire, sizeof(wire) - z.avail_out - 4, &message) == INFLATE_OK,
		    "what was compressed can be read");
		must(message.n == n && memcmp(message.p, data + at, n) == 0, "as it was");
		if (fresh)
			deflateReset(&z);
	}
	deflateEnd(&z);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct inflate *inflate;
	size_t step;
	bool fresh;

	if (size < 1)
		return 0;
	step = (size_t)data[0] * 4 + 1;
	fresh = data[0] & 1;
	must(inflate_open(&inflate, MESSAGE_MAX) == 0, "memory");
	inflate_begin(inflate, fresh);
	any_bytes(inflate, data + 1, size - 1, step);
	inflate_begin(inflate, fresh);
	there_and_back(inflate, data + 1, size - 1, step, fresh);
	inflate_close(&inflate);
	must(inflate == NULL, "closed");
	return 0;
}

/*
 * Any answer of a proxy to CONNECT: whatever the pieces in which it comes, the
 * same outcome; what opens the way has a status of 2xx and an empty line, and
 * what goes into logs is printable. The first byte of the input is the length
 * of the pieces; 0: all at once.
 */
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "feed/io/proxy.h"
#include "tests/fuzz/fuzz.h"

struct outcome {
	enum proxy_result result;
	size_t rest;
	struct proxy p;
};

static bool
take_piece(void *context, struct bytes *in)
{
	struct outcome *out = context;

	out->result = proxy_next(&out->p, in);
	return out->result == PROXY_MORE;
}

static void
take(const uint8_t *data, size_t n, size_t step, struct outcome *out)
{
	char request[PROXY_REQUEST_MAX];

	must(proxy_begin(&out->p, request, "localhost", 9443, "") > 0, "request");
	out->result = PROXY_MORE;
	out->rest = fuzz_in_pieces(data, n, step, take_piece, out);
}

static void
check(const struct outcome *o, const uint8_t *data, size_t n)
{
	size_t end = n - o->rest;

	must(end <= PROXY_ANSWER_MAX + 1, "an endless answer");
	must(o->result != PROXY_OPEN || (end >= 14 && memcmp(data, "HTTP/1.", 7) == 0 &&
	    data[9] == '2' && data[end - 1] == '\n' && (data[end - 2] == '\n' ||
	    (data[end - 2] == '\r' && data[end - 3] == '\n'))), "opened by what is no answer");
	must(o->result != PROXY_REFUSED || (o->p.status >= 100 && o->p.status / 100 != 2),
	    "refused by a good status");
	must((o->result == PROXY_REFUSED || o->result == PROXY_BROKEN) ==
	    (o->p.detail[0] != '\0'), "an end without words, or words without an end");
	for (const char *p = o->p.detail; *p != '\0'; p++)
		must((unsigned char)*p >= ' ' && *p != 0x7f, "words that are not printable");
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct outcome whole, cut;

	if (size < 1)
		return 0;
	take(data + 1, size - 1, 0, &whole);
	check(&whole, data + 1, size - 1);
	for (int i = 0; i < 2; i++) {
		take(data + 1, size - 1, i == 0 ? 1 : data[0], &cut);
		must(cut.result == whole.result && cut.rest == whole.rest &&
		    cut.p.status == whole.p.status && strcmp(cut.p.detail, whole.p.detail) == 0,
		    "the pieces decide");
	}
	return 0;
}

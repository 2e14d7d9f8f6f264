#include "tools/exchange-sim/console.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/exchange-sim/script.h"
#include "tools/exchange-sim/state.h"

#define BODY_MAX (4 << 20)

static int
refuse(struct text *body, int status, const char *error)
{
	body->n = 0;
	text_lit(body, "{\"error\":");
	text_json(body, bytes_of(error));
	text_lit(body, "}\n");
	return status;
}

static int
add_faults(struct exchange *x, struct bytes lines, mono_t now, struct text *body)
{
	char error[512] = "request:1: no fault in it";

	text_lit(body, "{\"ids\":[");
	if (script_add(x, lines, "request", now, body, error, sizeof(error)) <= 0)
		return refuse(body, 400, error);
	text_lit(body, "]}\n");
	return 200;
}

/* POST /clear, or POST /clear?id=N. */
static int
clear(struct exchange *x, struct bytes query, mono_t now, struct text *body)
{
	struct bytes id;
	uint32_t n = 0;

	if (http_query(query, "id", &id)) {
		for (size_t i = 0; i < id.n && i < 9; i++)
			n = n * 10 + (uint32_t)(id.p[i] - '0');
		if (n == 0 || !exchange_clear_fault(x, n, now))
			return refuse(body, 404, "there is no fault with that id");
	} else {
		exchange_clear_fault(x, 0, now);
	}
	text_lit(body, "{}\n");
	return 200;
}

static int
obey(struct exchange *x, const struct http_request *r, struct bytes posted, mono_t now,
    struct text *body)
{
	bool get = bytes_equal(r->method, BYTES_LIT("GET"));
	bool post = bytes_equal(r->method, BYTES_LIT("POST"));
	struct bytes streams = BYTES_NONE;

	if (get && bytes_equal(r->path, BYTES_LIT("/state"))) {
		http_query(r->query, "streams", &streams);
		state_put(body, x, !bytes_equal(streams, BYTES_LIT("0")), now);
		return body->full ? refuse(body, 503, "too much: ask for /state?streams=0") : 200;
	}
	if (post && bytes_equal(r->path, BYTES_LIT("/fault")))
		return add_faults(x, posted, now, body);
	if (post && bytes_equal(r->path, BYTES_LIT("/clear")))
		return clear(x, r->query, now, body);
	return refuse(body, 404, "POST /fault, POST /clear or GET /state expected");
}

size_t
console_answer(struct exchange *x, struct bytes in, mono_t now, struct text *reply,
    bool *closes)
{
	struct text body = {.p = malloc(BODY_MAX), .cap = BODY_MAX};
	struct http_request r = {0};
	enum http_result got = http_parse(in, &r);
	size_t used = in.n;
	int status;

	*closes = true;
	if (body.p == NULL)
		return used;
	if (got == HTTP_MORE || (got == HTTP_OK && in.n < r.length + r.body)) {
		*closes = false;
		used = 0;
	} else if (got == HTTP_BAD) {
		http_response(reply, refuse(&body, 400, "not HTTP"), false, BYTES_NONE,
		    text_bytes(&body));
	} else {
		used = r.length + r.body;
		status = obey(x, &r, (struct bytes){in.p + r.length, r.body}, now, &body);
		*closes = !r.keep_alive;
		http_response(reply, status, r.keep_alive, BYTES_NONE, text_bytes(&body));
	}
	free(body.p);
	return used;
}

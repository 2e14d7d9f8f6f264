#include "tools/exchange-sim/door.h"

#include <openssl/evp.h>
#include <openssl/sha.h>
#include <string.h>

/* Sec-WebSocket-Accept of a key (RFC 6455, 4.2.2). */
static void
put_accept(struct text *t, struct bytes key)
{
	char in[24 + 36];
	unsigned char digest[SHA_DIGEST_LENGTH], out[4 * SHA_DIGEST_LENGTH / 3 + 8];
	int n;

	memcpy(in, key.p, 24);
	memcpy(in + 24, "258EAFA5-E914-47DA-95CA-C5AB0DC85B11", 36);
	SHA1((const unsigned char *)in, sizeof(in), digest);
	n = EVP_EncodeBlock(out, digest, sizeof(digest));
	text_add(t, (const char *)out, (size_t)n);
}

static void
answer(struct session *s, struct text *t)
{
	session_answer(s, text_bytes(t), s->desk->now);
}

/* Refuses with a status; `retry_after_s` 0: without that header. */
static void
refuse_for(struct session *s, int status, int retry_after_s, const char *body)
{
	struct text *t = &s->desk->scratch, headers;
	char header[40];

	headers = (struct text){.p = header, .cap = sizeof(header)};
	if (retry_after_s > 0) {
		text_lit(&headers, "Retry-After: ");
		text_int(&headers, retry_after_s);
		text_lit(&headers, "\r\n");
	}
	t->n = 0;
	http_response(t, status, false, text_bytes(&headers), bytes_of(body));
	tally_code(&s->desk->tally.refused, status);
	answer(s, t);
	s->state = SESSION_OVER;
}

static void
refuse(struct session *s, int status, const char *body)
{
	refuse_for(s, status, 0, body);
}

/* Is the request refused by a fault, or because the client came too often? */
static bool
turned_away(struct session *s, enum fault_on what)
{
	struct fault_target target = session_target(s);
	const struct fault_entry *seen = faults_find(s->desk->faults, FAULT_HTTP, &target);
	const struct fault *f;
	int status = 0, retry_after_s = 0;

	if (seen != NULL && (seen->what.on == what || seen->what.on == FAULT_ON_BOTH)) {
		f = faults_hit(s->desk->faults, FAULT_HTTP, &target);
		if (f != NULL) {
			refuse_for(s, f->status, f->retry_after_s,
			    "{\"code\":-1000,\"msg\":\"Refused by a fault.\"}");
			return true;
		}
	}
	if (what == FAULT_ON_UPGRADE && s->desk->visitors != NULL)
		status = visitors_admit(s->desk->visitors, s->peer, s->desk->now,
		    &retry_after_s, &s->desk->tally);
	if (status != 0)
		refuse_for(s, status, retry_after_s,
		    "{\"code\":-1003,\"msg\":\"Too many connections.\"}");
	return status != 0;
}

/* Takes a path component off the front: "/ws" of "/ws/x". */
static bool
path_begins(struct bytes *path, const char *with)
{
	size_t n = strlen(with);

	if (path->n < n || memcmp(path->p, with, n) != 0 ||
	    (path->n > n && path->p[n] != '/'))
		return false;
	path->p += n;
	path->n -= n;
	return true;
}

/* Subscribes to "a/b/c". NULL, or the reason why not. */
static const char *
subscribe_list(struct session *s, struct bytes list)
{
	struct bytes part;
	char name[STREAM_NAME_MAX];
	long n;

	while (http_part(&list, '/', &part)) {
		if (part.n == 0)
			continue;
		n = http_decode(part, name, sizeof(name));
		if (n < 0 || !stream_name_valid((struct bytes){name, (size_t)n}))
			return "{\"code\":2,\"msg\":\"Invalid request: invalid stream\"}";
		if (s->nstreams == s->desk->cfg.streams_max)
			return "{\"code\":2,\"msg\":\"Invalid request: too many streams\"}";
		if (!session_subscribe(s, (struct bytes){name, (size_t)n}))
			return "{\"code\":2,\"msg\":\"Invalid request: out of memory\"}";
	}
	return NULL;
}

static bool
set_unit(struct session *s, struct bytes query)
{
	struct bytes unit;

	if (!http_query(query, "timeUnit", &unit))
		return true;
	if (bytes_equal(unit, BYTES_LIT("MICROSECOND")) ||
	    bytes_equal(unit, BYTES_LIT("microsecond"))) {
		s->unit = UNIT_US;
		return true;
	}
	return bytes_equal(unit, BYTES_LIT("MILLISECOND")) ||
	    bytes_equal(unit, BYTES_LIT("millisecond"));
}

/* Lets the answer go: at once, or slowly by a fault. */
static void
answer_upgrade(struct session *s, struct bytes text)
{
	struct fault_target target = session_target(s);
	const struct fault *f;
	mono_t at = s->desk->now;

	f = faults_hit(s->desk->faults, FAULT_SLOW_UPGRADE, &target);
	if (f != NULL)
		at = mono_add(at, f->ms);
	f = faults_hit(s->desk->faults, FAULT_DRIBBLE, &target);
	while (f != NULL && text.n > f->bytes) {
		session_answer(s, (struct bytes){text.p, f->bytes}, at);
		text.p += f->bytes;
		text.n -= f->bytes;
		at = mono_add(at, f->ms);
	}
	session_answer(s, text, at);
}

static void
shake_hands(struct session *s, const struct http_request *r)
{
	struct text *t = &s->desk->scratch;

	t->n = 0;
	text_lit(t, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
		    "Connection: Upgrade\r\nSec-WebSocket-Accept: ");
	put_accept(t, r->ws_key);
	text_lit(t, "\r\n\r\n");
	answer_upgrade(s, text_bytes(t));
	s->state = SESSION_OPEN;
}

/* Binary endpoints may ask for an API key. Their status for a wrong one is not documented. */
static bool
is_unauthorized(struct session *s, const struct http_request *r)
{
	const char *key = s->desk->cfg.api_key;

	if (!session_is_binary(s) || key == NULL || bytes_equal(r->api_key, bytes_of(key)))
		return false;
	refuse(s, 401, r->api_key.n > 0
	    ? "{\"code\":-2015,\"msg\":\"Invalid API-key, IP, or permissions for action.\"}"
	    : "{\"code\":-2014,\"msg\":\"API-key format invalid.\"}");
	return true;
}

/* A request on a stream path: what is left of the path names streams, or nothing. */
static void
enter(struct session *s, const struct http_request *r, struct bytes path)
{
	struct bytes list = path;
	const char *error;

	if (!r->upgrade) {
		refuse(s, 400, "{\"code\":-1000,\"msg\":\"WebSocket handshake expected.\"}");
		return;
	}
	if (turned_away(s, FAULT_ON_UPGRADE) || is_unauthorized(s, r))
		return;
	if (!set_unit(s, r->query)) {
		refuse(s, 400, "{\"code\":-1000,\"msg\":\"Invalid timeUnit.\"}");
		return;
	}
	if (s->combined && !http_query(r->query, "streams", &list))
		list = BYTES_NONE;
	error = subscribe_list(s, list);
	if (error != NULL)
		refuse(s, 400, error);
	else
		shake_hands(s, r);
}

static void
route(struct session *s, const struct http_request *r, wall_t now)
{
	struct bytes path = r->path, rest = r->path;

	/* Futures: routed paths since 2026-04-23. */
	s->route = SERVED_ALL;
	if (path_begins(&path, "/public"))
		s->route = SERVED_PUBLIC;
	else if (path_begins(&path, "/market"))
		s->route = SERVED_MARKET;
	if (path_begins(&path, "/ws")) {
		enter(s, r, path);
	} else if (path_begins(&path, "/stream") && path.n <= 1) {
		s->combined = true;
		enter(s, r, path);
	} else if (path_begins(&rest, "/api") || path_begins(&rest, "/fapi") ||
	    path_begins(&rest, "/dapi")) {
		s->desk->tally.rest++;
		if (turned_away(s, FAULT_ON_REST))
			return;
		s->desk->scratch.n = 0;
		s->desk->rest(s->desk->ctx, r, now, &s->desk->scratch);
		answer(s, &s->desk->scratch);
		if (!r->keep_alive)
			s->state = SESSION_OVER;
	} else {
		refuse(s, 404, "{\"code\":-1000,\"msg\":\"Not found.\"}");
	}
}

size_t
door_knock(struct session *s, struct bytes in, wall_t now)
{
	struct http_request r;

	switch (http_parse(in, &r)) {
	case HTTP_MORE:
		return 0;
	case HTTP_BAD:
		refuse(s, in.n > HTTP_HEAD_MAX ? 431 : 400, "");
		return in.n;
	case HTTP_OK:
		break;
	}
	/* Bodies are of no use to anything here; one is skipped once it is complete. */
	if (r.body > HTTP_HEAD_MAX - 1 || r.length > HTTP_HEAD_MAX) {
		refuse(s, 431, "");
		return in.n;
	}
	if (in.n < r.length + r.body)
		return 0;
	route(s, &r, now);
	return r.length + r.body;
}

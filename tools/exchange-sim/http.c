#include "tools/exchange-sim/http.h"

#include <string.h>
#include <strings.h>

static struct bytes
trimmed(struct bytes b)
{
	while (b.n > 0 && (b.p[0] == ' ' || b.p[0] == '\t')) {
		b.p++;
		b.n--;
	}
	while (b.n > 0 && (b.p[b.n - 1] == ' ' || b.p[b.n - 1] == '\t'))
		b.n--;
	return b;
}

static bool
is_word(struct bytes b, const char *word)
{
	return b.n == strlen(word) && strncasecmp(b.p, word, b.n) == 0;
}

/* Is the word an item of a comma-separated list? */
static bool
lists_word(struct bytes list, const char *word)
{
	struct bytes part;

	while (http_part(&list, ',', &part))
		if (is_word(trimmed(part), word))
			return true;
	return false;
}

static bool
parse_number(struct bytes b, size_t *out)
{
	*out = 0;
	for (size_t i = 0; i < b.n; i++) {
		if (b.p[i] < '0' || b.p[i] > '9' || *out > 1 << 20)
			return false;
		*out = *out * 10 + (size_t)(b.p[i] - '0');
	}
	return b.n > 0;
}

static bool
parse_request_line(struct bytes line, struct http_request *out)
{
	struct bytes target, version;

	if (!http_part(&line, ' ', &out->method) || !http_part(&line, ' ', &target) ||
	    target.n == 0 || target.p[0] != '/')
		return false;
	version = line;
	out->keep_alive = is_word(version, "HTTP/1.1");
	http_part(&target, '?', &out->path);
	out->query = target;
	return out->keep_alive || is_word(version, "HTTP/1.0");
}

static bool
parse_header(struct bytes line, struct http_request *out, bool *websocket, bool *version13)
{
	struct bytes name, value;

	if (!http_part(&line, ':', &name) || name.n == 0)
		return false;
	value = trimmed(line);
	if (is_word(name, "upgrade"))
		*websocket = lists_word(value, "websocket");
	else if (is_word(name, "sec-websocket-version"))
		*version13 = is_word(value, "13");
	else if (is_word(name, "sec-websocket-key"))
		out->ws_key = value;
	else if (is_word(name, "x-mbx-apikey"))
		out->api_key = value;
	else if (is_word(name, "connection") && lists_word(value, "close"))
		out->keep_alive = false;
	else if (is_word(name, "content-length"))
		return parse_number(value, &out->body);
	return true;
}

enum http_result
http_parse(struct bytes in, struct http_request *out)
{
	const char *end = in.n > 0 ? memmem(in.p, in.n, "\r\n\r\n", 4) : NULL;
	bool first = true, websocket = false, version13 = false;
	struct bytes rest, line;

	if (end == NULL)
		return in.n > HTTP_HEAD_MAX ? HTTP_BAD : HTTP_MORE;
	*out = (struct http_request){.length = (size_t)(end - in.p) + 4};
	rest = (struct bytes){in.p, out->length - 2};
	while (http_part(&rest, '\n', &line)) {
		if (line.n == 0 || line.p[line.n - 1] != '\r')
			return HTTP_BAD;
		line.n--;
		if (first ? !parse_request_line(line, out)
			  : !parse_header(line, out, &websocket, &version13))
			return HTTP_BAD;
		first = false;
	}
	/* A key is 16 bytes in base64 (RFC 6455, 4.2.1). */
	out->upgrade = websocket && version13 && out->ws_key.n == 24;
	return HTTP_OK;
}

bool
http_query(struct bytes query, const char *name, struct bytes *value)
{
	struct bytes pair, key;

	while (http_part(&query, '&', &pair)) {
		if (http_part(&pair, '=', &key) && bytes_equal(key, bytes_of(name))) {
			*value = pair;
			return true;
		}
	}
	return false;
}

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

long
http_decode(struct bytes in, char *out, size_t cap)
{
	size_t n = 0;

	for (size_t i = 0; i < in.n; i++) {
		int high, low;

		if (n == cap)
			return -1;
		if (in.p[i] != '%') {
			out[n++] = in.p[i];
			continue;
		}
		if (in.n - i < 3)
			return -1;
		high = hex_digit(in.p[i + 1]);
		low = hex_digit(in.p[i + 2]);
		if (high < 0 || low < 0)
			return -1;
		out[n++] = (char)(high << 4 | low);
		i += 2;
	}
	return (long)n;
}

bool
http_part(struct bytes *rest, char separator, struct bytes *part)
{
	const char *at;

	if (rest->n == 0)
		return false;
	at = memchr(rest->p, separator, rest->n);
	part->p = rest->p;
	part->n = at == NULL ? rest->n : (size_t)(at - rest->p);
	rest->p += part->n;
	rest->n -= part->n;
	if (at != NULL) {
		rest->p++;
		rest->n--;
	}
	return true;
}

static const char *
reason_of(int status)
{
	switch (status) {
	case 200:
		return "OK";
	case 400:
		return "Bad Request";
	case 401:
		return "Unauthorized";
	case 403:
		return "Forbidden";
	case 404:
		return "Not Found";
	case 405:
		return "Method Not Allowed";
	case 418:
		return "I'm a teapot";
	case 429:
		return "Too Many Requests";
	case 431:
		return "Request Header Fields Too Large";
	case 451:
		return "Unavailable For Legal Reasons";
	case 503:
		return "Service Unavailable";
	default:
		return "Error";
	}
}

void
http_response(struct text *t, int status, bool keep_alive, struct bytes headers,
    struct bytes body)
{
	const char *reason = reason_of(status);

	text_lit(t, "HTTP/1.1 ");
	text_int(t, status);
	text_lit(t, " ");
	text_add(t, reason, strlen(reason));
	text_lit(t, "\r\nContent-Type: application/json;charset=UTF-8\r\nContent-Length: ");
	text_int(t, (int64_t)body.n);
	if (!keep_alive)
		text_lit(t, "\r\nConnection: close");
	text_lit(t, "\r\n");
	text_add(t, headers.p, headers.n);
	text_lit(t, "\r\n");
	text_add(t, body.p, body.n);
}

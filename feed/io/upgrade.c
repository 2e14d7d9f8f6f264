#include "feed/io/upgrade.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <openssl/evp.h>
#include <openssl/sha.h>

/* RFC 6455 section 1.3. */
#define GUID "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
#define RETRY_AFTER_DIGITS_MAX 9

static void
expect_accept(struct upgrade *u, const char *key)
{
	unsigned char digest[SHA_DIGEST_LENGTH];
	char text[64];
	int n = snprintf(text, sizeof(text), "%s%s", key, GUID);

	SHA1((const unsigned char *)text, (size_t)n, digest);
	EVP_EncodeBlock((unsigned char *)u->accept, digest, sizeof(digest));
}

size_t
upgrade_begin(struct upgrade *u, char *out, const char *host, uint16_t port, const char *path,
    const unsigned char nonce[UPGRADE_NONCE])
{
	bool numeric6 = strchr(host, ':') != NULL;
	char key[32], port_text[8] = "";
	int n;

	*u = (struct upgrade){.retry_after_s = -1};
	EVP_EncodeBlock((unsigned char *)key, nonce, UPGRADE_NONCE);
	expect_accept(u, key);
	if (port != 443)
		snprintf(port_text, sizeof(port_text), ":%u", port);
	n = snprintf(out, UPGRADE_REQUEST_MAX,
	    "GET %s HTTP/1.1\r\n"
	    "Host: %s%s%s%s\r\n"
	    "Upgrade: websocket\r\n"
	    "Connection: Upgrade\r\n"
	    "Sec-WebSocket-Key: %s\r\n"
	    "Sec-WebSocket-Version: 13\r\n"
	    "\r\n",
	    path, numeric6 ? "[" : "", host, numeric6 ? "]" : "", port_text, key);
	return n > 0 && n < UPGRADE_REQUEST_MAX ? (size_t)n : 0;
}

size_t
upgrade_add(char *request, size_t n, const char *name, const char *value)
{
	int more;

	for (const char *p = value; *p != '\0'; p++)
		if ((unsigned char)*p <= ' ' || (unsigned char)*p >= 0x7f)
			return 0;
	n -= 2; /* the line that ends the fields */
	more = snprintf(request + n, UPGRADE_REQUEST_MAX - n, "%s: %s\r\n\r\n", name, value);
	return more > 0 && (size_t)more < UPGRADE_REQUEST_MAX - n ? n + (size_t)more : 0;
}

size_t
upgrade_offer_deflate(struct upgrade *u, char *request, size_t n)
{
	u->deflate_offered = true;
	/* We compress nothing: any window of ours will do. Some servers name one unasked. */
	return upgrade_add(request, n, "Sec-WebSocket-Extensions",
	    "permessage-deflate;client_max_window_bits");
}

static enum upgrade_result
end(struct upgrade *u, enum upgrade_result result, const char *words, const char *what)
{
	snprintf(u->detail, sizeof(u->detail), "%s%s%.60s", words, what[0] ? ": " : "", what);
	for (char *p = u->detail; *p != '\0'; p++)
		if ((unsigned char)*p < ' ' || (unsigned char)*p >= 0x7f)
			*p = '?'; /* goes into logs */
	return result;
}

/* "HTTP/1.1 101 Switching Protocols" */
static enum upgrade_result
read_status(struct upgrade *u)
{
	const char *p = u->line;

	if (strncmp(p, "HTTP/1.1 ", 9) != 0)
		return end(u, UPGRADE_BROKEN, "the answer is no HTTP/1.1", p);
	p += 9;
	for (int i = 0; i < 3; i++) {
		if (p[i] < '0' || p[i] > '9')
			return end(u, UPGRADE_BROKEN, "the answer has no status", u->line);
		u->status = u->status * 10 + (p[i] - '0');
	}
	if ((p[3] != ' ' && p[3] != '\0') || u->status < 100)
		return end(u, UPGRADE_BROKEN, "the answer has no status", u->line);
	u->has_status = true;
	if (u->status != 101)
		end(u, UPGRADE_REFUSED, "the server answered", p);
	return UPGRADE_MORE;
}

/* Is `token` in a list "a, b"? Case does not matter. */
static bool
has_token(const char *list, const char *token)
{
	size_t n = strlen(token);

	while (*list != '\0') {
		size_t item;

		list += strspn(list, " \t,");
		item = strcspn(list, ", \t");
		if (item == n && strncasecmp(list, token, n) == 0)
			return true;
		list += item;
	}
	return false;
}

int32_t
upgrade_retry_after(const char *value)
{
	size_t digits = strspn(value, "0123456789");

	if (digits == 0 || digits > RETRY_AFTER_DIGITS_MAX || value[digits] != '\0')
		return -1; /* the backoff rules */
	return (int32_t)strtol(value, NULL, 10);
}

/* Is it 8 to 15, perhaps quoted? */
static bool
is_window(struct bytes value)
{
	if (value.n >= 2 && value.p[0] == '"' && value.p[value.n - 1] == '"')
		value = (struct bytes){value.p + 1, value.n - 2};
	if (value.n == 1)
		return value.p[0] == '8' || value.p[0] == '9';
	return value.n == 2 && value.p[0] == '1' && value.p[1] >= '0' && value.p[1] <= '5';
}

/* What the server says of permessage-deflate. False: it must not say that (RFC 7692 7.1). */
static bool
take_parameter(struct upgrade *u, unsigned *seen, struct bytes item)
{
	static const struct {
		struct bytes name;
		bool window;
	} known[] = {
		{BYTES_LIT("server_no_context_takeover"), false},
		{BYTES_LIT("client_no_context_takeover"), false},
		{BYTES_LIT("server_max_window_bits"), true},
		{BYTES_LIT("client_max_window_bits"), true},
	};
	const char *equals = memchr(item.p, '=', item.n);
	struct bytes name = {item.p, equals != NULL ? (size_t)(equals - item.p) : item.n};

	for (unsigned i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (!bytes_equal(name, known[i].name) || (*seen >> i & 1) != 0)
			continue;
		*seen |= 1u << i;
		u->fresh_each |= i == 0;
		if (!known[i].window)
			return equals == NULL;
		return equals != NULL &&
		    is_window((struct bytes){equals + 1, item.n - name.n - 1});
	}
	return false;
}

/* "permessage-deflate; server_no_context_takeover" */
static bool
take_deflate(struct upgrade *u, const char *value)
{
	unsigned seen = 0;
	bool first = true;

	if (!u->deflate_offered || u->deflates)
		return false;
	for (;; value++, first = false) {
		struct bytes item;

		value += strspn(value, " \t");
		item = (struct bytes){value, strcspn(value, ";")};
		value += item.n;
		while (item.n > 0 && (item.p[item.n - 1] == ' ' || item.p[item.n - 1] == '\t'))
			item.n--;
		if (first ? !bytes_equal(item, BYTES_LIT("permessage-deflate"))
			  : !take_parameter(u, &seen, item))
			return false;
		if (*value == '\0')
			return u->deflates = true;
	}
}

static enum upgrade_result
take_field(struct upgrade *u, const char *name, const char *value)
{
	if (u->status != 101) {
		if (strcasecmp(name, "retry-after") == 0)
			u->retry_after_s = upgrade_retry_after(value);
		else if (strcasecmp(name, "location") == 0 && u->status / 100 == 3)
			end(u, UPGRADE_REFUSED, "redirects are not followed, this one leads to",
			    value);
		return UPGRADE_MORE;
	}
	if (strcasecmp(name, "upgrade") == 0)
		u->upgrade_seen = strcasecmp(value, "websocket") == 0;
	else if (strcasecmp(name, "connection") == 0)
		u->connection_seen |= has_token(value, "upgrade");
	else if (strcasecmp(name, "sec-websocket-accept") == 0)
		u->accept_seen = strcmp(value, u->accept) == 0;
	else if (strcasecmp(name, "sec-websocket-extensions") == 0 && !take_deflate(u, value))
		return end(u, UPGRADE_BROKEN, "an extension that was not offered", value);
	else if (strcasecmp(name, "sec-websocket-protocol") == 0)
		return end(u, UPGRADE_BROKEN, "a subprotocol that was not offered", value);
	return UPGRADE_MORE;
}

static enum upgrade_result
read_field(struct upgrade *u)
{
	char *colon = strchr(u->line, ':'), *value;

	/* No folded lines and no blank before the colon (RFC 9112 section 5). */
	if (colon == NULL || colon == u->line ||
	    strcspn(u->line, " \t") < (size_t)(colon - u->line))
		return end(u, UPGRADE_BROKEN, "a header field is malformed", u->line);
	*colon = '\0';
	value = colon + 1 + strspn(colon + 1, " \t");
	for (size_t n = strlen(value); n > 0 && strchr(" \t", value[n - 1]) != NULL; n--)
		value[n - 1] = '\0';
	return take_field(u, u->line, value);
}

/* The empty line: the answer is complete. */
static enum upgrade_result
judge(struct upgrade *u)
{
	if (u->status != 101)
		return UPGRADE_REFUSED;
	if (!u->upgrade_seen)
		return end(u, UPGRADE_BROKEN, "the answer has no \"Upgrade: websocket\"", "");
	if (!u->connection_seen)
		return end(u, UPGRADE_BROKEN, "the answer has no \"Connection: Upgrade\"", "");
	if (!u->accept_seen)
		return end(u, UPGRADE_BROKEN, "Sec-WebSocket-Accept is missing or wrong", "");
	return UPGRADE_ACCEPTED;
}

static enum upgrade_result
take_line(struct upgrade *u)
{
	enum upgrade_result result;

	if (u->line_n > 0 && u->line[u->line_n - 1] == '\r')
		u->line_n--;
	u->line[u->line_n] = '\0';
	if (strlen(u->line) != u->line_n)
		return end(u, UPGRADE_BROKEN, "the answer holds a zero byte", "");
	if (!u->has_status)
		result = read_status(u);
	else if (u->line_n == 0)
		result = judge(u);
	else
		result = read_field(u);
	u->line_n = 0;
	return result;
}

enum upgrade_result
upgrade_next(struct upgrade *u, struct bytes *in)
{
	while (in->n > 0) {
		char c = *in->p++;
		enum upgrade_result result;

		in->n--;
		if (++u->bytes > UPGRADE_ANSWER_MAX)
			return end(u, UPGRADE_BROKEN, "the answer's header is endless", "");
		if (c == '\n') {
			result = take_line(u);
			if (result != UPGRADE_MORE)
				return result;
			continue;
		}
		if (u->line_n == sizeof(u->line) - 1)
			return end(u, UPGRADE_BROKEN, "a header line is too long", "");
		u->line[u->line_n++] = c;
	}
	return UPGRADE_MORE;
}

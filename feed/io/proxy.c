#include "feed/io/proxy.h"

#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "feed/io/net_reason.h"

size_t
proxy_begin(struct proxy *p, char *out, const char *host, uint16_t port, const char *credentials)
{
	char encoded[4 * ((PROXY_CREDENTIALS_MAX + 2) / 3) + 1] = "", at[300];
	bool numeric6 = strchr(host, ':') != NULL;
	size_t secret = strlen(credentials);
	int n;

	*p = (struct proxy){0};
	if (secret > PROXY_CREDENTIALS_MAX)
		return 0;
	if (secret > 0)
		EVP_EncodeBlock((unsigned char *)encoded, (const unsigned char *)credentials,
		    (int)secret);
	n = snprintf(at, sizeof(at), numeric6 ? "[%s]:%u" : "%s:%u", host, port);
	if (n < 0 || (size_t)n >= sizeof(at))
		return 0;
	n = snprintf(out, PROXY_REQUEST_MAX, "CONNECT %s HTTP/1.1\r\nHost: %s\r\n%s%s%s\r\n", at,
	    at, secret > 0 ? "Proxy-Authorization: Basic " : "", encoded,
	    secret > 0 ? "\r\n" : "");
	OPENSSL_cleanse(encoded, sizeof(encoded));
	return n > 0 && n < PROXY_REQUEST_MAX ? (size_t)n : 0;
}

static enum proxy_result
end(struct proxy *p, enum proxy_result result, const char *words)
{
	char line[sizeof(p->line)];

	net_reason_clean(bytes_of(p->line), line, sizeof(line));
	snprintf(p->detail, sizeof(p->detail), "%s%s%s", words, line[0] ? ": " : "", line);
	return result;
}

/* "HTTP/1.1 200 Connection established"; older proxies say HTTP/1.0. */
static bool
read_status(struct proxy *p)
{
	const char *at = p->line + 9;

	if (strncmp(p->line, "HTTP/1.1 ", 9) != 0 && strncmp(p->line, "HTTP/1.0 ", 9) != 0)
		return false;
	for (int i = 0; i < 3; i++) {
		if (at[i] < '0' || at[i] > '9')
			return false;
		p->status = p->status * 10 + (at[i] - '0');
	}
	return (at[3] == ' ' || at[3] == '\0') && p->status >= 100;
}

/* A whole line. Header fields mean nothing to a way that is open (RFC 9110 9.3.6). */
static enum proxy_result
read_line(struct proxy *p)
{
	if (p->line_n > 0 && p->line_n <= sizeof(p->line) && p->line[p->line_n - 1] == '\r')
		p->line[--p->line_n] = '\0';
	if (p->status == 0) {
		if (!read_status(p))
			return end(p, PROXY_BROKEN, "the proxy's answer is no HTTP/1.1");
		if (p->status < 200 || p->status > 299)
			return end(p, PROXY_REFUSED, "the proxy answered");
	} else if (p->line_n == 0) {
		return PROXY_OPEN;
	}
	p->line_n = 0;
	p->line[0] = '\0';
	return PROXY_MORE;
}

enum proxy_result
proxy_next(struct proxy *p, struct bytes *in)
{
	enum proxy_result result = PROXY_MORE;

	while (result == PROXY_MORE && in->n > 0) {
		char c = *in->p;

		*in = (struct bytes){in->p + 1, in->n - 1};
		if (++p->bytes > PROXY_ANSWER_MAX)
			return end(p, PROXY_BROKEN, "the proxy's answer is too long");
		if (c == '\n') {
			result = read_line(p);
			continue;
		}
		if (p->line_n < sizeof(p->line) - 1) {
			p->line[p->line_n] = c;
			p->line[p->line_n + 1] = '\0';
		}
		p->line_n++;
	}
	return result;
}

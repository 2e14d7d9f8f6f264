/*
 * What a server's certificate says, as text. Any thread.
 */
#ifndef FEED_PROBE_CERTIFICATE_H
#define FEED_PROBE_CERTIFICATE_H

#include <stdint.h>

#include <openssl/x509.h>

#include "feed/base/wall.h"

#define CERTIFICATE_NAME_MAX 160
#define CERTIFICATE_NAMES_MAX 400

struct certificate {
	char subject[CERTIFICATE_NAME_MAX]; /* "CN=stream.binance.com" (RFC 2253) */
	char issuer[CERTIFICATE_NAME_MAX];
	char names[CERTIFICATE_NAMES_MAX]; /* "a.test, *.b.test, 127.0.0.1", cut where too long */
	unsigned names_n;                  /* how many names and addresses it has */
	char from[16], until[16];          /* "2026-08-31"; "?" where that makes no sense */
	int64_t days_left;                 /* whole days from `now` to the end; < 0: it is over */
};

/* Fills *out. What is no printable ASCII becomes "?" or is escaped. */
void certificate_read(const X509 *cert, wall_t now, struct certificate *out);

#endif

/*
 * Certificates for tests, made on the fly: an authority and servers that it
 * signed, each wrong in one way.
 */
#ifndef TESTS_SYSTEM_CERTS_H
#define TESTS_SYSTEM_CERTS_H

#include <openssl/ssl.h>

enum cert_kind {
	CERT_GOOD, /* exchange.test, localhost, 127.0.0.1, ::1 */
	CERT_WRONG_HOST,
	CERT_UNKNOWN_AUTHORITY,
	CERT_SELF_SIGNED,
	CERT_EXPIRED,
	CERT_NOT_YET_VALID,
	CERT_KINDS
};

/* Makes the authority and writes it as PEM to `ca_file`. Aborts on any error. */
void certs_open(const char *ca_file);
void certs_close(void);

/* The same for a group of cmocka's, in a folder of their own that goes with it. */
int certs_setup_all(void **state);
int certs_teardown_all(void **state);

/* The authority's file since certs_setup_all(). */
const char *certs_ca_file(void);

/* A server context with such a certificate. Free with SSL_CTX_free(). */
SSL_CTX *certs_server(enum cert_kind kind);

#endif

/*
 * The simulator's own certificate authority: a directory with ca.pem and
 * ca.key. Server certificates are made anew for each run and stay in memory.
 */
#ifndef TOOLS_EXCHANGE_SIM_CA_H
#define TOOLS_EXCHANGE_SIM_CA_H

#include <openssl/ssl.h>

/* What is wrong with the server's certificate, for clients that must refuse it. */
enum cert_fault {
	CERT_GOOD,
	CERT_WRONG_HOST,    /* names another host */
	CERT_SELF_SIGNED,   /* not by the CA */
	CERT_EXPIRED,       /* ended yesterday */
	CERT_NOT_YET_VALID, /* begins tomorrow */
};

/* A key and its certificate. */
struct cert {
	EVP_PKEY *key;
	X509 *x509;
};

/*
 * Loads the CA of a directory, or creates both: DIR (0755), DIR/ca.pem,
 * DIR/ca.key (0600). 0, or -1 with a sentence in error[cap].
 */
int ca_open(struct cert *ca, const char *dir, char *error, size_t cap);

/*
 * Makes a server certificate for localhost, 127.0.0.1, ::1 and `name` (or NULL).
 * 0, or -1 with a sentence in error[cap].
 */
int ca_issue(const struct cert *ca, const char *name, enum cert_fault fault, struct cert *out,
    char *error, size_t cap);

void cert_free(struct cert *c);

#endif

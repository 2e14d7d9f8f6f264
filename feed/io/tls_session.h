/*
 * TLS sessions kept for resumption (RFC 8446 section 2.2), one per endpoint:
 * the next handshake with it costs no certificate and no signature.
 *
 * Only sessions of handshakes under the policy of tls.h are kept, so the
 * server was verified by that name; a session whose certificate has expired
 * since is not offered. A ticket is used once (RFC 8446 appendix C.4). After
 * a handshake that failed with a session on offer, none is kept for its
 * endpoint any more.
 *
 * One thread, that of the context.
 */
#ifndef FEED_IO_TLS_SESSION_H
#define FEED_IO_TLS_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include <openssl/ssl.h>

#define TLS_SESSIONS_MAX 40 /* endpoints; further ones do without */
#define TLS_SESSION_HOST_MAX 253

struct tls_session {
	char host[TLS_SESSION_HOST_MAX + 1];
	uint16_t port;
	SSL_SESSION *kept; /* the last one, NULL: none */
	bool off;
};

struct tls_sessions {
	struct tls_session at[TLS_SESSIONS_MAX];
	unsigned n;
};

/* Has the context tell of its sessions. *s is empty and outlives it. */
void tls_sessions_keep(struct tls_sessions *s, SSL_CTX *context);

/* Frees what is kept. */
void tls_sessions_fini(struct tls_sessions *s);

/*
 * Before a handshake: offers what is kept for host:port, and keeps what comes.
 * Returns whether a session is on offer.
 */
bool tls_sessions_offer(struct tls_sessions *s, SSL *ssl, const char *host, uint16_t port);

/* The handshake of an SSL failed that had a session on offer. */
void tls_sessions_distrust(SSL *ssl);

#endif

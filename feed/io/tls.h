/*
 * The security policy of every TLS connection to an exchange, in one place:
 * TLS 1.2 or later, certificate chain and host name (or address) always
 * verified, SNI, authorities from a file or from the system's store. There is
 * no way to switch any of it off.
 *
 * A transport makes its SSL objects of one context and guards each of them
 * before the handshake starts; an SSL that nobody guarded accepts no
 * certificate. All calls on one context come from one thread.
 */
#ifndef FEED_IO_TLS_H
#define FEED_IO_TLS_H

#include <stdbool.h>

#include <openssl/ssl.h>

#include <tickring/reasons.h>

#define TLS_DETAIL_MAX 160

/* Whom a connection talks to, and what was wrong with them. */
struct tls_peer {
	const char *host;        /* name or numeric address; borrowed, outlives the handshake */
	X509 **shown;            /* NULL, or gets its certificate, refused or not: X509_free() it */
	enum tick_reason reason; /* TICK_REASON_NONE, or why the handshake failed */
	char detail[TLS_DETAIL_MAX]; /* in words: host, certificate, error; "" when none */
};

/*
 * Makes a client context under the policy. `ca_file`: PEM with the trusted
 * authorities, "" = the system's store. Returns 0, or -ENOENT (the file cannot
 * be read), -EBADMSG (it holds no certificate), -ENOMEM; `why`
 * (TLS_DETAIL_MAX bytes) then says it in words. Free with SSL_CTX_free().
 */
int tls_context(SSL_CTX **out, const char *ca_file, char *why);

/*
 * Puts the policy and peer->host on one connection: SNI (names only, RFC 6066
 * section 3 forbids addresses), verification, ALPN http/1.1. `peer` is cleared
 * but for host and shown, written to during the handshake and must outlive `ssl` or
 * be released. Returns 0 or -ENOMEM.
 */
int tls_guard(SSL *ssl, struct tls_peer *peer);

/* Takes the peer off again; from then on `ssl` accepts no certificate. */
void tls_release(SSL *ssl);

/* Is there a peer on this connection? */
bool tls_is_guarded(const SSL *ssl);

/*
 * Info callback of the context: notes alerts and handshake errors in the peer.
 * A transport that needs the hook itself sets its own and calls this from it.
 */
void tls_on_info(const SSL *ssl, int where, int ret);

#endif

/*
 * A connection that its caller waits for, each call until a point in time at
 * the latest: TCP, then TLS by the policy of tls.h. For a probe, which does one
 * thing after the other; a feed has its transport (feed/io/transport.h).
 *
 * One thread.
 */
#ifndef FEED_PROBE_WIRE_H
#define FEED_PROBE_WIRE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "feed/base/mono.h"
#include "feed/io/tls.h"

struct wire {
	int fd;   /* -1: not connected */
	SSL *ssl; /* NULL: not secured yet */
};

#define WIRE_NONE ((struct wire){.fd = -1})

/*
 * Connects to a numeric address, from the numeric address `source` ("": any).
 * Returns 0, -ETIMEDOUT, or -errno as the system says; then *wire is closed.
 */
int wire_dial(struct wire *wire, const char *address, uint16_t port, const char *source,
    mono_t until);

/*
 * The TLS handshake with peer->host. Returns 0; -EPROTO (TLS failed: peer has
 * reason and words), -ETIMEDOUT, -EPIPE (the peer ended the connection),
 * -ENOMEM, or -errno.
 */
int wire_secure(struct wire *wire, SSL_CTX *tls, struct tls_peer *peer, mono_t until);

/* Sends all of it. Returns 0, -ETIMEDOUT, -EPIPE or -errno. */
int wire_send(struct wire *wire, const void *bytes, size_t n, mono_t until);

/* Waits for some bytes. Returns their number, 0 at the end, -ETIMEDOUT or -errno. */
ssize_t wire_receive(struct wire *wire, void *out, size_t room, mono_t until);

/* In good order where there is TLS; a closed one stays closed. */
void wire_close(struct wire *wire);

#endif

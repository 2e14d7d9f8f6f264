/*
 * Reads a socket for OpenSSL in large pieces: one recv() of up to 64 KiB
 * instead of two read() per TLS record, which is most of what libwebsockets'
 * own way costs. It also remembers how the connection ended, which the library
 * does not tell.
 *
 * Who uses it serves the connection again while recv_bio_buffered() > 0: poll()
 * knows nothing of those bytes. Feed thread.
 */
#ifndef FEED_IO_RECV_BIO_H
#define FEED_IO_RECV_BIO_H

#include <openssl/ssl.h>
#include <stdbool.h>
#include <stddef.h>

#define RECV_BIO_BYTES 65536

struct recv_bio {
	int fd;
	size_t head, tail; /* what is buffered */
	unsigned budget;   /* recv() calls left, see recv_bio_allow() */
	bool eof;          /* the peer ended the connection */
	int error;         /* errno of a failed recv(), 0 when none */
	char *buffer;      /* RECV_BIO_BYTES */
};

/* Returns 0 or -ENOMEM. */
int recv_bio_init(struct recv_bio *bio);

/* Frees the buffer; a zeroed struct is fine. No SSL may use it any more. */
void recv_bio_fini(struct recv_bio *bio);

/*
 * Makes `ssl` read through `bio` from the socket that it has now. `bio` must
 * outlive `ssl`, or recv_bio_detach() must come first; it starts afresh.
 * Returns 0 or -ENOMEM (then `ssl` reads as before).
 */
int recv_bio_attach(struct recv_bio *bio, SSL *ssl);

/* `ssl` reads as it did before (what is buffered is lost); no-op when not attached. */
void recv_bio_detach(const struct recv_bio *bio, SSL *ssl);

/*
 * Allows so many recv() calls; beyond them the socket seems empty, so that a
 * torrent on one line cannot hold up the caller's loop.
 */
void recv_bio_allow(struct recv_bio *bio, unsigned calls);

size_t recv_bio_buffered(const struct recv_bio *bio);

#endif

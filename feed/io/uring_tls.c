/*
 * TLS over the bytes of a line: OpenSSL reads from the receive buffer at hand
 * and writes to the line's send buffer, without a system call of its own.
 */
#include <errno.h>
#include <string.h>

#include <openssl/bio.h>

#include "feed/io/uring_line.h"

/* Bytes of a record with that header, the header included. */
static size_t
record_bytes(const char *header)
{
	return URING_LINE_RECORD_HEADER +
	    ((size_t)(unsigned char)header[3] << 8 | (unsigned char)header[4]);
}

/* How many of the bytes at hand belong to the record, as far as its header is known. */
static size_t
bytes_of_record(struct uring_line *line)
{
	size_t n = URING_LINE_RECORD_HEADER - line->header_n;

	if (line->record_left == 0 && line->header_n == 0 && line->in.n >= n)
		line->record_left = record_bytes(line->in.p);
	if (line->record_left > 0)
		return line->in.n < line->record_left ? line->in.n : line->record_left;
	/* The header is cut: its pieces go on, and are kept until it is whole. */
	n = line->in.n < n ? line->in.n : n;
	memcpy(line->header + line->header_n, line->in.p, n);
	line->header_n += n;
	line->record_left = n;
	if (line->header_n == URING_LINE_RECORD_HEADER) {
		line->record_left += record_bytes(line->header) - URING_LINE_RECORD_HEADER;
		line->header_n = 0;
	}
	return n;
}

/*
 * OpenSSL reads ahead here, so that one call brings a record where it would
 * take two; and never more than a record, for it would move what is left of
 * its buffer to the front at each of them.
 */
static int
take(BIO *bio, char *out, size_t room, size_t *n)
{
	struct uring_line *line = BIO_get_data(bio);

	BIO_clear_retry_flags(bio);
	if (line->in.n == 0) {
		*n = 0;
		BIO_set_retry_read(bio);
		return 0;
	}
	*n = bytes_of_record(line);
	if (*n > room)
		*n = room;
	memcpy(out, line->in.p, *n);
	line->in = (struct bytes){line->in.p + *n, line->in.n - *n};
	line->record_left -= *n;
	return 1;
}

static int
give(BIO *bio, const char *bytes, size_t n, size_t *written)
{
	struct uring_line *line = BIO_get_data(bio);

	BIO_clear_retry_flags(bio);
	if (n > URING_LINE_OUT_MAX - line->out_n) {
		*written = 0;
		BIO_set_retry_write(bio);
		return 0;
	}
	memcpy(line->out + line->out_n, bytes, n);
	line->out_n += n;
	*written = n;
	return 1;
}

static long
control(BIO *bio, int command, long number, void *pointer)
{
	(void)bio;
	(void)number;
	(void)pointer;
	return command == BIO_CTRL_FLUSH || command == BIO_CTRL_PUSH || command == BIO_CTRL_POP;
}

static int
create(BIO *bio)
{
	BIO_set_init(bio, 1);
	return 1;
}

BIO_METHOD *
uring_tls_bio(void)
{
	BIO_METHOD *method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "line");

	if (method == NULL)
		return NULL;
	BIO_meth_set_read_ex(method, take);
	BIO_meth_set_write_ex(method, give);
	BIO_meth_set_ctrl(method, control);
	BIO_meth_set_create(method, create);
	return method;
}

int
uring_tls_begin(struct uring_line *line)
{
	BIO *bio;

	line->ssl = SSL_new(line->owner->tls);
	if (line->ssl == NULL)
		return -ENOMEM;
	bio = BIO_new(line->owner->bio);
	if (bio == NULL)
		return -ENOMEM;
	BIO_set_data(bio, line);
	SSL_set_bio(line->ssl, bio, bio);
	SSL_set_mode(line->ssl, SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	SSL_set_read_ahead(line->ssl, 1);
	SSL_set_connect_state(line->ssl);
	line->resuming =
	    tls_sessions_offer(&line->owner->sessions, line->ssl, line->host, line->port);
	return tls_guard(line->ssl, &line->peer);
}

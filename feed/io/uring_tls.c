/*
 * TLS over the bytes of a line: OpenSSL reads from the receive buffer at hand
 * and writes to the line's send buffer, without a system call of its own.
 */
#include <errno.h>
#include <string.h>

#include <openssl/bio.h>

#include "feed/io/uring_line.h"

static int
take(BIO *bio, char *out, size_t room, size_t *n)
{
	struct uring_line *line = BIO_get_data(bio);

	BIO_clear_retry_flags(bio);
	*n = line->in.n < room ? line->in.n : room;
	if (*n == 0) {
		BIO_set_retry_read(bio);
		return 0;
	}
	memcpy(out, line->in.p, *n);
	line->in = (struct bytes){line->in.p + *n, line->in.n - *n};
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
	SSL_set_connect_state(line->ssl);
	return tls_guard(line->ssl, &line->peer);
}

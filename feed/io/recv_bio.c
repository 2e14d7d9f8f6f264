#include "feed/io/recv_bio.h"

#include <errno.h>
#include <openssl/bio.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

static pthread_once_t once = PTHREAD_ONCE_INIT;
static BIO_METHOD *method;

static int
recv_bio_read(BIO *b, char *out, int room)
{
	struct recv_bio *bio = BIO_get_data(b);
	size_t n;
	ssize_t got;

	BIO_clear_retry_flags(b);
	if (room <= 0)
		return -1;
	if (bio->head == bio->tail) {
		if (bio->budget == 0) {
			BIO_set_retry_read(b);
			return -1;
		}
		bio->budget--;
		got = recv(bio->fd, bio->buffer, RECV_BIO_BYTES, 0);
		if (got <= 0) {
			bio->eof = got == 0;
			if (got < 0 && (errno == EAGAIN || errno == EINTR))
				BIO_set_retry_read(b);
			else if (got < 0)
				bio->error = errno;
			return (int)got;
		}
		bio->head = 0;
		bio->tail = (size_t)got;
	}
	n = bio->tail - bio->head;
	if (n > (size_t)room)
		n = (size_t)room;
	memcpy(out, bio->buffer + bio->head, n);
	bio->head += n;
	return (int)n;
}

static long
recv_bio_ctrl(BIO *b, int cmd, long number, void *out)
{
	struct recv_bio *bio = BIO_get_data(b);

	(void)number;
	switch (cmd) {
	case BIO_C_GET_FD: /* libwebsockets closes the socket that SSL_get_fd() names */
		if (out != NULL)
			*(int *)out = bio->fd;
		return bio->fd;
	case BIO_CTRL_EOF:
		return bio->eof;
	case BIO_CTRL_PENDING:
		return (long)recv_bio_buffered(bio);
	case BIO_CTRL_FLUSH:
	case BIO_CTRL_DUP:
		return 1;
	default:
		return 0;
	}
}

static int
recv_bio_create(BIO *b)
{
	BIO_set_init(b, 1);
	return 1;
}

static void
make_method(void)
{
	int type = BIO_get_new_index();

	/* SSL_get_fd() finds it by the DESCRIPTOR bit. */
	if (type != -1)
		method = BIO_meth_new(type | BIO_TYPE_SOURCE_SINK | BIO_TYPE_DESCRIPTOR,
		    "large recv");
	if (method != NULL && (BIO_meth_set_read(method, recv_bio_read) != 1 ||
	        BIO_meth_set_ctrl(method, recv_bio_ctrl) != 1 ||
	        BIO_meth_set_create(method, recv_bio_create) != 1)) {
		BIO_meth_free(method);
		method = NULL;
	}
}

int
recv_bio_init(struct recv_bio *bio)
{
	*bio = (struct recv_bio){.fd = -1, .buffer = malloc(RECV_BIO_BYTES)};
	pthread_once(&once, make_method);
	return bio->buffer == NULL || method == NULL ? -ENOMEM : 0;
}

void
recv_bio_fini(struct recv_bio *bio)
{
	free(bio->buffer);
	*bio = (struct recv_bio){.fd = -1};
}

int
recv_bio_attach(struct recv_bio *bio, SSL *ssl)
{
	BIO *b = BIO_new(method);

	if (b == NULL)
		return -ENOMEM;
	*bio = (struct recv_bio){.fd = SSL_get_fd(ssl), .budget = 1, .buffer = bio->buffer};
	BIO_set_data(b, bio);
	SSL_set0_rbio(ssl, b);
	return 0;
}

void
recv_bio_detach(const struct recv_bio *bio, SSL *ssl)
{
	BIO *rbio = SSL_get_rbio(ssl), *wbio = SSL_get_wbio(ssl);

	if (rbio == NULL || BIO_get_data(rbio) != bio || wbio == NULL || BIO_up_ref(wbio) != 1)
		return;
	SSL_set0_rbio(ssl, wbio);
}

void
recv_bio_allow(struct recv_bio *bio, unsigned calls)
{
	bio->budget = calls;
}

size_t
recv_bio_buffered(const struct recv_bio *bio)
{
	return bio->tail - bio->head;
}

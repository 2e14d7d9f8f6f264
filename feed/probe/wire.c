#include "feed/probe/wire.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/err.h>

#include "feed/base/host.h"
#include "feed/io/clock.h"

/* Waits for POLLIN or POLLOUT. Returns 0, -ETIMEDOUT or -errno. */
static int
wait_for(const struct wire *wire, short what, mono_t until)
{
	struct pollfd pfd = {.fd = wire->fd, .events = what};

	for (;;) {
		int64_t left = mono_diff(until, clock_mono()).ns;
		int n = left <= 0 ? 0 : poll(&pfd, 1, (int)(left / 1000000) + 1);

		if (n > 0)
			return 0;
		if (n == 0)
			return -ETIMEDOUT;
		if (errno != EINTR)
			return -errno;
	}
}

static int
connect_to(struct wire *wire, const struct sockaddr_storage *to, socklen_t n, mono_t until)
{
	socklen_t size = sizeof(int);
	int error = 0, rc;

	if (connect(wire->fd, (const struct sockaddr *)to, n) == 0)
		return 0;
	if (errno != EINPROGRESS)
		return -errno;
	rc = wait_for(wire, POLLOUT, until);
	if (rc == 0 && getsockopt(wire->fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0)
		error = errno;
	return rc != 0 ? rc : -error;
}

int
wire_dial(struct wire *wire, const char *address, uint16_t port, const char *source, mono_t until)
{
	struct sockaddr_storage to, from;
	socklen_t n = host_address(&to, address, port), m = host_address(&from, source, 0);
	int rc;

	*wire = WIRE_NONE;
	if (n == 0)
		return -EINVAL;
	wire->fd = socket(to.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (wire->fd < 0)
		return -errno;
	if (m > 0 && bind(wire->fd, (struct sockaddr *)&from, m) != 0)
		rc = -errno;
	else
		rc = connect_to(wire, &to, n, until);
	if (rc != 0)
		wire_close(wire);
	return rc;
}

/* What an operation of OpenSSL wants: returns 0 to try it again, or how it failed. */
static int
try_again(struct wire *wire, int result, mono_t until)
{
	int error = errno;

	switch (SSL_get_error(wire->ssl, result)) {
	case SSL_ERROR_WANT_READ:
		return wait_for(wire, POLLIN, until);
	case SSL_ERROR_WANT_WRITE:
		return wait_for(wire, POLLOUT, until);
	case SSL_ERROR_ZERO_RETURN:
		return -EPIPE;
	case SSL_ERROR_SYSCALL:
		return error != 0 ? -error : -EPIPE;
	default:
		if (ERR_GET_REASON(ERR_peek_error()) == SSL_R_UNEXPECTED_EOF_WHILE_READING)
			return -EPIPE;
		return -EPROTO;
	}
}

static void
forget_errors(void)
{
	ERR_clear_error();
	errno = 0;
}

int
wire_secure(struct wire *wire, SSL_CTX *tls, struct tls_peer *peer, mono_t until)
{
	int rc = 0, n;

	wire->ssl = SSL_new(tls);
	if (wire->ssl == NULL || SSL_set_fd(wire->ssl, wire->fd) != 1 ||
	    tls_guard(wire->ssl, peer) != 0)
		return -ENOMEM;
	for (forget_errors(); (n = SSL_connect(wire->ssl)) != 1; forget_errors()) {
		rc = try_again(wire, n, until);
		if (rc != 0)
			return rc;
	}
	return 0;
}

int
wire_send(struct wire *wire, const void *bytes, size_t n, mono_t until)
{
	const char *from = bytes;
	int rc = 0;

	while (n > 0 && rc == 0) {
		ssize_t sent;

		forget_errors();
		sent = wire->ssl != NULL ? SSL_write(wire->ssl, from, (int)n)
		                         : send(wire->fd, from, n, MSG_NOSIGNAL);
		if (sent > 0) {
			from += sent;
			n -= (size_t)sent;
		} else if (wire->ssl != NULL) {
			rc = try_again(wire, (int)sent, until);
		} else {
			rc = errno == EAGAIN ? wait_for(wire, POLLOUT, until) : -errno;
		}
	}
	return rc;
}

ssize_t
wire_receive(struct wire *wire, void *out, size_t room, mono_t until)
{
	for (;;) {
		ssize_t n;
		int rc;

		if (mono_due(until, clock_mono())) /* also where there is always something */
			return -ETIMEDOUT;
		forget_errors();
		n = wire->ssl != NULL ? SSL_read(wire->ssl, out, (int)room)
		                      : recv(wire->fd, out, room, 0);
		if (n > 0 || (n == 0 && wire->ssl == NULL))
			return n;
		if (wire->ssl != NULL)
			rc = try_again(wire, (int)n, until);
		else
			rc = errno == EAGAIN ? wait_for(wire, POLLIN, until) : -errno;
		if (rc != 0)
			return rc == -EPIPE ? 0 : rc;
	}
}

void
wire_close(struct wire *wire)
{
	if (wire->ssl != NULL && SSL_is_init_finished(wire->ssl))
		SSL_shutdown(wire->ssl);
	ERR_clear_error();
	SSL_free(wire->ssl);
	if (wire->fd >= 0)
		close(wire->fd);
	*wire = WIRE_NONE;
}

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/bio.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "feed/io/clock.h"
#include "tests/bench/receive/client.h"
#include "tests/bench/receive/wares.h"

#define BYTES 65536

struct reader {
	const struct client_cfg *cfg;
	struct client_tally tally;
	SSL *ssl;
	int fd;
	bool polls, over;
	size_t head, tail, have; /* of `raw`; of `plain` */
	char raw[BYTES], plain[BYTES];
};

static _Noreturn void
give_up(const char *what)
{
	fprintf(stderr, "openssl client: %s\n", what);
	_exit(1);
}

/* ---- the BIO ------------------------------------------------------------------- */

static int
take(BIO *bio, char *out, size_t room, size_t *n)
{
	struct reader *r = BIO_get_data(bio);
	ssize_t got;

	BIO_clear_retry_flags(bio);
	if (r->head == r->tail) {
		got = recv(r->fd, r->raw, sizeof(r->raw), 0);
		if (got < 0 && errno == EAGAIN)
			BIO_set_retry_read(bio);
		if (got <= 0)
			return 0;
		r->head = 0;
		r->tail = (size_t)got;
	}
	*n = r->tail - r->head < room ? r->tail - r->head : room;
	memcpy(out, r->raw + r->head, *n);
	r->head += *n;
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

static void
begin_tls(struct reader *r)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
	BIO_METHOD *method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "recv");
	BIO *bio;

	if (ctx == NULL || method == NULL ||
	    SSL_CTX_load_verify_file(ctx, r->cfg->ca_file) != 1 ||
	    BIO_meth_set_read_ex(method, take) != 1 || BIO_meth_set_ctrl(method, control) != 1 ||
	    (bio = BIO_new(method)) == NULL || (r->ssl = SSL_new(ctx)) == NULL)
		give_up("no TLS");
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
	SSL_set1_host(r->ssl, "localhost");
	BIO_set_data(bio, r);
	BIO_set_init(bio, 1);
	SSL_set_bio(r->ssl, bio, BIO_new_socket(r->fd, BIO_NOCLOSE));
	if (SSL_connect(r->ssl) != 1)
		give_up("TLS handshake failed");
}

/* ---- connecting ---------------------------------------------------------------- */

static void
dial(struct reader *r)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(r->cfg->port),
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	const int on = 1;

	r->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (r->fd < 0 || connect(r->fd, (struct sockaddr *)&to, sizeof(to)) != 0)
		give_up("cannot connect");
	setsockopt(r->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

static void
upgrade(struct reader *r)
{
	static const char request[] = "GET /stream HTTP/1.1\r\nHost: localhost\r\n"
	    "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
	    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
	char answer[4096] = "";
	size_t n = 0, got;

	SSL_write(r->ssl, request, sizeof(request) - 1);
	while (strstr(answer, "\r\n\r\n") == NULL) {
		if (n + 1 >= sizeof(answer) || SSL_read_ex(r->ssl, answer + n, 1, &got) != 1)
			give_up("no answer to the upgrade");
		answer[n += got] = '\0';
	}
	if (strncmp(answer, "HTTP/1.1 101", 12) != 0)
		give_up("the upgrade was refused");
}

/* One masked text frame; a mask of zeros is one, too. */
static void
subscribe(struct reader *r)
{
	const char *text = client_request();
	size_t n = strlen(text);
	char frame[8192] = {(char)0x81, (char)(0x80 | 126), (char)(n >> 8), (char)n};

	if (n < 126 || n + 8 > sizeof(frame))
		give_up("the request has no length of two bytes");
	memcpy(frame + 8, text, n);
	SSL_write(r->ssl, frame, (int)n + 8);
}

/* ---- frames -------------------------------------------------------------------- */

static void
count_frame(struct reader *r, struct bytes payload, mono_t now)
{
	int64_t price;

	r->tally.messages++;
	if (!r->cfg->stamped)
		return;
	price = wares_price(payload);
	if (price >= 0)
		client_tally_age(&r->tally, price, now);
}

/* Walks the whole frames in `plain`; what is left of the last one moves to the front. */
static void
walk(struct reader *r)
{
	mono_t now = r->cfg->stamped ? clock_mono() : MONO_ZERO;
	const unsigned char *p = (const unsigned char *)r->plain, *end = p + r->have;

	while (end - p >= 4) {
		size_t n = p[1] & 0x7f, head = 2;

		if (n == 126) {
			n = (size_t)p[2] << 8 | p[3];
			head = 4;
		}
		if ((size_t)(end - p) < head + n)
			break;
		if (p[0] == 0x88)
			r->over = true;
		else
			count_frame(r, (struct bytes){(const char *)p + head, n}, now);
		p += head + n;
	}
	r->have = (size_t)(end - p);
	if (r->have > 0)
		memmove(r->plain, p, r->have);
}

static void
wait_for_bytes(struct reader *r)
{
	struct pollfd p = {.fd = r->fd, .events = POLLIN};

	if (!r->polls || SSL_get_error(r->ssl, 0) != SSL_ERROR_WANT_READ)
		give_up("the connection ended");
	poll(&p, 1, -1);
}

int
client_openssl(const struct client_cfg *cfg, bool polls)
{
	struct reader *r = calloc(1, sizeof(*r));
	size_t n;

	if (r == NULL)
		return 1;
	r->cfg = cfg;
	r->polls = polls;
	dial(r);
	begin_tls(r);
	upgrade(r);
	subscribe(r);
	if (polls)
		fcntl(r->fd, F_SETFL, O_NONBLOCK);
	while (!r->over) {
		if (SSL_read_ex(r->ssl, r->plain + r->have, sizeof(r->plain) - r->have, &n) != 1) {
			wait_for_bytes(r);
			continue;
		}
		r->have += n;
		walk(r);
	}
	client_tally_print(&r->tally);
	return 0;
}

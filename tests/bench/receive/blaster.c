#include "tests/bench/receive/blaster.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "feed/io/clock.h"
#include "tests/bench/receive/child.h"

#define OUT_BYTES (256 << 10)
#define OUT_ENOUGH (64 << 10) /* that much goes out in one system call */
#define PER_RECORD_MAX 32

struct blaster {
	const struct blaster_cfg *cfg;
	struct wares market;
	SSL *ssl;
	int fd;
	size_t n;
	char out[OUT_BYTES]; /* records that wait to be written */
	char plain[PER_RECORD_MAX * MARKET_FRAME_MAX];
};

static _Noreturn void
give_up(const char *what)
{
	fprintf(stderr, "blaster: %s\n", what);
	_exit(1);
}

/* Writes the waiting records. Returns false when the client is gone. */
static bool
flush(struct blaster *b)
{
	for (size_t at = 0; at < b->n;) {
		ssize_t n = send(b->fd, b->out + at, b->n - at, MSG_NOSIGNAL);

		if (n < 0 && errno != EINTR)
			return false;
		at += n > 0 ? (size_t)n : 0;
	}
	b->n = 0;
	return true;
}

/* ---- TLS: records gather here, so that many go out in one system call ---------- */

static int
gather(BIO *bio, const char *bytes, size_t n, size_t *written)
{
	struct blaster *b = BIO_get_data(bio);

	if (b->n + n > sizeof(b->out) && !flush(b))
		return 0;
	memcpy(b->out + b->n, bytes, n);
	b->n += n;
	*written = n;
	return 1;
}

static long
control(BIO *bio, int command, long number, void *pointer)
{
	(void)number;
	(void)pointer;
	if (command == BIO_CTRL_FLUSH)
		return flush(BIO_get_data(bio));
	return command == BIO_CTRL_PUSH || command == BIO_CTRL_POP;
}

static void
begin_tls(struct blaster *b)
{
	BIO_METHOD *method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "gather");
	BIO *bio;

	if (method == NULL || BIO_meth_set_write_ex(method, gather) != 1 ||
	    BIO_meth_set_ctrl(method, control) != 1 || (bio = BIO_new(method)) == NULL)
		give_up("out of memory");
	BIO_set_data(bio, b);
	BIO_set_init(bio, 1);
	b->ssl = SSL_new(b->cfg->tls);
	SSL_set_bio(b->ssl, BIO_new_socket(b->fd, BIO_NOCLOSE), bio);
	if (SSL_accept(b->ssl) != 1)
		give_up("TLS handshake failed");
}

/* ---- upgrade and subscription -------------------------------------------------- */

static void
say(struct blaster *b, const char *text, size_t n)
{
	if (SSL_write(b->ssl, text, (int)n) != (int)n || !flush(b))
		give_up("the client is gone");
}

static void
read_all(struct blaster *b, unsigned char *to, size_t n)
{
	size_t got;

	for (; n > 0; to += got, n -= got)
		if (SSL_read_ex(b->ssl, to, n, &got) != 1)
			give_up("the client is gone");
}

/* Reads the request, answers 101. Returns whether its URL names the streams already. */
static bool
upgrade(struct blaster *b)
{
	unsigned char digest[SHA_DIGEST_LENGTH], accept[32];
	char request[4096], text[256];
	const char *key;
	size_t n = 0;

	do {
		if (n + 1 == sizeof(request))
			give_up("endless request");
		read_all(b, (unsigned char *)request + n++, 1);
		request[n] = '\0';
	} while (n < 4 || strcmp(request + n - 4, "\r\n\r\n") != 0);
	key = strcasestr(request, "sec-websocket-key: ");
	if (key == NULL)
		give_up("no upgrade request");
	n = (size_t)snprintf(text, sizeof(text), "%.24s258EAFA5-E914-47DA-95CA-C5AB0DC85B11",
	    key + 19);
	SHA1((const unsigned char *)text, n, digest);
	EVP_EncodeBlock(accept, digest, sizeof(digest));
	n = (size_t)snprintf(text, sizeof(text),
	    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
	    "Connection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n",
	    accept);
	say(b, text, n);
	return strstr(request, "?streams=") != NULL;
}

/* Reads one masked text frame and answers it as the exchange answers SUBSCRIBE. */
static void
acknowledge(struct blaster *b)
{
	unsigned char head[4], mask[4];
	char text[8192], reply[64];
	const char *id;
	size_t n;

	read_all(b, head, 2);
	n = head[1] & 0x7f;
	if (n == 126) {
		read_all(b, head + 2, 2);
		n = (size_t)head[2] << 8 | head[3];
	}
	if (n >= sizeof(text))
		give_up("endless subscription");
	read_all(b, mask, 4);
	read_all(b, (unsigned char *)text, n);
	for (size_t i = 0; i < n; i++)
		text[i] = (char)(text[i] ^ mask[i % 4]);
	text[n] = '\0';
	id = strstr(text, "\"id\":");
	if (id == NULL)
		give_up("a message that is no subscription");
	n = (size_t)snprintf(reply + 2, sizeof(reply) - 2, "{\"result\":null,\"id\":%lld}",
	    strtoll(id + 5, NULL, 10));
	reply[0] = (char)0x81;
	reply[1] = (char)n;
	say(b, reply, n + 2);
	b->cfg->link->replies++;
}

/* ---- sending ------------------------------------------------------------------- */

/* One record with so many frames. Returns false when the client is gone. */
static bool
add_record(struct blaster *b)
{
	struct bytes frame;
	size_t n = 0;

	if (b->cfg->per_record == 1) {
		frame = wares_next(&b->market);
		return SSL_write(b->ssl, frame.p, (int)frame.n) == (int)frame.n;
	}
	for (unsigned i = 0; i < b->cfg->per_record; i++) {
		frame = wares_next(&b->market);
		memcpy(b->plain + n, frame.p, frame.n);
		n += frame.n;
	}
	return SSL_write(b->ssl, b->plain, (int)n) == (int)n;
}

static void
send_fast(struct blaster *b)
{
	struct blaster_link *link = b->cfg->link;
	uint64_t sent = 0;

	while (!atomic_load_explicit(&link->stop, memory_order_relaxed)) {
		while (b->n < OUT_ENOUGH) {
			if (!add_record(b))
				return;
			sent += b->cfg->per_record;
		}
		if (!flush(b))
			return;
		atomic_store_explicit(&link->sent, sent, memory_order_relaxed);
		atomic_store_explicit(&link->begun, true, memory_order_relaxed);
	}
}

/* Each message in a record and a system call of its own; late ones follow at once. */
static void
send_paced(struct blaster *b)
{
	struct blaster_link *link = b->cfg->link;
	mono_t due = clock_mono(), now;
	uint64_t sent = 0;

	while (!atomic_load_explicit(&link->stop, memory_order_relaxed)) {
		struct bytes frame;

		now = clock_mono();
		if (mono_before(now, due))
			continue;
		due.ns += 1000000000 / b->cfg->pace;
		frame = wares_next_stamped(&b->market, now);
		if (SSL_write(b->ssl, frame.p, (int)frame.n) != (int)frame.n || !flush(b))
			return;
		atomic_store_explicit(&link->sent, ++sent, memory_order_relaxed);
		atomic_store_explicit(&link->begun, true, memory_order_relaxed);
	}
}

/* A close frame, then what the client still says, until it goes. */
static void
say_good_bye(struct blaster *b)
{
	static const char close_frame[] = "\x88\x02\x03\xe8";
	char rest[4096];
	size_t n;

	atomic_store(&b->cfg->link->ended, true);
	say(b, close_frame, 4);
	while (SSL_read_ex(b->ssl, rest, sizeof(rest), &n) == 1)
		continue;
}

_Noreturn void
blaster_run(const struct blaster_cfg *cfg)
{
	struct blaster *b = calloc(1, sizeof(*b));
	const int on = 1;

	child_take_cpu(cfg->cpu);
	if (b == NULL || cfg->per_record == 0 || cfg->per_record > PER_RECORD_MAX)
		give_up("bad number of frames per record");
	b->cfg = cfg;
	wares_init(&b->market, cfg->mix, clock_wall().ns / 1000000);
	b->fd = accept(cfg->listener, NULL, NULL);
	if (b->fd < 0)
		give_up("no client");
	setsockopt(b->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	begin_tls(b);
	if (!upgrade(b))
		acknowledge(b);
	if (cfg->pace > 0)
		send_paced(b);
	else
		send_fast(b);
	say_good_bye(b);
	_exit(0);
}

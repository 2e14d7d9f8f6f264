#include "tests/system/ws_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/evp.h>
#include <openssl/sha.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define CONNS_MAX 512

struct ws_server {
	struct ws_server_cfg cfg;
	int fd;
	uint16_t port;
	pthread_t acceptor;
	pthread_mutex_t lock; /* guards the rest */
	bool stopping;
	unsigned count;
	struct ws_conn conns[CONNS_MAX];
	pthread_t threads[CONNS_MAX];
};

static bool
write_all(struct ws_conn *conn, const unsigned char *p, size_t n)
{
	while (n > 0) {
		int sent = SSL_write(conn->ssl, p, n > 16384 ? 16384 : (int)n);

		if (sent <= 0)
			return false;
		p += sent;
		n -= (size_t)sent;
	}
	return true;
}

bool
ws_conn_send_raw(struct ws_conn *conn, const void *bytes, size_t n)
{
	return write_all(conn, bytes, n);
}

static bool
read_all(struct ws_conn *conn, void *to, size_t n)
{
	unsigned char *p = to;

	while (n > 0) {
		int got = SSL_read(conn->ssl, p, (int)n);

		if (got <= 0)
			return false;
		p += got;
		n -= (size_t)got;
	}
	return true;
}

bool
ws_conn_send(struct ws_conn *conn, int head, const void *payload, size_t n)
{
	size_t at = 2;
	unsigned char *frame = malloc(n + 10);
	bool ok;

	if (frame == NULL)
		return false;
	frame[0] = (unsigned char)head;
	if (n < 126) {
		frame[1] = (unsigned char)n;
	} else if (n < 65536) {
		frame[1] = 126;
		frame[2] = (unsigned char)(n >> 8);
		frame[3] = (unsigned char)n;
		at = 4;
	} else {
		frame[1] = 127;
		for (int i = 0; i < 8; i++)
			frame[2 + i] = (unsigned char)((uint64_t)n >> (56 - 8 * i));
		at = 10;
	}
	if (n > 0)
		memcpy(frame + at, payload, n);
	ok = write_all(conn, frame, at + n);
	free(frame);
	return ok;
}

long
ws_conn_receive(struct ws_conn *conn, int *opcode, void *payload, size_t room)
{
	unsigned char head[2], length[8], mask[4], c;
	uint64_t n, bytes = 0;

	if (!read_all(conn, head, 2) || !(head[1] & 0x80))
		return -1;
	*opcode = head[0] & 0xf;
	n = head[1] & 0x7f;
	bytes = n == 126 ? 2 : n == 127 ? 8 : 0;
	if (bytes > 0) {
		if (!read_all(conn, length, bytes))
			return -1;
		n = 0;
		for (uint64_t i = 0; i < bytes; i++)
			n = n << 8 | length[i];
	}
	if (!read_all(conn, mask, 4))
		return -1;
	for (uint64_t i = 0; i < n; i++) {
		if (!read_all(conn, &c, 1))
			return -1;
		if (i < room)
			((unsigned char *)payload)[i] = c ^ mask[i & 3];
	}
	return (long)(n < room ? n : room);
}

void
ws_conn_reset(struct ws_conn *conn)
{
	struct linger linger = {.l_onoff = 1, .l_linger = 0};

	pthread_mutex_lock(&conn->server->lock);
	setsockopt(conn->fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
	close(conn->fd);
	conn->fd = -1;
	pthread_mutex_unlock(&conn->server->lock);
}

void
ws_conn_drain(struct ws_conn *conn)
{
	char scratch[512];

	if (conn->ssl != NULL && SSL_is_init_finished(conn->ssl)) {
		while (SSL_read(conn->ssl, scratch, sizeof(scratch)) > 0)
			;
		return;
	}
	while (recv(conn->fd, scratch, sizeof(scratch), 0) > 0)
		;
}

static bool
read_request(struct ws_conn *conn)
{
	size_t n = 0;

	while (n < sizeof(conn->request) - 1) {
		if (SSL_read(conn->ssl, conn->request + n, 1) <= 0)
			return false;
		conn->request[++n] = '\0';
		if (n >= 4 && memcmp(conn->request + n - 4, "\r\n\r\n", 4) == 0)
			return true;
	}
	return false;
}

static bool
accept_upgrade(struct ws_conn *conn)
{
	static const char magic[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
	const struct ws_server_cfg *cfg = &conn->server->cfg;
	const char *key = strcasestr(conn->request, "Sec-WebSocket-Key: ");
	unsigned char digest[SHA_DIGEST_LENGTH], accept[64];
	char text[128], response[4096];
	int n;

	if (key == NULL || cfg->coalesced_n > 2048)
		return false;
	key += strlen("Sec-WebSocket-Key: ");
	n = snprintf(text, sizeof(text), "%.*s%s", (int)strcspn(key, "\r"), key, magic);
	SHA1((unsigned char *)text, (size_t)n, digest);
	EVP_EncodeBlock(accept, digest, sizeof(digest));
	n = snprintf(response, sizeof(response),
	    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
	    "Connection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n", (char *)accept);
	if (cfg->coalesced_n > 0)
		memcpy(response + n, cfg->coalesced, cfg->coalesced_n);
	return write_all(conn, (unsigned char *)response, (size_t)n + cfg->coalesced_n);
}

static void
answer_until_closed(struct ws_conn *conn)
{
	char payload[256];
	int opcode;
	long n;

	while ((n = ws_conn_receive(conn, &opcode, payload, sizeof(payload))) >= 0) {
		if (opcode == WS_PING)
			ws_conn_send(conn, WS_PONG | WS_FIN, payload, (size_t)n);
		if (opcode != WS_CLOSE)
			continue;
		ws_conn_send(conn, WS_CLOSE | WS_FIN, payload, (size_t)n);
		return;
	}
}

static void
serve(struct ws_conn *conn)
{
	static const char plain[] = "HTTP/1.1 400 Bad Request\r\n\r\n";
	const struct ws_server_cfg *cfg = &conn->server->cfg;

	if (cfg->manner == WS_NOT_TLS)
		(void)!send(conn->fd, plain, sizeof(plain) - 1, MSG_NOSIGNAL);
	if (cfg->manner == WS_MUTE_TLS || cfg->manner == WS_NOT_TLS) {
		ws_conn_drain(conn);
		return;
	}
	if (SSL_accept(conn->ssl) != 1 || !read_request(conn))
		return;
	if (cfg->manner == WS_MUTE_UPGRADE) {
		ws_conn_drain(conn);
	} else if (cfg->manner == WS_REFUSE) {
		write_all(conn, (const unsigned char *)cfg->refusal, strlen(cfg->refusal));
		ws_conn_drain(conn);
	} else if (accept_upgrade(conn)) {
		if (cfg->script != NULL)
			cfg->script(conn);
		else
			answer_until_closed(conn);
	}
}

static void *
conn_thread(void *argument)
{
	struct ws_conn *conn = argument;

	serve(conn);
	pthread_mutex_lock(&conn->server->lock);
	SSL_free(conn->ssl);
	conn->ssl = NULL;
	if (conn->fd >= 0)
		close(conn->fd);
	conn->fd = -1;
	pthread_mutex_unlock(&conn->server->lock);
	return NULL;
}

static void *
accept_thread(void *argument)
{
	struct ws_server *server = argument;
	int fd, on = 1;

	while ((fd = accept(server->fd, NULL, NULL)) >= 0) {
		struct ws_conn *conn;

		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
		pthread_mutex_lock(&server->lock);
		conn = &server->conns[server->count];
		*conn = (struct ws_conn){.server = server, .fd = fd,
		    .number = server->count, .context = server->cfg.context,
		    .ssl = SSL_new(server->cfg.tls)};
		SSL_set_fd(conn->ssl, fd);
		if (server->stopping || server->count == CONNS_MAX ||
		    pthread_create(&server->threads[server->count], NULL, conn_thread, conn) != 0) {
			SSL_free(conn->ssl);
			close(fd);
		} else {
			server->count++;
		}
		pthread_mutex_unlock(&server->lock);
	}
	return NULL;
}

struct ws_server *
ws_server_start(const struct ws_server_cfg *cfg)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct ws_server *server = calloc(1, sizeof(*server));
	socklen_t size = sizeof(address);

	signal(SIGPIPE, SIG_IGN); /* our own SSL_write(); the client has its own test */
	if (server == NULL)
		abort();
	server->cfg = *cfg;
	pthread_mutex_init(&server->lock, NULL);
	server->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (server->fd < 0 || bind(server->fd, (struct sockaddr *)&address, size) != 0 ||
	    listen(server->fd, 64) != 0 ||
	    getsockname(server->fd, (struct sockaddr *)&address, &size) != 0 ||
	    pthread_create(&server->acceptor, NULL, accept_thread, server) != 0)
		abort();
	server->port = ntohs(address.sin_port);
	return server;
}

uint16_t
ws_server_port(const struct ws_server *server)
{
	return server->port;
}

void
ws_server_stop(struct ws_server **server)
{
	struct ws_server *s = *server;

	if (s == NULL)
		return;
	*server = NULL;
	shutdown(s->fd, SHUT_RDWR);
	pthread_join(s->acceptor, NULL);
	pthread_mutex_lock(&s->lock);
	s->stopping = true;
	for (unsigned i = 0; i < s->count; i++)
		if (s->conns[i].fd >= 0)
			shutdown(s->conns[i].fd, SHUT_RDWR);
	pthread_mutex_unlock(&s->lock);
	for (unsigned i = 0; i < s->count; i++)
		pthread_join(s->threads[i], NULL);
	close(s->fd);
	SSL_CTX_free(s->cfg.tls);
	pthread_mutex_destroy(&s->lock);
	free(s);
}

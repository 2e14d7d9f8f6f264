#include "tests/system/web_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#define WITHIN_S 20

struct web_server {
	SSL_CTX *tls;
	int fd;
	uint16_t port;
	pthread_t thread;
	pthread_mutex_t lock; /* guards the rest */
	pthread_cond_t changed;
	bool stopping;
	int conn; /* the connection that is served, -1: none */
	char *answer;
	size_t answer_n;
	unsigned count;
	char *request[WEB_REQUESTS_MAX];
};

static long
get(SSL *ssl, int fd, char *to, size_t n)
{
	return ssl != NULL ? SSL_read(ssl, to, (int)n) : recv(fd, to, n, 0);
}

/* Reads head and body. Returns whether they are whole. */
static bool
read_request(SSL *ssl, int fd, char *to)
{
	size_t n = 0, want = WEB_REQUEST_BYTES;
	const char *end, *length;

	while (n < want && n < WEB_REQUEST_BYTES - 1) {
		long got = get(ssl, fd, to + n, WEB_REQUEST_BYTES - 1 - n);

		if (got <= 0)
			return false;
		n += (size_t)got;
		to[n] = '\0';
		end = strstr(to, "\r\n\r\n");
		if (end == NULL)
			continue;
		length = strcasestr(to, "content-length:");
		want = (size_t)(end - to) + 4 +
		    (length != NULL && length < end ? strtoul(length + 15, NULL, 10) : 0);
	}
	return n >= want;
}

static void
put_all(SSL *ssl, int fd, const char *p, size_t n)
{
	while (n > 0) {
		long put = ssl != NULL ? SSL_write(ssl, p, (int)n) : send(fd, p, n, 0);

		if (put <= 0)
			return;
		p += put;
		n -= (size_t)put;
	}
}

static void
serve(struct web_server *s, int fd)
{
	SSL *ssl = s->tls == NULL ? NULL : SSL_new(s->tls);
	char *request = calloc(1, WEB_REQUEST_BYTES), *answer, scratch[512];
	size_t n;

	if (ssl != NULL)
		SSL_set_fd(ssl, fd);
	if ((ssl != NULL && SSL_accept(ssl) != 1) || !read_request(ssl, fd, request)) {
		free(request);
		SSL_free(ssl);
		return;
	}
	pthread_mutex_lock(&s->lock);
	if (s->count < WEB_REQUESTS_MAX)
		s->request[s->count++] = request;
	else
		free(request);
	n = s->answer_n;
	answer = malloc(n + 1);
	memcpy(answer, s->answer, n);
	pthread_cond_broadcast(&s->changed);
	pthread_mutex_unlock(&s->lock);
	put_all(ssl, fd, answer, n);
	free(answer);
	if (n == 0)
		while (get(ssl, fd, scratch, sizeof(scratch)) > 0)
			;
	if (ssl != NULL)
		SSL_shutdown(ssl);
	SSL_free(ssl);
}

static void *
serve_all(void *argument)
{
	struct web_server *s = argument;
	int fd;

	while ((fd = accept4(s->fd, NULL, NULL, SOCK_CLOEXEC)) >= 0) {
		pthread_mutex_lock(&s->lock);
		s->conn = fd;
		if (s->stopping)
			shutdown(fd, SHUT_RDWR);
		pthread_mutex_unlock(&s->lock);
		serve(s, fd);
		pthread_mutex_lock(&s->lock);
		s->conn = -1;
		pthread_mutex_unlock(&s->lock);
		close(fd);
	}
	return NULL;
}

struct web_server *
web_server_start(SSL_CTX *tls)
{
	static const char fine[] = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
	struct sockaddr_in address = {.sin_family = AF_INET,
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct web_server *s = calloc(1, sizeof(*s));
	socklen_t size = sizeof(address);

	signal(SIGPIPE, SIG_IGN);
	if (s == NULL)
		abort();
	s->tls = tls;
	s->conn = -1;
	pthread_mutex_init(&s->lock, NULL);
	pthread_cond_init(&s->changed, NULL);
	web_server_answer(s, fine, sizeof(fine) - 1);
	s->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (s->fd < 0 || bind(s->fd, (struct sockaddr *)&address, size) != 0 ||
	    listen(s->fd, 64) != 0 ||
	    getsockname(s->fd, (struct sockaddr *)&address, &size) != 0 ||
	    pthread_create(&s->thread, NULL, serve_all, s) != 0)
		abort();
	s->port = ntohs(address.sin_port);
	return s;
}

uint16_t
web_server_port(const struct web_server *server)
{
	return server->port;
}

void
web_server_answer(struct web_server *s, const char *bytes, size_t n)
{
	pthread_mutex_lock(&s->lock);
	free(s->answer);
	s->answer = malloc(n + 1);
	memcpy(s->answer, bytes, n);
	s->answer_n = n;
	pthread_mutex_unlock(&s->lock);
}

unsigned
web_server_count(struct web_server *s)
{
	unsigned n;

	pthread_mutex_lock(&s->lock);
	n = s->count;
	pthread_mutex_unlock(&s->lock);
	return n;
}

const char *
web_server_request(struct web_server *s, unsigned i)
{
	struct timespec until;
	const char *request = NULL;
	int rc = 0;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += WITHIN_S;
	pthread_mutex_lock(&s->lock);
	while (s->count <= i && rc == 0)
		rc = pthread_cond_timedwait(&s->changed, &s->lock, &until);
	if (s->count > i)
		request = s->request[i];
	pthread_mutex_unlock(&s->lock);
	if (request == NULL)
		fail_msg("request %u did not come within %d s", i, WITHIN_S);
	return request;
}

void
web_server_stop(struct web_server **server)
{
	struct web_server *s = *server;

	*server = NULL;
	if (s == NULL)
		return;
	pthread_mutex_lock(&s->lock);
	s->stopping = true;
	if (s->conn >= 0)
		shutdown(s->conn, SHUT_RDWR);
	pthread_mutex_unlock(&s->lock);
	shutdown(s->fd, SHUT_RDWR);
	pthread_join(s->thread, NULL);
	close(s->fd);
	for (unsigned i = 0; i < s->count; i++)
		free(s->request[i]);
	free(s->answer);
	SSL_CTX_free(s->tls);
	pthread_mutex_destroy(&s->lock);
	pthread_cond_destroy(&s->changed);
	free(s);
}

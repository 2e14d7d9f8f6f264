#include "tests/system/proxy_server.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define REQUEST_MAX 2048

struct proxy_server {
	const char *answer;
	int listener;
	int stop[2]; /* a pipe: its end stops everything */
	uint16_t port;
	pthread_t thread;
	char request[REQUEST_MAX];
};

/* Returns whether `fd` has something to read; false when it is time to stop. */
static bool
wait_for(const struct proxy_server *s, int fd)
{
	struct pollfd wait[2] = {
		{.fd = fd, .events = POLLIN},
		{.fd = s->stop[0], .events = POLLIN},
	};

	return poll(wait, 2, -1) > 0 && wait[1].revents == 0;
}

static bool
read_request(struct proxy_server *s, int fd)
{
	size_t n = 0;

	while (n < sizeof(s->request) - 1 && wait_for(s, fd) &&
	    recv(fd, s->request + n, 1, 0) == 1) {
		s->request[++n] = '\0';
		if (n >= 4 && strcmp(s->request + n - 4, "\r\n\r\n") == 0)
			return true;
	}
	return false;
}

static int
dial(const struct proxy_server *s)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	const char *end = strstr(s->request, " HTTP/"), *colon = end;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	while (colon != NULL && colon > s->request && *colon != ':')
		colon--;
	if (colon != NULL)
		to.sin_port = htons((uint16_t)strtoul(colon + 1, NULL, 10));
	if (fd >= 0 && connect(fd, (struct sockaddr *)&to, sizeof(to)) == 0)
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

static bool
pass_on(int from, int to)
{
	char bytes[16384];
	ssize_t n = recv(from, bytes, sizeof(bytes), 0);

	return n > 0 && send(to, bytes, (size_t)n, MSG_NOSIGNAL) == n;
}

static void
relay(const struct proxy_server *s, int a, int b)
{
	struct pollfd wait[3] = {
		{.fd = a, .events = POLLIN},
		{.fd = b, .events = POLLIN},
		{.fd = s->stop[0], .events = POLLIN},
	};

	while (poll(wait, 3, -1) > 0 && wait[2].revents == 0)
		for (int i = 0; i < 2; i++)
			if (wait[i].revents != 0 && !pass_on(wait[i].fd, wait[!i].fd))
				return;
}

static void
serve(struct proxy_server *s, int fd)
{
	int on = 1, way = -1;

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if (!read_request(s, fd))
		return;
	if (s->answer[0] == '\0')
		wait_for(s, -1);
	if (strncmp(s->answer, "HTTP/1.1 2", 10) == 0)
		way = dial(s);
	for (const char *p = s->answer; *p != '\0'; p++)
		if (send(fd, p, 1, MSG_NOSIGNAL) != 1)
			break;
	if (way >= 0) {
		relay(s, fd, way);
		close(way);
	}
}

static void *
run(void *argument)
{
	struct proxy_server *s = argument;
	int fd;

	while (wait_for(s, s->listener) && (fd = accept(s->listener, NULL, NULL)) >= 0) {
		serve(s, fd);
		close(fd);
	}
	return NULL;
}

struct proxy_server *
proxy_server_start(const char *answer)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct proxy_server *s = calloc(1, sizeof(*s));
	socklen_t n = sizeof(at);

	if (s == NULL)
		abort();
	s->answer = answer;
	s->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (s->listener < 0 || bind(s->listener, (struct sockaddr *)&at, n) != 0 ||
	    listen(s->listener, 16) != 0 ||
	    getsockname(s->listener, (struct sockaddr *)&at, &n) != 0 ||
	    pipe2(s->stop, O_CLOEXEC) != 0 ||
	    pthread_create(&s->thread, NULL, run, s) != 0)
		abort();
	s->port = ntohs(at.sin_port);
	return s;
}

uint16_t
proxy_server_port(const struct proxy_server *server)
{
	return server->port;
}

void
proxy_server_stop(struct proxy_server **server, char *request)
{
	struct proxy_server *s = *server;

	if (s == NULL)
		return;
	*server = NULL;
	close(s->stop[1]);
	pthread_join(s->thread, NULL);
	close(s->stop[0]);
	close(s->listener);
	if (request != NULL)
		memcpy(request, s->request, REQUEST_MAX);
	free(s);
}

#include "tests/system/http_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define WITHIN_S 10 /* for an answer */

static struct http_rig the_rig;

int
http_rig_setup(void **state)
{
	memset(&the_rig, 0, sizeof(the_rig));
	*state = &the_rig;
	return 0;
}

void
http_rig_start_sim(struct http_rig *rig, const char *const *sim)
{
	static const char *const none[] = {NULL};

	rig->exchange = daemon_start_sim(&rig->sim, sim != NULL ? sim : none);
}

static void
write_token(struct http_rig *rig)
{
	FILE *file;

	snprintf(rig->token_file, sizeof(rig->token_file), "%s/token", daemon_folder());
	file = fopen(rig->token_file, "w");
	assert_non_null(file);
	fputs(HTTP_RIG_TOKEN "\n", file);
	assert_int_equal(fclose(file), 0);
}

void
http_rig_start_feedd(struct http_rig *rig, const char *const *settings, bool token)
{
	http_rig_start_feedd_until(rig, settings, token, "event=started");
}

void
http_rig_start_feedd_until(
    struct http_rig *rig, const char *const *settings, bool token, const char *text)
{
	const char *all[DAEMON_ARGUMENTS_MAX] = {"ops.listen=127.0.0.1:0"}, *at;
	char setting[200];
	size_t n = 1;

	if (token) {
		write_token(rig);
		snprintf(setting, sizeof(setting), "ops.token_file=%s", rig->token_file);
		all[n++] = setting;
	}
	for (; *settings != NULL; settings++)
		all[n++] = *settings;
	/* Where nobody listens, lines are tried and do not come up. */
	daemon_start_feedd(&rig->feedd, rig->exchange != 0 ? rig->exchange : 1, all);
	daemon_expect_log(&rig->feedd, text);
	at = strstr(daemon_log(&rig->feedd), "event=http_listening");
	assert_non_null(at);
	at = strstr(at, "port=");
	assert_non_null(at);
	rig->port = (uint16_t)strtoul(at + 5, NULL, 10);
}

void
http_rig_start(struct http_rig *rig)
{
	static const char *const settings[] = {"streams=btcusdt@trade,btcusdt@bookTicker", NULL};

	http_rig_start_sim(rig, NULL);
	http_rig_start_feedd(rig, settings, true);
	http_rig_wait(rig, "/readyz", 200);
}

int
http_rig_dial(const struct http_rig *rig)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(rig->port),
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct timeval limit = {.tv_sec = WITHIN_S};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0)
		fail_msg("cannot connect to port %u: %s; feedd %s:\n%.4000s", rig->port,
		    strerror(errno), daemon_state(&rig->feedd), daemon_log(&rig->feedd));
	return fd;
}

ssize_t
http_rig_receive(int fd, void *to, size_t n, int flags)
{
	ssize_t got;

	do {
		got = recv(fd, to, n, flags);
	} while (got < 0 && errno == EINTR);
	return got;
}

/* Is the answer whole, by its own word? A part of it is as long as it gets otherwise. */
static bool
is_whole(const struct http_rig *rig)
{
	const char *end = strstr(rig->answer, "\r\n\r\n"), *length;

	if (end == NULL)
		return false;
	if (strncmp(rig->answer, "HTTP/1.1 204", 12) == 0)
		return true;
	length = strcasestr(rig->answer, "content-length:");
	return length != NULL && length < end &&
	    (size_t)(end + 4 - rig->answer) + strtoul(length + 15, NULL, 10) <= rig->n;
}

void
http_rig_say(struct http_rig *rig, const char *bytes, size_t n)
{
	int fd = http_rig_dial(rig);
	ssize_t got;

	rig->n = 0;
	rig->answer[0] = '\0';
	rig->status = 0;
	(void)!send(fd, bytes, n, MSG_NOSIGNAL); /* it may be closed before it has all */
	while (rig->n < sizeof(rig->answer) - 1 && !is_whole(rig)) {
		got = http_rig_receive(
		    fd, rig->answer + rig->n, sizeof(rig->answer) - 1 - rig->n, 0);
		if (got <= 0)
			break;
		rig->n += (size_t)got;
		rig->answer[rig->n] = '\0';
	}
	close(fd);
	rig->body = strstr(rig->answer, "\r\n\r\n");
	rig->body = rig->body != NULL ? rig->body + 4 : rig->answer + rig->n;
	if (strncmp(rig->answer, "HTTP/1.1 ", 9) == 0)
		rig->status = (int)strtol(rig->answer + 9, NULL, 10);
}

int
http_rig_get(struct http_rig *rig, const char *path, const char *headers)
{
	char request[1024];
	int n = snprintf(request, sizeof(request), "GET %s HTTP/1.1\r\nHost: localhost\r\n%s\r\n",
	    path, headers);

	http_rig_say(rig, request, (size_t)n);
	return rig->status;
}

int
http_rig_patch(struct http_rig *rig, const char *token, const char *body)
{
	char request[8192], bearer[600] = "";
	int n;

	if (token != NULL)
		snprintf(bearer, sizeof(bearer), "Authorization: Bearer %s\r\n", token);
	n = snprintf(request, sizeof(request),
	    "PATCH /config HTTP/1.1\r\nHost: localhost\r\n%sContent-Length: %zu\r\n\r\n%s", bearer,
	    strlen(body), body);
	assert_true(n < (int)sizeof(request));
	http_rig_say(rig, request, (size_t)n);
	return rig->status;
}

void
http_rig_wait(struct http_rig *rig, const char *path, int status)
{
	mono_t deadline = daemon_deadline();

	while (http_rig_get(rig, path, "") != status)
		daemon_pause(deadline, path);
}

double
http_rig_value(const struct http_rig *rig, const char *sample)
{
	char line[256];
	const char *at;

	snprintf(line, sizeof(line), "\n%s ", sample);
	at = strstr(rig->body, line);
	if (at == NULL)
		fail_msg("no sample \"%s\" in %zu bytes: %.300s", sample, rig->n, rig->answer);
	return strtod(at + strlen(line), NULL);
}

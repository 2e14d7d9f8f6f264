#include "feed/io/notify.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "feed/base/plural.h"

#define TEXT_MAX 160
#define US_MAX INT64_C(86400000000) /* a day; more is as good as none */

/* A path or "@name" into *to. False: it is neither, or too long. */
static bool
address_of(struct notify *n, const char *text)
{
	size_t length = strlen(text);

	if ((text[0] != '/' && text[0] != '@') || length < 2 || length >= sizeof(n->to.sun_path))
		return false;
	n->to.sun_family = AF_UNIX;
	memcpy(n->to.sun_path, text, length);
	if (text[0] == '@')
		n->to.sun_path[0] = '\0';
	n->to_bytes = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length);
	return true;
}

/* A decimal number above 0; 0: it is none. */
static int64_t
number_of(const char *text)
{
	char *end;
	long long number;

	if (text == NULL || *text < '0' || *text > '9')
		return 0;
	number = strtoll(text, &end, 10);
	return *end == '\0' ? number : 0;
}

void
notify_open(struct notify *n, const char *address, const char *watchdog_us,
    const char *watchdog_pid)
{
	int64_t us = number_of(watchdog_us);

	*n = (struct notify){.fd = -1, .due = MONO_NEVER};
	if (address == NULL || !address_of(n, address))
		return;
	n->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (n->fd < 0 || us <= 0 || us > US_MAX)
		return;
	if (watchdog_pid == NULL || number_of(watchdog_pid) == getpid())
		n->every = span_ns(us * 1000 / 3);
}

void
notify_close(struct notify *n)
{
	if (n->fd >= 0)
		close(n->fd);
	n->fd = -1;
	n->due = MONO_NEVER;
}

static void
tell(struct notify *n, const char *text)
{
	size_t length = strlen(text);

	if (sendto(n->fd, text, length, MSG_DONTWAIT | MSG_NOSIGNAL,
	        (const struct sockaddr *)&n->to, n->to_bytes) == (ssize_t)length)
		n->told++;
	else
		n->dropped++;
}

void
notify_ready(struct notify *n, mono_t now)
{
	if (n->fd < 0)
		return;
	tell(n, "READY=1\nSTATUS=connecting");
	if (n->every.ns > 0)
		n->due = now;
}

void
notify_on_turn(struct notify *n, const struct tick_status *status, mono_t now)
{
	char text[TEXT_MAX];

	if (n->fd < 0 || !mono_due(n->due, now))
		return;
	n->due = mono_add(now, n->every);
	snprintf(text, sizeof(text),
	    "WATCHDOG=1\nSTATUS=%" PRId64 " of %" PRId64 " line%s live, %" PRId64 " message%s/s",
	    status->lines_live, status->control.members,
	    plural((uint64_t)status->control.members), status->messages_per_s,
	    plural((uint64_t)status->messages_per_s));
	tell(n, text);
}

void
notify_stopping(struct notify *n)
{
	if (n->fd < 0)
		return;
	tell(n, "STOPPING=1\nSTATUS=closing the connections");
}

mono_t
notify_deadline(const struct notify *n)
{
	return n->due;
}

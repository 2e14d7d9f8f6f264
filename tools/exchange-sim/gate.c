#include "tools/exchange-sim/gate.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "tools/exchange-sim/report.h"

#define BACKLOG 1024

int
gate_init(struct gate *g)
{
	*g = (struct gate){.epoll = epoll_create1(EPOLL_CLOEXEC)};
	return g->epoll < 0 ? -errno : 0;
}

void
gate_fini(struct gate *g)
{
	for (uint32_t i = 0; i < g->ndoors; i++) {
		gate_set_open(g, i, false);
		close(g->door[i].guard);
	}
	while (g->nwaiting > 0)
		close(g->waiting[--g->nwaiting].guest.fd);
	if (g->epoll >= 0)
		close(g->epoll);
	g->epoll = -1;
	g->ndoors = 0;
}

static bool
set_address(struct gate_door *d, const char *address, uint16_t port)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)&d->address;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&d->address;

	if (inet_pton(AF_INET, address, &v4->sin_addr) == 1) {
		v4->sin_family = AF_INET;
		v4->sin_port = htons(port);
		d->address_n = sizeof(*v4);
		return true;
	}
	v6->sin6_family = AF_INET6;
	v6->sin6_port = htons(port);
	d->address_n = sizeof(*v6);
	return inet_pton(AF_INET6, address, &v6->sin6_addr) == 1;
}

/* A socket bound to the door's address, or -1. */
static int
bound_socket(const struct gate_door *d)
{
	int fd = socket(d->address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int on = 1;

	if (fd < 0)
		return -1;
	/* Two sockets share a port, as long as no more than one of them listens. */
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == 0 &&
	    bind(fd, (const struct sockaddr *)&d->address, d->address_n) == 0)
		return fd;
	on = errno;
	close(fd);
	errno = on;
	return -1;
}

static int
open_door(struct gate *g, uint32_t i)
{
	struct epoll_event event = {.events = EPOLLIN, .data.u32 = i};
	struct gate_door *d = &g->door[i];

	d->fd = bound_socket(d);
	if (d->fd >= 0 && listen(d->fd, BACKLOG) == 0 &&
	    epoll_ctl(g->epoll, EPOLL_CTL_ADD, d->fd, &event) == 0)
		return 0;
	return -errno;
}

int
gate_add(struct gate *g, const char *address, uint16_t port)
{
	struct gate_door *d = &g->door[g->ndoors];
	int r;

	*d = (struct gate_door){.fd = -1, .guard = -1};
	if (g->ndoors == GATE_DOORS_MAX || !set_address(d, address, port))
		return -EINVAL;
	d->guard = bound_socket(d);
	if (d->guard < 0)
		return -errno;
	g->ndoors++;
	if (getsockname(d->guard, (struct sockaddr *)&d->address, &d->address_n) != 0)
		return -errno;
	r = open_door(g, g->ndoors - 1);
	if (r < 0)
		return r;
	/* The port is at the same place in both kinds of addresses. */
	return ntohs(((const struct sockaddr_in *)&d->address)->sin_port);
}

void
gate_set_open(struct gate *g, uint32_t door, bool open)
{
	struct gate_door *d = &g->door[door];

	if (open == (d->fd >= 0))
		return;
	if (!open) {
		close(d->fd);
		d->fd = -1;
	} else if (open_door(g, door) < 0) {
		report(REPORT_ERROR, "cannot listen again: %s", strerror(errno));
		if (d->fd >= 0)
			close(d->fd);
		d->fd = -1;
	}
}

bool
gate_accept(struct gate *g, struct gate_guest *out)
{
	struct epoll_event event;
	int on = 1;

	while (epoll_wait(g->epoll, &event, 1, 0) == 1) {
		out->door = event.data.u32;
		out->fd = accept4(g->door[out->door].fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (out->fd >= 0) {
			setsockopt(out->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
			return true;
		}
		/* Gone before we looked: the next. Anything else stays in the backlog. */
		if (errno != ECONNABORTED && errno != EINTR)
			return false;
	}
	return false;
}

void
gate_postpone(struct gate *g, struct gate_guest guest, mono_t until)
{
	if (g->nwaiting == GATE_WAITING_MAX) {
		close(guest.fd);
		return;
	}
	g->waiting[g->nwaiting].guest = guest;
	g->waiting[g->nwaiting++].until = until;
}

bool
gate_release(struct gate *g, mono_t now, struct gate_guest *out)
{
	for (uint32_t i = 0; i < g->nwaiting; i++) {
		if (!mono_due(g->waiting[i].until, now))
			continue;
		*out = g->waiting[i].guest;
		g->waiting[i] = g->waiting[--g->nwaiting];
		return true;
	}
	return false;
}

mono_t
gate_deadline(const struct gate *g)
{
	mono_t due = MONO_NEVER;

	for (uint32_t i = 0; i < g->nwaiting; i++)
		due = mono_min(due, g->waiting[i].until);
	return due;
}

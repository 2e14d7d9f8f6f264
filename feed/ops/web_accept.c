/*
 * Connections of the HTTP interface: taken from a listening socket of our own,
 * so that we decide how many there are and who goes when there are too many,
 * and given to libwebsockets.
 *
 * Where there is no place, the next connection is held, and all others wait in
 * the socket's backlog, until the one that has waited longest for its request
 * has made room: of the same address when that one has all it may have, of the
 * address with most connections otherwise.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "feed/io/clock.h"
#include "feed/ops/web_impl.h"

#define PAUSE_MS 100      /* when nothing can be accepted */
#define SEND_BUFFER 65536 /* of a socket, so that slow readers hold little memory */

/* ---- the life of a connection --------------------------------------------------- */

void
web_cut(struct web_conn *conn, int64_t *count)
{
	if (conn->state == WEB_FREE || conn->state == WEB_DYING)
		return;
	if (conn->state == WEB_EVENTS)
		conn->web->counts.event_streams--;
	conn->state = WEB_DYING;
	if (count != NULL) {
		++*count;
		conn->web->counts.dropped++;
	}
	lws_set_timeout(conn->wsi, PENDING_TIMEOUT_USER_REASON_BASE, LWS_TO_KILL_ASYNC);
}

static void
count_connections(struct web *web, int step)
{
	web->counts.connections += step;
	atomic_store_explicit(
	    &web->connections, (unsigned)web->counts.connections, memory_order_relaxed);
}

/* Stops listening for so long. */
static void
rest_for(struct web *web, span_t span)
{
	lws_rx_flow_control(web->listener, 0);
	ops_timer_start(web->ops, &web->pause, span);
}

void
web_release(struct web_conn *conn)
{
	struct web *web = conn->web;

	if (conn->state == WEB_EVENTS)
		web->counts.event_streams--;
	web_page_drop(conn->page);
	free(conn->body);
	conn->page = NULL;
	conn->body = NULL;
	conn->wsi = NULL;
	conn->state = WEB_FREE;
	count_connections(web, -1);
	if (web->held >= 0)
		rest_for(web, span_ms(0));
}

static void
adopt(struct web *web, struct web_conn *conn)
{
	int size = SEND_BUFFER, on = 1, fd = web->held;
	struct lws *wsi;

	web->held = -1;
	setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	wsi = lws_adopt_socket_vhost(web->vhost, fd);
	if (wsi == NULL)
		return; /* the library has closed it */
	*conn = (struct web_conn){.web = web, .wsi = wsi, .state = WEB_WAITING,
	    .since = clock_mono(), .serial = conn->serial + 1};
	memcpy(conn->peer, web->held_peer, sizeof(conn->peer));
	lws_set_opaque_user_data(wsi, conn);
	count_connections(web, 1);
}

/* ---- room -------------------------------------------------------------------------- */

static struct web_conn *
free_place(struct web *web)
{
	for (unsigned i = 0; i < WEB_CONNECTIONS_MAX; i++)
		if (web->conn[i].state == WEB_FREE)
			return &web->conn[i];
	return NULL;
}

/* How many it has; those that are on their way out do not count. */
static unsigned
connections_of(const struct web *web, const char *peer)
{
	unsigned n = 0;

	for (unsigned i = 0; i < WEB_CONNECTIONS_MAX; i++)
		n += web->conn[i].state != WEB_FREE && web->conn[i].state != WEB_DYING &&
		    strcmp(web->conn[i].peer, peer) == 0;
	return n;
}

/* The address that has most. Only asked when all places are taken. */
static const char *
greediest(const struct web *web)
{
	const char *found = "";
	unsigned most = 0;

	for (unsigned i = 0; i < WEB_CONNECTIONS_MAX; i++) {
		const char *peer = web->conn[i].peer;
		unsigned n = strcmp(peer, found) == 0 ? 0 : connections_of(web, peer);

		if (n > most) {
			most = n;
			found = peer;
		}
	}
	return found;
}

/*
 * Has the connection of that address go which has waited longest for its
 * request, and no shorter than WEB_GRACE_MS. Returns how long until there may
 * be room.
 */
static span_t
make_room(struct web *web, const char *peer)
{
	struct web_conn *oldest = NULL;
	mono_t due, now = clock_mono();

	for (unsigned i = 0; i < WEB_CONNECTIONS_MAX; i++) {
		struct web_conn *c = &web->conn[i];

		if (c->state == WEB_WAITING && strcmp(c->peer, peer) == 0 &&
		    (oldest == NULL || mono_before(c->since, oldest->since)))
			oldest = c;
	}
	if (oldest == NULL)
		return span_ms(PAUSE_MS);
	due = mono_add(oldest->since, span_ms(WEB_GRACE_MS));
	if (!mono_due(due, now))
		return mono_diff(due, now);
	web_cut(oldest, &web->counts.crowded);
	return span_ms(PAUSE_MS); /* at the latest: web_release() */
}

/* Gives the held connection a place. Returns whether it has one. */
static bool
place_held(struct web *web)
{
	struct web_conn *place = free_place(web);
	bool full = connections_of(web, web->held_peer) >= WEB_PER_PEER_MAX;

	if (place != NULL && !full) {
		adopt(web, place);
		return true;
	}
	rest_for(web, make_room(web, full ? web->held_peer : greediest(web)));
	return false;
}

/* ---- the listening socket ----------------------------------------------------------- */

static void
note_peer(struct web *web, const struct sockaddr_storage *from)
{
	const struct sockaddr_in6 *six = (const void *)from;
	const struct sockaddr_in *four = (const void *)from;
	const void *address = &four->sin_addr;

	if (from->ss_family == AF_INET6)
		address = &six->sin6_addr;
	if (inet_ntop(from->ss_family, address, web->held_peer, sizeof(web->held_peer)) == NULL)
		snprintf(web->held_peer, sizeof(web->held_peer), "?");
}

void
web_accept(struct web *web)
{
	struct sockaddr_storage from = {0};
	socklen_t size;

	if (web->held >= 0 && !place_held(web))
		return;
	for (unsigned n = 0; n < WEB_CONNECTIONS_MAX; n++) {
		size = sizeof(from);
		web->held = accept4(lws_get_socket_fd(web->listener), (struct sockaddr *)&from,
		    &size, SOCK_CLOEXEC | SOCK_NONBLOCK);
		if (web->held < 0)
			break;
		note_peer(web, &from);
		if (!place_held(web))
			return;
	}
	/* It stays readable: without a pause we would do nothing else. */
	if (web->held < 0 &&
	    (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM))
		rest_for(web, span_ms(PAUSE_MS));
}

#include "tools/exchange-sim/peer.h"

#include <arpa/inet.h>
#include <sys/socket.h>

uint16_t
peer_addresses(int fd, char *peer, size_t cap)
{
	struct sockaddr_storage a = {0};
	const struct sockaddr_in *v4 = (const struct sockaddr_in *)&a;
	const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)&a;
	socklen_t n = sizeof(a);

	peer[0] = '\0';
	if (getpeername(fd, (struct sockaddr *)&a, &n) == 0)
		inet_ntop(a.ss_family, a.ss_family == AF_INET ? (const void *)&v4->sin_addr
		    : (const void *)&v6->sin6_addr, peer, (socklen_t)cap);
	n = sizeof(a);
	/* The port is at the same place in both kinds of addresses. */
	return getsockname(fd, (struct sockaddr *)&a, &n) == 0 ? ntohs(v4->sin_port) : 0;
}

void
peer_reset(int fd)
{
	const struct sockaddr nowhere = {.sa_family = AF_UNSPEC};

	/* Linux: who connects to nowhere disconnects, by RST if need be (tcp(7), connect(2)). */
	connect(fd, &nowhere, sizeof(nowhere));
}

void
peer_finish(int fd)
{
	shutdown(fd, SHUT_WR);
}

/*
 * A TCP connection below TLS: whose it is, and how it ends without manners.
 */
#ifndef TOOLS_EXCHANGE_SIM_PEER_H
#define TOOLS_EXCHANGE_SIM_PEER_H

#include <stddef.h>
#include <stdint.h>

/*
 * The client's address as text in peer[cap], empty when it is gone. Returns
 * the local port, or 0.
 */
uint16_t peer_addresses(int fd, char *peer, size_t cap);

/* Sends RST now; what waits is lost. The descriptor stays open. */
void peer_reset(int fd);

/* Sends FIN after what waits in the kernel. The descriptor stays open. */
void peer_finish(int fd);

#endif

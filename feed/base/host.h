/*
 * Hosts as they are written: names, numeric addresses, ports. Pure: nothing is
 * looked up. Any thread.
 */
#ifndef FEED_BASE_HOST_H
#define FEED_BASE_HOST_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "feed/base/bytes.h"

/* Is it a numeric address, IPv4 or IPv6 without brackets? */
bool host_is_numeric(const char *host);

/* Is it this machine: "localhost", 127.x.y.z or ::1? */
bool host_is_loopback(const char *host);

/*
 * Makes a socket address of a numeric address and a port. Returns its length
 * in bytes, 0 when `host` is no numeric address.
 */
socklen_t host_address(struct sockaddr_storage *out, const char *host, uint16_t port);

/* The port that the digits name, 0 to 65535; -1: they are none, or more than five. */
int32_t host_port(struct bytes digits);

#endif

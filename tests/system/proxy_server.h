/*
 * A small HTTP proxy for tests: CONNECT only, on a free port of 127.0.0.1, one
 * connection at a time in a thread of its own. Wherever it is asked to connect
 * to, it takes the port and goes to 127.0.0.1.
 */
#ifndef TESTS_SYSTEM_PROXY_SERVER_H
#define TESTS_SYSTEM_PROXY_SERVER_H

#include <stdint.h>

struct proxy_server;

/*
 * `answer` is all that it says to CONNECT, written byte by byte; one that
 * begins with "HTTP/1.1 2" opens the way, another ends the connection; ""
 * answers nothing.
 */
struct proxy_server *proxy_server_start(const char *answer);
uint16_t proxy_server_port(const struct proxy_server *server);

/* Ends it; *request[2048] (or NULL) is then the last request. Nulls the pointer. */
void proxy_server_stop(struct proxy_server **server, char *request);

#endif

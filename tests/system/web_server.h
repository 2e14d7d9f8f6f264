/*
 * A small HTTP server for tests of what sends requests: one thread, one
 * connection after the other, each answered once and closed. With TLS or
 * without. It keeps the requests; the test says what it answers. Listens on a
 * free port of 127.0.0.1.
 */
#ifndef TESTS_SYSTEM_WEB_SERVER_H
#define TESTS_SYSTEM_WEB_SERVER_H

#include <openssl/ssl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WEB_REQUESTS_MAX 64
#define WEB_REQUEST_BYTES 65536

struct web_server;

/* `tls` becomes the server's; NULL: without TLS. */
struct web_server *web_server_start(SSL_CTX *tls);
uint16_t web_server_port(const struct web_server *server);

/*
 * Answers from now on with these bytes, as they are; "" reads the request and
 * never answers. "HTTP/1.1 200 OK", no body, until told otherwise.
 */
void web_server_answer(struct web_server *server, const char *bytes, size_t n);

/* How many requests came whole. */
unsigned web_server_count(struct web_server *server);

/* Waits for request number i (from 0): head and body, NUL-terminated, kept to the end. */
const char *web_server_request(struct web_server *server, unsigned i);

/* Cuts the connection, joins the thread, nulls the pointer; NULL is fine. */
void web_server_stop(struct web_server **server);

#endif

/*
 * A small WebSocket server over TLS for tests: blocking, one thread per
 * connection, just enough of RFC 6455's server side, and able to misbehave.
 * Listens on a free port of 127.0.0.1. Not for anything but tests.
 */
#ifndef TESTS_SYSTEM_WS_SERVER_H
#define TESTS_SYSTEM_WS_SERVER_H

#include <openssl/ssl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WS_TEXT 0x1
#define WS_BINARY 0x2
#define WS_CONTINUATION 0x0
#define WS_CLOSE 0x8
#define WS_PING 0x9
#define WS_PONG 0xa
#define WS_FIN 0x80

enum ws_manner {
	WS_POLITE,
	WS_MUTE_TLS,     /* accepts TCP and never speaks TLS */
	WS_MUTE_UPGRADE, /* never answers the upgrade request */
	WS_NOT_TLS,      /* answers the ClientHello with plain text */
	WS_REFUSE,       /* answers the upgrade request with cfg.refusal */
};

struct ws_conn {
	struct ws_server *server;
	SSL *ssl;
	int fd;
	unsigned number; /* 0, 1 ... in order of acceptance */
	char request[2048];
	void *context; /* of the configuration */
};

/* Runs in the connection's thread after the upgrade; its return closes the socket. */
typedef void ws_script_fn(struct ws_conn *conn);

struct ws_server_cfg {
	SSL_CTX *tls; /* becomes the server's */
	enum ws_manner manner;
	const char *refusal; /* WS_REFUSE: the whole response */
	const char *coalesced; /* bytes appended to the 101 in the same write, or NULL */
	size_t coalesced_n;
	ws_script_fn *script; /* NULL: reads until the end and answers PING and CLOSE */
	void *context;
};

struct ws_server;

struct ws_server *ws_server_start(const struct ws_server_cfg *cfg);
uint16_t ws_server_port(const struct ws_server *server);

/* Cuts all connections, joins all threads. Nulls the pointer. */
void ws_server_stop(struct ws_server **server);

/* One frame; `head` is opcode | WS_FIN. Returns whether it was sent. */
bool ws_conn_send(struct ws_conn *conn, int head, const void *payload, size_t n);

/* One frame from the client. Returns its length (cut to `room`), or -1 at the end. */
long ws_conn_receive(struct ws_conn *conn, int *opcode, void *payload, size_t room);

/* Bytes as they are, inside TLS. */
bool ws_conn_send_raw(struct ws_conn *conn, const void *bytes, size_t n);

/* Cuts the connection with a RST. */
void ws_conn_reset(struct ws_conn *conn);

/* Waits until the client is gone. */
void ws_conn_drain(struct ws_conn *conn);

#endif

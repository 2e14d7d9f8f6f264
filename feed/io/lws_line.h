/*
 * One line of the libwebsockets transport: where its connection stands, what
 * it still has to send, the message being joined. Its functions take what
 * libwebsockets reported and turn it into events; they decide nothing beyond
 * the end of the attempt itself.
 *
 * Owns the library's connection from lws_line_connect() to the end of the
 * attempt. Feed thread.
 */
#ifndef FEED_IO_LWS_LINE_H
#define FEED_IO_LWS_LINE_H

#include <libwebsockets.h>

#include "feed/io/assemble.h"
#include "feed/io/lws_tx.h"
#include "feed/io/recv_bio.h"
#include "feed/io/resolve.h"
#include "feed/io/tls.h"
#include "feed/io/transport_impl.h"

#define LWS_LINE_HOST_MAX 100     /* libwebsockets builds the Host header in 128 bytes */
#define LWS_LINE_RX_BUFFER 65536  /* larger messages arrive in pieces */
#define LWS_LINE_CLOSE_WITHIN_S 3 /* for the peer's answer to our close frame */

enum lws_line_state {
	LWS_LINE_IDLE,
	LWS_LINE_RESOLVING, /* the resolver has the question */
	LWS_LINE_DIALING,   /* TCP */
	LWS_LINE_TLS,
	LWS_LINE_UPGRADING, /* the request is out */
	LWS_LINE_UP,
	LWS_LINE_CLOSING,   /* by us: close frame to be sent, or its answer awaited */
};

struct transport_lws;

struct lws_line {
	struct transport_lws *owner;
	unsigned index;
	enum lws_line_state state;
	uint32_t attempt;
	mono_t deadline; /* of connecting or closing; else never */
	struct lws *wsi; /* NULL when idle or resolving */

	char host[LWS_LINE_HOST_MAX + 1], path[TRANSPORT_PATH_MAX + 1];
	char address[RESOLVE_ADDRESS_SIZE];
	uint16_t port;
	const char *api_key; /* the caller's; NULL: none */
	uint32_t ticket; /* of the question to the resolver */
	unsigned turn;   /* which of several addresses is next: moves on with each failure */

	struct tls_peer peer;
	int http_status;
	int32_t retry_after_s;
	bool close_seen;  /* the server's close frame came */
	bool close_begun; /* ours was handed to the library */
	int close_code;  /* ours when closing, else the server's */
	char close_text[64];

	struct recv_bio bio; /* from UP on */
	struct lws_tx tx;
	struct assemble assemble;
};

/* What the lines share. First member of the implementation is the transport. */
struct transport_lws {
	struct transport base;
	struct lws_context *context;
	SSL_CTX *tls;
	struct resolve *resolve;
	lws_sorted_usec_list_t alarm; /* ends the library's sleep at the caller's deadline */
	int wake_fd;                  /* eventfd for the sleep of wait_dialing() */
	struct lws_line lines[TRANSPORT_LINES_MAX];
};

/* Returns 0 or -ENOMEM. */
int lws_line_init(struct lws_line *line, struct transport_lws *owner, unsigned index);
void lws_line_fini(struct lws_line *line);

/* As transport_connect(). */
int lws_line_connect(struct lws_line *line, uint32_t attempt,
    const struct transport_target *target, mono_t now);

/* As transport_hang_up(). */
void lws_line_hang_up(struct lws_line *line, int close_code, mono_t now);

/* The resolver's answer to any question of this line, late ones included. */
void lws_line_on_answer(struct lws_line *line, const struct resolve_answer *answer);

/* Ends what took too long. */
void lws_line_on_time(struct lws_line *line, mono_t now);

/* TCP: connect() ended with `error`, 0 = connected. */
void lws_line_on_dialed(struct lws_line *line, int error);

/* TLS: the handshake begins, ends well. */
void lws_line_on_handshake(struct lws_line *line, SSL *ssl);
void lws_line_on_secured(struct lws_line *line);

/* The response to the upgrade request. Returns whether to go on. */
bool lws_line_on_response(struct lws_line *line, int status, int32_t retry_after_s);

/* The connection is up; failed before that, with the library's words; is gone. */
void lws_line_on_up(struct lws_line *line);
void lws_line_on_error(struct lws_line *line, struct bytes words);
void lws_line_on_closed(struct lws_line *line, int error);

/* The server's close frame: its payload. */
void lws_line_on_close_frame(struct lws_line *line, struct bytes payload);

/* A piece of a message, `last` when it ends there; a PONG. */
void lws_line_on_piece(struct lws_line *line, struct bytes piece, bool first, bool last,
    enum transport_payload kind);
void lws_line_on_pong(struct lws_line *line);

/* The socket takes data. Returns 0, or -1 to have the library close the connection. */
int lws_line_on_writeable(struct lws_line *line);

/* Has the library take the bytes that poll() does not know of (recv_bio.h). */
void lws_line_serve_buffered(struct lws_line *line);

/* Lets go of the library's connection: nothing that it still does reaches the line. */
void lws_line_let_go(struct lws_line *line);

/* Is it waiting for connect()? Its socket then, else -1. */
int lws_line_dialing_fd(const struct lws_line *line);

#endif

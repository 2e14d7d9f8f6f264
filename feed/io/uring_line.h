/*
 * One line of the io_uring transport: socket, TLS, upgrade, frames. Its
 * functions take what the ring completed and turn it into messages and
 * events; they decide nothing beyond the end of the attempt itself.
 *
 * What is in flight carries the line's serial number: completions of earlier
 * attempts are told apart and dropped. Feed thread.
 */
#ifndef FEED_IO_URING_LINE_H
#define FEED_IO_URING_LINE_H

#include <liburing.h>
#include <netinet/in.h>

#include "feed/io/inflate.h"
#include "feed/io/proxy.h"
#include "feed/io/resolve.h"
#include "feed/io/tls.h"
#include "feed/io/tls_session.h"
#include "feed/io/transport_impl.h"
#include "feed/io/upgrade.h"
#include "feed/io/uring_stamp.h"
#include "feed/io/wsframe.h"

#define URING_LINE_HOST_MAX 253
#define URING_LINE_OUT_MAX 65536    /* encrypted bytes waiting to be sent */
#define URING_LINE_CLOSE_WITHIN_S 3 /* for the peer's answer to our close frame */
#define URING_LINE_PLAIN 65536      /* decrypted at a time */
#define URING_LINE_RECORD_HEADER 5  /* of TLS (RFC 8446 5.1) */

enum uring_line_state {
	URING_LINE_IDLE,
	URING_LINE_RESOLVING, /* the resolver has the question */
	URING_LINE_DIALING,   /* TCP */
	URING_LINE_PROXY,     /* a way through it was asked for */
	URING_LINE_TLS,
	URING_LINE_UPGRADING, /* the request is out */
	URING_LINE_UP,
	URING_LINE_CLOSING,   /* our close frame is out, its answer awaited */
};

/* What a completion belongs to; in its user_data, with line and serial. */
enum uring_op {
	URING_OP_IGNORE,
	URING_OP_WAKE,
	URING_OP_TIMEOUT,
	URING_OP_CONNECT,
	URING_OP_RECV,
	URING_OP_SEND,
};

static inline uint64_t
uring_tag(enum uring_op op, unsigned line, uint32_t serial)
{
	return (uint64_t)op << 56 | (uint64_t)line << 32 | serial;
}

struct transport_uring;

struct uring_line {
	struct transport_uring *owner;
	unsigned index;
	enum uring_line_state state;
	uint32_t attempt;
	uint32_t serial;  /* of the attempt's operations */
	mono_t deadline;  /* of connecting or closing; else never */
	int fd;           /* -1: none */
	bool receiving;   /* a receive is armed */
	struct msghdr shape; /* of what it brings, with stamps of the kernel's */

	char host[URING_LINE_HOST_MAX + 1], path[TRANSPORT_PATH_MAX + 1];
	char address[RESOLVE_ADDRESS_SIZE];
	char target[RESOLVE_ADDRESS_SIZE]; /* numeric address given, "": none */
	char source[RESOLVE_ADDRESS_SIZE]; /* to connect from, "": any */
	uint16_t port, dial_port; /* the second is the proxy's, if there is one */
	const char *api_key; /* the caller's; NULL: none */
	unsigned turn;    /* which of several addresses is next: moves on with each failure */
	struct sockaddr_storage peer_address;

	SSL *ssl;
	bool resuming;    /* with a session of an earlier connection on offer */
	struct tls_peer peer;
	struct bytes in;  /* encrypted bytes that TLS has not taken yet */
	size_t record_left; /* of the TLS record that they begin with, 0: not known */
	size_t header_n;    /* bytes of `header`, while it is cut between two receives */
	char header[URING_LINE_RECORD_HEADER];
	char *out;        /* encrypted bytes to send; the first `sending` are in flight */
	size_t out_n, sending;
	size_t pong_end;  /* of them up to the end of the last PONG; 0: none waits */

	struct proxy proxy;
	struct upgrade upgrade;
	struct wsframe frames;
	struct inflate *inflate; /* NULL: permessage-deflate is not offered */
	int close_code;   /* ours when closing, else the server's */
	bool close_seen;
	char close_text[64];
	struct transport_stamps stamps; /* of the bytes at hand */
};

/* What the lines share. First member of the implementation is the transport. */
struct transport_uring {
	struct transport base;
	struct io_uring ring;
	struct io_uring_buf_ring *buffers;
	char *memory;       /* of the receive buffers */
	mono_t large;       /* when one was filled far; MONO_NEVER: it was given back since */
	char *plain;        /* URING_LINE_PLAIN and padding */
	SSL_CTX *tls;
	struct tls_sessions sessions;
	BIO_METHOD *bio;    /* between TLS and the line's bytes */
	struct resolve *resolve;
	char proxy_host[URING_LINE_HOST_MAX + 1]; /* "": there is none */
	char proxy_credentials[PROXY_CREDENTIALS_MAX + 1];
	uint16_t proxy_port;
	int wake_fd;
	bool ring_ready, wake_armed;
	mono_t alarm;       /* when the timeout that stands comes; MONO_NEVER: none does */
	struct __kernel_timespec alarm_at; /* the same, until the kernel has taken it */
	struct uring_line lines[TRANSPORT_LINES_MAX];
};

/* Returns 0 or -ENOMEM. */
int uring_line_init(struct uring_line *line, struct transport_uring *owner, unsigned index);
void uring_line_fini(struct uring_line *line);

/* As transport_connect(), _send() and _ping() by opcode, _hang_up(). */
int uring_line_connect(struct uring_line *line, uint32_t attempt,
    const struct transport_target *target, mono_t now);
int uring_line_send(struct uring_line *line, enum wsframe_opcode opcode, struct bytes payload);
void uring_line_hang_up(struct uring_line *line, int close_code, mono_t now);

/* The resolver's answer to any question of this line, late ones included. */
void uring_line_on_answer(struct uring_line *line, const struct resolve_answer *answer);

/* Ends what took too long. */
void uring_line_on_time(struct uring_line *line, mono_t now);

/* Completions of the current attempt; `result` as the kernel gave it. */
void uring_line_on_connected(struct uring_line *line, int result);
void uring_line_on_received(struct uring_line *line, struct bytes bytes,
    struct transport_stamps stamps);
void uring_line_on_receive_ended(struct uring_line *line, int result);
void uring_line_on_sent(struct uring_line *line, int result);

/* Lets go of socket and TLS without a word. */
void uring_line_drop(struct uring_line *line);

/* ---- between both halves of a line (uring_line.c, uring_recv.c) --------------- */

/* Ends the attempt or connection: lets go of everything and posts FAILED or DOWN. */
void uring_line_end(struct uring_line *line, enum tick_reason reason, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The same for what errno tells (0: the peer's end of a close of ours). */
void uring_line_lost(struct uring_line *line, int error);

/* Posts an event that has nothing but a time. */
void uring_line_note(struct uring_line *line, enum transport_event_kind kind, mono_t at);

/* Encrypts and queues. Returns false when there is no room. */
bool uring_line_write(struct uring_line *line, const char *bytes, size_t n);

/* Has the ring send what waits; without room, the next wait does. */
void uring_line_flush(struct uring_line *line);

/* TCP is there, and the way through the proxy: begins with TLS. */
void uring_line_secure(struct uring_line *line);

/* Goes on with the TLS handshake. Returns whether bytes may be left to take. */
bool uring_line_shake_hands(struct uring_line *line);

/* ---- what lines ask of the transport (transport_uring.c) -------------------- */

/* A submission entry for the line's operation; NULL: there is no room now. */
struct io_uring_sqe *transport_uring_sqe(struct uring_line *line, enum uring_op op);

/* One for the transport's own operation; NULL as above. */
struct io_uring_sqe *transport_uring_own_sqe(struct transport_uring *t, enum uring_op op);

/* Submits; what the kernel does not take of this descriptor's is undone: it may be closed. */
void transport_uring_forget(struct transport_uring *t, int fd);

/* ---- TLS between both (uring_tls.c) ----------------------------------------- */

/* The BIO that takes from line->in and adds to line->out. NULL: out of memory. */
BIO_METHOD *uring_tls_bio(void);

/* Makes line->ssl under the policy of tls.h. Returns 0 or -ENOMEM. */
int uring_tls_begin(struct uring_line *line);

#endif

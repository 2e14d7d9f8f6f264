/*
 * How lines reach the exchange: TLS, WebSocket upgrade, frames.
 *
 * Owns the sockets. One thread, the feed thread, makes every call. The
 * transport never decides: it reports what happened as events, hands whole
 * messages to the sink, and does what it is told. Implementations:
 * transport_uring.c (io_uring, OpenSSL, our own frames) and transport_lws.c
 * (libwebsockets), for kernels and containers that forbid io_uring.
 */
#ifndef FEED_IO_TRANSPORT_H
#define FEED_IO_TRANSPORT_H

#include <stdbool.h>
#include <stdint.h>

#include <tickring/reasons.h>

#include "feed/base/bytes.h"
#include "feed/base/mono.h"
#include "feed/base/wall.h"

#define TRANSPORT_LINES_MAX 64
#define TRANSPORT_DETAIL_MAX 160

enum transport_event_kind {
	TRANSPORT_UP,     /* the upgrade was accepted, messages may flow */
	TRANSPORT_FAILED, /* the connection attempt ended before that */
	TRANSPORT_DOWN,   /* an established connection ended */
	TRANSPORT_PING,   /* a PING came in at `at`, and is being answered (only where has_pings) */
	TRANSPORT_ANSWERED, /* at `at` the kernel had taken the PONGs to all PINGs told so far */
	TRANSPORT_PONG,   /* a PONG came in */
};

struct transport_event {
	enum transport_event_kind kind;
	unsigned line;           /* index given to transport_connect() */
	uint32_t attempt;        /* the attempt number given there: late events are told apart */
	enum tick_reason reason; /* FAILED, DOWN: why (reasons.def) */
	int close_code;          /* DOWN: WebSocket close code, 0 when none came */
	int http_status;         /* FAILED: status of a refused upgrade, 0 when none came */
	int32_t retry_after_s;   /* FAILED: Retry-After in seconds, -1 when none came */
	mono_t at;
	char detail[TRANSPORT_DETAIL_MAX]; /* for the log: names the host, certificate, error */
};

/* Where a line connects to; strings are copied by transport_connect(). */
struct transport_target {
	const char *host; /* name or address: SNI, Host header and certificate check use it */
	uint16_t port;
	const char *path; /* "/stream" or "/ws" ... with query, at most 1000 bytes */
	const char *address; /* numeric address to use instead of resolving host, or NULL */
	const char *source; /* numeric address of this machine to connect from, or NULL */
	/*
	 * Sent as X-MBX-APIKEY with the upgrade, or NULL. Not copied: it has to
	 * live as long as the transport. Visible ASCII, at most 1024 bytes.
	 */
	const char *api_key;
};

/* An HTTP proxy that lines connect through (CONNECT); strings are copied. */
struct transport_proxy {
	const char *host;        /* name or numeric address; NULL: there is none */
	uint16_t port;
	const char *credentials; /* "user:password", or NULL; never logged */
};

/* When a message came. */
struct transport_stamps {
	wall_t recv;      /* CLOCK_REALTIME at receipt */
	mono_t recv_mono; /* CLOCK_MONOTONIC at receipt */
	bool kernel;      /* recv is the kernel's stamp, not ours */
	span_t waited;    /* between both stamps; 0 when recv is ours */
};

enum transport_payload { TRANSPORT_TEXT, TRANSPORT_BINARY };

/*
 * Takes one whole message (fragments already joined); `payload` is valid
 * during the call, and readable for TRANSPORT_PADDING bytes past its end, so
 * that decoders may load wide. Must not call back into the transport.
 */
#define TRANSPORT_PADDING 64
typedef void transport_sink_fn(void *context, unsigned line, enum transport_payload kind,
    struct bytes payload, struct transport_stamps stamps);

struct transport_cfg {
	const char *ca_file;       /* PEM with the trusted authorities; "" = the system's store */
	int64_t message_bytes_max; /* longer messages are counted, dropped, the line stays */
	span_t connect_within;     /* DNS + TCP + TLS + upgrade */
	bool busy_poll;            /* never sleep while waiting: burns a core, saves the wake-up */
	bool kernel_stamps;        /* ask the kernel for its time of receipt; "uring" only */
	bool permessage_deflate;   /* offer to take compressed messages; "uring" only */
	unsigned lines;            /* how many lines at most, <= TRANSPORT_LINES_MAX */
	struct transport_proxy proxy; /* "uring" only */
	transport_sink_fn *sink;
	void *sink_context;
};

struct transport_counts {
	uint64_t messages, bytes; /* whole messages delivered, their payload bytes */
	uint64_t oversize;        /* messages dropped for their size */
	uint64_t pings, pongs;    /* control frames received; pings only where has_pings */
};

/* When the last attempt of a line got how far; MONO_NEVER: not that far. */
struct transport_progress {
	mono_t connected; /* TCP */
	mono_t secured;   /* TLS */
};

struct transport;

/*
 * Opens the transport called `name`: "uring", "lws", or "auto" for the best
 * that this machine permits. Returns 0, or -EINVAL (unknown name), -ENOENT
 * (ca_file cannot be read), -EBADMSG (ca_file holds no certificate), -ENOMEM,
 * -EOPNOTSUPP (a proxy, to "lws"), or what the kernel says to "uring" where
 * io_uring is forbidden (-EPERM, -ENOSYS). `why` (TRANSPORT_DETAIL_MAX bytes)
 * then says it in words; on success it is empty, or says why "auto" did not
 * take the first choice.
 */
int transport_open(struct transport **out, const char *name, const struct transport_cfg *cfg,
    char *why);

/* Closes every line at once, frees everything, nulls the pointer; NULL is fine. */
void transport_close(struct transport **transport);

/*
 * Starts to connect an idle line. The outcome comes as TRANSPORT_UP or
 * TRANSPORT_FAILED (also when it fails at once). Returns 0 or -EBUSY (the
 * line is not idle), -EINVAL (bad index or source, path or host too long).
 */
int transport_connect(struct transport *transport, unsigned line, uint32_t attempt,
    const struct transport_target *target);

/*
 * How long attempts may take that begin from now on, in place of
 * cfg.connect_within. "lws" ends them 5 s after that at the latest, all the same.
 */
void transport_limit_connecting(struct transport *transport, span_t connect_within);

/*
 * Queues one text message, sent as one frame, in order. Returns 0, -ENOTCONN,
 * -EMSGSIZE (over 4000 bytes: the exchange ignores larger ones, practice
 * 2026-08) or -EAGAIN (queue full).
 */
int transport_send(struct transport *transport, unsigned line, struct bytes text);

/* Queues a PING with `payload` (at most 125 bytes). Returns as transport_send(). */
int transport_ping(struct transport *transport, unsigned line, struct bytes payload);

/* Ends a line with a close frame of that code; TRANSPORT_DOWN or _FAILED follows. */
void transport_hang_up(struct transport *transport, unsigned line, int close_code);

/* Of that line; `line` below cfg.lines. */
const struct transport_progress *transport_progress(const struct transport *transport,
    unsigned line);

/*
 * Waits for the network until `deadline` at the latest and returns as soon as
 * there was something to do; messages go to the sink during the call.
 * Returns 0, or -errno when the wait itself fails.
 */
int transport_wait(struct transport *transport, mono_t deadline);

/* Makes a running or the next transport_wait() return; async-signal-safe, any thread. */
void transport_wake(struct transport *transport);

/* Takes the oldest event. Returns false when there is none. */
bool transport_next_event(struct transport *transport, struct transport_event *out);

/* The implementation's name: "uring" or "lws". */
const char *transport_name(const struct transport *transport);

/* Does this transport see the server's PINGs? libwebsockets 4.1.6 hides them. */
bool transport_has_pings(const struct transport *transport);

/* Totals since open for one line. */
struct transport_counts transport_counts(const struct transport *transport, unsigned line);

#endif

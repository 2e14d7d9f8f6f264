/*
 * Is the other end of a line alive, and do we answer its PINGs in time?
 *
 * One per line, embedded in its session; feed thread. Owns no clock: `now` is
 * the loop's time stamp and never goes back.
 *
 * Two proofs of life, judged apart:
 *  - bytes. Any byte received is life. After idle_after without one, we ask
 *    with a PING of our own (only then: it costs one of the few messages that
 *    the exchange lets us send). Unanswered for answer_within: missed, ask again.
 *  - the server's PINGs, where the transport shows them. None for
 *    server_ping_within is a missed PING even when data flows: our half of the
 *    connection may be dead. We ask then, too; a PONG forgives what was missed.
 * max_missed in a row of either kind: dead.
 *
 * A transport that hides PINGs (libwebsockets 4.1.6 answers them by itself)
 * leaves pings_visible false: nothing is judged by them, and what cannot be
 * measured is HEARTBEAT_UNKNOWN, never a made-up figure.
 *
 * The caller's loop:
 *	switch (heartbeat_check(hb, now))
 *	ASK: when the send quota allows it: send a PING with the payload
 *	     heartbeat_on_asked() returns. When not: check again when it does.
 *	DEAD: hang up.
 */
#ifndef FEED_CORE_HEARTBEAT_H
#define FEED_CORE_HEARTBEAT_H

#include <stdbool.h>
#include <stdint.h>

#include "feed/base/mono.h"

#define HEARTBEAT_UNKNOWN (-1) /* cannot be measured, or was not yet */

struct heartbeat_cfg {
	span_t idle_after;         /* no bytes for this long: ask; > 0 */
	span_t answer_within;      /* pong_response_timeout, ours and theirs; > 0 */
	span_t server_ping_within; /* ping_timeout_threshold; > the server's interval */
	unsigned max_missed;       /* max_missed_pings; >= 1 */
	bool pings_visible;        /* does the transport tell of PINGs, and send ours? */
};

enum heartbeat_verdict {
	HEARTBEAT_OK,   /* nothing to do until heartbeat_deadline() */
	HEARTBEAT_ASK,  /* send a PING and call heartbeat_on_asked() */
	HEARTBEAT_DEAD, /* max_missed was reached: hang up */
};

struct heartbeat {
	const struct heartbeat_cfg *cfg;
	/* of this connection */
	mono_t heard;          /* last bytes */
	mono_t asked;          /* our PING without answer; MONO_NEVER: none */
	mono_t window;         /* the server's next PING is awaited since */
	mono_t owed;           /* the oldest PING of the server without answer; MONO_NEVER: none */
	unsigned owing;        /* how many there are */
	bool ask_again;        /* a PING was missed: ask without waiting for idleness */
	unsigned missed;       /* our PINGs in a row without answer nor bytes */
	unsigned windows;      /* server_ping_within in a row without its PING nor our PONG */
	uint64_t number;       /* payload of our last PING; counts over connections */
	/* for the status, over all connections */
	span_t round_trip;     /* last measured, ns; HEARTBEAT_UNKNOWN: never */
	span_t round_trip_avg; /* moving average, 1/8 new (as TCP's, RFC 6298); or UNKNOWN */
	span_t answered_in;    /* our last PONG: after the server's PING, ns; or UNKNOWN */
	span_t answered_in_max;
	uint64_t pings_seen;     /* server's PINGs */
	uint64_t pongs_in_time;  /* of these answered within answer_within */
	uint64_t pongs_late;     /* of these answered later, or not at all */
	uint64_t asked_total;    /* our PINGs */
	uint64_t missed_total;   /* of these without answer in time */
	uint64_t windows_missed; /* server_ping_within without the server's PING */
};

/* `cfg` outlives the heartbeat. No connection yet: heartbeat_begin() starts one. */
void heartbeat_init(struct heartbeat *hb, const struct heartbeat_cfg *cfg);

/* A new connection is up: forgets what was missed, keeps the totals and the round trip. */
void heartbeat_begin(struct heartbeat *hb, mono_t now);

/* The connection ended: no deadline until the next begin; an unanswered server PING is late. */
void heartbeat_end(struct heartbeat *hb);

/* Bytes of any kind were received. Once per line and wake-up is enough. */
void heartbeat_on_bytes(struct heartbeat *hb, mono_t now);

/* The server's PING came at `at`, not after now: a PONG with the same payload is owed since. */
void heartbeat_on_server_ping(struct heartbeat *hb, mono_t at, mono_t now);

/*
 * The PONGs to all PINGs so far were with the socket at `at`; they are judged
 * together, by the oldest PING. Ignored when none is owed.
 */
void heartbeat_on_pong_sent(struct heartbeat *hb, mono_t at);

/* Our PING is being sent. Returns its number, the payload to send (8 bytes, any order). */
uint64_t heartbeat_on_asked(struct heartbeat *hb, mono_t now);

/*
 * A PONG with that number as payload was received. The one that is awaited
 * measures the round trip; a late one (an earlier number of ours) is a proof
 * of life only, an unknown one is bytes and no more.
 */
void heartbeat_on_pong(struct heartbeat *hb, uint64_t number, mono_t now);

/* Counts what was missed until now, and says what to do. */
enum heartbeat_verdict heartbeat_check(struct heartbeat *hb, mono_t now);

/*
 * When heartbeat_check() can say something new; MONO_NEVER: no connection. In
 * the past while a PING is due that was not sent: wait for the send quota then.
 */
mono_t heartbeat_deadline(const struct heartbeat *hb);

/*
 * Share of the server's PINGs that we answered in time, permille 0 to 1000
 * (one that is owed, but not overdue, is left out); HEARTBEAT_UNKNOWN when the
 * transport hides them or none came.
 */
int heartbeat_compliance(const struct heartbeat *hb, mono_t now);

#endif

/*
 * What became of every subscription, stream by stream and line by line: asked
 * for, promised, listed, delivered. `{"result":null}` proves nothing; a stream
 * is there when its first message is (Binance, practice 2026-08).
 *
 * The books are kept in one place, the lists of the sessions (session.h), by
 * subscribe.c and watch.c. This part of a pool (pool.h) reads them, raises
 * the alarm "acknowledged, but silent", and settles what the exchange lists
 * and nobody wants there.
 *
 *	WANTED -> SENT -> ACKED -> LISTED -> PRODUCING -> LEAVING
 *
 * A message takes an entry to PRODUCING from ACKED or LISTED; a missing answer
 * takes it back to WANTED, as a line's end does.
 *
 * The alarm: no message within data_within of the acknowledgement, or within
 * the stream's own limit of silence where that is longer and learned. Once per
 * acknowledgement; never for streams that may say nothing for hours (STALL_RARE).
 * The exchange's list is asked for then; what it lacks is asked for again. The
 * rest is the stall watch's to heal (stall.h). Pure; feed thread.
 */
#ifndef FEED_CORE_LEDGER_H
#define FEED_CORE_LEDGER_H

#include <stdbool.h>
#include <stdint.h>

#include "feed/base/mono.h"
#include "feed/core/action.h"

#define LEDGER_TELLS_MAX 256 /* most alarms of one step; more follow 1 ms later */

struct pool;
struct session;
struct session_stream;

/* Append only: published in the status segment. */
enum ledger_state {
	LEDGER_NONE,      /* not on that line */
	LEDGER_WANTED,    /* to be subscribed, or there is no connection */
	LEDGER_SENT,      /* in a request without answer */
	LEDGER_ACKED,     /* accepted; no message yet */
	LEDGER_LISTED,    /* and named by LIST_SUBSCRIPTIONS; no message yet */
	LEDGER_PRODUCING, /* a message came on this connection */
	LEDGER_REFUSED,   /* refused by itself */
	LEDGER_LEAVING,   /* to be unsubscribed, or that is sent and not answered */
	LEDGER_STATES
};

struct ledger {
	uint64_t alarms;  /* acknowledged, but silent; so far */
	uint64_t foreign; /* listed where nobody wanted them; so far */
};

/* How many streams of a line are in each state. */
struct ledger_counts {
	unsigned n[LEDGER_STATES];
	unsigned silent; /* of those ACKED or LISTED: alarmed */
};

/* The state of an entry of that line. */
enum ledger_state ledger_state(const struct session *session, const struct session_stream *entry);

/* Counts a line's streams. O(streams of the line). */
struct ledger_counts ledger_count(const struct session *session);

/* Raises the alarms that are due: STREAM_SILENT. */
void ledger_look(struct pool *pool, mono_t now, struct pool_actions *actions);

/* For so long, until now, nobody listened: what is awaited is awaited for longer. */
void ledger_forgive(struct pool *pool, span_t span);

/* When ledger_look() has something to do; MONO_NEVER: nothing is awaited. */
mono_t ledger_deadline(const struct pool *pool);

/*
 * The line answered with its list, which was compared: what it names (bit per
 * stream number) and what has no place there is unsubscribed.
 */
void ledger_on_listed(struct pool *pool, unsigned line, const uint64_t *listed);

#endif

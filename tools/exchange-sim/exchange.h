/*
 * The exchange as a whole, without sockets: sessions, and one source of
 * messages, which is the synthetic market or a capture. The server tells it
 * what came and when; it tells the server who has something to send and when to
 * call again. One thread.
 */
#ifndef TOOLS_EXCHANGE_SIM_EXCHANGE_H
#define TOOLS_EXCHANGE_SIM_EXCHANGE_H

#include "tools/exchange-sim/faults.h"
#include "tools/exchange-sim/floor.h"
#include "tools/exchange-sim/options.h"
#include "tools/exchange-sim/pace.h"
#include "tools/exchange-sim/player.h"
#include "tools/exchange-sim/rest.h"
#include "tools/exchange-sim/session.h"
#include "tools/exchange-sim/visitor.h"

struct exchange {
	struct session_desk desk;
	struct hub hub;
	struct floor floor;
	struct rest rest;
	struct pace pace;
	struct player player;
	struct shelf shelf;        /* of the replay */
	struct faults faults;
	uint64_t kinds_seen;       /* of faults in force, at the last look */
	struct visitors visitors;
	int64_t rate;              /* messages per second without a burst */
	bool replays;              /* the source is `player`, not `floor` */
	bool exit_after_replay;
	bool moving;               /* somebody is subscribed: the pace runs */
	struct session *sessions;  /* all of them */
	const struct endpoint *endpoint;
	uint32_t nendpoints;
	mono_t sessions_due;       /* not later than the first deadline of a session */
};

/*
 * Sets up by the options, which it borrows; `capture` is the one to replay, or
 * NULL. 0 or -errno.
 */
int exchange_init(struct exchange *x, const struct options *o, const struct capture *capture);

/* All sessions must have left. */
void exchange_fini(struct exchange *x);

/* A client has connected to an endpoint (NULL: unknown). False without memory. */
bool exchange_join(struct exchange *x, struct session *s, const struct endpoint *endpoint,
    const char *peer, mono_t now);

/* It has gone. */
void exchange_leave(struct exchange *x, struct session *s);

/* Bytes of a client. */
void exchange_on_bytes(
    struct exchange *x, struct session *s, struct bytes in, mono_t now, wall_t wall);

/* Ends a fault (id), or all of them (0). False: there is none with that id. */
bool exchange_clear_fault(struct exchange *x, uint32_t id, mono_t now);

/* Is the endpoint closed by a fault? */
bool exchange_refuses(const struct exchange *x, const struct endpoint *e);

/* Does everything that is due; also called when a queue has drained. */
void exchange_wake(struct exchange *x, mono_t now, wall_t wall);

/* When to call exchange_wake() again. */
mono_t exchange_deadline(const struct exchange *x, mono_t now, wall_t wall);

/* Has it nothing left to do? (--exit-after-replay) */
bool exchange_finished(const struct exchange *x);

#endif

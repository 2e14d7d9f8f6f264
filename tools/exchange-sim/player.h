/*
 * Plays a capture once: starts when every stream in it has a subscriber, keeps
 * the recorded order, loses nothing. A client that does not read makes it wait.
 */
#ifndef TOOLS_EXCHANGE_SIM_PLAYER_H
#define TOOLS_EXCHANGE_SIM_PLAYER_H

#include "feed/base/mono.h"
#include "tools/exchange-sim/capture.h"
#include "tools/exchange-sim/hub.h"
#include "tools/exchange-sim/shelf.h"

enum player_state {
	PLAYER_WAITS,   /* for subscribers */
	PLAYER_PLAYS,
	PLAYER_DONE,
};

struct player {
	enum player_state state;
	const struct capture *capture;
	struct stream **stream;      /* of the capture's streams, pinned in the hub */
	struct session **sessions;   /* head of the list of all sessions */
	struct shelf *shelf;         /* books that have to be served in time; NULL: none */
	int64_t speed_milli;         /* 1000: as recorded; 0: as fast as possible */
	mono_t start;
	size_t next;                 /* message */
	mono_t next_at;              /* when it is due; MONO_NEVER: waits for a socket */
	uint64_t sent, unheard;      /* messages with and without a subscriber */
};

/* 0 or -errno. Borrows the capture and the head of the list of sessions. */
int player_init(struct player *p, const struct capture *c, int64_t speed_milli,
    struct hub *hub, struct session **sessions);

void player_fini(struct player *p);

/* Sends what is due and finds room. Also to be called when a queue has drained. */
void player_wake(struct player *p, mono_t now);

/* When there is something to do. */
mono_t player_deadline(const struct player *p);

static inline bool
player_done(const struct player *p)
{
	return p->state == PLAYER_DONE;
}

#endif

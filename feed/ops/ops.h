/*
 * The operations thread: everything that may be slow. It owns a libwebsockets
 * context, on which HTTP runs in both directions, and timers. The feed thread
 * never waits for it: the two talk through two mailboxes of bounded length,
 *
 *	feed thread --- notes --> ops thread      what happened, what is wanted
 *	feed thread <-- orders -- ops thread      what is to be done
 *
 * and who finds one full goes on without. What a record's `object` points to
 * changes hands with the record.
 *
 * Parts of the operations (keeper.h ...) are opened on a struct ops before its
 * thread starts, and closed after it was stopped; in between they run in the
 * ops thread only.
 */
#ifndef FEED_OPS_OPS_H
#define FEED_OPS_OPS_H

#include <libwebsockets.h>
#include <stdbool.h>
#include <stdint.h>

#include "feed/base/mono.h"

#define OPS_NOTES_MAX 1024 /* not yet taken by the ops thread; a power of two */
#define OPS_CONNECTIONS_MAX 160 /* of the context: clients of HTTP, and requests to others */
#define OPS_ORDERS_MAX 256 /* not yet taken by the feed thread; a power of two */

/* Feed thread to ops thread. */
enum ops_note_kind {
	OPS_RELOAD_ASKED,   /* SIGHUP came */
	OPS_CONFIG_TAKEN,   /* object: the struct config that was in force before */
	OPS_CONFIG_REFUSED, /* object: the struct config that was offered */
	OPS_CONFIG_EARLY,   /* likewise: there are no streams yet that it could change */
	OPS_SPAN,           /* tracer.h */
	OPS_SNAPSHOT_WANTED, /* these three: rest.h */
	OPS_GAP_WANTED,
	OPS_MEMORY_BACK,
	OPS_LIST_WANTED,     /* these two: rest.h */
	OPS_SNAPSHOT_UNWANTED,
	OPS_UPKEEP,          /* upkeep.h */
	OPS_NOTE_KINDS
};

struct ops_note {
	enum ops_note_kind kind;
	uint32_t number;
	int64_t value[4];
	void *object;
};

/* Ops thread to feed thread. */
enum ops_order_kind {
	OPS_CHANGE_CONFIG, /* object: a struct config, checked; it comes back with a note */
	OPS_COUNT_REFUSAL, /* a configuration was refused before it could be offered */
	OPS_SNAPSHOT,      /* these three: rest.h */
	OPS_LISTING,
	OPS_FILL,
	OPS_SOCKETS,       /* upkeep.h */
	OPS_CLOCK,         /* rest_clock.h */
};

struct ops_order {
	enum ops_order_kind kind;
	uint32_t number;
	int64_t value[4];
	void *object;
};

struct ops_cfg {
	void (*wake)(void *context); /* makes the feed thread look; called in the ops thread */
	void *wake_context;
	int64_t cpu; /* processor of the feed thread, which the ops thread avoids; -1: any */
};

struct ops;

/* Makes everything but the thread. Returns 0 or -ENOMEM. */
int ops_open(struct ops **out, const struct ops_cfg *cfg);

/* Starts the thread, at a lower priority than the caller's. Returns 0 or -errno. Once. */
int ops_start(struct ops *ops);

/*
 * Ends the thread, if it was started, and waits for that. Notes that are left
 * reach their receivers in the caller's thread.
 */
void ops_stop(struct ops *ops);

/* After ops_stop(). Frees, nulls the pointer; NULL is fine. */
void ops_close(struct ops **ops);

/* ---- feed thread ---- */

/* Sends a note. False: the mailbox is full, the caller keeps the object. */
bool ops_tell(struct ops *ops, const struct ops_note *note);

/* Takes the oldest order. False: there is none. Also after ops_stop(). */
bool ops_next_order(struct ops *ops, struct ops_order *out);

/* ---- ops thread, or before it starts ---- */

/* Who receives notes of that kind, from now on; a kind without one is not for anybody. */
typedef void ops_note_fn(void *context, const struct ops_note *note);
void ops_receive(struct ops *ops, enum ops_note_kind kind, ops_note_fn *fn, void *context);

/* Sends an order and wakes the feed thread. False: the mailbox is full. */
bool ops_order(struct ops *ops, const struct ops_order *order);

/* For vhosts and connections of one's own. lws_context_user() of it is the struct ops. */
struct lws_context *ops_context(struct ops *ops);

/* Zeroed before its first use; stopped before its memory goes. */
struct ops_timer {
	lws_sorted_usec_list_t entry; /* first member */
	void (*fn)(void *context);
	void *context;
};

/* Calls timer->fn once, `span` from now; another call moves it. */
void ops_timer_start(struct ops *ops, struct ops_timer *timer, span_t span);
void ops_timer_stop(struct ops_timer *timer);

#endif

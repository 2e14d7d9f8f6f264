/*
 * Inside of the application: what app.c (the executor) and the other app_*.c
 * share, each with a section below. Nobody else includes it. Feed thread.
 */
#ifndef FEED_APP_APP_IMPL_H
#define FEED_APP_APP_IMPL_H

#include <stdatomic.h>

#include "feed/app/app.h"
#include "feed/core/pool.h"
#include "feed/core/trace_book.h"
#include "feed/io/notify.h"
#include "feed/io/transport.h"
#include "feed/ops/alarm.h"
#include "feed/ops/keeper.h"
#include "feed/ops/ops.h"
#include "feed/ops/rest.h"
#include "feed/ops/tracer.h"
#include "feed/ops/web.h"
#include "feed/pipeline/pipeline.h"
#include "feed/pipeline/recorder.h"
#include "feed/plan/change.h"
#include "feed/plan/choice.h"
#include "feed/plan/plan.h"
#include "feed/status/errors.h"
#include "feed/status/guard.h"
#include "feed/status/snapshot.h"
#include "feed/status/snapshot_control.h"
#include "feed/status/snapshot_streams.h"
#include "feed/status/tell.h"
#include "feed/status/verdict.h"
#include "feed/store/stores.h"

#define HEARD_AT_ONCE 1024

struct app {
	struct config *cfg;
	const struct reload_source *source;
	struct choice choice;
	struct stores stores;
	struct pipeline *pipeline;
	struct recorder *recorder; /* NULL: nothing is captured */
	struct transport *transport;
	struct plan plan;
	struct pool pool;
	struct pool_actions actions;
	struct snapshot snapshot;
	struct snapshot_streams snapshot_streams;
	mono_t snapshot_due;
	struct guard guard;
	struct errors errors;
	struct verdict verdict;
	struct notify notify;
	struct ops *ops;
	struct keeper keeper;   /* ops thread */
	_Atomic(struct transport *) to_wake; /* by the ops thread; NULL: not yet, or no more */
	struct rest *rest;      /* ops thread; NULL: no REST */
	struct listing *listing; /* NULL: none came yet */
	struct change change;   /* of the wanted streams */
	struct listing *followed; /* the list before, while patterns follow the new one */
	struct config_strings streams; /* that were wanted at start, by name */
	struct books_want want; /* not told yet for want of room, if there is one */
	bool has_want;
	struct pipeline_gap gap; /* likewise */
	bool has_gap;
	struct alarm *alarm;    /* ops thread; NULL: nobody is told */
	struct trace *trace;    /* NULL: nothing is traced */
	struct trace_books trace_books;
	struct tracer *tracer;  /* ops thread; NULL: likewise */
	struct web *web;        /* ops thread; NULL: no HTTP interface */
	int web_fd;             /* its socket until it is there, -1: none */
	struct clock_estimate clock; /* of the exchange, told before there was a pipeline */
	struct ops_note answer; /* to its offer, until there is room for it; object NULL: none */
	int64_t nstreams; /* wanted now */
	uint64_t shed, reloads, reloads_refused;
	struct pool_heard heard[HEARD_AT_ONCE];
	mono_t pool_due;  /* pool_deadline(): it changes by steps only */
	mono_t heard_due; /* when the pool may be told again who was heard */
	struct config_target target[CONFIG_TARGETS_MAX];
	wall_t connected[TRANSPORT_LINES_MAX];
	char detail[TRANSPORT_LINES_MAX][TRANSPORT_DETAIL_MAX]; /* how its last connection ended */
};

/* ---- app.c -------------------------------------------------------------------- */

/* Lets the pool see an event, and carries out what it says. */
void app_step(struct app *app, const struct pool_event *event, mono_t now);

/* ---- app_actions.c: what the control plane wants done ---------------------------- */

/* Does all of app->actions. */
void app_carry_out(struct app *app);

/* ---- app_ops.c: the ops thread and what runs in it ------------------------------ */

/*
 * Before shared memory is touched: is all there that the start needs? Takes
 * the address of the HTTP interface. Returns 0 or -errno (logged).
 */
int app_look_ahead(struct app *app);

/* Opens all of it, without the thread. Returns 0, or -errno (logged). */
int app_open_ops(struct app *app);

/* Starts the thread. Returns 0, or -errno (logged). */
int app_start_ops(struct app *app);

/* Ends the thread and closes all of it, in order; what was not opened is fine. */
void app_shut_ops(struct app *app);

/* ---- app_trace.c ---------------------------------------------------------------- */

/* Where traces are wanted: opens what makes and what sends them. Returns 0 or -errno (logged). */
int app_open_trace(struct app *app);
void app_shut_trace(struct app *app);

/* Tells the traces of an action, and of what a line reports. Nothing where none are made. */
void app_trace_action(struct app *app, const struct pool_action *act);
void app_trace_event(struct app *app, const struct transport_event *event, mono_t now);

/* Books that are in sync again; and what a wish for a snapshot is part of, into its note. */
void app_trace_books(struct app *app);
void app_trace_want(struct app *app, struct ops_note *note);

/* ---- app_changes.c: what changes while it runs ----------------------------------- */

/* SIGHUP: has the configuration read once more, in the ops thread. */
void app_reload(struct app *app);

/* Does what the ops thread wants done: a new configuration comes that way. */
void app_take_orders(struct app *app, mono_t now);

/* Sends the answer to an offer, if there is one and there is room for it. */
void app_answer(struct app *app);

/* How far the exchange's clock is ahead is known now. */
void app_take_clock(struct app *app, struct clock_estimate is);

/* Frees what orders bring that come too late: the ops thread has ended. */
void app_drop_orders(struct app *app);

/* Looks at memory and processor; gives a stream up where a limit is passed. */
void app_look_at_resources(struct app *app, mono_t now);

/* ---- app_streams.c: streams that come and go --------------------------------------- */

/* One stream less; it is wanted. */
void app_drop_stream(struct app *app, uint32_t number, mono_t now);

/* Another configuration is in force: the streams are to be as it says. */
void app_change_streams(struct app *app);

/* Another list is: patterns mean new streams. Takes the one before over, NULL: none. */
void app_follow_list(struct app *app, struct listing *before);

/* Does a piece of what is left of that. */
void app_go_on_changing(struct app *app, mono_t now);

/* ---- app_rest.c: snapshots of books, missed trades, the list of instruments ---------- */

/* Has the ops thread fetch the snapshots that books want, and trades that were missed. */
void app_tell_wants(struct app *app);

/* One of them came; it goes back to the ops thread. */
void app_take_snapshot(struct app *app, struct rest_snapshot *snapshot, mono_t now);

/* Some trades that were missed came. */
void app_take_fill(struct app *app, struct rest_fill *fill, mono_t now);

/* Puts what REST counted among the counters. */
void app_count_rest(struct app *app);

/*
 * The list of instruments came, NULL: it did not. What follows from it: who
 * trades, which streams the patterns mean now. It is the application's then.
 */
void app_take_listing(struct app *app, struct listing *listing, mono_t now);

/*
 * The same at start, when the list may have come, may come, or never will; and
 * the clock, which may have been told meanwhile.
 */
void app_begin_list(struct app *app, mono_t now);

/* Silence of streams whose instrument does not trade is no alarm. */
void app_quiet_streams(struct app *app, mono_t now);

/* The same, but only when some instrument stopped or began to trade. */
void app_quiet_if_turned(struct app *app, mono_t now);

/* The same of one stream. */
void app_quiet_stream(struct app *app, uint32_t number, mono_t now);

/* Memory that the ops thread brought goes back there, to be freed; NULL is fine. */
void app_give_back(struct app *app, void *memory);

/*
 * At start, the stores are open and the ops thread runs: which streams the
 * configuration means, after waiting for the list of instruments if that tells.
 * Returns 0, -EINTR (told to stop) or -ENOMEM.
 */
int app_find_streams(struct app *app);

#endif

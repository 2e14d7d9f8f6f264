/*
 * Inside of REST: what rest.c (the client, its budget, snapshots), rest_list.c
 * (the list of instruments) and backfill.c (trades that were missed) share.
 * Nobody else includes it. Ops thread.
 */
#ifndef FEED_OPS_REST_IMPL_H
#define FEED_OPS_REST_IMPL_H

#include "feed/conf/config.h"
#include "feed/core/snapsched.h"
#include "feed/io/http.h"
#include "feed/ops/rest.h"
#include "feed/pipeline/listing.h"
#include "feed/plan/rest_plan.h"

/* A GET of the exchange: http_send() with our host and patience. */
int rest_get(struct rest *rest, const char *path, const char *api_key, size_t bytes_max,
    http_done_fn *done, void *context);

/* "path?symbol=SYMBOL" into path[HTTP_PATH_MAX], with room left for some numbers behind it. */
void rest_symbol_path(char *path, const char *base, const struct tick_instrument *i);

/* An answer as the scheduler takes it. */
struct snapsched_answer rest_answer(const struct http_answer *answer);

/* Logs what an answer of `what` means, now and then. */
void rest_tell_verdict(struct rest *rest, enum snapsched_verdict verdict,
    const struct http_answer *answer, const char *what, mono_t now);

/* The exchange's list has come: snapshots that its symbols were refused are asked for again. */
void rest_admit(struct rest *rest, const struct listing *listing);

/* Sends what may be sent, and comes back when there may be more. */
void rest_pump(struct rest *rest);

struct ops *rest_ops(struct rest *rest);
struct snapsched *rest_schedule(struct rest *rest);
const struct rest_base *rest_base_of(const struct rest *rest);

#endif

/*
 * Inside of a probe: what its steps share. Nobody else includes it. One thread.
 */
#ifndef FEED_PROBE_PROBE_IMPL_H
#define FEED_PROBE_PROBE_IMPL_H

#include "feed/io/wsframe.h"
#include "feed/probe/probe.h"
#include "feed/probe/wire.h"

#define PROBE_READ_MAX 16384

struct probe {
	const struct probe_ask *ask;
	struct probe_report *report;
	struct wire wire;
	struct tls_peer peer;
	struct wsframe frames;
	struct bytes in; /* received and not looked at yet, in `buffer` */
	char buffer[PROBE_READ_MAX + WSFRAME_PADDING];
	struct event_scratch *scratch;
	mono_t asked; /* when the request to subscribe went out */
};

/* Steps: what was found goes to the report. They return 0, or -1 after probe_fail(). */
typedef int probe_step_fn(struct probe *p, mono_t until);

probe_step_fn probe_subscribe, probe_message, probe_clock;

/* Why a step failed; returns -1. */
int probe_fail(struct probe *p, enum probe_step step, enum tick_reason reason, const char *format,
    ...) __attribute__((format(printf, 4, 5)));

/* Likewise, from what a wire_*() said; `waited_for` is what did not come in time. */
int probe_fail_wire(struct probe *p, enum probe_step step, int rc, const char *waited_for);

/* A step that has nothing to do; returns 0. */
int probe_skip(struct probe *p, enum probe_step step, const char *why);

/*
 * Looks a name up; a numeric one is its own address. Returns 0, or -1: no
 * address, out->why says why.
 */
int probe_look_up(const char *host, mono_t until, struct resolve_answer *out);

/*
 * Dials the addresses that `source` ("": any) can reach, one after the other, each
 * with its share of the time that is left. Returns as wire_dial() for the last one,
 * which *address is then; NULL: there is none.
 */
int probe_dial(struct wire *wire, const struct resolve_answer *found, uint16_t port,
    const char *source, mono_t until, const char **address);

#endif

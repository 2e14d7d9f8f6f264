/*
 * The messages that the receive benchmark sends: trades, quotes and depth
 * changes of a few instruments in the combined form of the exchange, made once
 * as whole WebSocket frames. Before each sending only the ids are counted on,
 * so that no message is a duplicate or leaves a gap, and the first price is
 * set: it carries the time of sending.
 */
#ifndef TESTS_BENCH_RECEIVE_WARES_H
#define TESTS_BENCH_RECEIVE_WARES_H

#include <stdint.h>

#include "feed/base/bytes.h"
#include "feed/base/mono.h"

#define MARKET_INSTRUMENTS 8
#define MARKET_FORMS_MAX 64
#define MARKET_FRAME_MAX 640

enum wares_mix {
	MARKET_SMALL, /* trades, quotes, small depth changes; 165 bytes on average */
	MARKET_LARGE, /* quotes and depth changes of 8 levels; 254 bytes on average */
};

struct wares_form {
	char frame[MARKET_FRAME_MAX];
	size_t n;
	unsigned ids, id_at[2]; /* ten digits each */
	unsigned price_at;      /* "1ddd.dddddddd" */
};

struct wares {
	struct wares_form form[MARKET_FORMS_MAX];
	unsigned forms, next;
};

/* Event times of the messages are `exch_ms` (Unix time, milliseconds). */
void wares_init(struct wares *m, enum wares_mix mix, int64_t exch_ms);

/* The next frame, valid until it comes again. */
struct bytes wares_next(struct wares *m);

/* The same with the time of sending in it. */
struct bytes wares_next_stamped(struct wares *m, mono_t now);

/* Mean bytes of payload per message. */
unsigned wares_mean_bytes(const struct wares *m);

/* The streams, as the configuration and a SUBSCRIBE request list them: "a@trade","b@...". */
const char *wares_streams(void);

/*
 * The time between the sending of a stamped message and `now`, from its first
 * price in units of 1e-8 (MARKET_STAMP_ROUND ns go round).
 */
#define MARKET_STAMP_ROUND INT64_C(100000000000)
span_t wares_age(int64_t price, mono_t now);

/* Finds that price in a message. Returns -1 when there is none. */
int64_t wares_price(struct bytes message);

#endif

/*
 * The trading floor: all symbols of the synthetic market, and which of their
 * streams somebody wants. Only symbols with subscribers move.
 */
#ifndef TOOLS_EXCHANGE_SIM_FLOOR_H
#define TOOLS_EXCHANGE_SIM_FLOOR_H

#include "tools/exchange-sim/hub.h"
#include "tools/exchange-sim/market.h"
#include "tools/exchange-sim/publish.h"

#define FLOOR_SYMBOLS_MAX 4096

struct floor_symbol {
	struct instrument what;
	struct market market;
	bool built;                   /* the market exists */
	struct stream *stream[SLOTS]; /* wanted ones */
	uint32_t wanted;              /* how many */
};

struct floor {
	struct floor_symbol *symbol;
	uint32_t nsymbols;
	enum product product;
	uint32_t *by_name;  /* indices, sorted by name */
	uint32_t *active;   /* indices of symbols that somebody wants */
	uint32_t nactive;
	uint32_t realtime;  /* wanted streams of trades and quotes */
	int64_t messages;   /* sent so far */
	uint64_t seed;
	struct random random; /* picks who moves next */
	struct publisher publisher;
};

/* Sets up the symbols of a list "btcusdt,ethusdt", or a number of them; -errno. */
int floor_init(struct floor *f, const char *symbols, uint64_t seed);

/* Makes it a futures exchange; before anybody subscribes. */
void floor_set_product(struct floor *f, enum product product);

void floor_fini(struct floor *f);

/* For the hub: notes which streams are wanted. `ctx` is the floor. */
void floor_on_wanted(void *ctx, struct stream *s);
void floor_on_unwanted(void *ctx, struct stream *s);

/* The symbol of an upper case name, its market built; NULL when there is none. */
struct market *floor_market(struct floor *f, struct bytes name);

/* Sends what the time demands: diffs, partial books, candles. */
void floor_advance(struct floor *f, wall_t now);

/*
 * Lets things happen until `n` messages have been sent. Returns how many it
 * were: a trade can yield a few more. With nothing but timed streams wanted,
 * every step counts as a message.
 */
int64_t floor_move(struct floor *f, int64_t n, wall_t now);

#endif

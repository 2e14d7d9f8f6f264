/*
 * What the words of a tick of figures mean: one table for all renderers.
 * Figures bring their own exponents (include/tickring/tick.h, struct tick_scale).
 */
#ifndef TOOLS_SHM_INSPECT_FIGURES_H
#define TOOLS_SHM_INSPECT_FIGURES_H

#include <stddef.h>
#include <stdint.h>

#include <tickring/tick.h>

enum figure_kind {
	FIGURE_PRICE,
	FIGURE_QTY,
	FIGURE_QUOTE,   /* a volume in quote currency */
	FIGURE_RATE,
	FIGURE_COUNT,   /* a plain number */
	FIGURE_TIME,    /* ns since 1970 */
	FIGURE_SPAN,    /* ns */
	FIGURE_TRADING, /* enum tick_trading */
	FIGURE_ORDER,   /* enum tick_order_state */
};

struct figure {
	const char *name;
	enum figure_kind kind;
	uint8_t word; /* 0 to 3: v, 4 to 7: w */
};

/* The figures of a tick in the order in which they are shown; NULL: it is none of figures. */
const struct figure *figures_of_tick(const struct tick *t, size_t *count);

/* The value of one, and the exponent of it if it is a decimal. */
int64_t figure_value(const struct tick *t, const struct figure *f);
int figure_exponent(const struct tick *t, const struct figure *f);

/* The word for a value of FIGURE_TRADING or FIGURE_ORDER. */
const char *figure_word(const struct figure *f, int64_t value);

/* "24h", "1h", "4h", "1d": what a TICKER_24H looks back on. */
const char *figure_window(const struct tick *t);

#endif

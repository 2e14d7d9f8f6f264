/*
 * Which exponents an instrument gets that is new to the directory: the
 * defaults, or those of the first override that fits its symbol. Pure.
 */
#ifndef FEED_CONF_CONFIG_EXPONENTS_H
#define FEED_CONF_CONFIG_EXPONENTS_H

#include <stdbool.h>

#include "feed/base/bytes.h"
#include "feed/conf/config.h"

#define CONFIG_EXPONENT_MIN (-18)
#define CONFIG_EXPONENT_MAX 0

struct config_exponents {
	int8_t price, qty;
	bool by_default; /* no override names the symbol */
};

/* An override, taken from its text SYMBOL:PRICE:QTY. */
struct config_override {
	struct bytes symbol; /* part of the text; a * stands for any bytes or none */
	struct config_exponents exponents;
};

/* Fills *out. Returns NULL, or what is wrong with the text as config_rule.h says it. */
const char *config_override_parse(const char *text, struct config_override *out);

/* The exponents of a symbol as the exchange's messages write it. */
struct config_exponents config_exponents_of(
    const struct config_instruments *cfg, struct bytes symbol);

/* Does a symbol fit a pattern, in which * stands for any bytes or none? */
bool config_symbol_fits(struct bytes pattern, struct bytes symbol);

#endif

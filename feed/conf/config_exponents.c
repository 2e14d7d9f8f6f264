#include "feed/conf/config_exponents.h"

#define SYMBOL_MAX 48 /* of the directory */

/* "-8" and the like. False: it is none, or out of range. */
static bool
read_exponent(struct bytes text, int8_t *out)
{
	bool negative = text.n > 0 && text.p[0] == '-';
	int value = 0;

	if (negative)
		text = (struct bytes){text.p + 1, text.n - 1};
	if (text.n == 0 || text.n > 2)
		return false;
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] < '0' || text.p[i] > '9')
			return false;
		value = 10 * value + (text.p[i] - '0');
	}
	if (negative)
		value = -value;
	*out = (int8_t)value;
	return value >= CONFIG_EXPONENT_MIN && value <= CONFIG_EXPONENT_MAX;
}

/* Cuts *text at its last colon; what is behind goes to *behind. */
static bool
cut_behind_colon(struct bytes *text, struct bytes *behind)
{
	for (size_t n = text->n; n > 0; n--)
		if (text->p[n - 1] == ':') {
			*behind = (struct bytes){text->p + n, text->n - n};
			text->n = n - 1;
			return true;
		}
	return false;
}

static const char *
symbol_fault(struct bytes symbol)
{
	if (symbol.n == 0)
		return "has no symbol before the first \":\"";
	if (symbol.n > SYMBOL_MAX)
		return "has a symbol of more than 48 bytes";
	for (size_t i = 0; i < symbol.n; i++) {
		if (symbol.p[i] >= 'a' && symbol.p[i] <= 'z')
			return "has small letters in the symbol: messages write it in capitals";
		if ((unsigned char)symbol.p[i] <= ' ' || symbol.p[i] == ':')
			return "has a blank, control character or \":\" in the symbol";
	}
	return NULL;
}

const char *
config_override_parse(const char *text, struct config_override *out)
{
	struct bytes rest = bytes_of(text), price, qty;

	if (!cut_behind_colon(&rest, &qty) || !cut_behind_colon(&rest, &price))
		return "has not the form SYMBOL:PRICE:QTY, like \"SHIBUSDT:-8:-2\"";
	out->symbol = rest;
	if (!read_exponent(price, &out->exponents.price) ||
	    !read_exponent(qty, &out->exponents.qty))
		return "has an exponent that is no whole number from -18 to 0";
	return symbol_fault(rest);
}

/* After a mismatch the last star takes one byte more: no earlier one needs another look. */
bool
config_symbol_fits(struct bytes pattern, struct bytes symbol)
{
	size_t p = 0, s = 0, star = SIZE_MAX, taken = 0;

	while (s < symbol.n) {
		if (p < pattern.n && pattern.p[p] == '*') {
			star = p++;
			taken = s;
		} else if (p < pattern.n && pattern.p[p] == symbol.p[s]) {
			p++;
			s++;
		} else if (star != SIZE_MAX) {
			p = star + 1;
			s = ++taken;
		} else {
			return false;
		}
	}
	while (p < pattern.n && pattern.p[p] == '*')
		p++;
	return p == pattern.n;
}

struct config_exponents
config_exponents_of(const struct config_instruments *cfg, struct bytes symbol)
{
	struct config_override o = {0};

	for (size_t i = 0; i < cfg->overrides.n; i++)
		if (config_override_parse(cfg->overrides.item[i], &o) == NULL &&
		    config_symbol_fits(o.symbol, symbol))
			return o.exponents;
	o.exponents.price = (int8_t)cfg->default_price_exponent;
	o.exponents.qty = (int8_t)cfg->default_qty_exponent;
	o.exponents.by_default = true;
	return o.exponents;
}

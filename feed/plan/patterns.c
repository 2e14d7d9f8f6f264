#include "feed/plan/patterns.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "feed/conf/config_exponents.h"
#include "feed/venue/binance/streams.h"

bool
pattern_is(const char *stream)
{
	const char *star = strchr(stream, '*'), *at = strchr(stream, '@');

	return star != NULL && at != NULL && star < at;
}

size_t
patterns_count(const struct config_strings *streams)
{
	size_t n = 0;

	for (size_t i = 0; i < streams->n; i++)
		n += pattern_is(streams->item[i]);
	return n;
}

/* Spot keeps what was delisted in its list for ever, in a BREAK. */
static bool
is_meant(const struct listed *listed)
{
	return listed->trading == TICK_TRADING_ON || listed->trading == TICK_TRADING_HALT ||
	    listed->trading == TICK_TRADING_PENDING;
}

static bool
has(const struct config_strings *list, const char *name)
{
	for (size_t i = 0; i < list->n; i++)
		if (strcmp(list->item[i], name) == 0)
			return true;
	return false;
}

/* Takes the text over. */
static int
append(struct config_strings *list, char *text)
{
	char **more;

	if (text == NULL)
		return -ENOMEM;
	if (has(list, text)) {
		free(text);
		return 0;
	}
	/* Room in powers of two. */
	if ((list->n & (list->n - 1)) == 0) {
		more = realloc(list->item, (list->n ? 2 * list->n : 1) * sizeof(char *));
		if (more == NULL) {
			free(text);
			return -ENOMEM;
		}
		list->item = more;
	}
	list->item[list->n++] = text;
	return 0;
}

/* "btcusdt@trade" of BTCUSDT and "@trade". */
static char *
name_of(const struct listed *listed, const char *type)
{
	size_t n = listed->symbol_bytes, rest = strlen(type) + 1;
	char *out = malloc(n + rest);

	for (size_t i = 0; out != NULL && i < n; i++)
		out[i] = listed->symbol[i] >= 'A' && listed->symbol[i] <= 'Z'
		    ? (char)(listed->symbol[i] - 'A' + 'a') : listed->symbol[i];
	if (out != NULL)
		memcpy(out + n, type, rest);
	return out;
}

static int
expand_one(const char *pattern, const struct listing *listing, const struct listing *before,
    struct config_strings *out)
{
	const char *type = strchr(pattern, '@');
	char upper[STREAM_NAME_MAX];
	const struct listed *old;
	struct bytes symbols;
	int rc = 0;

	symbols.p = upper;
	symbols.n = stream_symbol_upper(
	    (struct bytes){pattern, (size_t)(type - pattern)}, upper, sizeof(upper));
	for (size_t i = 0; listing != NULL && i < listing->n && rc == 0; i++) {
		const struct listed *at = &listing->item[i];
		struct bytes symbol = {at->symbol, at->symbol_bytes};

		if (!is_meant(at) || !config_symbol_fits(symbols, symbol))
			continue;
		old = listing_find(before, symbol);
		if (old == NULL || !is_meant(old))
			rc = append(out, name_of(at, type));
	}
	return rc;
}

int
patterns_expand(const struct config_strings *streams, const struct listing *listing,
    struct config_strings *out)
{
	int rc = 0;

	*out = (struct config_strings){0};
	for (size_t i = 0; i < streams->n && rc == 0; i++) {
		if (pattern_is(streams->item[i]))
			rc = expand_one(streams->item[i], listing, NULL, out);
		else
			rc = append(out, strdup(streams->item[i]));
	}
	return rc;
}

int
patterns_expand_new(const struct config_strings *streams, const struct listing *listing,
    const struct listing *before, struct config_strings *out)
{
	int rc = 0;

	*out = (struct config_strings){0};
	for (size_t i = 0; i < streams->n && rc == 0; i++)
		if (pattern_is(streams->item[i]))
			rc = expand_one(streams->item[i], listing, before, out);
	return rc;
}

void
patterns_free(struct config_strings *list)
{
	for (size_t i = 0; i < list->n; i++)
		free(list->item[i]);
	free(list->item);
	*list = (struct config_strings){0};
}

#include "feed/plan/patterns.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "feed/conf/config_exponents.h"
#include "feed/plan/names.h"

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

/* ---- step by step ----------------------------------------------------------- */

/* Of the stream at which it is; others than patterns have nothing to prepare. */
static void
begin_stream(struct pattern_walk *w)
{
	const char *pattern, *at;

	w->item = 0;
	if (w->stream >= w->streams->n || !pattern_is(w->streams->item[w->stream]))
		return;
	pattern = w->streams->item[w->stream];
	at = strchr(pattern, '@');
	w->upper_bytes = stream_symbol_upper(
	    (struct bytes){pattern, (size_t)(at - pattern)}, w->upper, sizeof(w->upper));
}

void
patterns_begin(struct pattern_walk *walk, const struct config_strings *streams,
    const struct listing *listing, const struct listing *before, bool only_new)
{
	*walk = (struct pattern_walk){
		.streams = streams, .listing = listing, .before = before, .only_new = only_new};
	begin_stream(walk);
}

/* "btcusdt@trade" of BTCUSDT and "@trade". */
static void
spell(struct pattern_walk *w, const struct listed *listed, const char *type)
{
	size_t n = listed->symbol_bytes;

	for (size_t i = 0; i < n; i++)
		w->name[i] = listed->symbol[i] >= 'A' && listed->symbol[i] <= 'Z'
		    ? (char)(listed->symbol[i] - 'A' + 'a') : listed->symbol[i];
	snprintf(w->name + n, sizeof(w->name) - n, "%s", type);
}

static bool
means(const struct pattern_walk *w, const struct listed *listed)
{
	struct bytes symbols = {w->upper, w->upper_bytes};
	struct bytes symbol = {listed->symbol, listed->symbol_bytes};
	const struct listed *old;

	if (!is_meant(listed) || !config_symbol_fits(symbols, symbol))
		return false;
	old = w->only_new ? listing_find(w->before, symbol) : NULL;
	return old == NULL || !is_meant(old);
}

enum pattern_step
patterns_next(struct pattern_walk *w, const char **name)
{
	const char *stream;
	const struct listed *at;

	if (w->stream >= w->streams->n)
		return PATTERN_END;
	stream = w->streams->item[w->stream];
	if (!pattern_is(stream) || w->listing == NULL || w->item >= w->listing->n) {
		w->stream++;
		begin_stream(w);
		*name = stream;
		return pattern_is(stream) || w->only_new ? PATTERN_NOTHING : PATTERN_NAME;
	}
	at = &w->listing->item[w->item++];
	if (!means(w, at))
		return PATTERN_NOTHING;
	spell(w, at, strchr(stream, '@'));
	*name = w->name;
	return PATTERN_NAME;
}

/* ---- all at once ------------------------------------------------------------- */

static int
append(struct config_strings *list, struct names *names, const char *name)
{
	char **more;

	if (names_find(names, list->item, bytes_of(name)) != NAMES_NONE)
		return 0;
	/* Room in powers of two. */
	if ((list->n & (list->n - 1)) == 0) {
		more = realloc(list->item, (list->n ? 2 * list->n : 1) * sizeof(char *));
		if (more == NULL)
			return -ENOMEM;
		list->item = more;
	}
	list->item[list->n] = strdup(name);
	if (list->item[list->n] == NULL)
		return -ENOMEM;
	names_add(names, list->item, (uint32_t)list->n++);
	return 0;
}

int
patterns_expand(const struct config_strings *streams, const struct listing *listing,
    struct config_strings *out)
{
	size_t room = streams->n + patterns_count(streams) * (listing ? listing->n : 0);
	enum pattern_step step = PATTERN_NOTHING;
	struct pattern_walk walk;
	struct names names;
	const char *name;
	int rc = names_init(&names, (uint32_t)room);

	*out = (struct config_strings){0};
	patterns_begin(&walk, streams, listing, NULL, false);
	while (rc == 0 && step != PATTERN_END) {
		step = patterns_next(&walk, &name);
		if (step == PATTERN_NAME)
			rc = append(out, &names, name);
	}
	names_free(&names);
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

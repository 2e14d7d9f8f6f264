#include "feed/plan/choice.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "feed/base/log.h"
#include "feed/venue/binance/streams.h"

int
choice_make(struct choice *choice, const struct config *cfg)
{
	const struct venue *venue = venue_find(bytes_of(config_product_name(cfg->product)));
	char why[SECRET_WHY_MAX] = "";
	int rc;

	assert(venue != NULL);
	*choice = (struct choice){.venue = venue, .asked = venue};
	if (venue->keyless == NULL)
		return 0;
	rc = secret_open(&choice->key, cfg->endpoint.api_key_file, CHOICE_KEY_VARIABLE, why);
	if (rc == 0)
		return 0;
	if (rc != -ENOENT) {
		LOG(ERROR, "api_key_refused", LOG_STR("detail", why), LOG_ERRNO("error", rc),
		    LOG_THEN("the feed does not start"));
		return rc;
	}
	choice->venue = venue_find(bytes_of(venue->keyless));
	assert(choice->venue != NULL);
	LOG(WARNING, "no_api_key", LOG_STR("product", venue->name),
	    LOG_STR("instead", choice->venue->name),
	    LOG_THEN("messages come as text, which takes longer"));
	return 0;
}

void
choice_end(struct choice *choice)
{
	secret_close(&choice->key);
}

void
choice_target(const struct choice *choice, const struct config *cfg, unsigned i,
    struct config_target *out)
{
	config_target(cfg, i, out);
	if (choice->venue == choice->asked || strcmp(out->host, choice->asked->host) != 0)
		return;
	snprintf(out->host, sizeof(out->host), "%s", choice->venue->host);
	if (out->port == choice->asked->port)
		out->port = choice->venue->port;
}

/* ---- names ------------------------------------------------------------------ */

/* Binance, 2026-08: SBE streams have one speed, and best prices a name of their own. */
static const struct {
	const char *text, *binary;
} spellings[] = {
	{"@bookTicker", "@bestBidAsk"},
	{"@depth@100ms", "@depth"},
	{"@depth20@100ms", "@depth20"},
};

static bool
ends_with(const char *text, const char *end)
{
	size_t n = strlen(text), m = strlen(end);

	return n >= m && strcmp(text + n - m, end) == 0;
}

static void
spell(char **name, bool binary)
{
	for (size_t i = 0; i < sizeof(spellings) / sizeof(spellings[0]); i++) {
		const char *from = binary ? spellings[i].text : spellings[i].binary;
		const char *to = binary ? spellings[i].binary : spellings[i].text;
		int n = (int)(strlen(*name) - strlen(from));
		char *other = NULL;

		if (!ends_with(*name, from))
			continue;
		if (asprintf(&other, "%.*s%s", n, *name, to) < 0)
			assert(!"out of memory");
		free(*name);
		*name = other;
		return;
	}
}

/* trade, bestBidAsk, depth, depth20 (2026-08) */
static bool
is_served_as_binary(const char *name)
{
	static const char *const types[] = {"@trade", "@bestBidAsk", "@depth", "@depth20"};

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (ends_with(name, types[i]))
			return true;
	return false;
}

/* Streams that are there, and that nobody here understands: by name, whenever they are read. */
static void
tell_undecoded(const struct config_strings *streams)
{
	struct stream_name name;

	for (size_t i = 0; i < streams->n; i++)
		if (stream_parse(bytes_of(streams->item[i]), &name) == STREAM_FINE && !name.decoded)
			LOG_EACH(WARNING, "stream_not_decoded", LOG_STR("stream", streams->item[i]),
			    LOG_THEN("its messages are counted, not published"));
}

void
choice_spell(const struct choice *choice, struct config *cfg)
{
	bool binary = choice->venue->binary != NULL;

	tell_undecoded(&cfg->streams);
	if (choice->asked->binary == NULL)
		return; /* neither: all names are the text streams' */
	for (size_t i = 0; i < cfg->optional_streams.n; i++)
		spell(&cfg->optional_streams.item[i], binary);
	for (size_t i = 0; i < cfg->streams.n; i++) {
		spell(&cfg->streams.item[i], binary);
		if (binary && !is_served_as_binary(cfg->streams.item[i]))
			LOG(WARNING, "stream_not_served", LOG_STR("stream", cfg->streams.item[i]),
			    LOG_STR("product", choice->venue->name),
			    LOG_THEN("it is asked for all the same"));
	}
}

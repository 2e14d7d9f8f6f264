#include "feed/conf/config_product.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "feed/venue/binance/streams.h"
#include "feed/venue/venues.h"

static void
set_text(char **text, const char *value)
{
	free(*text);
	*text = strdup(value);
	assert(*text != NULL);
}

static const struct venue *
venue_of(const struct config *cfg)
{
	const struct venue *venue = venue_find(bytes_of(config_product_name(cfg->product)));

	assert(venue != NULL);
	return venue;
}

void
config_product_apply(struct config *cfg)
{
	const struct venue *venue = venue_of(cfg);

	set_text(&cfg->endpoint.host, venue->host);
	set_text(&cfg->endpoint.path, venue->path);
	cfg->endpoint.port = venue->port;
}

static size_t
row(const char *path)
{
	return (size_t)(config_key_find(path) - config_keys);
}

static bool
is_named(const struct config_origins *origins, const char *path)
{
	return origins->wrong[row(path)] || origins->at[row(path)].source != NULL;
}

void
config_product_route(struct config *cfg, const struct config_origins *origins, const char *file,
    struct config_problems *problems)
{
	const struct venue *venue = venue_of(cfg);
	struct config_origin at = origins->at[row("streams")];
	const char *first = NULL, *path, *stream;

	/* Whose host it is, who names one, knows; and where its streams are. */
	if (venue->route[0].path == NULL || origins->wrong[row("streams")] ||
	    is_named(origins, "endpoint.path") || is_named(origins, "endpoint.host") ||
	    is_named(origins, "endpoints"))
		return;
	if (at.source == NULL)
		at = (struct config_origin){file, 0};
	for (size_t i = 0; i < cfg->streams.n; i++) {
		stream = cfg->streams.item[i];
		path = venue_path_of(venue, stream_classify(bytes_of(stream)));
		if (path == venue->path)
			continue; /* it is not known which serves it: it goes along */
		if (first == NULL)
			set_text(&cfg->endpoint.path, first = path);
		else if (strcmp(path, first) != 0)
			config_problem(problems, at,
			    "key \"streams\": value \"%s\" is served at \"%s\", others at \"%s\": "
			    "they want a feed each, or an \"endpoint.path\" that serves both",
			    stream, path, first);
	}
}

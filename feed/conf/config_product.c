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

void
config_product_route(struct config *cfg, const struct config_origins *origins, const char *file,
    struct config_problems *problems)
{
	const struct venue *venue = venue_of(cfg);
	struct config_origin at = origins->at[row("streams")];
	const char *first = NULL, *path, *stream;

	if (venue->route[0].path == NULL || origins->wrong[row("endpoint.path")] ||
	    origins->at[row("endpoint.path")].source != NULL || origins->wrong[row("streams")])
		return;
	if (at.source == NULL)
		at = (struct config_origin){file, 0};
	for (size_t i = 0; i < cfg->streams.n; i++) {
		stream = cfg->streams.item[i];
		path = venue_path_of(venue, stream_classify(bytes_of(stream)));
		if (first == NULL)
			set_text(&cfg->endpoint.path, first = path);
		else if (strcmp(path, first) != 0)
			config_problem(problems, at,
			    "key \"streams\": value \"%s\" is served at \"%s\", \"%s\" at \"%s\": "
			    "they want a feed each, or an \"endpoint.path\" that serves both",
			    stream, path, cfg->streams.item[0], first);
	}
}

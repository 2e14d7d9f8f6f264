#include "feed/conf/config_product.h"

#include <assert.h>
#include <inttypes.h>
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

/* Every leg has connections of its own to each path. */
static void
check_connections(const struct config *cfg, const struct config_origins *origins,
    const char *file, struct config_problems *problems)
{
	const struct venue *venue = venue_of(cfg);
	struct config_origin at = origins->at[row("pool.max_connections")];
	const char *first = NULL, *stream;
	unsigned path, first_path = 0;

	if (origins->wrong[row("streams")] || origins->wrong[row("pool.max_connections")] ||
	    origins->wrong[row("redundancy")] ||
	    2 * cfg->redundancy <= cfg->pool.max_connections)
		return;
	if (at.source == NULL)
		at = (struct config_origin){file, 0};
	for (size_t i = 0; i < cfg->streams.n; i++) {
		stream = cfg->streams.item[i];
		path = venue_path_of(venue, stream_classify(bytes_of(stream)));
		if (first == NULL) {
			first = stream;
			first_path = path;
		} else if (path != first_path) {
			config_problem(problems, at,
			    "key \"pool.max_connections\": value %" PRId64 " is too small for "
			    "\"redundancy\" %" PRId64 ": \"%s\" is served at \"%s\", \"%s\" at "
			    "\"%s\", each wants connections of its own",
			    cfg->pool.max_connections, cfg->redundancy, first,
			    venue_path(venue, first_path), stream, venue_path(venue, path));
			return;
		}
	}
}

void
config_product_route(struct config *cfg, const struct config_origins *origins, const char *file,
    struct config_problems *problems)
{
	const struct venue *venue = venue_of(cfg);
	bool alone = venue_paths(venue) == 1;

	/* Whose host it is, who names one, knows; and where its streams are. */
	if (!alone && !is_named(origins, "endpoint.path") && !is_named(origins, "endpoint.host") &&
	    !is_named(origins, "endpoints"))
		set_text(&cfg->endpoint.path, CONFIG_PATH_AUTO);
	if (alone && config_path_is_auto(cfg))
		set_text(&cfg->endpoint.path, venue->path);
	if (config_path_is_auto(cfg))
		check_connections(cfg, origins, file, problems);
}

#include "feed/conf/config_streams.h"

#include <string.h>

#include "feed/venue/binance/stream_types.h"
#include "feed/venue/venues.h"

static size_t
row(const char *path)
{
	return (size_t)(config_key_find(path) - config_keys);
}

static bool
is_extra(const struct config_strings *extra, struct bytes type)
{
	for (size_t i = 0; i < extra->n; i++)
		if (bytes_equal(type, bytes_of(extra->item[i])))
			return true;
	return false;
}

/* As the end of the sentence `value "..." `; product follows. */
static const char *
fault_text(enum stream_type_fault fault)
{
	switch (fault) {
	case STREAM_TYPE_FINE:
	case STREAM_TYPE_UNKNOWN:
		break;
	case STREAM_TYPE_ABSENT:
		return "is of a type that other products have, not";
	case STREAM_TYPE_OPTION:
		return "has an option that its type does not take, of product";
	case STREAM_TYPE_FORM:
		return "has a form (of one symbol, or of all) that its type lacks, of product";
	}
	return "is of no type that is known of product";
}

static void
refuse(const struct config *cfg, const char *stream, const struct stream_name *name,
    enum stream_type_fault fault, struct config_origin at, struct config_problems *problems)
{
	const char *product = config_product_name(cfg->product);
	unsigned markets = venue_find(bytes_of(product))->markets;
	char text[STREAM_TYPES_TEXT_MAX];
	bool meant = fault == STREAM_TYPE_UNKNOWN &&
	    stream_type_suggest(bytes_of(stream), markets, text);

	if (!meant)
		stream_type_list(name, fault, markets, text);
	config_problem(problems, at,
	    "key \"streams\": value \"%s\" %s \"%s\"%s%s%s (\"extra_stream_types\" with "
	    "\"%.*s\" takes it as it is)",
	    stream, fault_text(fault), product, meant ? "; did you mean \"" : ", allowed: ",
	    text[0] != '\0' ? text : "none", meant ? "\"?" : "", (int)name->type.n, name->type.p);
}

void
config_streams_check(const struct config *cfg, const struct config_origins *origins,
    const char *file, struct config_problems *problems)
{
	const struct venue *venue = venue_find(bytes_of(config_product_name(cfg->product)));
	struct config_origin at = origins->at[row("streams")];
	struct stream_name name;
	enum stream_type_fault fault;

	if (origins->wrong[row("streams")] || origins->wrong[row("product")] ||
	    origins->wrong[row("extra_stream_types")])
		return;
	if (at.source == NULL)
		at = (struct config_origin){file, 0};
	for (size_t i = 0; i < cfg->streams.n; i++) {
		const char *stream = cfg->streams.item[i];

		/* What is wrong with the name as such has been told by its rule. */
		if (stream_parse(bytes_of(stream), &name) != STREAM_FINE ||
		    is_extra(&cfg->extra_stream_types, name.type))
			continue;
		fault = stream_type_check(&name, venue->markets);
		if (fault != STREAM_TYPE_FINE)
			refuse(cfg, stream, &name, fault, at, problems);
	}
}

#include "feed/store/instruments.h"

#include <errno.h>
#include <stdio.h>

#include "feed/base/log.h"
#include "feed/conf/config_exponents.h"
#include "feed/plan/rest_plan.h"
#include "feed/venue/venues.h"

enum tick_venue
instruments_venue(enum config_product product)
{
	return venue_find(bytes_of(config_product_name(product)))->id;
}

static const char *
product_of(unsigned venue)
{
	for (enum config_product p = 0; p < CONFIG_PRODUCTS; p++)
		if (instruments_venue(p) == venue)
			return config_product_name(p);
	return "unknown";
}

int
instruments_check(const struct ring *ring, const struct config *cfg, char *why)
{
	for (uint32_t id = 0; id < ring->instruments; id++) {
		const struct tick_instrument *i = &ring->directory[id];

		if (i->symbol_bytes == 0 || i->venue == instruments_venue(cfg->product))
			continue;
		snprintf(why, SEGMENT_WHY_MAX,
		    "%s/%s.ring: %.*s is of product \"%s\", key \"product\" says \"%s\": "
		    "take another \"feed\", or remove this one's segments",
		    SEGMENT_DIRECTORY, cfg->feed, i->symbol_bytes, i->symbol,
		    product_of(i->venue), config_product_name(cfg->product));
		return -EEXIST;
	}
	return 0;
}

void
instruments_compare(const struct ring *ring, const struct config *cfg)
{
	const struct tick_instrument *first = NULL;
	struct config_exponents wanted, of_first = {0};
	uint64_t others = 0;

	for (uint32_t id = 0; id < ring->instruments; id++) {
		const struct tick_instrument *i = &ring->directory[id];

		if (i->symbol_bytes == 0)
			continue; /* was damaged */
		wanted = config_exponents_of(
		    &cfg->instruments, (struct bytes){i->symbol, i->symbol_bytes});
		if (i->price_exponent == wanted.price && i->qty_exponent == wanted.qty)
			continue;
		if (wanted.by_default && rest_plan_lists(cfg))
			continue; /* by the exchange's steps, as they were then */
		others++;
		if (first)
			continue;
		first = i;
		of_first = wanted;
	}
	if (first)
		LOG(WARNING, "exponents_kept",
		    LOG_BYTES("symbol", ((struct bytes){first->symbol, first->symbol_bytes})),
		    LOG_I64("price_exponent", first->price_exponent),
		    LOG_I64("qty_exponent", first->qty_exponent),
		    LOG_I64("price_wanted", of_first.price),
		    LOG_I64("qty_wanted", of_first.qty), LOG_U64("instruments", others),
		    LOG_THEN("they stand until the feed is stopped and its ring removed"));
}

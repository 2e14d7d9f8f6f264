#include "feed/conf/config.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "feed/conf/config_key.h"
#include "feed/conf/config_target.h"
#include "feed/venue/binance/limits.h"
#include "feed/venue/venues.h"

void
config_defaults(struct config *cfg)
{
	memset(cfg, 0, sizeof(*cfg));
	for (size_t i = 0; i < config_keys_n; i++) {
		const struct config_key *key = &config_keys[i];

		if (key->type == CONFIG_TYPE_TEXT) {
			*config_key_text(key, cfg) = strdup(key->text);
			assert(*config_key_text(key, cfg) != NULL);
		} else if (key->type != CONFIG_TYPE_LIST) {
			config_key_set_number(key, cfg, key->number);
		}
	}
}

void
config_free(struct config *cfg)
{
	for (size_t i = 0; i < config_keys_n; i++) {
		if (config_keys[i].type == CONFIG_TYPE_TEXT)
			free(*config_key_text(&config_keys[i], cfg));
		else if (config_keys[i].type == CONFIG_TYPE_LIST)
			config_strings_free(config_key_list(&config_keys[i], cfg));
	}
	memset(cfg, 0, sizeof(*cfg));
}

void
config_copy(struct config *copy, const struct config *cfg)
{
	struct config *from = (struct config *)cfg; /* only looked at */

	*copy = *cfg;
	for (size_t i = 0; i < config_keys_n; i++) {
		const struct config_key *key = &config_keys[i];
		struct config_strings *list;

		if (key->type == CONFIG_TYPE_TEXT) {
			*config_key_text(key, copy) = strdup(*config_key_text(key, from));
			assert(*config_key_text(key, copy) != NULL);
		} else if (key->type == CONFIG_TYPE_LIST) {
			list = config_key_list(key, from);
			*config_key_list(key, copy) = (struct config_strings){NULL, 0};
			for (size_t j = 0; j < list->n; j++)
				config_strings_add(config_key_list(key, copy), list->item[j]);
		}
	}
}

const char *
config_product_name(enum config_product product)
{
	/* As in config.def; each is the name of a row of venues.c. */
	static const char *const names[CONFIG_PRODUCTS] = {
		[CONFIG_SPOT] = "spot",
		[CONFIG_USDM] = "usdm",
		[CONFIG_COINM] = "coinm",
		[CONFIG_OPTIONS] = "options",
		[CONFIG_SPOT_SBE] = "spot-sbe",
		[CONFIG_US] = "us",
		[CONFIG_TESTNET] = "testnet",
		[CONFIG_TESTNET_SBE] = "testnet-sbe",
		[CONFIG_DEMO] = "demo",
	};

	return product < CONFIG_PRODUCTS ? names[product] : "unknown";
}

bool
config_path_is_auto(const struct config *cfg)
{
	return strcmp(cfg->endpoint.path, CONFIG_PATH_AUTO) == 0;
}

unsigned
config_targets(const struct config *cfg)
{
	return cfg->endpoints.n > 0 ? (unsigned)cfg->endpoints.n : 1;
}

void
config_target(const struct config *cfg, unsigned i, struct config_target *out)
{
	memset(out, 0, sizeof(*out));
	if (i < cfg->endpoints.n) {
		config_target_parse(cfg->endpoints.item[i], out);
		return;
	}
	snprintf(out->host, sizeof(out->host), "%s", cfg->endpoint.host);
	snprintf(out->address, sizeof(out->address), "%s", cfg->endpoint.address);
	out->port = (uint16_t)cfg->endpoint.port;
}

int64_t
config_product_streams_max(enum config_product product)
{
	const struct venue *venue = venue_find(bytes_of(config_product_name(product)));

	return limits_find(bytes_of(venue->limits))->streams_per_line;
}

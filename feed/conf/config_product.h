/*
 * What the choice of a product says of other keys: where its streams are.
 * Any thread.
 */
#ifndef FEED_CONF_CONFIG_PRODUCT_H
#define FEED_CONF_CONFIG_PRODUCT_H

#include "feed/conf/config_relate.h"

/* Lays host, port and path of cfg->product under what the sources say. */
void config_product_apply(struct config *cfg);

/*
 * After the sources: where the product serves streams at different paths, and
 * neither host nor path was given, each stream goes to its own:
 * CONFIG_PATH_AUTO. A problem where there are too few connections for that.
 */
void config_product_route(struct config *cfg, const struct config_origins *origins,
    const char *file, struct config_problems *problems);

#endif

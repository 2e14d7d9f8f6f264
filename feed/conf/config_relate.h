/*
 * The rules that concern more than one key: what must be smaller than what,
 * and what must fit into what. Any thread.
 */
#ifndef FEED_CONF_CONFIG_RELATE_H
#define FEED_CONF_CONFIG_RELATE_H

#include "feed/conf/config_key.h"

/* By row of config.def. */
struct config_origins {
	struct config_origin *at; /* where the key was given; source NULL: nowhere */
	bool *wrong;              /* its value was refused, or its source not read */
};

/*
 * Adds a problem for every rule that *cfg breaks. `file` is named for keys
 * that were not given at all. Keys whose value was refused are left out: they
 * have been reported.
 */
void config_relate(const struct config *cfg, const struct config_origins *origins,
    const char *file, struct config_problems *problems);

#endif

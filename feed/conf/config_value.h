/*
 * Puts values that were read into struct config, row by row of config.def,
 * and tells what is wrong with them. Any thread.
 */
#ifndef FEED_CONF_CONFIG_VALUE_H
#define FEED_CONF_CONFIG_VALUE_H

#include "feed/conf/config_json.h"
#include "feed/conf/config_key.h"

/*
 * Sets one key from the value v[0], which is followed by its elements if it
 * is an array; n counts what is there in all. Nothing changes when the value
 * is refused. `lenient`: a scalar does for a text, a text with commas for a
 * list (values of --set). Returns false when it was refused.
 */
bool config_value_set(const struct config_key *key, const struct json_value *v, size_t n,
    bool lenient, struct config *cfg, struct config_problems *problems);

#endif

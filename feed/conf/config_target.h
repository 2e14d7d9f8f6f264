/*
 * An endpoint written as text: HOST:PORT[@ADDRESS][#REGION]. Pure.
 */
#ifndef FEED_CONF_CONFIG_TARGET_H
#define FEED_CONF_CONFIG_TARGET_H

#include "feed/conf/config.h"

/* Fills *out. Returns NULL, or what is wrong with the text as config_rule.h says it. */
const char *config_target_parse(const char *text, struct config_target *out);

#endif

/*
 * Are the streams of types that the product has? The exchange acknowledges any
 * name and stays silent on those that it does not know, so nobody else tells.
 * Any thread.
 */
#ifndef FEED_CONF_CONFIG_STREAMS_H
#define FEED_CONF_CONFIG_STREAMS_H

#include "feed/conf/config_relate.h"

/*
 * Adds a problem for each stream whose type, form or option the product does
 * not have (stream_types.h), with the name that was probably meant. Types in
 * "extra_stream_types" are taken as they are.
 */
void config_streams_check(const struct config *cfg, const struct config_origins *origins,
    const char *file, struct config_problems *problems);

#endif

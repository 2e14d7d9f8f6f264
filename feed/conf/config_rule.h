/*
 * What a text of the configuration must look like. A rule returns NULL when
 * the text is right, and otherwise what is wrong with it, as the end of the
 * sentence `value "..." `: "is empty". Pure, but for those of a group and of a
 * source address, which ask the system.
 */
#ifndef FEED_CONF_CONFIG_RULE_H
#define FEED_CONF_CONFIG_RULE_H

#include "feed/conf/config_host.h"

typedef const char *config_rule(const char *text);

config_rule config_rule_feed;    /* part of a file name in /dev/shm */
config_rule config_rule_rest_host; /* a host (config_host.h) or "" */
config_rule config_rule_path;    /* path of a URL, without a query */
config_rule config_rule_file;    /* file name or "" */
config_rule config_rule_proxy;   /* HOST:PORT or "" */
config_rule config_rule_source;  /* numeric address of this machine */
config_rule config_rule_group;   /* name of a group of this system or "" */
config_rule config_rule_endpoint; /* HOST:PORT[@ADDRESS][#REGION] */
config_rule config_rule_stream;  /* name of a stream: btcusdt@trade */
config_rule config_rule_stream_type; /* what is behind its first "@", without options: trade */
config_rule config_rule_listen;  /* ADDRESS:PORT or "" */
config_rule config_rule_argument; /* of a program: any text on one line */
config_rule config_rule_url;     /* config_url.h */
config_rule config_rule_tracing; /* the same, or "" */
config_rule config_rule_override; /* exponents of some symbols: SHIB*:-8:-2 */

#endif

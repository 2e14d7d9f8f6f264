/*
 * The two rules of config_rule.h that others build on: how a host and an
 * address are written. Each returns NULL or what is wrong with the text. Pure.
 */
#ifndef FEED_CONF_CONFIG_HOST_H
#define FEED_CONF_CONFIG_HOST_H

/* Host name or numeric address. */
const char *config_rule_host(const char *text);

/* Numeric IPv4 or IPv6 address or "". */
const char *config_rule_address(const char *text);

#endif

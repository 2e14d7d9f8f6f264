/*
 * Which format of /metrics does a client want? By its Accept header (RFC 9110,
 * 12.5.1). Pure.
 */
#ifndef FEED_OPS_ACCEPT_H
#define FEED_OPS_ACCEPT_H

#include <stdbool.h>

/*
 * Is OpenMetrics 1 named in it, and not below text/plain? Wildcards name
 * nothing: who takes anything gets the text format. "" is no header.
 */
bool accept_wants_openmetrics(const char *accept);

#endif

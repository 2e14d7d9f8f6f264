/*
 * Security events by name, as the log tells them. Pure; any thread.
 *
 *	LOG(WARNING, "security", SECURITY(MESSAGE_SIZE_EXCEEDED), LOG_U64(...), LOG_THEN(...));
 *
 * CRITICAL ones are logged as ERROR, the log's most urgent level.
 */
#ifndef FEED_CORE_SECURITY_H
#define FEED_CORE_SECURITY_H

#include <stdbool.h>

#include <tickring/reasons.h>

#include "feed/base/log_line.h"

enum security_event {
#define SECURITY_EVENT(NAME, ...) SECURITY_##NAME,
#include "feed/core/security.def"
#undef SECURITY_EVENT
	SECURITY_EVENTS
};

/* The fields that begin the log line of an event. */
#define SECURITY(NAME)                                                                             \
	LOG_STR("name", security_name(SECURITY_##NAME)),                                           \
	    LOG_STR("severity", security_severity(SECURITY_##NAME))

/* "invalid_certificate" ..., "critical" ...; never NULL. */
const char *security_name(enum security_event event);
const char *security_severity(enum security_event event);

/* Is that what a refused certificate ends a connection with? */
bool security_is_certificate(enum tick_reason why);

#endif

#include "feed/core/security.h"

static const struct {
	const char *name, *severity;
} rows[] = {
#define INFO "info"
#define WARNING "warning"
#define CRITICAL "critical"
#define SECURITY_EVENT(NAME, name, SEVERITY, when) {#name, SEVERITY},
#include "feed/core/security.def"
#undef SECURITY_EVENT
};

static bool
is_known(enum security_event event)
{
	return (unsigned)event < SECURITY_EVENTS;
}

const char *
security_name(enum security_event event)
{
	return is_known(event) ? rows[event].name : "unknown";
}

const char *
security_severity(enum security_event event)
{
	return is_known(event) ? rows[event].severity : "unknown";
}

bool
security_is_certificate(enum tick_reason why)
{
	return why == TICK_REASON_TLS_UNTRUSTED || why == TICK_REASON_TLS_HOSTNAME ||
	    why == TICK_REASON_TLS_EXPIRED || why == TICK_REASON_TLS_NOT_YET_VALID;
}

/*
 * The reasons of reasons.def as an enum. Layout-free: in shared memory a
 * reason is stored as uint32_t or int64_t.
 */
#ifndef TICKRING_REASONS_H
#define TICKRING_REASONS_H

#ifdef __cplusplus
extern "C" {
#endif

enum tick_reason {
#define TICK_REASON(NAME, label, text) TICK_REASON_##NAME,
#include <tickring/reasons.def>
#undef TICK_REASON
	TICK_REASON_COUNT
};

/* Label for counters and JSON ("tls_expired"); "unknown" when out of range. Never NULL. */
const char *tick_reason_label(long long reason);

/* Words for a log line ("certificate has expired"); "unknown reason" when out of range. */
const char *tick_reason_text(long long reason);

#ifdef __cplusplus
}
#endif

#endif

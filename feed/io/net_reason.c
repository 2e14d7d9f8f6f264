#include "feed/io/net_reason.h"

#include <errno.h>

enum tick_reason
net_reason_of_errno(int error)
{
	switch (error) {
	case ECONNREFUSED:
		return TICK_REASON_REFUSED;
	case ETIMEDOUT:
		return TICK_REASON_CONNECT_TIMEOUT;
	case ECONNRESET:
	case EPIPE:
		return TICK_REASON_PEER_RESET;
	case EMFILE:
	case ENFILE:
	case ENOMEM:
	case ENOBUFS:
	case EAGAIN:
		return TICK_REASON_INTERNAL;
	default:
		return TICK_REASON_UNREACHABLE;
	}
}

enum tick_reason
net_reason_of_status(int status)
{
	/*
	 * Binance: 403 web application firewall, 418 banned after going on
	 * past 429, 429 rate limit, 5xx on their side (2026-08); 451 is
	 * RFC 7725.
	 */
	switch (status) {
	case 403:
		return TICK_REASON_FORBIDDEN;
	case 418:
		return TICK_REASON_BANNED;
	case 429:
		return TICK_REASON_RATE_LIMITED;
	case 451:
		return TICK_REASON_BLOCKED_REGION;
	default:
		return status >= 500 && status <= 599 ? TICK_REASON_SERVER_ERROR
		                                      : TICK_REASON_UPGRADE_REFUSED;
	}
}

void
net_reason_clean(struct bytes text, char *out, size_t room)
{
	size_t n = text.n < room - 1 ? text.n : room - 1;

	for (size_t i = 0; i < n; i++)
		out[i] = (unsigned char)text.p[i] < ' ' || text.p[i] == 0x7f ? '?' : text.p[i];
	out[n] = '\0';
}

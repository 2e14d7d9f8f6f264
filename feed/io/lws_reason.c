#include "feed/io/lws_reason.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "feed/io/net_reason.h"

struct lws_reason
lws_reason_of_words(struct bytes words, bool upgrading)
{
	static const char syscall_words[] = "connect SYSCALL ";
	struct lws_reason found = {.reason = TICK_REASON_TLS_ERROR};
	int error;

	net_reason_clean(words, found.text, sizeof(found.text));
	if (strncmp(found.text, syscall_words, sizeof(syscall_words) - 1) == 0) {
		error = (int)strtol(found.text + sizeof(syscall_words) - 1, NULL, 10);
		found.reason = error == 0 ? TICK_REASON_PEER_CLOSED : net_reason_of_errno(error);
		snprintf(found.text, sizeof(found.text), "TLS handshake: %.60s",
		    error == 0 ? "the server closed the connection" : strerror(error));
	} else if (strncmp(found.text, "HS:", 3) == 0) {
		found.reason = TICK_REASON_PROTOCOL;
	} else if (upgrading) {
		found.reason = TICK_REASON_PEER_CLOSED;
	}
	return found;
}

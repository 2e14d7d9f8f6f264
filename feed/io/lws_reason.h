/*
 * What libwebsockets says when a connection fails, as reasons. Pure.
 */
#ifndef FEED_IO_LWS_REASON_H
#define FEED_IO_LWS_REASON_H

#include <stdbool.h>
#include <stddef.h>

#include <tickring/reasons.h>

#include "feed/base/bytes.h"

struct lws_reason {
	enum tick_reason reason;
	char text[80];
};

/*
 * From the words of CONNECTION_ERROR (libwebsockets 4.1.6), which are all that
 * it gives; `upgrading`: TLS was done already.
 */
struct lws_reason lws_reason_of_words(struct bytes words, bool upgrading);

#endif

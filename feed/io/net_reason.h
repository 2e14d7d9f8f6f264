/*
 * What the network says when a connection fails, as reasons. Pure.
 */
#ifndef FEED_IO_NET_REASON_H
#define FEED_IO_NET_REASON_H

#include <stddef.h>

#include <tickring/reasons.h>

#include "feed/base/bytes.h"

/* Why connecting failed, from the errno of connect() or of the handshake's reads. */
enum tick_reason net_reason_of_errno(int error);

/* Why the upgrade was refused, from its HTTP status. */
enum tick_reason net_reason_of_status(int status);

/* Copies text from the network for a log: control characters become '?', cut to `room`. */
void net_reason_clean(struct bytes text, char *out, size_t room);

#endif

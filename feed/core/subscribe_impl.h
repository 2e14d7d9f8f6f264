/*
 * What subscribe.c (requests) and subscribe_list.c (the list of a line's
 * streams) share. Included by them only. Pure; feed thread.
 */
#ifndef FEED_CORE_SUBSCRIBE_IMPL_H
#define FEED_CORE_SUBSCRIBE_IMPL_H

#include "feed/core/subscribe.h"

/* No batch is longer than this; what really ends one is its size in bytes. */
#define SUBSCRIBE_BATCH_UNLIMITED UINT16_MAX

/* The line's part of the list. */
static inline struct session_stream *
subscribe_part(const struct session *session)
{
	return session->stream + session->first;
}

/* The only place where a stream's state changes. */
void subscribe_turn(struct session *session, struct session_stream *stream,
    enum stream_state to);

/* Free places at the end of the list are given back. */
void subscribe_trim(struct session *session);

/* The exchange let go of the stream, or the connection did. */
void subscribe_let_go(struct session *session, struct session_stream *stream);

#endif

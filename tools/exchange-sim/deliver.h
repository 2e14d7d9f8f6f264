/*
 * The last step of a market message to one subscriber, where faults of streams
 * spoil it: left out, doubled, late, cut, in fragments.
 */
#ifndef TOOLS_EXCHANGE_SIM_DELIVER_H
#define TOOLS_EXCHANGE_SIM_DELIVER_H

#include "tools/exchange-sim/session.h"

/*
 * Gives a session a message of a stream that it is subscribed to, its frame
 * in two parts. False when the session's queue is full.
 */
bool deliver(struct session *to, const struct stream *stream, struct bytes head,
    struct bytes payload);

/* Does the exchange itself leave out the message that is to be sent now? */
bool deliver_leaves_out(struct session_desk *desk, const struct stream *stream);

/*
 * Queues a text message in fragments of `piece` bytes with a ping between the
 * first two, which RFC 6455 allows. False when the queue is full.
 */
bool deliver_fragments(struct session *to, struct bytes payload, size_t piece);

#endif

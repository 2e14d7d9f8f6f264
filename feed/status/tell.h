/*
 * The control plane's word in the log: one line per action that is worth one,
 * and the security events that follow from it. Feed thread.
 */
#ifndef FEED_STATUS_TELL_H
#define FEED_STATUS_TELL_H

#include <stdbool.h>

#include "feed/core/action.h"

/*
 * A line changed its state. `detail`: the transport's words on its last end,
 * or "". Not `detailed`: steps on the way are told at level debug only.
 */
void tell_transition(const struct pool_action *act, const char *detail, bool detailed,
    bool security_events);

/* A line is being replaced, or that is over. */
void tell_rotation(const struct pool_action *act);

/* A line stays down: its streams went to others. */
void tell_moved(const struct pool_action *act);

/* A stream delivers nothing any more, or again. */
void tell_stream(const struct pool_action *act, const char *name);

/* A stream was acknowledged, and brings nothing. */
void tell_silent(const struct pool_action *act, const char *name);

/* The exchange's list of instruments does not name a stream's symbol, or does again. */
void tell_unlisted(const char *name, const char *venue, bool unlisted);

/* The exchange refused a stream, or no line has room for it. */
void tell_refused(const struct pool_action *act, const char *name);

#endif

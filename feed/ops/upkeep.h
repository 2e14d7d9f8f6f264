/*
 * Clean-up that takes its time, in the ops thread: unused heap goes back to
 * the system, open sockets are counted.
 *
 *	OPS_UPKEEP   value: 1: unused heap goes back, too
 *
 *	OPS_SOCKETS  value: so many sockets of the process are open, -1: not known
 */
#ifndef FEED_OPS_UPKEEP_H
#define FEED_OPS_UPKEEP_H

#include "feed/ops/ops.h"

/* Receives the notes, from now on. */
void upkeep_open(struct ops *ops);

#endif

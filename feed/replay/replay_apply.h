/*
 * A record of a capture, told to a pipeline again. Nothing of a record is
 * believed: what makes no sense is counted and left out.
 *
 * Owns the pipeline; borrows the stores. One thread.
 */
#ifndef FEED_REPLAY_REPLAY_APPLY_H
#define FEED_REPLAY_REPLAY_APPLY_H

#include "feed/conf/config.h"
#include "feed/io/tape.h"
#include "feed/pipeline/pipeline.h"
#include "feed/store/stores.h"

struct replay_apply {
	const struct config *cfg;
	struct stores *stores;
	struct pipeline *pipeline; /* NULL before the first record that is no preamble */
	struct listing *listing;   /* that the pipeline has; NULL: none */
	bool begun;
	uint64_t session;
	uint64_t sessions, frames;
	uint64_t senseless; /* records left out */
};

/*
 * `session` is that of the record's block. Returns 0, or -EEXIST (an
 * instrument has another id here than it had: logged), -ENOMEM.
 */
int replay_apply(struct replay_apply *r, const struct tape_record *record, uint64_t session);

/* Ends the session at hand: STOP is published. Nothing when there is none. */
void replay_apply_end(struct replay_apply *r);

#endif

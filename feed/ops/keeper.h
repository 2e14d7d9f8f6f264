/*
 * Keeps the configuration that is in force, in the ops thread, and changes it:
 * reads and checks the new one there, offers it to the feed thread by
 * OPS_CHANGE_CONFIG, and takes it over when that has taken it. All of a
 * change, or nothing.
 *
 * One change at a time; a reload that is asked for meanwhile comes after it.
 */
#ifndef FEED_OPS_KEEPER_H
#define FEED_OPS_KEEPER_H

#include "feed/conf/config.h"
#include "feed/ops/ops.h"
#include "feed/plan/choice.h"
#include "feed/plan/reload.h"

enum keeper_outcome {
	KEEPER_TAKEN,
	KEEPER_OUT_OF_RANGE, /* a limit is, of what the feed was started with */
	KEEPER_EARLY,        /* the feed waits for the list of instruments */
	KEEPER_OUTCOMES
};

/* In words. */
const char *keeper_outcome_text(enum keeper_outcome outcome);

struct keeper {
	struct ops *ops;
	const struct reload_source *source;
	const struct choice *choice;
	struct config mine;  /* in force */
	struct config next;  /* offered to the feed thread, while `busy` */
	bool busy;
	bool reload_asked;   /* while busy */
	void (*done)(void *context, enum keeper_outcome outcome); /* NULL: nobody waits */
	void *context;
};

/*
 * Before the thread starts: *cfg is in force; `source` is where it came from,
 * and `choice` how it is spelled; both stay.
 */
void keeper_init(struct keeper *keeper, struct ops *ops, const struct config *cfg,
    const struct reload_source *source, const struct choice *choice);

/* After the thread has ended. */
void keeper_fini(struct keeper *keeper);

/*
 * Ops thread. Lays `text` over the configuration in force (config_amend()) and
 * offers the result. Returns 0: `done` is called with what became of it, once;
 * or -EINVAL: *problems says why not; or -EBUSY: another change is under way.
 */
int keeper_amend(struct keeper *keeper, const char *name, struct bytes text,
    struct config_problems *problems, void (*done)(void *context, enum keeper_outcome outcome),
    void *context);

#endif

#include "feed/ops/keeper.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "feed/base/log.h"

const char *
keeper_outcome_text(enum keeper_outcome outcome)
{
	static const char *const text[KEEPER_OUTCOMES] = {
		[KEEPER_TAKEN] = "changed",
		[KEEPER_OUT_OF_RANGE] = "a limit is out of range: nothing is changed",
		[KEEPER_EARLY] = "the feed waits for the list of instruments: nothing is changed",
	};

	return text[outcome];
}

static void
count_refusal(struct keeper *keeper)
{
	/* A full mailbox loses the count; the log has the refusal. */
	(void)ops_order(keeper->ops, &(struct ops_order){.kind = OPS_COUNT_REFUSAL});
}

/* Offers a copy of keeper->next, for the feed thread keeps it. */
static void
offer(struct keeper *keeper)
{
	struct ops_order order = {.kind = OPS_CHANGE_CONFIG};
	struct config *copy = malloc(sizeof(*copy));

	assert(copy != NULL);
	config_copy(copy, &keeper->next);
	order.object = copy;
	keeper->busy = ops_order(keeper->ops, &order);
	if (keeper->busy)
		return;
	LOG(ERROR, "reload_refused", LOG_THEN("the feed thread is behind: nothing is changed"));
	config_free(copy);
	free(copy);
	config_free(&keeper->next);
}

static void
reload(struct keeper *keeper)
{
	if (!reload_read(keeper->source, &keeper->mine, &keeper->next)) {
		count_refusal(keeper);
		return;
	}
	choice_spell(keeper->choice, &keeper->next);
	offer(keeper);
}

static void
on_reload_asked(void *context, const struct ops_note *note)
{
	struct keeper *keeper = context;

	(void)note;
	if (keeper->busy)
		keeper->reload_asked = true;
	else
		reload(keeper);
}

static enum keeper_outcome
outcome_of(enum ops_note_kind answer)
{
	if (answer == OPS_CONFIG_TAKEN)
		return KEEPER_TAKEN;
	return answer == OPS_CONFIG_EARLY ? KEEPER_EARLY : KEEPER_OUT_OF_RANGE;
}

/* The feed thread has answered: `object` is what it does not use any more. */
static void
on_answer(void *context, const struct ops_note *note)
{
	struct keeper *keeper = context;
	void (*done)(void *, enum keeper_outcome) = keeper->done;
	enum keeper_outcome outcome = outcome_of(note->kind);

	config_free(note->object);
	free(note->object);
	if (outcome == KEEPER_TAKEN) {
		LOG(INFO, "reloaded",
		    LOG_U64("changed", reload_tell(&keeper->mine, &keeper->next)));
		config_free(&keeper->mine);
		keeper->mine = keeper->next;
		keeper->next = (struct config){0};
	} else {
		LOG(ERROR, "reload_refused", LOG_THEN(keeper_outcome_text(outcome)));
		config_free(&keeper->next);
	}
	keeper->busy = false;
	keeper->done = NULL;
	if (done != NULL)
		done(keeper->context, outcome);
	if (keeper->reload_asked) {
		keeper->reload_asked = false;
		reload(keeper);
	}
}

int
keeper_amend(struct keeper *keeper, const char *name, struct bytes text,
    struct config_problems *problems, void (*done)(void *context, enum keeper_outcome outcome),
    void *context)
{
	if (keeper->busy)
		return -EBUSY;
	if (!config_amend(&keeper->mine, name, text, &keeper->next, problems) ||
	    !reload_may_change(&keeper->mine, &keeper->next, name, problems)) {
		config_free(&keeper->next);
		count_refusal(keeper);
		return -EINVAL;
	}
	choice_spell(keeper->choice, &keeper->next);
	offer(keeper);
	if (!keeper->busy)
		return -EBUSY;
	keeper->done = done;
	keeper->context = context;
	return 0;
}

void
keeper_init(struct keeper *keeper, struct ops *ops, const struct config *cfg,
    const struct reload_source *source, const struct choice *choice)
{
	*keeper = (struct keeper){.ops = ops, .source = source, .choice = choice};
	config_copy(&keeper->mine, cfg);
	ops_receive(ops, OPS_RELOAD_ASKED, on_reload_asked, keeper);
	ops_receive(ops, OPS_CONFIG_TAKEN, on_answer, keeper);
	ops_receive(ops, OPS_CONFIG_REFUSED, on_answer, keeper);
	ops_receive(ops, OPS_CONFIG_EARLY, on_answer, keeper);
}

void
keeper_fini(struct keeper *keeper)
{
	config_free(&keeper->mine);
	config_free(&keeper->next);
}

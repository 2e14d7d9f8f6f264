#include "feed/core/arbiter.h"

#include <stdbool.h>
#include <stddef.h>

/* The last good id of a class of an instrument; NULL when there is no such. */
static int64_t *
last_of(const struct arbiter *arbiter, uint32_t instrument, enum arbiter_class class)
{
	if (instrument >= arbiter->instruments_max || (unsigned)class >= ARBITER_CLASSES)
		return NULL;
	return &arbiter->last[instrument].id[class];
}

/* The id before the first one that this message covers. */
static int64_t
id_before(const struct arbiter_message *message)
{
	if (message->class != ARBITER_DEPTH)
		return message->id - 1;
	if (message->prev_id != ARBITER_NO_ID)
		return message->prev_id;
	return message->first_id - 1;
}

static bool
is_valid(const struct arbiter_message *message)
{
	int64_t before;

	if (message->id < 0)
		return false;
	if (message->class != ARBITER_DEPTH)
		return true;
	/* U and pu are bounded below before anything is subtracted from them. */
	if (message->first_id < 0 || message->first_id > message->id)
		return false;
	if (message->prev_id != ARBITER_NO_ID && message->prev_id < 0)
		return false;
	before = id_before(message);
	return before <= message->id;
}

static enum arbiter_verdict
verdict_of(const struct arbiter_message *message, int64_t last, struct arbiter_gap *gap)
{
	int64_t before = id_before(message);

	if (last == ARBITER_NO_ID)
		return ARBITER_NEW;
	if (message->id < last && last - message->id >= ARBITER_RESET_DISTANCE)
		return ARBITER_RESET;
	if (message->id < last)
		return message->class == ARBITER_QUOTE ? ARBITER_OLD : ARBITER_DUPLICATE;
	if (message->id == last)
		return ARBITER_DUPLICATE;
	/* A depth message that reaches back over `last` misses nothing: levels are absolute. */
	if (message->class == ARBITER_QUOTE || before <= last)
		return ARBITER_NEW;
	*gap = (struct arbiter_gap){.first = last + 1, .last = before};
	return ARBITER_GAP;
}

void
arbiter_init(struct arbiter *arbiter, struct arbiter_last *memory, uint32_t instruments_max)
{
	*arbiter = (struct arbiter){.last = memory, .instruments_max = instruments_max};
	for (uint32_t i = 0; i < instruments_max; i++)
		for (int class = 0; class < ARBITER_CLASSES; class++)
			memory[i].id[class] = ARBITER_NO_ID;
}

void
arbiter_seed(struct arbiter *arbiter, uint32_t instrument, enum arbiter_class class, int64_t id)
{
	int64_t *last = last_of(arbiter, instrument, class);

	if (last != NULL)
		*last = id;
}

enum arbiter_verdict
arbiter_on_id(struct arbiter *arbiter, const struct arbiter_message *message,
    struct arbiter_gap *gap)
{
	int64_t *last = last_of(arbiter, message->instrument, message->class);
	enum arbiter_verdict verdict;

	if (last == NULL) {
		arbiter->invalid++;
		return ARBITER_INVALID;
	}
	verdict = is_valid(message) ? verdict_of(message, *last, gap) : ARBITER_INVALID;
	arbiter->counts[message->class][verdict]++;
	if (verdict == ARBITER_GAP)
		arbiter->missing[message->class] += (uint64_t)(gap->last - gap->first) + 1;
	if (verdict == ARBITER_NEW || verdict == ARBITER_GAP || verdict == ARBITER_RESET)
		*last = message->id;
	return verdict;
}

int64_t
arbiter_last_id(const struct arbiter *arbiter, uint32_t instrument, enum arbiter_class class)
{
	const int64_t *last = last_of(arbiter, instrument, class);

	return last != NULL ? *last : ARBITER_NO_ID;
}

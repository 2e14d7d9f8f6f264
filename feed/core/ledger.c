#include "feed/core/ledger.h"

#include <assert.h>
#include <stddef.h>

/* ---- queues and counts ---- */

/* The queue that waits for something from an entry like that; NULL: none does. */
static struct ledger_queue *
queue_of(struct ledger *ledger, const struct ledger_entry *entry)
{
	switch ((enum ledger_state)entry->state) {
	case LEDGER_SENT:
		return &ledger->sent;
	case LEDGER_ACKED:
	case LEDGER_LISTED:
		return entry->alarmed || entry->may_be_silent ? NULL : &ledger->quiet;
	case LEDGER_NONE:
	case LEDGER_WANTED:
	case LEDGER_PRODUCING:
	case LEDGER_REFUSED:
	case LEDGER_STATES:
		break;
	}
	return NULL;
}

static void
leave_queue(struct ledger *ledger, uint32_t i)
{
	struct ledger_entry *entry = &ledger->entry[i];
	struct ledger_queue *queue = queue_of(ledger, entry);

	if (queue == NULL)
		return;
	if (entry->prev != LEDGER_NOBODY)
		ledger->entry[entry->prev].next = entry->next;
	else
		queue->first = entry->next;
	if (entry->next != LEDGER_NOBODY)
		ledger->entry[entry->next].prev = entry->prev;
	else
		queue->last = entry->prev;
}

/* At the end of its queue: times only grow. */
static void
join_queue(struct ledger *ledger, uint32_t i)
{
	struct ledger_entry *entry = &ledger->entry[i];
	struct ledger_queue *queue = queue_of(ledger, entry);

	if (queue == NULL)
		return;
	entry->next = LEDGER_NOBODY;
	entry->prev = queue->last;
	if (queue->last != LEDGER_NOBODY)
		ledger->entry[queue->last].next = i;
	else
		queue->first = i;
	queue->last = i;
}

static void
count(struct ledger *ledger, const struct ledger_entry *entry, int by)
{
	ledger->states[entry->state] += (uint32_t)by;
	if (entry->line != LEDGER_NO_LINE)
		ledger->line_states[entry->line][entry->state] += (uint16_t)by;
}

/* The only place where a state changes, but for ACKED -> LISTED, which keeps its queue. */
static void
enter(struct ledger *ledger, uint32_t i, enum ledger_state state)
{
	struct ledger_entry *entry = &ledger->entry[i];

	leave_queue(ledger, i);
	count(ledger, entry, -1);
	entry->state = (uint8_t)state;
	count(ledger, entry, 1);
	join_queue(ledger, i);
}

/* No such entry, or nobody wants it: NULL. */
static struct ledger_entry *
wanted_entry(const struct ledger *ledger, uint32_t i)
{
	if (i >= ledger->n || ledger->entry[i].state == LEDGER_NONE)
		return NULL;
	return &ledger->entry[i];
}

/* ---- verbs ---- */

void
ledger_init(struct ledger *ledger, const struct ledger_cfg *cfg, struct ledger_entry *memory,
    uint32_t n)
{
	static const struct ledger_queue empty = {LEDGER_NOBODY, LEDGER_NOBODY};

	*ledger = (struct ledger){.cfg = cfg, .entry = memory, .n = n, .sent = empty,
	    .quiet = empty};
	ledger->states[LEDGER_NONE] = n;
	for (unsigned line = 0; line < LEDGER_LINES_MAX; line++)
		ledger->list_sent[line] = MONO_NEVER;
	for (uint32_t i = 0; i < n; i++)
		memory[i] = (struct ledger_entry){.line = LEDGER_NO_LINE};
}

/* Its life on its line starts from the beginning. */
static void
begin(struct ledger *ledger, uint32_t i, mono_t now)
{
	struct ledger_entry *entry = &ledger->entry[i];

	enter(ledger, i, LEDGER_WANTED);
	entry->wanted = now;
	entry->sent = entry->acked = entry->listed = entry->produced = MONO_NEVER;
	entry->alarmed = false;
}

void
ledger_want(struct ledger *ledger, uint32_t i, uint16_t line, bool may_be_silent, mono_t now)
{
	assert(line < LEDGER_LINES_MAX);
	if (i >= ledger->n)
		return;
	ledger_drop(ledger, i);
	count(ledger, &ledger->entry[i], -1);
	ledger->entry[i].line = line;
	ledger->entry[i].may_be_silent = may_be_silent;
	count(ledger, &ledger->entry[i], 1);
	begin(ledger, i, now);
}

void
ledger_drop(struct ledger *ledger, uint32_t i)
{
	struct ledger_entry *entry = wanted_entry(ledger, i);

	if (entry == NULL)
		return;
	enter(ledger, i, LEDGER_NONE);
	count(ledger, entry, -1);
	entry->line = LEDGER_NO_LINE;
	count(ledger, entry, 1);
}

void
ledger_excuse(struct ledger *ledger, uint32_t i, bool may_be_silent, mono_t now)
{
	struct ledger_entry *entry = wanted_entry(ledger, i);

	if (entry == NULL || entry->may_be_silent == may_be_silent)
		return;
	if (entry->state != LEDGER_ACKED && entry->state != LEDGER_LISTED) {
		entry->may_be_silent = may_be_silent;
		return;
	}
	leave_queue(ledger, i);
	entry->may_be_silent = may_be_silent;
	/* Its time starts now, and with it its place at the end of the queue. */
	if (!may_be_silent)
		entry->acked = now;
	join_queue(ledger, i);
}

void
ledger_on_sent(struct ledger *ledger, uint32_t i, mono_t now)
{
	struct ledger_entry *entry = wanted_entry(ledger, i);

	if (entry == NULL || (entry->state != LEDGER_WANTED && entry->state != LEDGER_REFUSED))
		return;
	entry->sent = now;
	enter(ledger, i, LEDGER_SENT);
}

void
ledger_on_acked(struct ledger *ledger, uint32_t i, mono_t now)
{
	struct ledger_entry *entry = wanted_entry(ledger, i);

	if (entry == NULL)
		return;
	if (entry->state == LEDGER_SENT) {
		entry->acked = now;
		enter(ledger, i, LEDGER_ACKED);
	} else if (entry->state == LEDGER_PRODUCING && mono_is_never(entry->acked)) {
		entry->acked = now;
	}
}

void
ledger_on_refused(struct ledger *ledger, uint32_t i)
{
	if (ledger_state(ledger, i) == LEDGER_SENT)
		enter(ledger, i, LEDGER_REFUSED);
}

void
ledger_on_unsent(struct ledger *ledger, uint32_t i, mono_t now)
{
	if (ledger_state(ledger, i) == LEDGER_SENT)
		begin(ledger, i, now);
}

bool
ledger_on_data(struct ledger *ledger, uint32_t i, mono_t now)
{
	struct ledger_entry *entry = wanted_entry(ledger, i);

	if (entry == NULL || entry->state == LEDGER_PRODUCING)
		return false;
	entry->produced = now;
	enter(ledger, i, LEDGER_PRODUCING);
	return true;
}

void
ledger_again(struct ledger *ledger, uint32_t i, mono_t now)
{
	if (wanted_entry(ledger, i) != NULL)
		begin(ledger, i, now);
}

void
ledger_on_line_down(struct ledger *ledger, uint16_t line, mono_t now)
{
	if (line >= LEDGER_LINES_MAX)
		return;
	ledger->list_sent[line] = MONO_NEVER;
	for (uint32_t i = 0; i < ledger->n; i++)
		if (ledger->entry[i].line == line)
			begin(ledger, i, now);
}

/* ---- LIST_SUBSCRIPTIONS ---- */

void
ledger_list_begin(struct ledger *ledger, uint16_t line, mono_t now)
{
	if (line >= LEDGER_LINES_MAX)
		return;
	ledger->list_sent[line] = now;
	ledger->list_round[line]++;
}

enum ledger_listing
ledger_on_listed(struct ledger *ledger, uint16_t line, uint32_t i, mono_t now)
{
	struct ledger_entry *entry = wanted_entry(ledger, i);

	if (line >= LEDGER_LINES_MAX || entry == NULL || entry->line != line) {
		ledger->surplus++;
		return LEDGER_SURPLUS;
	}
	entry->listed = now;
	entry->round = ledger->list_round[line];
	if (entry->state == LEDGER_ACKED) {
		/* Both wait in the same queue, by the time of the acknowledgement. */
		count(ledger, entry, -1);
		entry->state = LEDGER_LISTED;
		count(ledger, entry, 1);
	}
	return LEDGER_KEEP;
}

/* Acknowledged before the list was asked for, and not in it? */
static bool
is_missing(const struct ledger_entry *entry, mono_t list_sent, uint16_t round)
{
	return entry->state >= LEDGER_ACKED && entry->state <= LEDGER_PRODUCING &&
	    mono_before(entry->acked, list_sent) && entry->round != round;
}

uint32_t
ledger_next_missing(struct ledger *ledger, uint16_t line, uint32_t from, mono_t now)
{
	mono_t list_sent;

	if (line >= LEDGER_LINES_MAX || mono_is_never(ledger->list_sent[line]))
		return LEDGER_NOBODY;
	list_sent = ledger->list_sent[line];
	for (uint32_t i = from; i < ledger->n; i++)
		if (ledger->entry[i].line == line &&
		    is_missing(&ledger->entry[i], list_sent, ledger->list_round[line])) {
			ledger->missing++;
			begin(ledger, i, now);
			return i;
		}
	ledger->list_sent[line] = MONO_NEVER;
	return LEDGER_NOBODY;
}

/* ---- time ---- */

static mono_t
ack_due(const struct ledger *ledger)
{
	if (ledger->sent.first == LEDGER_NOBODY)
		return MONO_NEVER;
	return mono_add(ledger->entry[ledger->sent.first].sent, ledger->cfg->ack_within);
}

static mono_t
data_due(const struct ledger *ledger)
{
	if (ledger->quiet.first == LEDGER_NOBODY)
		return MONO_NEVER;
	return mono_add(ledger->entry[ledger->quiet.first].acked, ledger->cfg->data_within);
}

enum ledger_verdict
ledger_next_due(struct ledger *ledger, mono_t now, uint32_t *entry)
{
	if (mono_due(ack_due(ledger), now)) {
		*entry = ledger->sent.first;
		ledger->ack_timeouts++;
		begin(ledger, *entry, now);
		return LEDGER_ACK_TIMEOUT;
	}
	if (mono_due(data_due(ledger), now)) {
		*entry = ledger->quiet.first;
		ledger->silent_alarms++;
		leave_queue(ledger, *entry);
		ledger->entry[*entry].alarmed = true;
		return LEDGER_SILENT;
	}
	return LEDGER_NOTHING;
}

mono_t
ledger_deadline(const struct ledger *ledger)
{
	return mono_min(ack_due(ledger), data_due(ledger));
}

enum ledger_state
ledger_state(const struct ledger *ledger, uint32_t entry)
{
	return entry < ledger->n ? (enum ledger_state)ledger->entry[entry].state : LEDGER_NONE;
}

const char *
ledger_state_label(enum ledger_state state)
{
	static const char *const label[LEDGER_STATES] = {
		[LEDGER_NONE] = "none",
		[LEDGER_WANTED] = "wanted",
		[LEDGER_SENT] = "sent",
		[LEDGER_ACKED] = "acked",
		[LEDGER_LISTED] = "listed",
		[LEDGER_PRODUCING] = "producing",
		[LEDGER_REFUSED] = "refused",
	};

	return (unsigned)state < LEDGER_STATES ? label[state] : "unknown";
}

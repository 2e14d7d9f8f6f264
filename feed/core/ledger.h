/*
 * The books of subscriptions: what was asked for, what was promised, what
 * arrived. `{"result":null}` proves nothing; a stream is there when its first
 * message is (Binance, practice 2026-08).
 *
 * One per feed thread; an entry is one stream on one leg, numbered by the
 * caller; it belongs to at most one line at a time. Owns no clock; memory is
 * the caller's. Every verb but those that say so is O(1).
 *
 *	NONE -> WANTED -> SENT -> ACKED -> LISTED -> PRODUCING
 *
 * A message takes an entry to PRODUCING from anywhere but NONE: data outruns
 * answers. A missing answer takes it back to WANTED, as a line's end does. An
 * entry that stays ACKED or LISTED without a message for data_within raises
 * the alarm "acknowledged but silent", once per acknowledgement.
 *
 * LIST_SUBSCRIPTIONS: ledger_list_begin() when the request is sent,
 * ledger_on_listed() per name in the answer, ledger_next_missing() afterwards.
 * Entries acknowledged after the request was sent are not held against it.
 */
#ifndef FEED_CORE_LEDGER_H
#define FEED_CORE_LEDGER_H

#include <stdbool.h>
#include <stdint.h>

#include "feed/base/mono.h"

#define LEDGER_NOBODY UINT32_MAX /* no entry */
#define LEDGER_NO_LINE UINT16_MAX
#define LEDGER_LINES_MAX 64

enum ledger_state {
	LEDGER_NONE,      /* not wanted */
	LEDGER_WANTED,    /* to be subscribed on its line */
	LEDGER_SENT,      /* in a request without answer */
	LEDGER_ACKED,     /* accepted; no message yet */
	LEDGER_LISTED,    /* and named by LIST_SUBSCRIPTIONS; no message yet */
	LEDGER_PRODUCING, /* a message came on this connection */
	LEDGER_REFUSED,   /* refused by itself */
	LEDGER_STATES
};

struct ledger_cfg {
	span_t ack_within;  /* a request's answer, > 0 */
	span_t data_within; /* first message after the acknowledgement, > 0 */
};

/* Times are of the entry's current life on its line; MONO_NEVER: not (yet). */
struct ledger_entry {
	mono_t wanted, sent, acked, listed, produced;
	uint32_t next, prev; /* in its queue */
	uint16_t line;       /* LEDGER_NO_LINE: none */
	uint16_t round;      /* number of the last list that named it */
	uint8_t state;
	bool may_be_silent;  /* no alarm: liquidations, instruments that do not trade */
	bool alarmed;        /* acknowledged but silent was told */
};

/* Oldest first, so that the first one's deadline is the queue's. */
struct ledger_queue {
	uint32_t first, last;
};

struct ledger {
	const struct ledger_cfg *cfg;
	struct ledger_entry *entry;
	uint32_t n;
	uint32_t states[LEDGER_STATES];                      /* entries in each state */
	uint16_t line_states[LEDGER_LINES_MAX][LEDGER_STATES]; /* likewise, per line */
	struct ledger_queue sent;  /* SENT, by time sent */
	struct ledger_queue quiet; /* ACKED or LISTED without alarm, by time acknowledged */
	mono_t list_sent[LEDGER_LINES_MAX]; /* MONO_NEVER: no list is awaited */
	uint16_t list_round[LEDGER_LINES_MAX];
	uint64_t ack_timeouts, silent_alarms, missing, surplus; /* so far */
};

enum ledger_verdict {
	LEDGER_NOTHING,     /* nothing is due */
	LEDGER_ACK_TIMEOUT, /* *entry had no answer for ack_within: it is WANTED again */
	LEDGER_SILENT,      /* *entry is acknowledged, but silent for data_within; told once */
};

/* What to do about a name in a list. */
enum ledger_listing {
	LEDGER_KEEP,    /* it is ours, on that line */
	LEDGER_SURPLUS, /* it does not belong on that line: unsubscribe it there */
};

/* `memory` has room for n entries, < LEDGER_NOBODY, and outlives it, as `cfg` does. All NONE. */
void ledger_init(struct ledger *ledger, const struct ledger_cfg *cfg, struct ledger_entry *memory,
    uint32_t n);

/* It shall run on that line (< LEDGER_LINES_MAX): WANTED there, whatever it was. */
void ledger_want(struct ledger *ledger, uint32_t entry, uint16_t line, bool may_be_silent,
    mono_t now);

/* It is not wanted any more (unsubscribed, or moved away): NONE. */
void ledger_drop(struct ledger *ledger, uint32_t entry);

/* Its instrument stopped (true) or resumed trading: is silence after the answer an alarm? */
void ledger_excuse(struct ledger *ledger, uint32_t entry, bool may_be_silent, mono_t now);

/* In a request that is being sent now. Only WANTED and REFUSED entries; others stay as they are. */
void ledger_on_sent(struct ledger *ledger, uint32_t entry, mono_t now);

/* The request was accepted. Entries that do not wait for it are only stamped. */
void ledger_on_acked(struct ledger *ledger, uint32_t entry, mono_t now);

/* Refused by itself. Only SENT entries. */
void ledger_on_refused(struct ledger *ledger, uint32_t entry);

/* Refused together with others: WANTED again. Only SENT entries. */
void ledger_on_unsent(struct ledger *ledger, uint32_t entry, mono_t now);

/* A message of it arrived. Returns true when it is the first one on this connection. */
bool ledger_on_data(struct ledger *ledger, uint32_t entry, mono_t now);

/* Subscribe again although it was acknowledged (it stalled, or is missing in a list): WANTED. */
void ledger_again(struct ledger *ledger, uint32_t entry, mono_t now);

/* The line's connection ended: all of its entries are WANTED, its list is not awaited. O(n). */
void ledger_on_line_down(struct ledger *ledger, uint16_t line, mono_t now);

/* LIST_SUBSCRIPTIONS is being sent on that line. */
void ledger_list_begin(struct ledger *ledger, uint16_t line, mono_t now);

/* The answer names that entry (LEDGER_NOBODY: a name that is none of ours). */
enum ledger_listing ledger_on_listed(struct ledger *ledger, uint16_t line, uint32_t entry,
    mono_t now);

/*
 * After the last name: entries from `from` on that the list should have named
 * and did not. Each is WANTED when it is returned; go on with it + 1.
 * LEDGER_NOBODY: no more, and the list is done. O(n) in all.
 */
uint32_t ledger_next_missing(struct ledger *ledger, uint16_t line, uint32_t from, mono_t now);

/* The next thing that is due by now; call it until it says NOTHING. Fills *entry otherwise. */
enum ledger_verdict ledger_next_due(struct ledger *ledger, mono_t now, uint32_t *entry);

/* When ledger_next_due() has something; MONO_NEVER: nothing is awaited. O(1). */
mono_t ledger_deadline(const struct ledger *ledger);

/* The state of an entry; NONE when there is no such. */
enum ledger_state ledger_state(const struct ledger *ledger, uint32_t entry);

/* "none", "wanted", ... ; "unknown" when out of range. Never NULL. */
const char *ledger_state_label(enum ledger_state state);

#endif

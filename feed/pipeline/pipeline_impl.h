/*
 * What the files of the pipeline share: pipeline.c (the path), judge.c (is it
 * news, and whose), pipeline_books.c, pipeline_gaps.c (what is missing and
 * comes later), pipeline_list.c (what the exchange lists), listed.c (what the
 * exchange says is subscribed), recorder.c (what it was told) and
 * pipeline_life.c (start, end, what others tell and ask). Included by them
 * only. Feed thread.
 */
#ifndef FEED_PIPELINE_PIPELINE_IMPL_H
#define FEED_PIPELINE_PIPELINE_IMPL_H

#include <stddef.h>

#include "feed/core/hold.h"
#include "feed/pipeline/known.h"
#include "feed/pipeline/gaps.h"
#include "feed/pipeline/pipeline.h"
#include "feed/pipeline/publish.h"
#include "feed/pipeline/recorder.h"
#include "feed/pipeline/roster.h"
#include "feed/venue/binance/streams.h"

/* A message of more bytes is never held: it is judged at once. */
#define PIPELINE_HOLD_BYTES 8192
#define PIPELINE_JOINED_MAX 256 /* more at once are not told */

/*
 * In a burst the clock is read after so many bytes of messages: at some 1.2
 * bytes a nanosecond a time of publishing lags by less than a microsecond.
 */
#define PIPELINE_CLOCK_BYTES 1024
#define PIPELINE_CLOCK_BYTES_MAX 4096 /* after a hundred kilobytes of one receive */

/* Numbers that the arbiter knows a leg by: half are for lines, half for their successors. */
#define PIPELINE_LEGS_PER_LEG (ARBITER_LEGS_MAX / POOL_LEGS_MAX)

/* How far stamps may be ahead: of our clock, whatever it is; beyond what is known of both. */
#define PIPELINE_AHEAD_NS 1000000000
#define PIPELINE_AHEAD_KNOWN_NS 100000000

/* What the board says of an instrument, and what the control plane says of its streams. */
struct instrument {
	struct tick_data data;
	uint32_t stale; /* streams of it that are stale */
	bool halted;    /* the exchange does not trade it ... */
	bool recalled;  /* ... as the last run knew, which nobody has confirmed */
	bool waits;     /* it trades again, and no message has come since */
	uint8_t unlisted; /* lists in a row that did not have it, up to CLOSED_AFTER */
	bool absent;    /* the list lacks it, and never had it, or it is closed */
	mono_t told;    /* when its state became this one; MONO_ZERO: before this run */
};

/* One message on its way, with all that the path needs to take it again. */
struct frame {
	unsigned line;
	enum transport_payload payload;
	struct bytes bytes;
	const struct transport_stamps *stamps;
	uint32_t index, count; /* which of its events, of how many; text: 0 of 1 */
	mono_t arrived; /* stamps.recv_mono; ARBITER_AT_ONCE: it cannot be held */
	bool part;           /* an element of a list ... */
	struct bytes stream; /* ... that came on this stream */
};

/* A message that waits for ids before it. */
struct held_frame {
	struct frame frame; /* its stamps and bytes are those below */
	struct transport_stamps stamps;
	char bytes[PIPELINE_HOLD_BYTES + TRANSPORT_PADDING];
};

/*
 * How old the last messages were, which are not in the histograms yet: what came
 * in one receive was mostly sent in the same millisecond and published within a
 * microsecond, so that equal ones in a row are counted here, and recorded at once.
 */
struct spans {
	int64_t publish_ns; /* from receipt */
	int64_t arrival_ns; /* from the exchange's time to receipt */
	unsigned line;
	uint64_t messages, dated; /* that many; of them, with a time of the exchange */
};

struct pipeline {
	struct pipeline_cfg cfg;
	struct recorder *recorder; /* NULL: none */
	const struct listing *listing; /* NULL: none is known */
	struct { /* when it was taken; false: it was given for exponents only */
		bool taken;
		wall_t wall;
		mono_t mono;
	} listed_at;
	unsigned short_lists; /* refused in a row, as far too short */
	enum pipeline_list_wish list_wish;
	bool turned; /* somebody is halted, or trades again, whom nobody has taken note of */
	mono_t now; /* of the last message or pause: no clock decides, so a replay decides alike */
	mono_t clock, clock_of; /* read last, and for the receive of that time */
	size_t since_clock, clock_after; /* bytes of messages since, until it is read anew */
	struct event_scratch *scratch;
	struct tick_level *levels; /* normalized: bids, then asks */
	struct books *books;       /* NULL: none are kept */
	struct tick_level *image;  /* a whole book; books != NULL */
	struct gaps *gaps;         /* NULL: none is filled */
	struct arbiter_gap unasked; /* a gap that is not: told behind its tick ... */
	enum event_kind unasked_kind; /* ... EVENT_KINDS: there is none */
	struct instrument *instrument; /* and one more: streams of all symbols */
	uint32_t instruments_max;
	struct known known;
	struct roster roster;
	struct arbiter arbiter;
	struct arbiter_last *arbiter_memory;
	struct hold hold;
	struct held_frame *held; /* HOLD_MAX of them */
	uint8_t leg[TRANSPORT_LINES_MAX]; /* of the lines */
	struct pipeline_line_counts line[TRANSPORT_LINES_MAX];
	uint64_t counter[TICK_COUNTERS_MAX];
	uint64_t heard;
	bool measures;
	struct { /* the last binary schema that was refused */
		int64_t schema, version;
		bool known, told;
	} foreign;
	struct hist publish, arrival;
	struct spans spans;
	struct hist *of_line; /* exchange to publish, per line */
	int64_t clock_offset_ns; /* of the exchange's stamps, as far as it is sure */
	int64_t clock_ahead_ns;  /* stamps further ahead of our clock make CLOCK_DOUBT */
	uint64_t *listed; /* per line, bit per stream: named by its last list of subscriptions */
	size_t listed_words; /* of a line */
	struct pipeline_control control[PIPELINE_CONTROLS_MAX];
	uint32_t control_head, control_tail;
	uint32_t joined[PIPELINE_JOINED_MAX]; /* books, since somebody asked */
	uint32_t joined_n;
};

static inline void
pipeline_count(struct pipeline *p, enum tick_counter counter)
{
	p->counter[counter]++;
}

/* Records what was counted of equal spans; those that follow are others, none so far. */
void pipeline_note_spans(struct pipeline *p, struct spans next);

/* Fills in the exponents of an instrument that is new to the directory. */
void pipeline_describe(const struct pipeline *p, struct tick_instrument *i);

/* What the list says of an instrument that is new to the directory. */
void pipeline_list_new(struct pipeline *p, uint32_t id);

/* The exchange's word on one instrument: its state follows. The message is published already. */
void pipeline_on_status(struct pipeline *p, const struct publish_context *c,
    const struct event *e);

/* News of an instrument that is said not to trade: perhaps it does, which is told then. */
void pipeline_prove_trading(struct pipeline *p, const struct publish_context *c,
    enum event_kind kind);

/* At start: the directory tells who was halted last. */
void pipeline_recall_trading(struct pipeline *p);

/* Publishes a change of an instrument's data state. */
void pipeline_turn(struct pipeline *p, uint32_t id, enum tick_data_state state,
    enum tick_reason why, int64_t now_ns);

/* Brings the data state in line with its streams and its book; `why`: unless it is LIVE. */
void pipeline_settle(struct pipeline *p, uint32_t id, enum tick_reason why, int64_t now_ns);

/* The changes that come fit the book no more: it is told lost, and waits for a snapshot. */
void pipeline_lose_book(struct pipeline *p, const struct publish_context *c);

/* A change of a book, which is news: publishes it, and the book when it changed. */
void pipeline_publish_depth(struct pipeline *p, const struct publish_context *c,
    const struct event *e, const struct normal *n);

/* A gap was told: it is asked for, if it is one of trades, or noted as not asked for. */
void pipeline_note_gap(struct pipeline *p, uint32_t instrument, enum event_kind kind,
    const struct arbiter_gap *gap);

/* Tells what stays missing of a gap that is not asked for. */
void pipeline_tell_unasked(struct pipeline *p, const struct publish_context *like);

/* Ids start anew: nothing of the gaps of that instrument and kind can come any more. */
void pipeline_forget_gaps(struct pipeline *p, const struct publish_context *like,
    enum event_kind kind);

/* What becomes of each kind of event. */
struct kind_row {
	enum tick_counter counter;
	enum tick_type type;      /* of its (first) tick */
	enum arbiter_class class; /* how its ids are judged; ARBITER_CLASSES: not at all */
};

extern const struct kind_row pipeline_kinds[EVENT_KINDS];

/* Keeps a last good id for the board. */
static inline void
pipeline_remember_id(struct tick_data *data, enum arbiter_class class, int64_t id)
{
	static const uint16_t at[ARBITER_CLASSES] = {
		[ARBITER_TRADE] = offsetof(struct tick_data, trade_id),
		[ARBITER_AGG_TRADE] = offsetof(struct tick_data, agg_trade_id),
		[ARBITER_QUOTE] = offsetof(struct tick_data, quote_id),
		[ARBITER_DEPTH] = offsetof(struct tick_data, depth_id),
	};

	if (class < ARBITER_CLASSES)
		*(int64_t *)(void *)((char *)data + at[class]) = id;
}

enum judgement {
	JUDGE_PUBLISH, /* it is news; gaps before it were told */
	JUDGE_DROP,    /* somebody said it before, or it is out of order */
	JUDGE_HOLD,    /* another line may still bring what is missing before it */
};

/* Is the event news? Tells gaps in band, ahead of it, and whose message it was. */
enum judgement judge(struct pipeline *p, struct publish_context *c, const struct event *e,
    const struct frame *frame, mono_t now);

/* The line lost that stream: nobody waits for it there. */
void judge_on_stream_left(struct pipeline *p, uint32_t number, unsigned line);

/* The key of hold.h for an event; false: it has no ids to wait for. */
static inline bool
judge_hold_key(uint32_t instrument, const struct event *e, uint64_t *key)
{
	enum arbiter_class class = pipeline_kinds[e->kind].class;

	if (class == ARBITER_CLASSES)
		return false;
	*key = hold_key(instrument, class);
	return true;
}

/* Reads a line's answer to LIST_SUBSCRIPTIONS into p->listed. False: it is none. */
bool listed_read(struct pipeline *p, unsigned line, struct bytes result);

/* The number of the stream of that name; ROSTER_NONE: it is not watched. */
uint32_t listed_number(const struct pipeline *p, struct bytes name);

/* Which events a stream of that class brings; false: none that is published. */
bool pipeline_kind_of(enum stream_class class, enum event_kind *kind);

#endif

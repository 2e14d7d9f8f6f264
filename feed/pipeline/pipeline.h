/*
 * From a message to ticks: decode, normalize, arbitrate, publish. The data
 * path is one function, pipeline_on_frame(); read it first.
 *
 * Owns the instruments' private state, the arbiter and all counters of the
 * data path; borrows ring and board. One per feed thread, nothing here is
 * called from anywhere else. Nothing on the path allocates, locks or logs.
 */
#ifndef FEED_PIPELINE_PIPELINE_H
#define FEED_PIPELINE_PIPELINE_H

#include <stdbool.h>
#include <stdint.h>

#include <tickring/status.h>

#include "feed/base/bytes.h"
#include "feed/base/hist.h"
#include "feed/conf/config.h"
#include "feed/core/arbiter.h"
#include "feed/core/clock_offset.h"
#include "feed/core/pool.h"
#include "feed/io/transport.h"
#include "feed/pipeline/books.h"
#include "feed/pipeline/gaps.h"
#include "feed/pipeline/listing.h"
#include "feed/venue/binance/trades_page.h"
#include "feed/venue/venue.h"
#include "feed/venue/venues.h"
#include "shm/board_writer.h"
#include "shm/ring.h"

#define PIPELINE_CONTROLS_MAX 256

struct pipeline_cfg {
	struct ring *ring;   /* open; outlives the pipeline */
	struct board *board; /* open, room for as many instruments as the ring's directory */
	const struct venue *venue; /* whose messages come */
	const struct config_instruments *instruments; /* exponents of those new to the directory */
	span_t hold_for;      /* longest wait for ids that another line may bring; 0: none */
	uint32_t streams_max; /* numbers that pipeline_add_stream() may use */
	bool replayed; /* ids go on from the board alone, not from what the ring holds */
	/*
	 * The number of a stream that is not published, or not wanted any more;
	 * UINT32_MAX: it has none. NULL: nobody knows such streams.
	 */
	uint32_t (*number_of)(void *context, struct bytes name);
	void *number_context;
	const struct books_cfg *books; /* NULL: no books are kept; copied */
	const struct listing *listing; /* for exponents; then it is given to pipeline_list() */
	const struct gaps_cfg *gaps; /* NULL: gaps are told and stay; copied */
};

/* What a message said to the control plane: the app hands it to the pool. */
struct pipeline_control {
	enum event_kind kind; /* EVENT_REPLY, EVENT_ERROR_REPLY, EVENT_SERVER_SHUTDOWN */
	unsigned line;
	int64_t id;           /* of the request, VENUE_NO_ID when it had none that is a number */
	bool listed;          /* EVENT_REPLY: an answer to LIST_SUBSCRIPTIONS */
	int code;             /* error replies */
	char text[120];       /* error replies: the exchange's words, cut to fit */
};

/* Ids that were told missing and are to be asked for. */
struct pipeline_gap {
	uint64_t ticket; /* the answer carries it */
	uint32_t instrument;
	bool aggregate;  /* ids of aggregate trades; else of single ones */
	int64_t first, last;
};

/*
 * What REST has of the ids of a gap, up to `last`: what is not among the trades
 * is not to be had. The next part begins behind that.
 */
struct pipeline_fill {
	uint64_t ticket;
	uint32_t instrument;
	uint32_t trades;
	int64_t last;
	const struct past_trade *trade; /* ids rising, at the instrument's exponents */
};

struct pipeline;
struct recorder;

/*
 * Allocates, takes the instruments' last good ids over from the board, and
 * publishes FEED_EVENT START, or RESTART when there was a writer before.
 * Returns 0 or -ENOMEM.
 */
int pipeline_new(struct pipeline **out, const struct pipeline_cfg *cfg, wall_t now, mono_t mono);

/* Publishes FEED_EVENT STOP, frees, nulls the pointer; NULL is fine. */
void pipeline_free(struct pipeline **pipeline, wall_t now, mono_t mono);

/*
 * Adds an instrument ahead of its first message, so that its id does not
 * depend on who speaks first. `symbol` as the exchange's messages write it.
 * Returns its id, -ENOSPC (directory full) or -EINVAL (empty, too long, or no UTF-8).
 */
int64_t pipeline_add_instrument(struct pipeline *p, struct bytes symbol);

/*
 * The exchange's list of instruments, NULL: none is known; borrowed until the
 * next one. Changes are published, and instruments that do not trade are HALTED
 * on the board. Whoever was listed and is not in two lists in a row is CLOSED.
 * New instruments have exponents by its steps, unless the configuration names them.
 *
 * A list that is empty, or lacks more than a fifth of the instruments of the
 * one before (and more than three), is refused, counted, and returned; the third
 * such list in a row that is not empty is believed. Else returns the list that
 * was in use before. O(instruments).
 *
 * A message may say otherwise than the list: the exchange's word on the one
 * instrument (contractInfo); or a trade, of an instrument that is halted or
 * closed also a quote, a second later or more: it is traded, then, and that is told.
 */
const struct listing *pipeline_list(struct pipeline *p, const struct listing *listing, wall_t now,
    mono_t mono);

/*
 * No list has come, or none will: instruments of which nothing is known but
 * that the last run found them not to trade are UNKNOWN, which is published.
 */
void pipeline_no_list(struct pipeline *p, wall_t now, mono_t mono);

enum pipeline_list_wish {
	PIPELINE_LIST_NONE,
	PIPELINE_LIST_LATER, /* to confirm the last one */
	PIPELINE_LIST_SOON,  /* there is an instrument that it does not have */
};

/* Is another list wanted ahead of its time? Takes the wish out. */
enum pipeline_list_wish pipeline_take_list_wish(struct pipeline *p);

/* Has pipeline_is_halted() or _is_unlisted() changed for some streams since the last call? */
bool pipeline_take_turned(struct pipeline *p);

/* Does the instrument of that stream not trade? */
bool pipeline_is_halted(const struct pipeline *p, uint32_t number);

/*
 * Is that stream of a symbol that the exchange's list should name and does not:
 * never did, or has not for two lists? False as long as there is no list.
 */
bool pipeline_is_unlisted(const struct pipeline *p, uint32_t number);

/*
 * Tells the pipeline of a configured stream and its number with the control
 * plane; adds its instrument. Returns 0 (also for streams that are not
 * published, or of all symbols), -EINVAL (no stream name), -ENOSPC (directory
 * full, or number too large) or -ENOMEM. Not for the data path.
 */
int pipeline_add_stream(struct pipeline *p, uint32_t number, struct bytes name);

/* That number is not in use any more; its instrument stays. */
void pipeline_remove_stream(struct pipeline *p, uint32_t number);

/*
 * One whole message of a line. `frame` is readable for TRANSPORT_PADDING bytes
 * past its end. Fits transport_sink_fn: `context` is the pipeline.
 */
void pipeline_on_frame(void *context, unsigned line, enum transport_payload payload,
    struct bytes frame, struct transport_stamps stamps);

/* A line came up or went down: published in band. What that means for streams, the pool knows. */
void pipeline_on_line_up(struct pipeline *p, unsigned line, unsigned leg, wall_t now, mono_t mono);
void pipeline_on_line_down(struct pipeline *p, unsigned line, enum tick_reason why, wall_t now,
    mono_t mono);

/* A line does not carry that stream any more: nobody waits for its messages there. */
void pipeline_on_stream_left(struct pipeline *p, uint32_t number, unsigned line);

/* What became of a line's market messages. */
struct pipeline_line_counts {
	uint64_t wins;       /* published: it was the first, or the only one */
	uint64_t duplicates; /* another line, or this one before, had brought it */
	uint64_t faults;     /* malformed, or with values that do not fit */
};

struct pipeline_line_counts pipeline_line_counts(const struct pipeline *p, unsigned line);

/* Messages that waited long enough for ids before them are judged. Call it when it is due. */
void pipeline_on_time(struct pipeline *p, mono_t now);
mono_t pipeline_deadline(const struct pipeline *p);

/*
 * The control plane says that a stream delivers nothing: published in band,
 * and its instrument turns STALE on the board, until all of its streams have
 * delivered again. That they have, the pipeline sees by itself.
 */
void pipeline_on_stream_stale(struct pipeline *p, uint32_t number, enum tick_reason why,
    wall_t now, mono_t mono);

/* The same of one that was acknowledged and brought nothing: told in band, no more. */
void pipeline_on_stream_silent(struct pipeline *p, uint32_t number, wall_t now, mono_t mono);
/* All that the pipeline is told from here on is shown to the recorder; NULL: to nobody. */
void pipeline_record(struct pipeline *p, struct recorder *recorder);

/* A request was sent to the exchange: for the recorder only. */
void pipeline_on_request(struct pipeline *p, unsigned line, struct bytes text, wall_t now,
    mono_t mono);
/*
 * The snapshot of an instrument's book came. Returns what became of it;
 * BOOKSYNC_OUTCOMES: no book is kept of it (any more).
 */
enum booksync_outcome pipeline_on_snapshot(struct pipeline *p, uint32_t instrument,
    const struct booksync_snapshot *snapshot, wall_t now, mono_t mono);

/* The oldest wish for a snapshot; false: there is none. */
bool pipeline_next_want(struct pipeline *p, struct books_want *out);

/* An instrument whose book is in sync since a short while; false: none, or it was told before. */
bool pipeline_next_joined(struct pipeline *p, uint32_t *instrument);

/*
 * The oldest gap that nobody asked for yet; false: there is none. Every one
 * that is given out is answered by pipeline_on_fill(), up to its last id.
 */
bool pipeline_next_gap(struct pipeline *p, struct pipeline_gap *out);

/* A part of an answer, or all of it; one that belongs to no gap (any more) changes nothing. */
void pipeline_on_fill(struct pipeline *p, const struct pipeline_fill *fill, wall_t now,
    mono_t mono);

/* An instrument's book, to look at; NULL: none is kept. */
const struct booksync *pipeline_book(const struct pipeline *p, uint32_t instrument);

/* Of all books. Brings the counters up to date. O(instruments). */
struct books_sums pipeline_books(struct pipeline *p);

/* Takes the oldest word for the control plane. Returns false when there is none. */
bool pipeline_next_control(struct pipeline *p, struct pipeline_control *out);

/* What a line's last list named: bit per stream number, until the next message is taken. */
const uint64_t *pipeline_listed(const struct pipeline *p, unsigned line);

/* Lines that were heard since the last call, one bit each. */
uint64_t pipeline_heard(struct pipeline *p);

/*
 * Streams whose messages cannot be decoded: of a kind that never is, or the
 * last messages of them were malformed or unknown. The latter is known of
 * streams that the envelope names, at paths like /stream.
 */
uint32_t pipeline_undecoded(const struct pipeline *p);

/* Streams that were heard since the last call: up to `max` in out[]; returns how many. */
unsigned pipeline_take_heard(struct pipeline *p, struct pool_heard *out, unsigned max);

/*
 * Another binary schema was refused: its id and version, once for each id that
 * comes after another. Returns false when there is nothing to tell.
 */
bool pipeline_take_foreign(struct pipeline *p, int64_t *schema, int64_t *version);

/* Counters by enum tick_counter; the app adds those of its own. */
uint64_t *pipeline_counters(struct pipeline *p);

/* Latencies since the last call, which empties them. */
struct pipeline_latencies {
	struct tick_latency publish, arrival;
};

/* The same spans are added to the histograms. */
struct pipeline_latencies pipeline_take_latencies(struct pipeline *p,
    struct tick_histogram *publish, struct tick_histogram *arrival);

/* From the exchange's time to publish, of a line, since the last call, which empties it. */
struct tick_latency pipeline_line_latency(struct pipeline *p, unsigned line);

/*
 * How much later than the first the messages of that leg, < POOL_LEGS_MAX, came that another
 * had brought before: of some, since the last call, which empties it.
 */
struct tick_latency pipeline_leg_skew(struct pipeline *p, unsigned leg);

/* Are latencies measured? They are, unless told otherwise. */
void pipeline_measure(struct pipeline *p, bool on);

/*
 * How far the exchange's clock is ahead of ours. Where that is more than it may
 * be wrong by, latencies since the exchange's stamps take it into account; CLOCK_DOUBT is
 * what is ahead of the exchange's clock as well.
 */
void pipeline_on_clock(struct pipeline *p, struct clock_estimate is);

#endif

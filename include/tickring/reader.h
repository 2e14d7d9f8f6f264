/*
 * Reading ticks. Readers map the ring read-only, leave no trace in it and
 * cannot slow the writer; a reader that is too slow is lapped and told
 * exactly how many ticks it lost.
 *
 * A reader belongs to one thread at a time. Different readers are independent,
 * clones too: they share nothing that changes.
 */
#ifndef TICKRING_READER_H
#define TICKRING_READER_H

#include <stddef.h>
#include <stdint.h>

#include <tickring/layout.h>
#include <tickring/tick.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What a call came to. Above zero: a tick; zero: nothing new; below: something to know. */
enum tick_outcome {
	TICK_MORE = 1,         /* a tick */
	TICK_END = 0,          /* nothing new, the writer is fine */
	TICK_E_OVERRUN = -1,   /* the writer lapped us; stats.lost grew; the next call goes on */
	TICK_E_STALE = -2,     /* the writer holds its lock but its heartbeat is old */
	TICK_E_DEAD = -3,      /* no writer: it ended or was killed; one may come back */
	TICK_E_RESTARTED = -4, /* a writer started anew; said once; the next call goes on */
	TICK_E_REPLACED = -5,  /* another segment took the name; tick_reader_reattach() */
	TICK_E_ABI = -6,       /* segment of another ABI version or byte order */
	TICK_E_ABSENT = -7,    /* no such segment (yet) */
	TICK_E_FOREIGN = -8,   /* the file is no tickring segment of that kind */
	TICK_E_TRUNCATED = -9, /* the file is shorter than its header says */
	TICK_E_ACCESS = -10,   /* permission denied */
	TICK_E_BUSY = -11,     /* board, status: written at each attempt; keep the last value */
	TICK_E_RANGE = -12,    /* no such instrument, or a bad argument */
	TICK_E_SYSTEM = -13,   /* the system refused (errno tells) */
	TICK_E_DAMAGED = -14   /* words of the ring contradict each other; what that cost is in
	                        * stats.lost and stats.damaged; the next call goes on */
};

/* Where a reader starts. */
enum tick_start {
	TICK_FROM_NEWEST = 0, /* with the next tick to come */
	TICK_FROM_OLDEST = 1  /* with the oldest tick that is safely in the ring */
};

struct tick_reader;

/*
 * Counters of one reader. received + skipped + lost = next - start, always;
 * a seek moves `start` along. Its size belongs to ABI version 1: later
 * counters take spare words, which are 0 until then.
 */
struct tick_reader_stats {
	uint64_t received; /* ticks delivered */
	uint64_t lost;     /* ticks that were published but not delivered, exactly */
	uint64_t overruns; /* how often it was lapped */
	uint64_t restarts; /* starts of a writer seen */
	uint64_t next;     /* number of the next tick to read */
	uint64_t start;    /* number from which on it counts */
	uint64_t skipped;  /* ticks that were there but did not pass the filter */
	uint64_t slept;    /* how often it went to sleep in a wait */
	uint64_t polled;   /* of these, naps for want of a bell */
	uint64_t damaged;  /* of the lost ones: those whose slots were damaged */
	uint64_t spare[6];
};

/*
 * Opens feed `feed` ("binance"; file /dev/shm/binance.ring). A name with a
 * slash is a path to the ring file itself. Returns 0 and the reader in *out,
 * or TICK_E_ABSENT, _FOREIGN, _ABI, _TRUNCATED, _ACCESS, _RANGE (bad name),
 * _SYSTEM. Free with tick_reader_close().
 */
int tick_reader_open(struct tick_reader **out, const char *feed, enum tick_start from);

/* Unmaps and frees, nulls the pointer; NULL is fine. */
void tick_reader_close(struct tick_reader **reader);

/*
 * Copies the next tick to *out. Returns TICK_MORE, TICK_END, TICK_E_OVERRUN,
 * TICK_E_STALE, _DEAD, _RESTARTED, _REPLACED. Whether the writer lives is
 * looked at after 64 calls that found nothing, at most every 10 ms; ask
 * tick_reader_check() when it matters sooner. STALE, DEAD and REPLACED repeat
 * as long as they hold and there is nothing to read.
 */
int tick_reader_next(struct tick_reader *reader, struct tick *out);

/*
 * The next tick in place, no copy: reads its fields with TICK_LOAD(), then
 * tick_reader_valid() must be asked, then tick_reader_advance() goes on.
 * Returns as tick_reader_next(); *out is set for TICK_MORE only and points
 * into the mapping until the reader is closed or reattached.
 */
int tick_reader_peek(struct tick_reader *reader, const struct tick **out);

/* Does what was read from the peeked tick stand? 1: yes; 0: it was overwritten, forget it. */
int tick_reader_valid(const struct tick_reader *reader);

/* Goes past the peeked tick, counting it as received. Call it only after a valid one. */
void tick_reader_advance(struct tick_reader *reader);

/*
 * How is the writer? TICK_END (fine), TICK_E_STALE, _DEAD, _REPLACED. One
 * or two system calls. TICK_E_RESTARTED comes in order from next and peek.
 */
int tick_reader_check(struct tick_reader *reader);

/*
 * Opens the segment that has the name now, after TICK_E_REPLACED. Goes on
 * with the same tick number where the writer did (another geometry), losses
 * counted; else with the oldest tick. Returns 0 or as tick_reader_open(); on failure the
 * old mapping stays.
 */
int tick_reader_reattach(struct tick_reader *reader);

/*
 * Copies ticks to out[0] .. out[max-1], as many as are there. *n says how
 * many, whatever the outcome, which is what ended the batch and is said once:
 * TICK_MORE (`max` copied, there may be more), TICK_END (no more there now),
 * else as tick_reader_next(). The ticks came before the outcome.
 */
int tick_reader_next_batch(struct tick_reader *reader, struct tick *out, size_t max, size_t *n);

/* Number of the next tick to read, wanted or not: what tick_reader_seek() takes. */
uint64_t tick_reader_tell(const struct tick_reader *reader);

/*
 * Goes to tick `number`, back or forth; numbers go on over restarts of the
 * writer. Returns TICK_MORE (it is there), TICK_END (it is the next to come),
 * TICK_E_OVERRUN (overwritten; on to the oldest that is safely there, and
 * stats.lost grew by exactly what lies between), TICK_E_RANGE (it lies in the
 * future; the reader stays where it is). Starts of a writer that lie behind
 * the reader's own are not told again as TICK_E_RESTARTED.
 */
int tick_reader_seek(struct tick_reader *reader, uint64_t number);

/* Goes to the newest or the oldest tick, as after opening; nothing counts as lost. */
void tick_reader_seek_end(struct tick_reader *reader, enum tick_start where);

/*
 * Another reader of the same segment at the same place, with the same filter,
 * counters at 0 and a mapping of its own. `reader` must not be in use by
 * another thread during the call; afterwards each may have its own. Returns
 * 0 or TICK_E_SYSTEM. Free with tick_reader_close().
 */
int tick_reader_clone(struct tick_reader **out, const struct tick_reader *reader);

/*
 * Waiting. Each returns as tick_reader_peek() would, at once when there is
 * something: TICK_MORE (read on; a filter was applied), TICK_E_OVERRUN,
 * TICK_E_RESTARTED, a state of the writer (STALE, DEAD, REPLACED: seen within
 * 100 ms). When the time is over: TICK_END, or the state that holds. A state
 * that the last wait returned does not end the next one early, so that a loop
 * around a wait does not spin while the writer is away.
 *
 * Times are in ns; negative means no limit. No wait ends before its time; a
 * signal does not end it, so let one that a signal shall end be a short one.
 */

/*
 * Sleeps until the writer rings. Where there is no bell it looks by itself,
 * every 50 us at first, then every 1 ms: tick_reader_can_wait().
 */
int tick_reader_wait(struct tick_reader *reader, int64_t timeout_ns);

/* Polls without a system call, pausing the processor; for a thread with a core of its own. */
int tick_reader_spin(struct tick_reader *reader, int64_t spin_ns);

/* Spins for spin_ns, then sleeps. The timeout counts from the call on. */
int tick_reader_spin_then_wait(struct tick_reader *reader, int64_t spin_ns, int64_t timeout_ns);

/*
 * 1: the writer rings, and this process may ask it to (may write NAME.bell).
 * 0: waits fall back to looking by themselves. May change with a restart.
 */
int tick_reader_can_wait(struct tick_reader *reader);

/*
 * Filters. Ticks that do not pass are never delivered but counted in
 * stats.skipped; skipping reads one word of their first line. Losses are
 * counted over all ticks, wanted or not. OVERRUN, RESTARTED and the states of
 * the writer are told whatever the filter. One call goes past TICK_SKIP_MAX
 * ticks at most, then returns TICK_END, so that a filter which nothing passes
 * cannot keep the caller for ever. A filter stays over tick_reader_reattach().
 */
#define TICK_SKIP_MAX 4096

/* Bit of a type for tick_reader_filter_types(). */
#define TICK_TYPE_BIT(type) (UINT64_C(1) << (type))

/* Only types whose bit is set pass; UINT64_MAX (as opened): every one, later ones too. */
void tick_reader_filter_types(struct tick_reader *reader, uint64_t types);

/*
 * Lets an instrument pass. From the first call on only those pass that were
 * added, and the FEED_EVENTs that concern the whole feed. An id may be added
 * before it stands in the directory. Returns 0, TICK_E_RANGE (the directory
 * has no room for such an id), TICK_E_SYSTEM (no memory).
 */
int tick_reader_filter_add(struct tick_reader *reader, uint32_t id);

/* Takes an instrument out again; none left: none passes. Returns 0 or TICK_E_RANGE. */
int tick_reader_filter_remove(struct tick_reader *reader, uint32_t id);

/* Lets everything pass again, as opened. */
void tick_reader_filter_clear(struct tick_reader *reader);

/* Counters since open. */
struct tick_reader_stats tick_reader_stats(const struct tick_reader *reader);

/* How many ticks the writer is ahead, by its hint: at most TICK_HINT_EVERY too few. */
uint64_t tick_reader_lag(const struct tick_reader *reader);

/* Number of entries in the directory; grows. */
uint32_t tick_reader_instruments(const struct tick_reader *reader);

/* Entry `id` of the directory, in place, or NULL when there is none. Constant but for `trading`. */
const struct tick_instrument *tick_reader_instrument(const struct tick_reader *reader, uint32_t id);

/* Id of a symbol, or -1. Linear: look up once, keep the id. */
int64_t tick_reader_find(const struct tick_reader *reader, const char *symbol);

/* The header, for inspection; changing words with TICK_LOAD(). */
const struct tick_segment_header *tick_reader_header(const struct tick_reader *reader);

/* Words for any outcome of this header ("the writer lapped this reader"). Never NULL. */
const char *tick_outcome_text(int outcome);

/* Runtime version of the library: TICK_ABI_MAJOR * 1000 + TICK_ABI_MINOR. */
unsigned tick_abi_version(void);

/*
 * Writes mantissa x 10^exponent exactly as text ("-0.00120000") into `out` of
 * `size` bytes, NUL-terminated; "-" for TICK_ABSENT. Returns the length, or 0
 * when `size` is too small (44 is enough for exponents of -18 to 18).
 */
size_t tick_format(int64_t mantissa, int exponent, char *out, size_t size);

#ifdef __cplusplus
}
#endif

#endif

/*
 * The bell: how the writer wakes readers that sleep. A reader that is about
 * to sleep sets the flag in NAME.bell, a page of its own that readers may
 * write, and waits on the futex word in the ring's header, which they may not.
 * The writer looks at the flag once per batch. bell.c argues why no wake-up is
 * lost.
 *
 * Who may write the page can cause wake-ups, at most one per BELL_EVERY_NS,
 * and can delay those of other readers by 50 ms; nothing else: a page
 * cut off the file under the writer ends the bell, not the writer.
 *
 * Owned by the feed thread.
 */
#ifndef SHM_BELL_H
#define SHM_BELL_H

#include <signal.h>
#include <stdbool.h>

#include "shm/segment.h"

#define BELL_EVERY_NS 50000
#define BELL_BYTES 4096

struct bell_cfg {
	const char *directory; /* NULL: /dev/shm */
	const char *feed;
	gid_t group;           /* who may wait by it, (gid_t)-1: the process's own */
};

struct bell {
	uint8_t *flag;       /* the page; NULL: there is no bell */
	int64_t due_ns;      /* a wake-up was put off until then; INT64_MAX: none was */
	int64_t rung_ns;     /* CLOCK_MONOTONIC of the last wake-up */
	uint64_t rings;      /* wake-ups */
	struct tick_segment_header *header; /* of the ring: holds the futex word */
	volatile sig_atomic_t lost; /* the page was cut off the file */
	struct bell *next;   /* the others of this process */
	char path[PATH_MAX];
};

/*
 * Hangs up the bell of a ring that is open and committed. Creates NAME.bell,
 * mode 0660, or takes over the one that is there. Returns 0 or -errno with
 * words in why[SEGMENT_WHY_MAX]; *b is then fit for every call and does
 * nothing. The first one installs a handler for SIGBUS that passes on what is
 * none of its business.
 */
int bell_open(struct bell *b, const struct bell_cfg *cfg, struct tick_segment_header *ring,
    char *why);

/* Wakes who sleeps, and takes the bell down, if it hangs. Call it before ring_close(). */
void bell_close(struct bell *b, bool unlink_it);

/* The flag is up, or a wake-up was put off. */
void bell_wake(struct bell *b, int64_t mono_ns);

/*
 * Wakes who sleeps, if anybody does; after the last tick of a batch. When the
 * last wake-up is younger than BELL_EVERY_NS it is put off: call again at
 * bell_deadline(), whether or not there are new ticks.
 */
static inline void
bell_ring(struct bell *b, int64_t mono_ns)
{
	if (!b->flag)
		return;
	/* W2: the ticks before the flag; the reader: the flag before the ticks. */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (__builtin_expect(__atomic_load_n(b->flag, __ATOMIC_RELAXED) != 0, 0) ||
	    __builtin_expect(b->due_ns != INT64_MAX, 0))
		bell_wake(b, mono_ns);
}

/* CLOCK_MONOTONIC ns at which bell_ring() must be called again; INT64_MAX: no need. */
static inline int64_t
bell_deadline(const struct bell *b)
{
	return b->flag ? b->due_ns : INT64_MAX;
}

/* Did somebody cut the page off the file? Then nobody is woken any more; close the bell. */
static inline bool
bell_is_lost(const struct bell *b)
{
	return b->lost != 0;
}

#endif

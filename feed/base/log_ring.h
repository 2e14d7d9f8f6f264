/*
 * Bounded queue of log lines: many producers that never wait, one consumer.
 *
 * Each slot carries a turn: slot i of n is free for the producer of position
 * p (p mod n = i) at turn p, and full for the consumer at turn p + 1. A
 * producer claims a position by compare-and-swap; if its slot is not free the
 * ring is full and the line is lost. (The scheme of D. Vyukov's bounded queue.)
 * Any thread puts, the log thread takes.
 */
#ifndef FEED_BASE_LOG_RING_H
#define FEED_BASE_LOG_RING_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "feed/base/log_line.h"

#define LOG_RING_LINES 1024 /* a power of two */

struct log_slot {
	_Atomic uint64_t turn;
	uint32_t length;
	char text[LOG_LINE_MAX];
};

struct log_ring {
	_Alignas(64) _Atomic uint64_t head; /* next position to claim */
	_Alignas(64) uint64_t tail;         /* next position to read; the consumer's */
	struct log_slot slot[LOG_RING_LINES];
};

/* Empty; before any other thread uses it. */
void log_ring_init(struct log_ring *ring);

/*
 * Claims a slot to be filled and given to log_ring_publish(). Returns NULL when
 * the ring is full. Any thread; never waits.
 */
struct log_slot *log_ring_claim(struct log_ring *ring);
void log_ring_publish(struct log_slot *slot);

/*
 * The oldest line, or NULL when there is none (or its producer is still
 * writing it). It stays until log_ring_release(). Consumer only.
 */
const struct log_slot *log_ring_peek(const struct log_ring *ring);
void log_ring_release(struct log_ring *ring);

#endif

#include "feed/base/log_ring.h"

void
log_ring_init(struct log_ring *ring)
{
	atomic_init(&ring->head, 0);
	ring->tail = 0;
	for (uint64_t i = 0; i < LOG_RING_LINES; i++)
		atomic_init(&ring->slot[i].turn, i);
}

struct log_slot *
log_ring_claim(struct log_ring *ring)
{
	uint64_t at = atomic_load_explicit(&ring->head, memory_order_relaxed), turn;
	struct log_slot *slot;

	for (;;) {
		slot = &ring->slot[at % LOG_RING_LINES];
		turn = atomic_load_explicit(&slot->turn, memory_order_acquire);
		if (turn == at) {
			if (atomic_compare_exchange_weak_explicit(&ring->head, &at, at + 1,
				memory_order_relaxed, memory_order_relaxed))
				return slot;
		} else if (turn < at) {
			return NULL; /* still holds the line of one round ago */
		} else {
			at = atomic_load_explicit(&ring->head, memory_order_relaxed);
		}
	}
}

void
log_ring_publish(struct log_slot *slot)
{
	uint64_t turn = atomic_load_explicit(&slot->turn, memory_order_relaxed);

	atomic_store_explicit(&slot->turn, turn + 1, memory_order_release);
}

const struct log_slot *
log_ring_peek(const struct log_ring *ring)
{
	const struct log_slot *slot = &ring->slot[ring->tail % LOG_RING_LINES];
	uint64_t turn = atomic_load_explicit(&slot->turn, memory_order_acquire);

	return turn == ring->tail + 1 ? slot : NULL;
}

void
log_ring_release(struct log_ring *ring)
{
	struct log_slot *slot = &ring->slot[ring->tail % LOG_RING_LINES];

	atomic_store_explicit(&slot->turn, ring->tail + LOG_RING_LINES, memory_order_release);
	ring->tail++;
}

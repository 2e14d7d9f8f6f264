#include "feed/base/mailbox.h"

#include <assert.h>
#include <string.h>

void
mailbox_init(struct mailbox *box, void *memory, size_t record, size_t records)
{
	assert(record > 0 && records > 0 && (records & (records - 1)) == 0);
	memset(box, 0, sizeof(*box));
	box->memory = memory;
	box->record = record;
	box->mask = records - 1;
}

/*
 * A place is written before `put` says so (release), and read before `taken`
 * gives it back (release); whoever sees the number (acquire) sees the rest.
 */
bool
mailbox_put(struct mailbox *box, const void *record)
{
	uint64_t put = atomic_load_explicit(&box->put, memory_order_relaxed);

	if (put - box->taken_seen > box->mask)
		box->taken_seen = atomic_load_explicit(&box->taken, memory_order_acquire);
	if (put - box->taken_seen > box->mask)
		return false;
	memcpy(box->memory + (put & box->mask) * box->record, record, box->record);
	atomic_store_explicit(&box->put, put + 1, memory_order_release);
	return true;
}

bool
mailbox_take(struct mailbox *box, void *record)
{
	uint64_t taken = atomic_load_explicit(&box->taken, memory_order_relaxed);

	if (taken == box->put_seen)
		box->put_seen = atomic_load_explicit(&box->put, memory_order_acquire);
	if (taken == box->put_seen)
		return false;
	memcpy(record, box->memory + (taken & box->mask) * box->record, box->record);
	atomic_store_explicit(&box->taken, taken + 1, memory_order_release);
	return true;
}

#include "shm/header.h"

#include <tickring/reader.h>
#include <tickring/status.h>

/* Do `n` records of `each` bytes at `at` lie between the header and the end? */
static int
range_fits(uint64_t at, uint64_t n, uint64_t each, uint64_t total)
{
	uint64_t bytes, end;

	return at >= TICK_HEADER_BYTES && at % 128 == 0 &&
	    !__builtin_mul_overflow(n, each, &bytes) && !__builtin_add_overflow(at, bytes, &end) &&
	    end <= total;
}

static int
record_bytes_fit(const struct tick_segment_header *h, enum tick_segment_kind kind)
{
	switch (kind) {
	case TICK_SEGMENT_RING:
		return h->record_bytes == sizeof(struct tick) && h->records > 0 &&
		    (h->records & (h->records - 1)) == 0 && h->directory_max > 0 &&
		    h->directory_max <= UINT32_MAX && h->first <= TICK_NUMBER_MAX &&
		    range_fits(h->directory_at, h->directory_max, sizeof(struct tick_instrument),
		        h->total_bytes);
	case TICK_SEGMENT_BOARD:
		return h->board_depth <= 100000 &&
		    h->record_bytes == TICK_BOARD_ENTRY_BYTES(h->board_depth);
	case TICK_SEGMENT_STATUS:
		return h->record_bytes == sizeof(struct tick_status_record) && h->records == 1;
	}
	return 0;
}

int
header_check(const struct tick_segment_header *h, enum tick_segment_kind kind, uint64_t file_bytes)
{
	if (h->magic == __builtin_bswap64(TICK_MAGIC))
		return TICK_E_ABI;
	if (h->magic != TICK_MAGIC)
		return TICK_E_FOREIGN;
	if (h->byte_order != TICK_BYTE_ORDER || h->abi_major != TICK_ABI_MAJOR ||
	    h->header_bytes != TICK_HEADER_BYTES)
		return TICK_E_ABI;
	if (h->kind != kind)
		return TICK_E_FOREIGN;
	if (h->total_bytes > file_bytes)
		return TICK_E_TRUNCATED;
	if (!record_bytes_fit(h, kind) ||
	    !range_fits(h->records_at, h->records, h->record_bytes, h->total_bytes))
		return TICK_E_FOREIGN;
	return 0;
}

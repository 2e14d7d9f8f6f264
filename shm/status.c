#include <tickring/status.h>

#include <stdlib.h>
#include <string.h>

#include "shm/attach.h"
#include "shm/words.h"

struct tick_status_reader {
	const struct tick_status_record *record;
	struct attachment at;
};

int
tick_status_open(struct tick_status_reader **out, const char *feed)
{
	struct tick_status_reader *r;
	int outcome;

	*out = NULL;
	r = calloc(1, sizeof(*r));
	if (!r)
		return TICK_E_SYSTEM;
	outcome = attach_feed(&r->at, feed, "status", TICK_SEGMENT_STATUS);
	if (outcome != 0) {
		free(r);
		return outcome;
	}
	r->record = (const struct tick_status_record *)((const char *)r->at.header +
	    r->at.checked.records_at);
	*out = r;
	return 0;
}

void
tick_status_close(struct tick_status_reader **reader)
{
	if (!*reader)
		return;
	attach_close(&(*reader)->at);
	free(*reader);
	*reader = NULL;
}

/* The copy that was finished last; NULL: none was. A writer that died leaves one finished. */
static const struct tick_status_block *
newest_of(const struct tick_status_record *record)
{
	uint64_t a = TICK_LOAD(&record->copy[0].seq), b = TICK_LOAD(&record->copy[1].seq);

	a = a & 1 ? 0 : a;
	b = b & 1 ? 0 : b;
	if (a == 0 && b == 0)
		return NULL;
	return &record->copy[b > a];
}

int
tick_status_read(const struct tick_status_reader *reader, struct tick_status *out)
{
	struct tick_status copy;
	const struct tick_status_block *block;

	/* The writer comes to a copy again after it has finished the other: one more look does. */
	for (int i = 0; i < SEQLOCK_ATTEMPTS; i++) {
		block = newest_of(reader->record);
		if (block == NULL)
			return TICK_E_ABSENT;
		if (seqlock_try(&block->seq, &copy, &block->status, sizeof(copy)) == 1)
			continue;
		memcpy(out, &copy, sizeof(copy));
		return 0;
	}
	return TICK_E_BUSY;
}

int
tick_status_read_stream(const struct tick_status_reader *reader, unsigned row,
    struct tick_stream_status *out)
{
	const struct tick_stream_block *block;
	uint64_t stable;

	if (row >= TICK_STREAMS_MAX)
		return TICK_E_ABSENT;
	block = &reader->record->stream[row];
	stable = seqlock_read(&block->seq, out, &block->status, sizeof(*out));
	if (stable == 1) {
		words_load(out, &block->status, sizeof(*out));
		return TICK_E_BUSY;
	}
	return stable == 0 ? TICK_E_ABSENT : 0;
}

int
tick_status_check(const struct tick_status_reader *reader)
{
	return attach_check(&reader->at);
}

int64_t
tick_histogram_bound(unsigned bucket)
{
	return bucket < TICK_HISTOGRAM_BUCKETS - 1 ? INT64_C(1024) << bucket : INT64_MAX;
}

#include <tickring/status.h>

#include <stdlib.h>
#include <string.h>

#include "shm/attach.h"
#include "shm/words.h"

struct tick_status_reader {
	const struct tick_status_block *block;
	struct attachment at;
};

int
tick_status_open(struct tick_status_reader **out, const char *feed)
{
	char path[PATH_MAX];
	struct tick_status_reader *r;
	int outcome;

	*out = NULL;
	outcome = attach_path(feed, "status", path);
	if (outcome != 0)
		return outcome;
	r = calloc(1, sizeof(*r));
	if (!r)
		return TICK_E_SYSTEM;
	outcome = attach_open(&r->at, path, TICK_SEGMENT_STATUS);
	if (outcome != 0) {
		free(r);
		return outcome;
	}
	r->block = (const struct tick_status_block *)((const char *)r->at.header +
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

int
tick_status_read(const struct tick_status_reader *reader, struct tick_status *out)
{
	struct tick_status copy;
	uint64_t stable =
	    seqlock_read(&reader->block->seq, &copy, &reader->block->status, sizeof(copy));

	if (stable == 1)
		return TICK_E_BUSY;
	if (stable == 0)
		return TICK_E_ABSENT;
	memcpy(out, &copy, sizeof(copy));
	return 0;
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

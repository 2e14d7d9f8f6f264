#include "shm/status_writer.h"

#include <string.h>

#include "shm/words.h"

int
status_prepare(struct status_writer *w, const struct status_cfg *cfg, char *why)
{
	struct segment_spec spec = {
		.kind = TICK_SEGMENT_STATUS,
		.directory = cfg->directory,
		.feed = cfg->feed,
		.suffix = "status",
		.group = cfg->group,
		.claimed = cfg->claimed,
		.heartbeat_every_ns = cfg->heartbeat_every_ns,
		.record_bytes = sizeof(struct tick_status_record),
		.records = 1,
	};
	int rc;

	memset(w, 0, sizeof(*w));
	rc = segment_open(&w->segment, &spec, why);
	if (rc != 0)
		return rc;
	w->record = segment_records(&w->segment);
	return 0;
}

int
status_start(struct status_writer *w, char *why)
{
	int rc = segment_commit(&w->segment, 0, why);

	if (rc != 0)
		status_close(w, false);
	return rc;
}

int
status_open(struct status_writer *w, const struct status_cfg *cfg, char *why)
{
	int rc = status_prepare(w, cfg, why);

	return rc == 0 ? status_start(w, why) : rc;
}

void
status_close(struct status_writer *w, bool unlink_it)
{
	segment_close(&w->segment, unlink_it);
	memset(w, 0, sizeof(*w));
}

/* The finished sequence of a copy: 0 when none is. */
static uint64_t
finished(const struct tick_status_block *block)
{
	uint64_t seq = TICK_LOAD(&block->seq);

	return seq & 1 ? 0 : seq;
}

bool
status_recall(const struct status_writer *w, struct tick_status *out)
{
	uint64_t a = finished(&w->record->copy[0]), b = finished(&w->record->copy[1]);

	if (!w->segment.continued || (a == 0 && b == 0))
		return false;
	words_load(out, &w->record->copy[b > a].status, sizeof(*out));
	return true;
}

/*
 * Into the copy that is not the newest one: a reader always finds one that is
 * finished, even when the writer dies in here.
 */
void
status_publish(struct status_writer *w, const struct tick_status *status)
{
	uint64_t a = finished(&w->record->copy[0]), b = finished(&w->record->copy[1]);
	uint64_t newest = a > b ? a : b;
	struct tick_status_block *block = &w->record->copy[a >= b];

	__atomic_store_n(&block->seq, newest + 1, __ATOMIC_RELAXED);
	__atomic_thread_fence(__ATOMIC_RELEASE);
	words_store(&block->status, status, sizeof(*status));
	__atomic_store_n(&block->seq, newest + 2, __ATOMIC_RELEASE);
	segment_heartbeat(&w->segment, status->at_mono_ns);
}

void
status_publish_stream(struct status_writer *w, unsigned row,
    const struct tick_stream_status *status)
{
	struct tick_stream_block *block = &w->record->stream[row];
	uint64_t begun = seqlock_write_begin(&block->seq);

	words_store(&block->status, status, sizeof(*status));
	seqlock_write_end(&block->seq, begun);
}

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
		.record_bytes = sizeof(struct tick_status_block),
		.records = 1,
	};
	int rc;

	memset(w, 0, sizeof(*w));
	rc = segment_open(&w->segment, &spec, why);
	if (rc != 0)
		return rc;
	w->block = segment_records(&w->segment);
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

void
status_publish(struct status_writer *w, const struct tick_status *status)
{
	uint64_t begun = seqlock_write_begin(&w->block->seq);

	words_store(&w->block->status, status, sizeof(*status));
	seqlock_write_end(&w->block->seq, begun);
	segment_heartbeat(&w->segment, status->at_mono_ns);
}

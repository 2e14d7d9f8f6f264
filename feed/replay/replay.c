#include "feed/replay/replay.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <tickring/status.h>

#include "feed/base/log.h"
#include "feed/io/clock.h"
#include "feed/io/signals.h"
#include "feed/io/tape_reader.h"
#include "feed/replay/replay_apply.h"
#include "feed/status/snapshot.h"

/* Records between two looks at the clock, when there is no pace to keep. */
#define AT_ONCE 256

struct replay {
	const struct config *cfg;
	const struct replay_cfg *how;
	struct stores stores;
	struct replay_apply apply;
	struct snapshot snapshot;
	mono_t snapshot_due;
	mono_t began, first; /* of the session: now, and then */
	uint64_t records, gaps, sessions;
	struct tape_block_header last; /* block that was read last */
	bool has_last;
};

/* ---- the configuration ------------------------------------------------------------ */

static int
keep_text(struct bytes text)
{
	int fd = memfd_create("capture-config", MFD_CLOEXEC);

	if (fd >= 0 && write(fd, text.p, text.n) != (ssize_t)text.n) {
		close(fd);
		fd = -1;
	}
	return fd >= 0 ? fd : -EIO;
}

int
replay_config(const char *file)
{
	struct tape_reader *reader;
	struct tape_record record;
	enum tape_outcome outcome;
	int rc = tape_reader_open(&reader, file, NULL);

	if (rc != 0) {
		fprintf(stderr, "feedd: %s: %s\n", file, strerror(-rc));
		return rc;
	}
	do
		outcome = tape_reader_next(reader, &record);
	while (outcome == TAPE_GAP ||
	    (outcome == TAPE_RECORD && record.kind != TAPE_CONFIG));
	if (outcome == TAPE_RECORD) {
		rc = keep_text(record.payload);
	} else {
		rc = -EBADMSG;
		fprintf(stderr, "feedd: %s: no configuration in it: %s\n", file,
		    outcome == TAPE_FAILED ? tape_reader_error(reader)
		                              : "it is no capture, or its beginning is lost");
	}
	tape_reader_close(&reader);
	return rc;
}

/* ---- time ------------------------------------------------------------------------- */

static void
publish_status(struct replay *r, mono_t now)
{
	struct tick_status *s = &r->snapshot.status;

	if (r->apply.pipeline == NULL)
		return;
	s->at_ns = clock_wall().ns;
	s->at_mono_ns = now.ns;
	s->instruments = r->stores.ring.instruments;
	memcpy(s->counter, pipeline_counters(r->apply.pipeline), sizeof(s->counter));
	stores_publish(&r->stores, r->cfg, s, now);
	r->snapshot_due = mono_add(now, span_ms(r->cfg->status_interval_ms));
}

static void
show_life(struct replay *r, mono_t now)
{
	struct pipeline_control unheard;

	while (r->apply.pipeline != NULL && pipeline_next_control(r->apply.pipeline, &unheard))
		;
	ring_idle(&r->stores.ring, now.ns);
	bell_ring(&r->stores.bell, now.ns);
	if (mono_due(r->snapshot_due, now))
		publish_status(r, now);
}

/* When it is the record's turn. */
static mono_t
turn_of(struct replay *r, mono_t then, mono_t now)
{
	span_t since;

	if (r->apply.sessions != r->sessions) {
		r->sessions = r->apply.sessions;
		r->began = now;
		r->first = then;
	}
	since = mono_diff(then, r->first);
	return mono_add(r->began,
	    span_ns((int64_t)((__int128)since.ns * 1000 / r->how->speed_milli)));
}

static void
sleep_until(mono_t then)
{
	struct timespec ts = {then.ns / 1000000000, then.ns % 1000000000};

	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL); /* a signal ends it */
}

static void
keep_pace(struct replay *r, const struct tape_record *record)
{
	mono_t now, then;

	if (r->how->speed_milli == 0) {
		if (r->records % AT_ONCE == 0)
			show_life(r, clock_mono());
		return;
	}
	now = clock_mono();
	then = turn_of(r, record->mono, now);
	while (mono_before(now, then) && !signals_stop_asked()) {
		show_life(r, now);
		sleep_until(mono_min(then, r->snapshot_due));
		now = clock_mono();
	}
	if (r->records % AT_ONCE == 0)
		show_life(r, now);
}

/* ---- files ------------------------------------------------------------------------ */

static void
tell_gap(struct replay *r, const char *file, const struct tape_block_header *block)
{
	r->gaps++;
	LOG(ERROR, "replay_gap", LOG_STR("file", file), LOG_U64("block", block->number),
	    LOG_U64("dropped", block->dropped),
	    LOG_THEN("the capture lacks records: from here on ticks may differ"));
}

/* One record or whatever else comes. Returns 1 to go on, 0 at the end, or -errno (logged). */
static int
step(struct replay *r, struct tape_reader *reader, const char *file)
{
	struct tape_record record;
	int rc;

	switch (tape_reader_next(reader, &record)) {
	case TAPE_RECORD:
		break;
	case TAPE_GAP:
		tell_gap(r, file, tape_reader_block(reader));
		return 1;
	case TAPE_TORN:
		LOG(WARNING, "replay_torn", LOG_STR("file", file),
		    LOG_U64("bytes", tape_reader_skipped(reader)),
		    LOG_THEN("what was whole is replayed"));
		return 0;
	case TAPE_FAILED:
		LOG(ERROR, "replay_failed", LOG_STR("file", file),
		    LOG_STR("detail", tape_reader_error(reader)));
		return -EIO;
	case TAPE_END:
		return 0;
	}
	keep_pace(r, &record);
	rc = replay_apply(&r->apply, &record, tape_reader_block(reader)->session);
	r->records++;
	return rc == 0 ? 1 : rc;
}

static int
play(struct replay *r, const char *file)
{
	struct tape_reader *reader;
	int rc = tape_reader_open(&reader, file, r->has_last ? &r->last : NULL);

	if (rc != 0) {
		LOG(ERROR, "replay_failed", LOG_STR("file", file), LOG_ERRNO("error", -rc));
		return rc;
	}
	do
		rc = step(r, reader, file);
	while (rc > 0 && !signals_stop_asked());
	if (tape_reader_block(reader)->magic == TAPE_MAGIC) {
		r->last = *tape_reader_block(reader);
		r->has_last = true;
	}
	tape_reader_close(&reader);
	return rc < 0 ? rc : 0;
}

static int
play_all(struct replay *r)
{
	uint64_t ticks = r->stores.ring.next;
	int rc = 0;

	for (size_t i = 0; i < r->how->files && rc == 0 && !signals_stop_asked(); i++)
		rc = play(r, r->how->file[i]);
	show_life(r, clock_mono());
	publish_status(r, clock_mono());
	replay_apply_end(&r->apply);
	LOG(INFO, "replayed", LOG_STR("feed", r->cfg->feed), LOG_U64("records", r->records),
	    LOG_U64("messages", r->apply.frames), LOG_U64("sessions", r->apply.sessions),
	    LOG_U64("ticks", r->stores.ring.next - ticks), LOG_U64("gaps", r->gaps),
	    LOG_U64("senseless", r->apply.senseless));
	return rc;
}

/* The ids of a live feed's ring are its readers': it is not for the past to give them away. */
static bool
is_of_live_feed(const char *feed)
{
	struct tick_status_reader *reader;
	struct tick_status *status = malloc(sizeof(*status));
	bool live = false;

	if (status != NULL && tick_status_open(&reader, feed) == 0) {
		live = tick_status_read(reader, status) == 0 && status->transport[0] != '\0' &&
		    strcmp(status->transport, "replay") != 0;
		tick_status_close(&reader);
	}
	free(status);
	return live;
}

/* Before shared memory is touched: can it be replayed, and there? Returns 0 or -errno (logged). */
static int
look_ahead(const struct replay *r)
{
	struct tape_reader *reader;
	int rc = 0;

	for (size_t i = 0; i < r->how->files && rc == 0; i++) {
		rc = tape_reader_open(&reader, r->how->file[i], NULL);
		if (rc == 0)
			tape_reader_close(&reader);
		else
			LOG(ERROR, "replay_failed", LOG_STR("file", r->how->file[i]),
			    LOG_ERRNO("error", rc), LOG_THEN("nothing is replayed"));
	}
	if (rc == 0 && is_of_live_feed(r->cfg->feed)) {
		LOG(ERROR, "replay_refused", LOG_STR("feed", r->cfg->feed),
		    LOG_STR("detail", "its segments are those of a live feed"),
		    LOG_THEN("choose another feed name, or remove them"));
		rc = -EEXIST;
	}
	return rc;
}

int
replay_run(const struct config *cfg, const struct replay_cfg *how)
{
	static struct replay r; /* large */
	int rc;

	r = (struct replay){.cfg = cfg, .how = how};
	r.apply = (struct replay_apply){.cfg = cfg, .stores = &r.stores};
	stores_init(&r.stores);
	signals_catch();
	snapshot_init(&r.snapshot, "replay", "", clock_wall(), clock_mono());
	snapshot_take_config(&r.snapshot, cfg);
	rc = stores_claim(&r.stores, cfg, signals_stop_flag());
	if (rc == 0)
		rc = look_ahead(&r);
	if (rc == 0)
		rc = stores_open(&r.stores, cfg, "is of an earlier replay");
	if (rc == 0)
		rc = play_all(&r);
	replay_apply_end(&r.apply);
	stores_close(&r.stores, cfg->ring.unlink_at_exit);
	return rc == 0 && r.gaps == 0 && r.apply.senseless == 0 ? 0 : 1;
}

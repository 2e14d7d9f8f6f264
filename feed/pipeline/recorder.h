/*
 * Writes down all that the pipeline is told: messages with their stamps, lines
 * that come and go, streams, the passing of time where it matters. From that
 * the same ticks can be made again (replay.h).
 *
 * One of the files of the pipeline, which calls it; feed thread. Never waits.
 */
#ifndef FEED_PIPELINE_RECORDER_H
#define FEED_PIPELINE_RECORDER_H

#include <stdint.h>

#include "feed/base/bytes.h"
#include "feed/conf/config.h"
#include "feed/core/booksync.h"
#include "feed/io/tape.h"
#include "feed/io/transport.h"

struct listing;
struct pipeline;
struct pipeline_fill;
struct recorder;

/*
 * Begins to record what `pipeline` is told, as capture.* of the configuration
 * says. *out is NULL when it says not to. Returns 0, or -errno (logged).
 */
int recorder_open(struct recorder **out, const struct config *cfg, struct pipeline *pipeline,
    wall_t now, mono_t mono);

/* Takes the recorder off the pipeline and writes out the rest. NULL is fine, here and below. */
void recorder_close(struct recorder **recorder);

/* Looks after the disk. */
void recorder_on_time(struct recorder *recorder, mono_t now);
mono_t recorder_deadline(const struct recorder *recorder);

/* Puts its counters among those of the pipeline. */
void recorder_count(const struct recorder *recorder, uint64_t *counter);

/* ---- what the pipeline is told ------------------------------------------------ */

void recorder_on_frame(struct recorder *recorder, unsigned line, enum transport_payload payload,
    struct bytes frame, struct transport_stamps stamps);
void recorder_on_request(struct recorder *recorder, unsigned line, struct bytes text, wall_t now,
    mono_t mono);
void recorder_on_pause(struct recorder *recorder, mono_t now);

/* TAPE_LINE_UP, _DOWN with leg or reason. */
void recorder_on_line(struct recorder *recorder, enum tape_kind kind, unsigned line,
    uint64_t word, wall_t now, mono_t mono);

/* TAPE_STREAM, _GONE, _LEFT; `name` may be empty. They carry the last record's time. */
void recorder_on_stream(struct recorder *recorder, enum tape_kind kind, uint32_t number,
    unsigned line, struct bytes name);

/* A snapshot of a book came; a wish for one was taken up. */
void recorder_on_snapshot(struct recorder *recorder, uint32_t instrument,
    const struct booksync_snapshot *snapshot, wall_t now, mono_t mono);
void recorder_on_wish(struct recorder *recorder);

/* What REST has of the missing ids of a gap. */
void recorder_on_fill(struct recorder *recorder, const struct pipeline_fill *fill, wall_t now,
    mono_t mono);

/* The exchange's list of instruments, whatever becomes of it; or that there is none. */
void recorder_on_list(struct recorder *recorder, const struct listing *listing, wall_t now,
    mono_t mono);
void recorder_on_no_list(struct recorder *recorder, wall_t now, mono_t mono);

void recorder_on_stale(struct recorder *recorder, uint32_t number, uint64_t why, wall_t now,
    mono_t mono);

#endif

#include "feed/pipeline/recorder.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "feed/base/log.h"
#include "feed/pipeline/pipeline_impl.h"

/* Losses are told in the log not more often than this. */
#define TELL_EVERY_S 1
#define TELL_FILE_EVERY_S 60

struct recorder {
	struct tape *capture; /* NULL while its first file begins */
	struct pipeline *pipeline;
	char *config; /* its text */
	size_t config_n;
	char *room; /* for a record that is put together */
	size_t room_bytes;
	wall_t wall;  /* of the last record */
	mono_t mono;
	uint64_t told_dropped, told_errors; /* that are in the log */
	mono_t tell_at, tell_file_at;
};

static void
add(struct recorder *r, const struct tape_record *record)
{
	r->wall = record->wall;
	r->mono = record->mono;
	tape_add(r->capture, record);
}

/* ---- what a file begins with -------------------------------------------------- */

static void
describe_instrument(struct recorder *r, uint32_t id)
{
	const struct tick_instrument *i = &r->pipeline->cfg.ring->directory[id];
	const struct tick_data *data = &r->pipeline->instrument[id].data;
	struct tape_instrument out = {
		.id = id,
		.venue = i->venue,
		.price_exponent = i->price_exponent,
		.qty_exponent = i->qty_exponent,
		.state = data->state,
		.trade_id = data->trade_id,
		.agg_trade_id = data->agg_trade_id,
		.quote_id = data->quote_id,
		.depth_id = data->depth_id,
		.symbol_bytes = i->symbol_bytes,
		.trading = i->trading,
	};

	memcpy(out.symbol, i->symbol, i->symbol_bytes);
	add(r, &(struct tape_record){.kind = TAPE_INSTRUMENT, .flags = TAPE_FLAG_PREAMBLE,
	    .wall = r->wall, .mono = r->mono, .payload = {(const char *)&out, sizeof(out)}});
}

static void
add_stream(struct recorder *r, const struct tape_record *like, uint32_t number, struct bytes name)
{
	struct tape_record record = *like;
	char payload[512];
	uint64_t word = number;
	size_t room = sizeof(payload) - sizeof(word), n = name.n < room ? name.n : room;

	memcpy(payload, &word, sizeof(word));
	if (n > 0)
		memcpy(payload + sizeof(word), name.p, n);
	record.wall = r->wall;
	record.mono = r->mono;
	record.payload = (struct bytes){payload, sizeof(word) + n};
	add(r, &record);
}

static void
describe(void *context, struct tape *capture, wall_t now, mono_t mono)
{
	struct recorder *r = context;
	struct pipeline *p = r->pipeline;
	const struct tape_record stream = {
		.kind = TAPE_STREAM, .flags = TAPE_FLAG_PREAMBLE};

	r->capture = capture;
	add(r, &(struct tape_record){.kind = TAPE_CONFIG, .flags = TAPE_FLAG_PREAMBLE,
	    .wall = now, .mono = mono, .payload = {r->config, r->config_n}});
	for (uint32_t id = 0; id < p->cfg.ring->instruments; id++)
		describe_instrument(r, id);
	for (uint32_t i = 0; i < p->roster.streams_max; i++)
		if (p->roster.stream[i].name != NULL)
			add_stream(r, &stream, i, bytes_of(p->roster.stream[i].name));
}

/* ---- life --------------------------------------------------------------------- */

static int
print_config(struct recorder *r, const struct config *cfg)
{
	FILE *out = open_memstream(&r->config, &r->config_n);

	if (out == NULL)
		return -ENOMEM;
	config_show(out, cfg);
	return fclose(out) == 0 ? 0 : -ENOMEM;
}

static int
open_capture(struct recorder *r, const struct config *cfg, wall_t now, mono_t mono, char *why)
{
	const struct config_capture *c = &cfg->capture;
	static const char *const writers[] = {
		[CONFIG_CAPTURE_AUTO] = "auto",
		[CONFIG_CAPTURE_URING] = "uring",
		[CONFIG_CAPTURE_THREAD] = "thread",
	};
	struct tape_cfg capture = {
		.dir = c->dir,
		.name = cfg->feed,
		.writer = writers[c->writer],
		.buffer_bytes = c->buffer_bytes,
		.file_bytes = c->file_bytes,
		.file_age = span_ms(c->file_age_ms),
		.flush_every = span_ms(c->flush_ms),
		.compress = c->compress,
		.cpu = (int)cfg->cpu,
		.preamble = describe,
		.context = r,
	};

	return tape_open(&r->capture, &capture, now, mono, why);
}

int
recorder_open(struct recorder **out, const struct config *cfg, struct pipeline *pipeline,
    wall_t now, mono_t mono)
{
	char why[TAPE_WHY_MAX] = "";
	struct recorder *r;
	int rc;

	*out = NULL;
	if (cfg->capture.dir[0] == '\0')
		return 0;
	r = calloc(1, sizeof(*r));
	if (r == NULL)
		return -ENOMEM;
	r->pipeline = pipeline;
	rc = print_config(r, cfg);
	if (rc == 0)
		rc = open_capture(r, cfg, now, mono, why);
	if (rc != 0) {
		LOG(ERROR, "capture_refused", LOG_STR("dir", cfg->capture.dir),
		    LOG_STR("detail", why), LOG_ERRNO("error", rc),
		    LOG_THEN("the feed does not start"));
		free(r->config);
		free(r);
		return rc;
	}
	if (why[0] != '\0')
		LOG(WARNING, "capture_fallback", LOG_STR("detail", why),
		    LOG_STR("writer", tape_writer_name(r->capture)),
		    LOG_THEN("a thread writes the capture"));
	LOG(INFO, "capturing", LOG_STR("file", tape_path(r->capture)),
	    LOG_STR("writer", tape_writer_name(r->capture)));
	pipeline_record(pipeline, r);
	*out = r;
	return 0;
}

void
recorder_close(struct recorder **recorder)
{
	struct recorder *r = *recorder;
	struct tape_counts counts;

	if (r == NULL)
		return;
	*recorder = NULL;
	pipeline_record(r->pipeline, NULL);
	counts = tape_counts(r->capture);
	LOG(INFO, "captured", LOG_U64("records", counts.records), LOG_U64("bytes", counts.bytes),
	    LOG_U64("dropped", counts.dropped), LOG_U64("files", counts.files));
	tape_close(&r->capture);
	free(r->room);
	free(r->config);
	free(r);
}

/* ---- time --------------------------------------------------------------------- */

static void
tell_losses(struct recorder *r, mono_t now)
{
	struct tape_counts counts = tape_counts(r->capture);

	if ((counts.dropped == r->told_dropped && counts.errors == r->told_errors) ||
	    !mono_due(r->tell_at, now))
		return;
	r->tell_at = mono_add(now, span_s(TELL_EVERY_S));
	LOG(ERROR, "capture_lost", LOG_U64("records", counts.dropped - r->told_dropped),
	    LOG_U64("blocks_failed", counts.errors - r->told_errors),
	    LOG_ERRNO("error", counts.error), LOG_STR("file", tape_path(r->capture)),
	    LOG_THEN("the feed goes on, the capture has a gap"));
	r->told_dropped = counts.dropped;
	r->told_errors = counts.errors;
}

/* The folder is gone, or full of files, or may not be written any more. */
static void
tell_no_file(struct recorder *r, mono_t now)
{
	struct tape_counts counts = tape_counts(r->capture);

	if (counts.no_file == 0 || !mono_due(r->tell_file_at, now))
		return;
	r->tell_file_at = mono_add(now, span_s(TELL_FILE_EVERY_S));
	LOG(ERROR, "capture_no_file", LOG_ERRNO("error", counts.no_file),
	    LOG_STR("file", tape_path(r->capture)),
	    LOG_THEN("this file grows until the next one can be made"));
}

void
recorder_on_time(struct recorder *r, mono_t now)
{
	if (r == NULL)
		return;
	tape_on_time(r->capture, now);
	tell_losses(r, now);
	tell_no_file(r, now);
}

mono_t
recorder_deadline(const struct recorder *r)
{
	return r != NULL ? tape_deadline(r->capture) : MONO_NEVER;
}

void
recorder_count(const struct recorder *r, uint64_t *counter)
{
	struct tape_counts counts;

	if (r == NULL)
		return;
	counts = tape_counts(r->capture);
	counter[TICK_COUNTER_CAPTURED] = counts.records;
	counter[TICK_COUNTER_CAPTURE_BYTES] = counts.bytes;
	counter[TICK_COUNTER_CAPTURE_DROPPED] = counts.dropped;
}

/* ---- what the pipeline is told ------------------------------------------------ */

void
recorder_on_frame(struct recorder *r, unsigned line, enum transport_payload payload,
    struct bytes frame, struct transport_stamps stamps)
{
	unsigned flags = (payload == TRANSPORT_BINARY ? TAPE_FLAG_BINARY : 0) |
	    (stamps.kernel ? TAPE_FLAG_KERNEL : 0);

	if (r != NULL)
		add(r, &(struct tape_record){.kind = TAPE_IN, .line = (uint8_t)line,
		    .flags = (uint8_t)flags, .wall = stamps.recv, .mono = stamps.recv_mono,
		    .payload = frame});
}

void
recorder_on_request(struct recorder *r, unsigned line, struct bytes text, wall_t now, mono_t mono)
{
	if (r != NULL)
		add(r, &(struct tape_record){.kind = TAPE_OUT, .line = (uint8_t)line,
		    .wall = now, .mono = mono, .payload = text});
}

void
recorder_on_pause(struct recorder *r, mono_t now)
{
	if (r != NULL)
		add(r, &(struct tape_record){.kind = TAPE_TIME, .wall = r->wall, .mono = now});
}

void
recorder_on_line(struct recorder *r, enum tape_kind kind, unsigned line, uint64_t word,
    wall_t now, mono_t mono)
{
	if (r != NULL)
		add(r, &(struct tape_record){.kind = kind, .line = (uint8_t)line, .wall = now,
		    .mono = mono, .payload = {(const char *)&word, sizeof(word)}});
}

void
recorder_on_stream(struct recorder *r, enum tape_kind kind, uint32_t number, unsigned line,
    struct bytes name)
{
	if (r != NULL)
		add_stream(r, &(struct tape_record){.kind = kind, .line = (uint8_t)line},
		    number, name);
}

/* Makes it larger where this is the largest record so far. */
static bool
has_room(struct recorder *r, size_t bytes)
{
	char *room;

	if (bytes <= r->room_bytes)
		return true;
	room = realloc(r->room, bytes);
	if (room == NULL)
		return false;
	r->room = room;
	r->room_bytes = bytes;
	return true;
}

void
recorder_on_snapshot(struct recorder *r, uint32_t instrument,
    const struct booksync_snapshot *snapshot, wall_t now, mono_t mono)
{
	struct tape_snapshot head;
	size_t bids, asks;

	if (r == NULL)
		return;
	head = (struct tape_snapshot){.instrument = instrument, .id = snapshot->id,
	    .exch_ns = snapshot->exch_ns, .limit = snapshot->limit,
	    .bids = snapshot->nbids, .asks = snapshot->nasks};
	bids = snapshot->nbids * sizeof(*snapshot->bids);
	asks = snapshot->nasks * sizeof(*snapshot->asks);
	if (!has_room(r, sizeof(head) + bids + asks))
		return;
	memcpy(r->room, &head, sizeof(head));
	if (bids > 0)
		memcpy(r->room + sizeof(head), snapshot->bids, bids);
	if (asks > 0)
		memcpy(r->room + sizeof(head) + bids, snapshot->asks, asks);
	add(r, &(struct tape_record){.kind = TAPE_SNAPSHOT, .wall = now, .mono = mono,
	    .payload = {r->room, sizeof(head) + bids + asks}});
}

static struct tape_listed
listed_of(const struct listed *from)
{
	struct tape_listed out = {
		.trading = from->trading,
		.price_exponent = from->price_exponent,
		.qty_exponent = from->qty_exponent,
		.price_step = from->price_step,
		.qty_step = from->qty_step,
		.symbol_bytes = from->symbol_bytes,
	};

	memcpy(out.symbol, from->symbol, from->symbol_bytes);
	return out;
}

void
recorder_on_list(struct recorder *r, const struct listing *listing, wall_t now, mono_t mono)
{
	struct tape_list head = {.instruments = listing->n, .unusable = listing->unusable};
	struct tape_listed item;

	if (r == NULL || !has_room(r, sizeof(head) + listing->n * sizeof(item)))
		return;
	memcpy(r->room, &head, sizeof(head));
	for (size_t i = 0; i < listing->n; i++) {
		item = listed_of(&listing->item[i]);
		memcpy(r->room + sizeof(head) + i * sizeof(item), &item, sizeof(item));
	}
	add(r, &(struct tape_record){.kind = TAPE_LIST, .wall = now, .mono = mono,
	    .payload = {r->room, sizeof(head) + listing->n * sizeof(item)}});
}

void
recorder_on_no_list(struct recorder *r, wall_t now, mono_t mono)
{
	if (r != NULL)
		add(r, &(struct tape_record){.kind = TAPE_NO_LIST, .wall = now, .mono = mono});
}

void
recorder_on_fill(struct recorder *r, const struct pipeline_fill *fill, wall_t now, mono_t mono)
{
	struct tape_fill head;
	size_t trades;

	static_assert(sizeof(struct tape_trade) == sizeof(struct past_trade), "copied as it is");
	if (r == NULL)
		return;
	head = (struct tape_fill){.ticket = fill->ticket, .instrument = fill->instrument,
	    .last = fill->last, .trades = fill->trades};
	trades = fill->trades * sizeof(*fill->trade);
	if (!has_room(r, sizeof(head) + trades))
		return;
	memcpy(r->room, &head, sizeof(head));
	if (trades > 0)
		memcpy(r->room + sizeof(head), fill->trade, trades);
	add(r, &(struct tape_record){.kind = TAPE_FILL, .wall = now, .mono = mono,
	    .payload = {r->room, sizeof(head) + trades}});
}

void
recorder_on_wish(struct recorder *r)
{
	if (r != NULL)
		add(r, &(struct tape_record){.kind = TAPE_WISH, .wall = r->wall, .mono = r->mono});
}

void
recorder_on_stale(struct recorder *r, uint32_t number, uint64_t why, wall_t now, mono_t mono)
{
	const uint64_t words[2] = {number, why};

	if (r != NULL)
		add(r, &(struct tape_record){.kind = TAPE_STREAM_STALE, .wall = now,
		    .mono = mono, .payload = {(const char *)words, sizeof(words)}});
}

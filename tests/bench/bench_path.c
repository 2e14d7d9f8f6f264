/*
 * Nanoseconds per message from decrypted bytes to the ring, without TLS and
 * sockets: the market of bench_receive, sixteen frames at a time as one TLS
 * record brings them. The stages contain each other:
 *
 *	walk      frames to messages
 *	decode    and decoded
 *	whole     and normalized, judged, published, measured: what feedd does
 *
 *	bench_path [ROUNDS] [walk|decode|whole]
 *
 * Rounds of the stages take turns; the table has the median and the best one.
 * A stage that is named runs alone, for a profiler. Writes build/bench/path.json.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "feed/io/clock.h"
#include "feed/io/wsframe.h"
#include "feed/pipeline/pipeline.h"
#include "feed/venue/binance/json.h"
#include "tests/bench/clock.h"
#include "tests/bench/receive/wares.h"
#include "tests/shm_fixture.h"

#define JSON_PATH "build/bench/path.json"
#define ROUNDS_MAX 1001
#define RECORDS 512 /* of a round */
#define PER_RECORD 16

enum stage { WALK, DECODE, WHOLE, STAGES };

static const char *const stage_name[STAGES] = {"walk", "decode", "whole"};

struct bench {
	struct shm_fixture fixture;
	struct ring ring;
	struct board board;
	struct pipeline *pipeline;
	struct wsframe frames;
	struct wares wares;
	struct transport_stamps stamps;
	uint64_t messages;
	double ns[STAGES][ROUNDS_MAX];
	char plain[PER_RECORD * MARKET_FRAME_MAX + TRANSPORT_PADDING];
};

static struct bench bench;
static struct event_scratch scratch;

/* Keeps the compiler from leaving out what nobody looks at. */
static volatile uint64_t sink;

static const struct config_instruments exponents = {
	.default_price_exponent = -8, .default_qty_exponent = -8};

/* Streams in the order of wares_streams(), which a SUBSCRIBE request quotes. */
static bool
add_streams(struct pipeline *p)
{
	const char *at = wares_streams(), *end;

	for (uint32_t number = 0; (at = strchr(at, '"')) != NULL; number++, at = end + 1) {
		end = strchr(++at, '"');
		if (pipeline_add_stream(p, number, (struct bytes){at, (size_t)(end - at)}) != 0)
			return false;
	}
	return true;
}

static bool
open_all(struct bench *b)
{
	char why[SEGMENT_WHY_MAX] = "";
	struct board_cfg board = {.directory = b->fixture.directory, .feed = "t",
	    .group = (gid_t)-1, .instruments_max = 4096, .depth = 20,
	    .heartbeat_every_ns = 100000000};
	struct pipeline_cfg cfg = {.ring = &b->ring, .board = &b->board,
	    .venue = venue_find(BYTES_LIT("spot")), .instruments = &exponents,
	    .hold_for = span_ms(50), .streams_max = 4096};

	shm_fixture_ring(&b->fixture, &b->ring, 65536);
	board.lineage = b->ring.header->lineage;
	if (wsframe_init(&b->frames, 1 << 20) != 0 || board_open(&b->board, &board, why) != 0 ||
	    pipeline_new(&b->pipeline, &cfg, clock_wall(), clock_mono()) != 0 ||
	    !add_streams(b->pipeline)) {
		fprintf(stderr, "bench_path: cannot begin: %s\n", why);
		return false;
	}
	pipeline_on_line_up(b->pipeline, 0, 0, clock_wall(), clock_mono());
	return true;
}

static struct bytes
next_record(struct bench *b)
{
	size_t n = 0;

	for (unsigned i = 0; i < PER_RECORD; i++) {
		struct bytes frame = wares_next(&b->wares);

		memcpy(b->plain + n, frame.p, frame.n);
		n += frame.n;
	}
	return (struct bytes){b->plain, n};
}

static void
take_message(struct bench *b, enum stage stage, struct bytes message)
{
	struct event event;

	b->messages++;
	if (stage == WALK)
		sink += message.n;
	else if (stage == WHOLE)
		pipeline_on_frame(b->pipeline, 0, TRANSPORT_TEXT, message, b->stamps);
	else if (json_decode(message, &scratch, &event) == DECODE_OK)
		sink += (uint64_t)event.id;
}

static void
take_record(struct bench *b, enum stage stage, struct bytes in)
{
	struct bytes message;

	while (wsframe_next(&b->frames, &in, &message) == WSFRAME_TEXT)
		take_message(b, stage, message);
}

/* Nanoseconds per message. */
static double
round_of(struct bench *b, enum stage stage, const struct bench_clock *clock)
{
	uint64_t sum = 0, before = b->messages;

	b->stamps = (struct transport_stamps){.recv = clock_wall(), .recv_mono = clock_mono()};
	for (unsigned i = 0; i < RECORDS; i++) {
		struct bytes record = next_record(b);
		uint64_t begun = bench_stamp();

		take_record(b, stage, record);
		sum += bench_stamp() - begun;
	}
	ring_idle(&b->ring, b->stamps.recv_mono.ns);
	return ((double)sum * clock->ns_per_stamp - RECORDS * clock->read_ns) /
	    (double)(b->messages - before);
}

static int
by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static void
report(struct bench *b, unsigned rounds, unsigned stages)
{
	FILE *json;

	mkdir("build/bench", 0755);
	json = fopen(JSON_PATH, "w");
	printf("%-8s %8s %8s\n", "stage", "ns", "best");
	for (int s = 0; s < STAGES; s++) {
		if ((stages >> s & 1) == 0)
			continue;
		qsort(b->ns[s], rounds, sizeof(double), by_value);
		printf("%-8s %8.1f %8.1f\n", stage_name[s], b->ns[s][rounds / 2], b->ns[s][0]);
		if (json != NULL)
			fprintf(json, "%s{\"stage\": \"%s\", \"ns_per_msg\": %.1f}",
			    stages & ((1u << s) - 1) ? ",\n " : "[", stage_name[s],
			    b->ns[s][rounds / 2]);
	}
	if (json != NULL)
		fprintf(json, "]\n");
	if (json == NULL || fclose(json) != 0)
		fprintf(stderr, "bench_path: " JSON_PATH " cannot be written\n");
}

/* Did the pipeline publish whatever it was shown? */
static bool
is_sound(const struct bench *b)
{
	const uint64_t *c = pipeline_counters(b->pipeline);

	return c[TICK_COUNTER_TRADES] + c[TICK_COUNTER_QUOTES] + c[TICK_COUNTER_DEPTHS] ==
	    c[TICK_COUNTER_MESSAGES];
}

int
main(int argc, char **argv)
{
	unsigned rounds = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 101;
	unsigned stages = (1u << STAGES) - 1;
	struct bench_clock clock = bench_clock_calibrate();
	bool fine;

	for (int s = 0; argc > 2 && s < STAGES; s++)
		if (strcmp(argv[2], stage_name[s]) == 0)
			stages = 1u << s;
	if (rounds == 0 || rounds > ROUNDS_MAX)
		rounds = 101;
	shm_fixture_init(&bench.fixture);
	/* No depth change may be ahead of our clock, and ids only rise. */
	wares_init(&bench.wares, MARKET_SMALL, clock_wall().ns / 1000000);
	fine = open_all(&bench);
	for (unsigned r = 0; fine && r < rounds; r++)
		for (enum stage s = 0; s < STAGES; s++)
			if ((stages >> s & 1) != 0)
				bench.ns[s][r] = round_of(&bench, s, &clock);
	if (fine && (stages >> WHOLE & 1) != 0 && stages == 1u << WHOLE)
		fine = is_sound(&bench);
	report(&bench, rounds, stages);
	if (!fine)
		fprintf(stderr, "bench_path: not everything was published\n");
	pipeline_free(&bench.pipeline, clock_wall(), clock_mono());
	board_close(&bench.board, false);
	ring_close(&bench.ring, false);
	wsframe_fini(&bench.frames);
	shm_fixture_fini(&bench.fixture);
	return fine ? 0 : 1;
}

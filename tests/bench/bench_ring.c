/*
 * What the ring and the board cost, beside what the machine itself costs at
 * that moment: many short runs one after the other, medians over those that
 * count (pair.h), the plain alternatives in the same table.
 *
 *	bench_ring [--quick] [--runs N] [--seconds N] [--only PART] [--huge]
 *	    [--json PATH]
 *
 * PART: alone, paced, stream, board or plain.
 * Runs for about 75 s, or 8 s with --quick. The goals do not fail the run;
 * the table says which are missed.
 */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "feed/io/clock.h"
#include "tests/bench/board_load.h"
#include "tests/bench/figures.h"
#include "tests/bench/plain.h"
#include "tests/bench/ring_rig.h"

#define ARENA_BYTES (24u << 20)

#define FIGURES(ROW) \
	ROW(RTT, "pingpong_rtt_ns", "cache line ping-pong, round trip", NULL, GOAL_NONE, 0) \
	ROW(FLOOR, "store_floor_ns", "16 plain stores, 128 B record", NULL, GOAL_NONE, 0) \
	ROW(MEMCPY, "memcpy_ns", "memcpy of 128 B into such memory", "floor", GOAL_NONE, 0) \
	ROW(PUBLISH, "publish_ns", "publish, no reader", "floor", GOAL_RATIO, 2.2) \
	ROW(RUNG, "publish_rung_ns", "publish and ring, nobody waits", "publish", GOAL_NONE, 0) \
	ROW(CALL_100K, "publish_reader_100k_ns", "publish call, spinning reader, 100 k/s", NULL, \
	    GOAL_VALUE, 25) \
	ROW(CALL_1M, "publish_reader_1m_ns", "publish call, spinning reader, 1 M/s", NULL, \
	    GOAL_VALUE, 25) \
	ROW(CALL_COPY_1M, "publish_copying_reader_1m_ns", "  the same, the reader copies", NULL, \
	    GOAL_VALUE, 25) \
	ROW(COPY_OUT, "copy_out_ns", "memcpy of 128 B the other core wrote", NULL, GOAL_NONE, 0) \
	ROW(DRAIN, "drain_ns", "drain, in place, 3 fields", "memcpy out", GOAL_NONE, 0) \
	ROW(DRAIN_COPY, "drain_copy_ns", "drain, copying", "memcpy out", GOAL_NONE, 0) \
	ROW(FULL, "full_speed_ns", "full speed, per tick at the reader", NULL, GOAL_NONE, 0) \
	ROW(FULL_WRITER, "full_speed_writer_ns", "full speed, per tick at the writer", NULL, \
	    GOAL_NONE, 0) \
	ROW(FULL_LOST, "full_speed_lost", "full speed, ticks lost of a million", NULL, \
	    GOAL_NONE, 0) \
	ROW(CREDIT, "credit_ns", "lossless streaming, in place", "half trip", \
	    GOAL_VALUE_MIDDLE, 6) \
	ROW(CREDIT_COPY, "credit_copy_ns", "lossless streaming, copying", "half trip", \
	    GOAL_VALUE_MIDDLE, 6) \
	ROW(P50_100K, "oneway_100k_p50_ns", "one way, in place, 100 k/s: p50", "half trip", \
	    GOAL_ONE_WAY, 1) \
	ROW(P99_100K, "oneway_100k_p99_ns", "  p99", "half trip", GOAL_NONE, 0) \
	ROW(P999_100K, "oneway_100k_p999_ns", "  p99.9", "half trip", GOAL_NONE, 0) \
	ROW(MAX_100K, "oneway_100k_max_ns", "  max", "half trip", GOAL_NONE, 0) \
	ROW(P50, "oneway_p50_ns", "one way, in place, 1 M/s: p50", "half trip", GOAL_ONE_WAY, 1) \
	ROW(P99, "oneway_p99_ns", "  p99", "half trip", GOAL_NONE, 0) \
	ROW(P999, "oneway_p999_ns", "  p99.9", "half trip", GOAL_NONE, 0) \
	ROW(MAX, "oneway_max_ns", "  max", "half trip", GOAL_NONE, 0) \
	ROW(COPY_P50_100K, "oneway_copy_100k_p50_ns", "one way, copying, 100 k/s: p50", \
	    "half trip", GOAL_NONE, 0) \
	ROW(COPY_P99_100K, "oneway_copy_100k_p99_ns", "  p99", "half trip", GOAL_NONE, 0) \
	ROW(COPY_P999_100K, "oneway_copy_100k_p999_ns", "  p99.9", "half trip", GOAL_NONE, 0) \
	ROW(COPY_MAX_100K, "oneway_copy_100k_max_ns", "  max", "half trip", GOAL_NONE, 0) \
	ROW(COPY_P50, "oneway_copy_p50_ns", "one way, copying, 1 M/s: p50", "half trip", \
	    GOAL_NONE, 0) \
	ROW(COPY_P99, "oneway_copy_p99_ns", "  p99", "half trip", GOAL_NONE, 0) \
	ROW(COPY_P999, "oneway_copy_p999_ns", "  p99.9", "half trip", GOAL_NONE, 0) \
	ROW(COPY_MAX, "oneway_copy_max_ns", "  max", "half trip", GOAL_NONE, 0) \
	ROW(SLEEP_P50_100K, "oneway_sleeping_100k_p50_ns", \
	    "one way, sleeping reader, 100 k/s: p50", "half trip", GOAL_NONE, 0) \
	ROW(SLEEP_P99_100K, "oneway_sleeping_100k_p99_ns", "  p99", "half trip", GOAL_NONE, 0) \
	ROW(SLEEP_P999_100K, "oneway_sleeping_100k_p999_ns", "  p99.9", "half trip", \
	    GOAL_NONE, 0) \
	ROW(SLEEP_MAX_100K, "oneway_sleeping_100k_max_ns", "  max", "half trip", GOAL_NONE, 0) \
	ROW(SLEEP_P50, "oneway_sleeping_p50_ns", "one way, sleeping reader, 1 M/s: p50", \
	    "half trip", GOAL_NONE, 0) \
	ROW(SLEEP_P99, "oneway_sleeping_p99_ns", "  p99", "half trip", GOAL_NONE, 0) \
	ROW(SLEEP_P999, "oneway_sleeping_p999_ns", "  p99.9", "half trip", GOAL_NONE, 0) \
	ROW(SLEEP_MAX, "oneway_sleeping_max_ns", "  max", "half trip", GOAL_NONE, 0) \
	ROW(BOARD_COPY, "board_copy_ns", "copy of a random 64 B record in cache", NULL, \
	    GOAL_NONE, 0) \
	ROW(BOARD_SAME, "board_same_ns", "  the same out of the board, no check", "copy", \
	    GOAL_NONE, 0) \
	ROW(BOARD_QUIET, "board_quiet_ns", "board read, nobody writes", "copy", GOAL_RATIO, 2) \
	ROW(BOARD_QUIET_SAME, "board_quiet_same_ns", "  beside the same lines without a check", \
	    "those", GOAL_RATIO, 2) \
	ROW(BOARD_READ, "board_read_ns", "board read, writer at full speed", "copy", \
	    GOAL_RATIO, 2) \
	ROW(BOARD_MOVED, "board_moved_ns", "  those lines without a check", "copy", \
	    GOAL_NONE, 0) \
	ROW(BOARD_READ_MOVED, "board_read_moved_ns", "  read beside that", "those", \
	    GOAL_RATIO, 2) \
	ROW(BOARD_RETRIES, "board_retries_pct", "  attempts that met the writer, %", NULL, \
	    GOAL_VALUE, 0.5) \
	ROW(BOARD_WRITE_ALONE, "board_write_alone_ns", "board write, nobody reads", NULL, \
	    GOAL_NONE, 0) \
	ROW(BOARD_WRITE, "board_write_ns", "board write, with the reader", NULL, GOAL_NONE, 0)

enum {
#define ROW(name, key, what, base, kind, goal) name,
	FIGURES(ROW)
#undef ROW
	PLAIN, /* the alternatives follow */
	ALL = PLAIN + PLAIN_FIGURES
};

static struct figure figure[ALL] = {
#define ROW(name, key, what, base, kind, goal) {key, what, base, kind, goal, 0, 0, {{0, 0, 0}}},
	FIGURES(ROW)
#undef ROW
};

static struct {
	unsigned runs, seconds; /* whichever is reached first */
	unsigned millis;        /* of a paced section */
	uint64_t ticks;         /* of a streaming section */
	const char *json;
	const char *only;
	bool huge_pages;
} options = {FIGURE_SAMPLES_MAX / 2, 75, 80, 2000000, NULL, NULL, false};

static char directory[64], ring_path[128], board_path[128], bell_path[128];

/* Async-signal-safe; also the way out of a section that hangs. */
static void
tidy_up(void)
{
	unlink(ring_path);
	unlink(board_path);
	unlink(bell_path);
	rmdir(directory);
}

static void
on_signal(int number)
{
	static const char hung[] = "a section hung\n";

	tidy_up();
	if (number == SIGALRM && write(STDERR_FILENO, hung, sizeof(hung) - 1) < 0)
		_exit(2);
	_exit(1);
}

static void
add(int at, struct pair_verdict v, double value, double base)
{
	if (v.counted)
		figure_add(&figure[at], value, base, v.rtt_ns);
	else
		figure[at].dropped++;
}

static void
run_alone(const struct ring_rig *rig)
{
	struct ring_alone a = ring_alone(rig);
	struct pair_verdict v = {.counted = a.counted};

	add(FLOOR, v, a.floor_ns, 0);
	add(MEMCPY, v, a.copy_ns, a.floor_ns);
	add(RUNG, v, a.rung_ns, a.publish_ns);
	add(PUBLISH, v, a.publish_ns, a.floor_ns);
}

static void
run_streams(const struct ring_rig *rig)
{
	struct ring_drain in_place = ring_drain(rig, TAKE_IN_PLACE);
	struct ring_drain copying = ring_drain(rig, TAKE_COPY);
	struct ring_flow full = ring_flow(rig, options.ticks, false, TAKE_IN_PLACE);
	struct ring_flow credit = ring_flow(rig, options.ticks, true, TAKE_IN_PLACE);
	struct ring_flow copied = ring_flow(rig, options.ticks, true, TAKE_COPY);

	add(COPY_OUT, in_place.verdict, in_place.copy_ns, 0);
	add(DRAIN, in_place.verdict, in_place.ns, in_place.copy_ns);
	add(DRAIN_COPY, copying.verdict, copying.ns, copying.copy_ns);
	add(FULL, full.verdict, full.reader_ns, 0);
	add(FULL_WRITER, full.verdict, full.writer_ns, 0);
	add(FULL_LOST, full.verdict, 1e6 * (double)full.lost / (double)full.published, 0);
	add(CREDIT, credit.verdict, credit.reader_ns, credit.verdict.rtt_ns / 2);
	add(CREDIT_COPY, copied.verdict, copied.reader_ns, copied.verdict.rtt_ns / 2);
	if (full.received + full.lost != full.published || credit.lost + copied.lost != 0)
		fprintf(stderr, "ticks are unaccounted for: the counts do not add up\n");
}

/* `at` is the p50 of four rows. */
static void
run_paced(const struct ring_rig *rig, unsigned rate, enum ring_take take, int at, int call)
{
	struct paced_result r;
	struct pair_verdict v = ring_paced(rig, rate, options.millis, take, &r);
	double half = v.rtt_ns / 2;

	add(at, v, r.p50_ns, half);
	add(at + 1, v, r.p99_ns, half);
	add(at + 2, v, r.p999_ns, half);
	add(at + 3, v, r.max_ns, half);
	add(RTT, v, v.rtt_ns, 0);
	if (call >= 0)
		add(call, v, r.call_p50_ns, 0);
}

static void
run_paces(const struct ring_rig *rig)
{
	run_paced(rig, 100000, TAKE_IN_PLACE, P50_100K, CALL_100K);
	run_paced(rig, 1000000, TAKE_IN_PLACE, P50, CALL_1M);
	run_paced(rig, 100000, TAKE_COPY, COPY_P50_100K, -1);
	run_paced(rig, 1000000, TAKE_COPY, COPY_P50, CALL_COPY_1M);
	run_paced(rig, 100000, TAKE_SLEEPING, SLEEP_P50_100K, -1);
	run_paced(rig, 1000000, TAKE_SLEEPING, SLEEP_P50, -1);
}

static void
run_board(const struct board_rig *rig)
{
	struct board_load l = board_load_run(rig, 500000);

	add(BOARD_COPY, l.verdict, l.copy_ns, 0);
	add(BOARD_SAME, l.verdict, l.same_ns, l.copy_ns);
	add(BOARD_QUIET, l.verdict, l.quiet_ns, l.copy_ns);
	add(BOARD_QUIET_SAME, l.verdict, l.quiet_ns, l.same_ns);
	add(BOARD_READ_MOVED, l.verdict, l.read_ns, l.moved_ns);
	add(BOARD_READ, l.verdict, l.read_ns, l.copy_ns);
	add(BOARD_MOVED, l.verdict, l.moved_ns, l.copy_ns);
	add(BOARD_RETRIES, l.verdict, l.retries_pct, 0);
	add(BOARD_WRITE_ALONE, l.verdict, l.write_alone_ns, 0);
	add(BOARD_WRITE, l.verdict, l.write_ns, 0);
}

static bool
wanted(const char *part)
{
	return !options.only || strcmp(options.only, part) == 0;
}

static void
run_all(const struct ring_rig *ring, const struct board_rig *board)
{
	mono_t end = {clock_mono().ns + options.seconds * INT64_C(1000000000)};

	for (unsigned i = 0; i < options.runs && clock_mono().ns < end.ns; i++) {
		if (wanted("alone"))
			run_alone(ring);
		if (wanted("paced"))
			run_paces(ring);
		if (wanted("stream"))
			run_streams(ring);
		if (wanted("board"))
			run_board(board);
		if (wanted("plain"))
			plain_figures_run(ring->pair, &figure[PLAIN], options.millis / 2);
	}
}

static void
parse(int argc, char **argv)
{
	static const struct option names[] = {
		{"quick", no_argument, NULL, 'q'}, {"runs", required_argument, NULL, 'r'},
		{"seconds", required_argument, NULL, 's'}, {"json", required_argument, NULL, 'j'},
		{"only", required_argument, NULL, 'o'}, {"huge", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	int option;

	while ((option = getopt_long(argc, argv, "", names, NULL)) >= 0) {
		switch (option) {
		case 'q':
			options.seconds = 8;
			options.millis = 30;
			options.ticks = 500000;
			break;
		case 'r':
			options.runs = (unsigned)strtoul(optarg, NULL, 10);
			break;
		case 's':
			options.seconds = (unsigned)strtoul(optarg, NULL, 10);
			break;
		case 'o':
			options.only = optarg;
			break;
		case 'h':
			options.huge_pages = true;
			break;
		case 'j':
			options.json = optarg;
			break;
		default:
			exit(2);
		}
	}
}

static void
open_segments(struct ring_rig *ring, struct board_rig *board)
{
	char why[SEGMENT_WHY_MAX] = "";
	struct ring_cfg ring_cfg = {
		.directory = directory,
		.feed = "b",
		.group = (gid_t)-1,
		.slots = RIG_SLOTS,
		.instruments_max = BOARD_LOAD_INSTRUMENTS,
		.huge_pages = options.huge_pages,
		.heartbeat_every_ns = INT64_C(3600000000000), /* nobody beats here */
	};
	struct board_cfg board_cfg = {
		.directory = directory,
		.feed = "b",
		.group = (gid_t)-1,
		.instruments_max = BOARD_LOAD_INSTRUMENTS,
		.depth = 20,
		.huge_pages = options.huge_pages,
		.heartbeat_every_ns = INT64_C(3600000000000),
	};
	struct bell_cfg bell_cfg = {.directory = directory, .feed = "b", .group = (gid_t)-1};

	snprintf(directory, sizeof(directory), "/dev/shm/tickring-bench-XXXXXX");
	if (!mkdtemp(directory)) {
		perror(directory);
		exit(1);
	}
	snprintf(ring_path, sizeof(ring_path), "%s/b.ring", directory);
	snprintf(bell_path, sizeof(bell_path), "%s/b.bell", directory);
	snprintf(board_path, sizeof(board_path), "%s/b.board", directory);
	snprintf(ring->feed, sizeof(ring->feed), "%s/b", directory);
	snprintf(board->feed, sizeof(board->feed), "%s/b", directory);
	if (ring_open(ring->ring, &ring_cfg, why) != 0 ||
	    board_open(board->board, &board_cfg, why) != 0) {
		fprintf(stderr, "%s\n", why);
		tidy_up();
		exit(1);
	}
	if (bell_open(ring->bell, &bell_cfg, ring->ring->header, why) != 0)
		fprintf(stderr, "%s\n", why);
	if (ring->ring->segment.warning[0])
		printf("%s: %s\n", ring_path, ring->ring->segment.warning);
}

static void
print_all(const struct pair *pair)
{
	printf("\n%s, one reading of the clock %.1f ns\n\n",
	    pair->realtime ? "two pinned processes, SCHED_FIFO"
	                   : "two pinned processes, no real-time priority",
	    pair->clock.read_ns);
	figures_print("ns, all bands", figure, ALL);
	figures_print_bands(figure, ALL);
}

static int
write_json(void)
{
	const char *root = getenv("TICKRING_ROOT");
	char path[4096];

	if (!options.json) {
		snprintf(path, sizeof(path), "%s/build", root ? root : ".");
		mkdir(path, 0777);
		snprintf(path, sizeof(path), "%s/build/bench", root ? root : ".");
		mkdir(path, 0777);
		snprintf(path, sizeof(path), "%s/build/bench/ring.json", root ? root : ".");
		options.json = path;
	}
	if (figures_write(options.json, figure, ALL) != 0)
		return 1;
	printf("\nwritten to %s\n", options.json);
	return 0;
}

int
main(int argc, char **argv)
{
	static struct ring ring;
	static struct board board;
	static struct bell bell;
	static struct pair pair;
	struct ring_rig ring_rig = {.pair = &pair, .ring = &ring, .bell = &bell};
	struct board_rig board_rig = {.pair = &pair, .board = &board};

	parse(argc, argv);
	plain_figures_init(&figure[PLAIN]);
	if (pair_init(&pair, ARENA_BYTES) != 0)
		return 1;
	open_segments(&ring_rig, &board_rig);
	signal(SIGINT, on_signal);
	signal(SIGTERM, on_signal);
	signal(SIGALRM, on_signal);
	run_all(&ring_rig, &board_rig);
	bell_close(&bell, true);
	ring_close(&ring, true);
	board_close(&board, true);
	tidy_up();
	print_all(&pair);
	return write_json();
}

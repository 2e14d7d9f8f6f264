#include "tests/bench/board_load.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <tickring/board.h>

#include "shm/attach.h"
#include "shm/words.h"

#define STOP_EVERY 256

enum phase { PHASE_QUIET, PHASE_LOAD, PHASE_STOP };

struct record {
	_Alignas(64) struct tick_quote quote;
};

/* In the arena. */
struct load_job {
	const struct board_rig *rig;
	unsigned reads;
	_Alignas(128) uint32_t phase;
	_Alignas(128) uint32_t running;
	double write, write_alone;
	_Alignas(128) double copy, same, quiet, read, moved, retries, busy;
	uint64_t sum;
	struct record record[BOARD_LOAD_INSTRUMENTS];
};

/* The next instrument; the same cheap choice in every loop. */
static inline uint32_t
pick(uint64_t *x)
{
	*x = *x * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(*x >> 54);
}

static inline void
write_one(struct board *board, uint64_t *x)
{
	int64_t v = (int64_t)*x;
	struct tick_quote quote = {v, v, v, v, 1, v, 2};

	board_quote(board, pick(x), &quote);
}

static void
write_load(void *arg)
{
	struct load_job *job = arg;
	struct board *board = job->rig->board;
	uint64_t x = 1, n = 0, start = bench_stamp();

	for (unsigned i = 0; i < job->reads; i++)
		write_one(board, &x);
	job->write_alone = (double)(bench_stamp() - start) / job->reads;
	__atomic_store_n(&job->running, 1, __ATOMIC_RELEASE);
	while (__atomic_load_n(&job->phase, __ATOMIC_ACQUIRE) == PHASE_QUIET)
		;
	start = bench_stamp();
	do {
		for (int i = 0; i < STOP_EVERY; i++)
			write_one(board, &x);
		n += STOP_EVERY;
	} while (__atomic_load_n(&job->phase, __ATOMIC_ACQUIRE) != PHASE_STOP);
	job->write = (double)(bench_stamp() - start) / (double)n;
}

static double
copies(struct load_job *job)
{
	uint64_t x = 7, start = bench_stamp();

	for (unsigned i = 0; i < job->reads; i++) {
		struct tick_quote quote;

		words_load(&quote, &job->record[pick(&x)].quote, sizeof(quote));
		__asm__ volatile("" ::"r"(&quote) : "memory");
	}
	return (double)(bench_stamp() - start) / job->reads;
}

static double
reads(struct load_job *job, const struct tick_board *board)
{
	uint64_t x = 7, start = bench_stamp();
	unsigned busy = 0;

	for (unsigned i = 0; i < job->reads; i++) {
		struct tick_quote quote;

		busy += tick_board_quote(board, pick(&x), &quote) != 0;
		__asm__ volatile("" ::"r"(&quote) : "memory");
	}
	job->busy += busy;
	return (double)(bench_stamp() - start) / job->reads;
}

/* The seqlock's loop again, for the library does not tell how often it tried. */
static unsigned
attempts_failed(const struct tick_board_quote *shared)
{
	unsigned failed = 0;

	for (; failed < SEQLOCK_ATTEMPTS; failed++) {
		uint64_t before = __atomic_load_n(&shared->seq, __ATOMIC_ACQUIRE);
		struct tick_quote quote;

		if (before & 1)
			continue;
		words_load(&quote, &shared->recv_ns, sizeof(quote));
		__asm__ volatile("" ::"r"(&quote) : "memory");
		__atomic_thread_fence(__ATOMIC_ACQUIRE);
		if (__atomic_load_n(&shared->seq, __ATOMIC_RELAXED) == before)
			break;
	}
	return failed;
}

static const struct tick_board_quote *
quote_of(const struct tick_segment_header *h, uint32_t instrument)
{
	const char *entry = (const char *)h + h->records_at + instrument * h->record_bytes;

	return &((const struct tick_board_entry *)entry)->quote;
}

static double
retries(struct load_job *job, const struct tick_segment_header *h)
{
	uint64_t x = 7, failed = 0;

	for (unsigned i = 0; i < job->reads; i++)
		failed += attempts_failed(quote_of(h, pick(&x)));
	return 100.0 * (double)failed / job->reads;
}

/* What moving the lines alone costs while they are written. */
static double
moves(struct load_job *job, const struct tick_segment_header *h)
{
	uint64_t x = 7, start = bench_stamp();

	for (unsigned i = 0; i < job->reads; i++) {
		struct tick_quote quote;

		words_load(&quote, &quote_of(h, pick(&x))->recv_ns, sizeof(quote));
		__asm__ volatile("" ::"r"(&quote) : "memory");
	}
	return (double)(bench_stamp() - start) / job->reads;
}

static void
read_load(void *arg)
{
	struct load_job *job = arg;
	struct attachment at;
	struct tick_board *board;
	char path[PATH_MAX];

	if (attach_path(job->rig->feed, "board", path) != 0 ||
	    attach_open(&at, path, TICK_SEGMENT_BOARD) != 0 ||
	    tick_board_open(&board, job->rig->feed) != 0)
		_exit(1);
	pair_reader_ready();
	while (!__atomic_load_n(&job->running, __ATOMIC_ACQUIRE))
		;
	copies(job);
	job->copy = copies(job);
	reads(job, board);
	job->quiet = reads(job, board);
	job->same = moves(job, at.header);
	__atomic_store_n(&job->phase, PHASE_LOAD, __ATOMIC_RELEASE);
	reads(job, board);
	job->read = reads(job, board);
	job->retries = retries(job, at.header);
	job->moved = moves(job, at.header);
	__atomic_store_n(&job->phase, PHASE_STOP, __ATOMIC_RELEASE);
	tick_board_close(&board);
	attach_close(&at);
}

struct board_load
board_load_run(const struct board_rig *rig, unsigned reads)
{
	struct load_job *job = rig->pair->arena;
	struct pair_job pair = {.writer = write_load, .reader = read_load, .arg = job};
	double ns = rig->pair->clock.ns_per_stamp;
	struct board_load load;

	job->rig = rig;
	job->reads = reads;
	job->phase = PHASE_QUIET;
	job->running = 0;
	job->busy = 0;
	for (uint32_t i = 0; i < BOARD_LOAD_INSTRUMENTS; i++)
		board_quote(rig->board, i, &(struct tick_quote){.id = i});
	load = (struct board_load){.verdict = pair_run(rig->pair, &pair)};
	load.copy_ns = job->copy * ns;
	load.same_ns = job->same * ns;
	load.quiet_ns = job->quiet * ns;
	load.read_ns = job->read * ns;
	load.moved_ns = job->moved * ns;
	load.write_ns = job->write * ns;
	load.write_alone_ns = job->write_alone * ns;
	load.retries_pct = job->retries;
	load.busy = job->busy;
	return load;
}

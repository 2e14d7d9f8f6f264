/*
 * torn [-m MODE] [-s SLOTS] [-t TICKS] [-l LAPS]: a writer process at full
 * speed against a reader process that stops at random in the middle of a read,
 * until so many ticks were written and the reader was lapped so often. Every
 * word of a tick follows from its number: a tick that was accepted and does
 * not fit is torn. Exit 0 when no tick was torn and received + lost is what
 * was published, exactly.
 *
 * The modes no-odd-mark and no-recheck leave out one half of the algorithm and
 * must be caught: exit 0 when a torn tick was accepted.
 */
#include <getopt.h>
#include <inttypes.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <signal.h>
#include <unistd.h>

#include <tickring/reader.h>

#include "feed/base/rng.h"
#include "feed/io/clock.h"
#include "shm/ring.h"
#include "tests/shm_fixture.h"

#define WORDS 15         /* of a tick behind its sequence */
#define BATCH 4096       /* ticks between two looks at the reader */
#define WITHIN_S 1800    /* then it is given up */

enum mode { PRODUCT, NO_ODD_MARK, NO_RECHECK };

/* Between both processes. */
struct shared {
	atomic_bool ready, over;
	_Atomic uint64_t published, received, lost, laps, torn, refused;
};

static const char *const mode_names[] = {"product", "no-odd-mark", "no-recheck"};

static uint64_t
word_of(uint64_t n, unsigned i)
{
	uint64_t h = (n + 1) * 0x9e3779b97f4a7c15ull + i * 0xd1342543de82ef95ull;

	h = (h ^ h >> 29) * 0xbf58476d1ce4e5b9ull;
	/* Word 0 holds the type: a trade, so that the reader sees nothing special in it. */
	return i == 0 ? (h & ~(0xffull << 32)) | (uint64_t)TICK_TRADE << 32 : h;
}

static void
publish(struct ring *r, enum mode mode)
{
	uint64_t n = r->next, word[WORDS];
	struct tick *slot = &r->slots[n & r->mask];
	struct ring_tick t;

	for (unsigned i = 0; i < WORDS; i++)
		word[i] = word_of(n, i);
	memcpy(&t, word, sizeof(t));
	if (mode != NO_ODD_MARK) {
		ring_publish(r, &t);
		return;
	}
	words_store(&slot->seq + 1, &t, sizeof(t));
	__atomic_store_n(&slot->seq, 2 * n + 2, __ATOMIC_RELEASE);
	r->next++;
	if ((n & r->hint_mask) == r->hint_mask)
		__atomic_store_n(&r->header->hint, n + 1, __ATOMIC_RELEASE);
}

static void
stop_for_a_while(struct rng *rng)
{
	for (uint64_t i = rng_below(rng, 256); i > 0; i--)
		__asm__ volatile("pause" ::: "memory");
}

/* Does every word fit the number? Stops somewhere in between, now and then. */
static bool
is_whole(const struct tick *t, uint64_t n, struct rng *rng)
{
	const uint64_t *word = (const uint64_t *)t + 1;
	unsigned stop = (unsigned)rng_below(rng, 4 * WORDS);
	bool whole = true;

	for (unsigned i = 0; i < WORDS; i++) {
		if (i == stop)
			stop_for_a_while(rng);
		whole &= __atomic_load_n(&word[i], __ATOMIC_RELAXED) == word_of(n, i);
	}
	return whole;
}

static void
read_on(struct shared *s, struct tick_reader *reader, enum mode mode)
{
	struct tick_reader_stats stats;
	const struct tick *t;
	struct rng rng;
	int outcome;

	rng_seed(&rng, 1);
	atomic_store(&s->ready, true);
	for (uint64_t turn = 1;; turn++) {
		bool over = atomic_load(&s->over);

		outcome = tick_reader_peek(reader, &t);
		stats = tick_reader_stats(reader);
		/* Nothing more to come; the writer of a long run shows no heartbeat. */
		if ((outcome == TICK_END || outcome == TICK_E_STALE) && over)
			break;
		if (turn % 1024 == 0)
			atomic_store(&s->laps, stats.overruns);
		if (outcome != TICK_MORE)
			continue;
		if (is_whole(t, stats.next, &rng)) {
			/* Whole now; whether it stands is the algorithm's to say. */
			if (tick_reader_valid(reader) || mode == NO_RECHECK)
				tick_reader_advance(reader);
		} else if (mode == NO_RECHECK || tick_reader_valid(reader)) {
			atomic_fetch_add(&s->torn, 1);
			tick_reader_advance(reader);
		} else {
			atomic_fetch_add(&s->refused, 1);
		}
	}
	atomic_store(&s->laps, stats.overruns);
	atomic_store(&s->received, stats.received);
	atomic_store(&s->lost, stats.lost);
}

static pid_t
start_reader(struct shared *s, const char *feed, enum mode mode)
{
	struct tick_reader *reader;
	pid_t parent = getpid(), pid = fork();

	if (pid != 0)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent || tick_reader_open(&reader, feed, TICK_FROM_OLDEST) != 0)
		_exit(1);
	read_on(s, reader, mode);
	tick_reader_close(&reader);
	_exit(0);
}

/* Returns false when it took too long. */
static bool
write_on(struct shared *s, struct ring *r, enum mode mode, uint64_t ticks, uint64_t laps)
{
	mono_t give_up = mono_add(clock_mono(), span_s(WITHIN_S));

	while (!atomic_load(&s->ready))
		sched_yield();
	while (r->next < ticks || atomic_load(&s->laps) < laps) {
		for (int i = 0; i < BATCH; i++)
			publish(r, mode);
		if (mode != PRODUCT && atomic_load(&s->torn) > 0)
			return true;
		if (mono_due(give_up, clock_mono()))
			return false;
	}
	return true;
}

static int
verdict(const struct shared *s, enum mode mode, uint64_t slots, uint64_t published, bool in_time)
{
	bool exact = s->received + s->lost == published;
	bool fine = mode == PRODUCT ? s->torn == 0 && exact && in_time : s->torn > 0;

	printf("%-11s %6" PRIu64 " slots: %" PRIu64 " published, %" PRIu64 " received, %" PRIu64
	       " lost (%s), %" PRIu64 " laps, %" PRIu64 " refused, %" PRIu64 " torn: %s\n",
	    mode_names[mode], slots, published, s->received, s->lost,
	    exact ? "exact" : "NOT EXACT", s->laps, s->refused, s->torn,
	    fine ? (mode == PRODUCT ? "ok" : "caught") : "FAILED");
	return fine ? 0 : 1;
}

static int
run(enum mode mode, uint64_t slots, uint64_t ticks, uint64_t laps)
{
	struct shared *s = mmap(NULL, sizeof(*s), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct shm_fixture fixture;
	uint64_t published;
	struct ring ring;
	bool in_time;
	int status = 1;
	pid_t reader;

	if (s == MAP_FAILED)
		return 1;
	shm_fixture_init(&fixture);
	shm_fixture_ring(&fixture, &ring, slots);
	reader = start_reader(s, fixture.feed, mode);
	in_time = reader > 0 && write_on(s, &ring, mode, ticks, laps);
	published = ring.next;
	atomic_store(&s->over, true);
	if (reader > 0)
		waitpid(reader, &status, 0);
	ring_close(&ring, true);
	shm_fixture_fini(&fixture);
	return status == 0 ? verdict(s, mode, slots, published, in_time) : 1;
}

int
main(int argc, char **argv)
{
	uint64_t slots = 16, ticks = 1000000, laps = 0;
	enum mode mode = PRODUCT;
	int c;

	while ((c = getopt(argc, argv, "m:s:t:l:")) != -1) {
		switch (c) {
		case 'm':
			while (mode <= NO_RECHECK && strcmp(mode_names[mode], optarg) != 0)
				mode++;
			break;
		case 's':
			slots = strtoull(optarg, NULL, 10);
			break;
		case 't':
			ticks = strtoull(optarg, NULL, 10);
			break;
		case 'l':
			laps = strtoull(optarg, NULL, 10);
			break;
		default:
			return 2;
		}
	}
	return mode > NO_RECHECK ? 2 : run(mode, slots, ticks, laps);
}

#include "tests/bench/pair.h"

#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/bench/pingpong.h"

#define DRIFT_MAX 1.3
#define SWITCHES_MAX 2

/* At the start of the arena. */
struct sync {
	_Alignas(128) uint32_t ready;
	_Alignas(128) long reader_switches;
	struct pingpong pingpong;
};

static struct sync *sync_;

static void
set_policy(bool realtime)
{
	struct sched_param param = {.sched_priority = realtime ? 50 : 0};

	sched_setscheduler(0, realtime ? SCHED_FIFO : SCHED_OTHER, &param);
}

static int
find_cores(struct pair *p)
{
	cpu_set_t allowed;
	int found = 0;

	if (sched_getaffinity(0, sizeof(allowed), &allowed) != 0)
		return -1;
	for (int core = 0; core < CPU_SETSIZE && found < 2; core++)
		if (CPU_ISSET(core, &allowed))
			p->core[found++] = core;
	return found == 2 ? 0 : -1;
}

void
pair_pin(const struct pair *p, int which)
{
	cpu_set_t one;

	CPU_ZERO(&one);
	CPU_SET(p->core[which], &one);
	sched_setaffinity(0, sizeof(one), &one);
	set_policy(p->realtime);
}

void
pair_unpin(const struct pair *p)
{
	cpu_set_t both;

	CPU_ZERO(&both);
	CPU_SET(p->core[0], &both);
	CPU_SET(p->core[1], &both);
	set_policy(false);
	sched_setaffinity(0, sizeof(both), &both);
}

int
pair_init(struct pair *p, size_t arena_bytes)
{
	size_t head = (sizeof(struct sync) + 4095) / 4096 * 4096;
	char *map;

	if (find_cores(p) != 0) {
		fprintf(stderr, "the benchmark needs two cores\n");
		return -1;
	}
	p->arena_bytes = head + arena_bytes;
	map = mmap(NULL, p->arena_bytes, PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	if (map == MAP_FAILED) {
		perror("arena");
		return -1;
	}
	sync_ = (struct sync *)map;
	p->arena = map + head;
	set_policy(true);
	p->realtime = sched_getscheduler(0) == SCHED_FIFO;
	pair_pin(p, 0);
	p->clock = bench_clock_calibrate();
	pair_unpin(p);
	return 0;
}

static long
involuntary_switches(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return usage.ru_nivcsw;
}

void
pair_reader_ready(void)
{
	__atomic_store_n(&sync_->ready, 1, __ATOMIC_RELEASE);
}

static void
run_reader(const struct pair *p, const struct pair_job *job)
{
	long switches;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	signal(SIGALRM, SIG_DFL);
	alarm(PAIR_SECONDS_MAX);
	madvise(sync_, p->arena_bytes, MADV_POPULATE_WRITE);
	pair_pin(p, 1);
	switches = involuntary_switches();
	pingpong_answer(&sync_->pingpong);
	job->reader(job->arg);
	pingpong_answer(&sync_->pingpong);
	sync_->reader_switches = involuntary_switches() - switches;
	_exit(0);
}

static void
end_of_child(pid_t child)
{
	int status;

	if (waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return;
	fprintf(stderr, "the reading process failed\n");
	raise(SIGTERM); /* the program's handler removes its files */
	exit(1);
}

static struct pair_verdict
verdict_of(double before, double after, long switches)
{
	struct pair_verdict v = {
		.rtt_ns = (before + after) / 2,
		.drift = before > after ? before / after : after / before,
		.switches = switches,
	};

	v.counted = v.drift <= DRIFT_MAX && switches <= SWITCHES_MAX;
	return v;
}

static struct pair_verdict
run_alone(const struct pair *p, const struct pair_job *job)
{
	struct pair_verdict v = {.drift = 1};
	long switches;

	pair_pin(p, 0);
	switches = involuntary_switches();
	job->writer(job->arg);
	v.switches = involuntary_switches() - switches;
	v.counted = v.switches <= SWITCHES_MAX;
	pair_unpin(p);
	return v;
}

struct pair_verdict
pair_run(const struct pair *p, const struct pair_job *job)
{
	double before, after;
	long switches;
	pid_t child;

	if (!job->reader)
		return run_alone(p, job);
	sync_->ready = 0;
	pingpong_reset(&sync_->pingpong);
	fflush(NULL);
	child = fork();
	if (child < 0) {
		perror("fork");
		exit(1);
	}
	if (child == 0)
		run_reader(p, job);
	alarm(PAIR_SECONDS_MAX);
	pair_pin(p, 0);
	switches = involuntary_switches();
	before = pingpong_ask(&sync_->pingpong) * p->clock.ns_per_stamp;
	while (!__atomic_load_n(&sync_->ready, __ATOMIC_ACQUIRE))
		;
	job->writer(job->arg);
	after = pingpong_ask(&sync_->pingpong) * p->clock.ns_per_stamp;
	switches = involuntary_switches() - switches;
	pair_unpin(p);
	end_of_child(child);
	alarm(0);
	return verdict_of(before, after, switches + sync_->reader_switches);
}

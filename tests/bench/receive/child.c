#include "tests/bench/receive/child.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/perf_event.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "feed/io/clock.h"

/* Niceness counts within a session only, where sessions are scheduled as groups. */
static void
raise_session(void)
{
	FILE *file = setsid() < 0 ? NULL : fopen("/proc/self/autogroup", "w");

	if (file == NULL)
		return;
	fprintf(file, "-20");
	fclose(file);
}

void
child_take_cpu(int cpu)
{
	cpu_set_t set;

	raise_session();
	CPU_ZERO(&set);
	CPU_SET((size_t)cpu, &set);
	sched_setaffinity(0, sizeof(set), &set); /* fails on a machine with one processor */
	setpriority(PRIO_PROCESS, 0, -20);       /* fails without the privilege */
}

pid_t
child_start(const char *const argv[], const char *log, const char *environment, int cpu)
{
	pid_t parent = getpid(), pid = fork();
	int fd;

	if (pid != 0)
		return pid < 0 ? -errno : pid;
	fd = open(log, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 0600);
	if (fd < 0 || dup2(fd, 1) < 0 || dup2(fd, 2) < 0 ||
	    prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != parent)
		_exit(126);
	if (environment != NULL)
		putenv((char *)(uintptr_t)environment);
	child_take_cpu(cpu);
	execvp(argv[0], (char *const *)(uintptr_t)argv);
	_exit(127);
}

span_t
child_cpu(pid_t pid)
{
	struct timespec ts;
	clockid_t clock;

	if (clock_getcpuclockid(pid, &clock) != 0 || clock_gettime(clock, &ts) != 0)
		return SPAN_ZERO;
	return span_ns((int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec);
}

uint64_t
child_resident_kib(pid_t pid)
{
	unsigned long long kib = 0;
	char path[64], line[256];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%ld/status", (long)pid);
	file = fopen(path, "r");
	while (file != NULL && fgets(line, sizeof(line), file) != NULL)
		if (sscanf(line, "VmRSS: %llu", &kib) == 1)
			break;
	if (file != NULL)
		fclose(file);
	return kib;
}

bool
child_end(pid_t pid, span_t within)
{
	mono_t limit = mono_add(clock_mono(), within);
	int status = -1;

	while (waitpid(pid, &status, WNOHANG) == 0) {
		if (mono_due(limit, clock_mono())) {
			kill(pid, SIGKILL);
			waitpid(pid, &status, 0);
			return false;
		}
		usleep(2000);
	}
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static int
tracepoint(void)
{
	FILE *file = fopen("/sys/kernel/tracing/events/raw_syscalls/sys_enter/id", "r");
	int id = -1;

	if (file != NULL && fscanf(file, "%d", &id) != 1)
		id = -1;
	if (file != NULL)
		fclose(file);
	return id;
}

int
child_count_syscalls(pid_t pid)
{
	int id = tracepoint(), fd;
	struct perf_event_attr attr = {
		.type = PERF_TYPE_TRACEPOINT,
		.size = sizeof(attr),
		.config = (uint64_t)id,
		.inherit = 1,
	};

	if (id < 0)
		return -ENOENT;
	fd = (int)syscall(SYS_perf_event_open, &attr, pid, -1, -1, PERF_FLAG_FD_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

uint64_t
child_syscalls(int fd)
{
	uint64_t count;

	return read(fd, &count, sizeof(count)) == (ssize_t)sizeof(count) ? count : 0;
}

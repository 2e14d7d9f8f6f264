/*
 * The processes of the receive benchmark: started on a processor of their own
 * with the highest priority that is permitted, watched from outside, ended in
 * all cases. Main thread.
 */
#ifndef TESTS_BENCH_RECEIVE_CHILD_H
#define TESTS_BENCH_RECEIVE_CHILD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "feed/base/mono.h"

/* Moves this process to processor `cpu`, a session of its own, and asks for priority. */
void child_take_cpu(int cpu);

/*
 * Runs argv[0] with output to the file `log` (created). `environment` is one
 * more NAME=VALUE, or NULL. Ends with this process. Returns the pid or -errno.
 */
pid_t child_start(const char *const argv[], const char *log, const char *environment, int cpu);

/* Time on a processor so far, all threads. Zero when it is gone. */
span_t child_cpu(pid_t pid);

/* VmRSS in KiB, 0 when it is gone. */
uint64_t child_resident_kib(pid_t pid);

/* Waits for its end, then kills it. Returns whether it ended in time, with status 0. */
bool child_end(pid_t pid, span_t within);

/*
 * Counts the system calls that process makes from now on, all threads, with
 * perf's tracepoint. Returns a descriptor, or -errno where that is not permitted.
 */
int child_count_syscalls(pid_t pid);

/* What such a descriptor counted so far. */
uint64_t child_syscalls(int fd);

#endif

/*
 * A function in a child process, for tests of what processes do to each
 * other. The child dies with the test, and ends with _exit().
 */
#ifndef TESTS_IPC_CHILD_H
#define TESTS_IPC_CHILD_H

#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

typedef int child_fn(void *context);

static inline pid_t
child_start(child_fn *fn, void *context)
{
	pid_t parent = getpid(), pid = fork();

	if (pid != 0)
		return pid;
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != parent)
		_exit(126);
	_exit(fn(context));
}

/* Waits for its end. Returns the exit status, or -signal. */
static inline int
child_wait(pid_t pid)
{
	int status;

	if (waitpid(pid, &status, 0) != pid)
		return -1000;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

/* Both at once. */
static inline int
child_run(child_fn *fn, void *context)
{
	return child_wait(child_start(fn, context));
}

/* One byte through a pipe: the other side has come so far. */
static inline int
child_tell(const int pipe_fds[2])
{
	return write(pipe_fds[1], "", 1) == 1 ? 0 : -1;
}

static inline int
child_hear(const int pipe_fds[2])
{
	char byte;

	return read(pipe_fds[0], &byte, 1) == 1 ? 0 : -1;
}

#endif

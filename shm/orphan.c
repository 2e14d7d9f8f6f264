#include "shm/orphan.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

/* Pid at the end of "BASE.tmp.PID", or 0. */
static pid_t
builder_of(const char *name, const char *base)
{
	size_t n = strlen(base);
	char *end;
	long pid;

	if (strncmp(name, base, n) != 0 || strncmp(name + n, ".tmp.", 5) != 0)
		return 0;
	if (name[n + 5] < '1' || name[n + 5] > '9')
		return 0;
	errno = 0;
	pid = strtol(name + n + 5, &end, 10);
	return errno == 0 && *end == '\0' && pid <= INT_MAX ? (pid_t)pid : 0;
}

/* A builder holds the lock from the first moment that its file is worth anything. */
static bool
is_orphan(const char *path, pid_t builder)
{
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 0, .l_len = 1};
	bool unlocked;
	int fd;

	if (builder != getpid() && (kill(builder, 0) == 0 || errno != ESRCH))
		return false;
	fd = open(path, O_RDWR | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return false;
	unlocked = fcntl(fd, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_WRLCK;
	close(fd);
	return unlocked;
}

unsigned
orphan_sweep(const char *path)
{
	const char *slash = strrchr(path, '/');
	char directory[PATH_MAX], orphan[PATH_MAX + NAME_MAX + 2];
	struct dirent *entry;
	unsigned removed = 0;
	pid_t pid;
	DIR *dir;

	if (!slash)
		return 0;
	snprintf(directory, sizeof(directory), "%.*s", (int)(slash - path), path);
	dir = opendir(directory);
	while (dir && (entry = readdir(dir))) {
		pid = builder_of(entry->d_name, slash + 1);
		if (pid == 0)
			continue;
		snprintf(orphan, sizeof(orphan), "%s/%s", directory, entry->d_name);
		if (is_orphan(orphan, pid) && unlink(orphan) == 0)
			removed++;
	}
	if (dir)
		closedir(dir);
	return removed;
}

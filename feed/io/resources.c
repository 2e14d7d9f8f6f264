#include "feed/io/resources.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

void
resources_init(struct resources *r)
{
	*r = (struct resources){.figures = {-1, -1, -1}, .looked = MONO_NEVER};
	r->thread_permille = -1;
}

/* The second number of /proc/self/statm is the resident pages; -1 when it cannot be read. */
static int64_t
resident_bytes(void)
{
	char text[128], *at;
	ssize_t n;
	int fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return -1;
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (n <= 0)
		return -1;
	text[n] = '\0';
	strtoll(text, &at, 10);
	return strtoll(at, NULL, 10) * sysconf(_SC_PAGESIZE);
}

/* `who`: RUSAGE_SELF or RUSAGE_THREAD. */
static int64_t
cpu_used_ns(int who)
{
	struct rusage usage;

	if (getrusage(who, &usage) != 0)
		return 0;
	return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * INT64_C(1000000000) +
	    (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * INT64_C(1000);
}

void
resources_look(struct resources *r, mono_t now)
{
	int64_t used = cpu_used_ns(RUSAGE_SELF), own = cpu_used_ns(RUSAGE_THREAD), span;

	r->figures.memory_bytes = resident_bytes();
	if (!mono_is_never(r->looked)) {
		span = mono_diff(now, r->looked).ns;
		if (span > 0) {
			r->figures.cpu_permille = (used - r->cpu_ns) * 1000 / span;
			r->thread_permille = (own - r->thread_ns) * 1000 / span;
		}
	}
	r->cpu_ns = used;
	r->thread_ns = own;
	r->looked = now;
}

void
resources_count_sockets(struct resources *r)
{
	DIR *dir = opendir("/proc/self/fd");
	struct dirent *entry;
	struct stat st;
	int64_t n = 0;

	if (dir == NULL)
		return;
	while ((entry = readdir(dir)) != NULL)
		if (fstatat(dirfd(dir), entry->d_name, &st, 0) == 0 && S_ISSOCK(st.st_mode))
			n++;
	closedir(dir);
	r->figures.sockets = n;
}

#include "shm/mapping.h"

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>

/* PMD size of x86-64, and of arm64 with 4 KiB pages. */
#define HUGE_BYTES ((size_t)2 << 20)

#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25 /* Linux 6.1 */
#endif

/* Addresses for `bytes` from a huge page's boundary on; NULL when there are none. */
static void *
reserve_aligned(size_t bytes)
{
	char *map = mmap(NULL, bytes + HUGE_BYTES, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	size_t before, after;

	if (map == MAP_FAILED)
		return NULL;
	before = -(uintptr_t)map & (HUGE_BYTES - 1);
	after = HUGE_BYTES - before;
	if (before > 0)
		munmap(map, before);
	munmap(map + before + bytes, after);
	return map + before;
}

void *
mapping_open(int fd, size_t bytes, bool huge)
{
	void *at = huge ? reserve_aligned(bytes) : NULL;
	void *map = mmap(at, bytes, PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_POPULATE | (at ? MAP_FIXED : 0), fd, 0);
	int error = errno;

	if (map != MAP_FAILED)
		return map;
	if (at)
		munmap(at, bytes);
	errno = error;
	return NULL;
}

/* What was refused, after what was refused before; cut off at the end of its room. */
struct note {
	char *text;
	size_t used, size;
};

static __attribute__((format(printf, 2, 3))) void
note(struct note *n, const char *format, ...)
{
	va_list args;
	int written;

	va_start(args, format);
	written = vsnprintf(n->text + n->used, n->size - n->used, format, args);
	va_end(args);
	if (written > 0)
		n->used += (size_t)written;
	if (n->used >= n->size)
		n->used = n->size - 1;
}

/* Linux 6.1 and later, whatever shmem_enabled says short of "deny". */
static void
collapse(void *map, size_t bytes, struct note *refused)
{
	size_t whole = bytes & ~(HUGE_BYTES - 1);

	if (whole == 0)
		note(refused, "smaller than a huge page: small ones are used");
	else if (madvise(map, whole, MADV_COLLAPSE) != 0)
		note(refused, "no huge pages (%s): small ones are used", strerror(errno));
}

static void
lock(void *map, size_t bytes, struct note *refused)
{
	struct rlimit limit = {0, 0};
	int error;

	if (mlock(map, bytes) == 0)
		return;
	error = errno;
	getrlimit(RLIMIT_MEMLOCK, &limit);
	note(refused,
	    "%snot locked in memory (%s; %zu KiB are needed, RLIMIT_MEMLOCK is %llu KiB): "
	    "may be swapped out; raise ulimit -l", refused->used > 0 ? "; " : "",
	    strerror(error), bytes / 1024, (unsigned long long)limit.rlim_cur / 1024);
}

void
mapping_settle(void *map, size_t bytes, bool huge, char *warning, size_t size)
{
	struct note refused = {warning, 0, size};

	warning[0] = '\0';
	if (huge)
		collapse(map, bytes, &refused);
	lock(map, bytes, &refused);
}

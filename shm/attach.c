#include "shm/attach.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <tickring/reader.h>

#include "shm/header.h"

#define HEARTBEATS_MISSED_MAX 10
#define STALE_AFTER_NS_MIN 1000000000
#define HEARTBEAT_EVERY_NS_MAX 10000000000 /* the longest that can be configured */

static int
error_outcome(int error)
{
	switch (error) {
	case ENOENT:
		return TICK_E_ABSENT;
	case EACCES:
	case EPERM:
		return TICK_E_ACCESS;
	case ELOOP:
	case EISDIR:
	case ENXIO:
		return TICK_E_FOREIGN;
	default:
		return TICK_E_SYSTEM;
	}
}

static int
name_is_fine(const char *feed)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyz"
	                              "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-";
	size_t n = strlen(feed);

	return n > 0 && n < 64 && feed[0] != '.' && strspn(feed, allowed) == n;
}

int
attach_path(const char *feed, const char *suffix, char path[PATH_MAX])
{
	size_t n = strlen(feed);
	int written;

	if (strchr(feed, '/')) {
		if (n > 5 && strcmp(feed + n - 5, ".ring") == 0)
			n -= 5;
		written = snprintf(path, PATH_MAX, "%.*s.%s", (int)n, feed, suffix);
	} else {
		if (!name_is_fine(feed))
			return TICK_E_RANGE;
		written = snprintf(path, PATH_MAX, "/dev/shm/%s.%s", feed, suffix);
	}
	return written > 0 && written < PATH_MAX ? 0 : TICK_E_RANGE;
}

static int
open_and_check(
    const char *path, enum tick_segment_kind kind, int *fd_out, struct tick_segment_header *header)
{
	struct stat st;
	int outcome, fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

	if (fd < 0)
		return error_outcome(errno);
	if (fstat(fd, &st) != 0)
		outcome = TICK_E_SYSTEM;
	else if (!S_ISREG(st.st_mode))
		outcome = TICK_E_FOREIGN;
	else if (st.st_size < (off_t)TICK_HEADER_BYTES)
		outcome = TICK_E_TRUNCATED;
	else if (pread(fd, header, sizeof(*header), 0) != (ssize_t)sizeof(*header))
		outcome = TICK_E_SYSTEM;
	else
		outcome = header_check(header, kind, (uint64_t)st.st_size);
	if (outcome != 0) {
		close(fd);
		return outcome;
	}
	*fd_out = fd;
	return 0;
}

int
attach_open(struct attachment *a, const char *path, enum tick_segment_kind kind)
{
	struct tick_segment_header header;
	void *map;
	int fd, outcome = open_and_check(path, kind, &fd, &header);

	if (outcome != 0)
		return outcome;
	map = mmap(NULL, header.total_bytes, PROT_READ, MAP_SHARED | MAP_POPULATE, fd, 0);
	if (map == MAP_FAILED) {
		close(fd);
		return TICK_E_SYSTEM;
	}
	a->fd = fd;
	a->bytes = header.total_bytes;
	a->header = map;
	a->checked = header;
	if (a->path != path)
		snprintf(a->path, sizeof(a->path), "%s", path);
	return 0;
}

int
attach_feed(struct attachment *a, const char *feed, const char *suffix, enum tick_segment_kind kind)
{
	char path[PATH_MAX];
	int outcome = attach_path(feed, suffix, path);

	return outcome == 0 ? attach_open(a, path, kind) : outcome;
}

int
attach_again(struct attachment *a, const struct attachment *from)
{
	void *map;
	int fd = fcntl(from->fd, F_DUPFD_CLOEXEC, 0);

	if (fd < 0)
		return TICK_E_SYSTEM;
	map = mmap(NULL, from->bytes, PROT_READ, MAP_SHARED | MAP_POPULATE, fd, 0);
	if (map == MAP_FAILED) {
		close(fd);
		return TICK_E_SYSTEM;
	}
	*a = *from;
	a->fd = fd;
	a->header = map;
	return 0;
}

void
attach_unload(struct attachment *a)
{
	/* Of a shared mapping this drops no data; where it is refused, nothing is saved. */
	(void)madvise((void *)(uintptr_t)a->header, a->bytes, MADV_DONTNEED);
}

void
attach_close(struct attachment *a)
{
	munmap((void *)(uintptr_t)a->header, a->bytes);
	close(a->fd);
	a->header = NULL;
	a->fd = -1;
}

/* The writer holds an open-file-description lock, which dies with it. */
static int
writer_lives(int fd)
{
	struct flock lock = {.l_type = F_RDLCK, .l_whence = SEEK_SET, .l_start = 0, .l_len = 1};

	return fcntl(fd, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
}

/* The file as it is now: TICK_END, TICK_E_TRUNCATED or TICK_E_REPLACED. */
static int
check_file(const struct attachment *a)
{
	struct stat mine, named;

	if (fstat(a->fd, &mine) != 0)
		return TICK_E_SYSTEM;
	/* Before anything in the mapping is touched: a page behind the end is a SIGBUS. */
	if ((uint64_t)mine.st_size < a->bytes)
		return TICK_E_TRUNCATED;
	if (TICK_LOAD(&a->header->state) == TICK_STATE_REPLACED)
		return TICK_E_REPLACED;
	/* A file that lost its name only means that its writer tidied up, unless another has it. */
	if (mine.st_nlink == 0 && stat(a->path, &named) == 0)
		return TICK_E_REPLACED;
	return TICK_END;
}

/* A heartbeat far from now, on either side of it, is no sign of life. */
static int
heartbeat_is_old(const struct tick_segment_header *h)
{
	int64_t limit = TICK_LOAD(&h->heartbeat_every_ns), age;
	struct timespec now;

	if (limit < 0 || limit > HEARTBEAT_EVERY_NS_MAX)
		limit = HEARTBEAT_EVERY_NS_MAX;
	limit *= HEARTBEATS_MISSED_MAX;
	if (limit < STALE_AFTER_NS_MIN)
		limit = STALE_AFTER_NS_MIN;
	clock_gettime(CLOCK_MONOTONIC, &now);
	age = (int64_t)((uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec -
	    (uint64_t)TICK_LOAD(&h->heartbeat_ns));
	return age > limit || age < -limit;
}

int
attach_check(const struct attachment *a)
{
	int outcome = check_file(a);

	if (outcome != TICK_END)
		return outcome;
	if (!writer_lives(a->fd))
		return TICK_E_DEAD;
	return heartbeat_is_old(a->header) ? TICK_E_STALE : TICK_END;
}

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
#include <tickring/status.h>

#define HEARTBEATS_MISSED_MAX 10
#define STALE_AFTER_NS_MIN 1000000000

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

/* Do `n` records of `each` bytes at `at` lie between the header and the end? */
static int
range_fits(uint64_t at, uint64_t n, uint64_t each, uint64_t total)
{
	uint64_t bytes, end;

	return at >= TICK_HEADER_BYTES && at % 128 == 0 &&
	    !__builtin_mul_overflow(n, each, &bytes) && !__builtin_add_overflow(at, bytes, &end) &&
	    end <= total;
}

static int
record_bytes_fit(const struct tick_segment_header *h, enum tick_segment_kind kind)
{
	switch (kind) {
	case TICK_SEGMENT_RING:
		return h->record_bytes == sizeof(struct tick) && h->records > 0 &&
		    (h->records & (h->records - 1)) == 0 && h->directory_max > 0 &&
		    h->directory_max <= UINT32_MAX &&
		    range_fits(h->directory_at, h->directory_max, sizeof(struct tick_instrument),
		        h->total_bytes);
	case TICK_SEGMENT_BOARD:
		return h->board_depth <= 100000 &&
		    h->record_bytes == TICK_BOARD_ENTRY_BYTES(h->board_depth);
	case TICK_SEGMENT_STATUS:
		return h->record_bytes == sizeof(struct tick_status_block) && h->records == 1;
	}
	return 0;
}

/* Is this a header whose segment may be mapped and read? */
static int
check_header(const struct tick_segment_header *h, enum tick_segment_kind kind, off_t file_bytes)
{
	if (h->magic == __builtin_bswap64(TICK_MAGIC))
		return TICK_E_ABI;
	if (h->magic != TICK_MAGIC)
		return TICK_E_FOREIGN;
	if (h->byte_order != TICK_BYTE_ORDER || h->abi_major != TICK_ABI_MAJOR ||
	    h->header_bytes != TICK_HEADER_BYTES)
		return TICK_E_ABI;
	if (h->kind != kind)
		return TICK_E_FOREIGN;
	if (h->total_bytes > (uint64_t)file_bytes)
		return TICK_E_TRUNCATED;
	if (!record_bytes_fit(h, kind) ||
	    !range_fits(h->records_at, h->records, h->record_bytes, h->total_bytes))
		return TICK_E_FOREIGN;
	return 0;
}

static int
open_and_check(const char *path, enum tick_segment_kind kind, int *fd_out, size_t *bytes)
{
	struct tick_segment_header header;
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
	else if (pread(fd, &header, sizeof(header), 0) != (ssize_t)sizeof(header))
		outcome = TICK_E_SYSTEM;
	else
		outcome = check_header(&header, kind, st.st_size);
	if (outcome != 0) {
		close(fd);
		return outcome;
	}
	*fd_out = fd;
	*bytes = header.total_bytes;
	return 0;
}

int
attach_open(struct attachment *a, const char *path, enum tick_segment_kind kind)
{
	size_t bytes;
	void *map;
	int fd, outcome = open_and_check(path, kind, &fd, &bytes);

	if (outcome != 0)
		return outcome;
	map = mmap(NULL, bytes, PROT_READ, MAP_SHARED | MAP_POPULATE, fd, 0);
	if (map == MAP_FAILED) {
		close(fd);
		return TICK_E_SYSTEM;
	}
	a->fd = fd;
	a->bytes = bytes;
	a->header = map;
	if (a->path != path)
		snprintf(a->path, sizeof(a->path), "%s", path);
	return 0;
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

static int
is_replaced(const struct attachment *a)
{
	struct stat mine, named;

	if (TICK_LOAD(&a->header->state) == TICK_STATE_REPLACED)
		return 1;
	if (fstat(a->fd, &mine) != 0 || mine.st_nlink > 0)
		return 0;
	/* The file lost its name. That alone only means that its writer tidied up. */
	return stat(a->path, &named) == 0;
}

int
attach_check(const struct attachment *a)
{
	int64_t heard, limit;
	struct timespec now;

	if (is_replaced(a))
		return TICK_E_REPLACED;
	if (!writer_lives(a->fd))
		return TICK_E_DEAD;
	heard = TICK_LOAD(&a->header->heartbeat_ns);
	limit = TICK_LOAD(&a->header->heartbeat_every_ns) * HEARTBEATS_MISSED_MAX;
	if (limit < STALE_AFTER_NS_MIN)
		limit = STALE_AFTER_NS_MIN;
	clock_gettime(CLOCK_MONOTONIC, &now);
	if ((int64_t)now.tv_sec * 1000000000 + now.tv_nsec - heard > limit)
		return TICK_E_STALE;
	return TICK_END;
}

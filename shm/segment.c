#include "shm/segment.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <tickring/reader.h>

#include "shm/header.h"
#include "shm/mapping.h"
#include "shm/named.h"
#include "shm/orphan.h"

#define OPEN_ATTEMPTS 8
#define MAGIC_BITS_WRONG_MAX 2

static int64_t
clock_now(clockid_t id)
{
	struct timespec now;

	clock_gettime(id, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static uint64_t
round_up(uint64_t n, uint64_t to)
{
	return (n + to - 1) / to * to;
}

/* Identity lines for `spec`, without magic and generation. */
static struct tick_segment_header
header_for(const struct segment_spec *spec)
{
	struct tick_segment_header h = {
		.byte_order = TICK_BYTE_ORDER,
		.kind = spec->kind,
		.abi_major = TICK_ABI_MAJOR,
		.abi_minor = TICK_ABI_MINOR,
		.header_bytes = TICK_HEADER_BYTES,
		.record_bytes = spec->record_bytes,
		.records = spec->records,
		.directory_max = spec->directory_max,
		.board_depth = spec->board_depth,
		.records_at = TICK_HEADER_BYTES,
	};

	if (spec->directory_max > 0) {
		h.directory_at = TICK_HEADER_BYTES;
		h.records_at = round_up(TICK_HEADER_BYTES +
		    spec->directory_max * sizeof(struct tick_instrument), 4096);
	}
	h.total_bytes = round_up(h.records_at + h.records * h.record_bytes, 4096);
	snprintf(h.feed, sizeof(h.feed), "%s", spec->feed);
	return h;
}

static bool
same_geometry(const struct tick_segment_header *a, const struct tick_segment_header *b)
{
	return a->byte_order == b->byte_order && a->kind == b->kind &&
	    a->abi_major == b->abi_major && a->abi_minor == b->abi_minor &&
	    a->header_bytes == b->header_bytes && a->record_bytes == b->record_bytes &&
	    a->records == b->records && a->records_at == b->records_at &&
	    a->directory_at == b->directory_at && a->directory_max == b->directory_max &&
	    a->total_bytes == b->total_bytes && a->board_depth == b->board_depth &&
	    memcmp(a->feed, b->feed, sizeof(a->feed)) == 0;
}

/*
 * Open-file-description locks die with the process and can be tested by
 * readers. Returns 0, -EBUSY a writer has it, -EAGAIN a reader's lock is in
 * the way, or -errno.
 */
static int
lock_it(int fd)
{
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 0, .l_len = 1};

	if (fcntl(fd, F_OFD_SETLK, &lock) == 0)
		return 0;
	if (errno != EAGAIN && errno != EACCES)
		return -errno;
	/* A read lock stands beside other read locks, a writer's beside none. */
	lock.l_type = F_RDLCK;
	lock.l_pid = 0;
	if (fcntl(fd, F_OFD_GETLK, &lock) != 0)
		return -errno;
	return lock.l_type == F_UNLCK ? -EAGAIN : -EBUSY;
}

static int
map_it(struct segment *s, size_t bytes)
{
	void *map = mapping_open(s->fd, bytes, s->huge_pages);

	if (!map)
		return -errno;
	s->header = map;
	s->bytes = bytes;
	return 0;
}

static void
drop(struct segment *s)
{
	if (s->header)
		munmap(s->header, s->bytes);
	if (s->fd >= 0)
		close(s->fd);
	s->header = NULL;
	s->fd = -1;
}

/* Maps an old file as far as it goes, to learn from it. Failure leaves it unmapped. */
static void
map_old(struct segment *s)
{
	struct stat st;
	void *map;

	if (fstat(s->fd, &st) != 0 || st.st_size < (off_t)sizeof(*s->header))
		return;
	map = mmap(NULL, (size_t)st.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, s->fd, 0);
	if (map == MAP_FAILED)
		return;
	s->header = map;
	s->bytes = (size_t)st.st_size;
}

bool
segment_is_named(const struct segment *s)
{
	return named_still(s->path, s->fd);
}

/* A magic number with a bit or two wrong is a damaged segment, not somebody else's file. */
static bool
is_ours(const struct tick_segment_header *h, ssize_t got)
{
	return got >= (ssize_t)sizeof(h->magic) &&
	    __builtin_popcountll(h->magic ^ TICK_MAGIC) <= MAGIC_BITS_WRONG_MAX;
}

/* What is wrong with a segment of ours that cannot be taken over, in words. */
static void
tell_found(struct segment *s, const struct tick_segment_header *h, int outcome, off_t bytes)
{
	if (outcome == 0)
		snprintf(s->found, sizeof(s->found), "has another geometry");
	else if (outcome == TICK_E_ABI && h->byte_order == TICK_BYTE_ORDER)
		snprintf(s->found, sizeof(s->found), "is of ABI %u.%u", h->abi_major, h->abi_minor);
	else if (outcome == TICK_E_TRUNCATED)
		snprintf(s->found, sizeof(s->found), "is damaged: %lld of %llu bytes",
		    (long long)bytes, (unsigned long long)h->total_bytes);
	else
		snprintf(s->found, sizeof(s->found), "is damaged: header");
}

/* Checks the file that we hold. Returns 1 take over, 0 replace, -errno refuse. */
static int
judge(struct segment *s, const struct tick_segment_header *wanted, char *why)
{
	struct tick_segment_header h = {0};
	struct stat st;
	ssize_t got;
	int outcome;

	if (fstat(s->fd, &st) != 0)
		return why_refuse(why, errno, s->path, NULL);
	if (!S_ISREG(st.st_mode))
		return why_refuse(why, EEXIST, s->path, "is not a regular file");
	if (st.st_uid != geteuid())
		return why_refuse(why, EPERM, s->path, "belongs to another user");
	got = pread(s->fd, &h, sizeof(h), 0);
	if (!is_ours(&h, got))
		return why_refuse(why, EEXIST, s->path,
		    "is no tickring segment; remove it or choose another feed name");
	outcome = got < (ssize_t)sizeof(h) ? TICK_E_TRUNCATED :
	                                     header_check(&h, wanted->kind, (uint64_t)st.st_size);
	if (outcome == 0 && same_geometry(&h, wanted))
		return 1;
	tell_found(s, &h, outcome, st.st_size);
	return 0;
}

/* The locked file, or with a claim the one that a reader has locked. Returns as open_existing(). */
static int
adopt(struct segment *s, const struct segment_spec *spec,
    const struct tick_segment_header *wanted, bool obstructed, char *why)
{
	int rc = judge(s, wanted, why);

	if (rc < 0)
		return rc;
	if (spec->discard != NULL) {
		snprintf(s->found, sizeof(s->found), "%s", spec->discard);
		rc = 0;
	}
	if (rc == 1 && obstructed) {
		snprintf(s->found, sizeof(s->found), "is locked by a reader");
		rc = 0;
	}
	if (rc == 0)
		map_old(s);
	else if (map_it(s, wanted->total_bytes) != 0)
		return why_refuse(why, errno, s->path, NULL);
	return rc;
}

/*
 * Looks for an existing segment and locks it. Returns 1 when it is to be
 * taken over (mapped), 0 when there is none or it is to be replaced (then
 * s->fd >= 0, and mapped if that was possible), -errno.
 */
static int
open_existing(struct segment *s, const struct segment_spec *spec,
    const struct tick_segment_header *wanted, char *why)
{
	int rc;

	for (int attempt = 0; attempt < OPEN_ATTEMPTS; attempt++) {
		s->fd = open(s->path, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
		if (s->fd < 0 && errno == EACCES)
			return why_refuse(why, EPERM, s->path, "belongs to another user");
		if (s->fd < 0)
			return errno == ENOENT ? 0 : why_refuse(why, errno, s->path, NULL);
		rc = lock_it(s->fd);
		if (rc == -EBUSY)
			return why_refuse(why, EBUSY, s->path, "another process writes this feed");
		if (rc == -EAGAIN && !spec->claimed)
			return why_refuse(why, EBUSY, s->path, "a reader's lock is in the way");
		if (rc != 0 && rc != -EAGAIN)
			return why_refuse(why, -rc, s->path, NULL);
		if (segment_is_named(s))
			return adopt(s, spec, wanted, rc == -EAGAIN, why);
		drop(s);
	}
	return why_refuse(why, EBUSY, s->path, "keeps being replaced by another process");
}

static int
set_permissions(int fd, gid_t group)
{
	/* Set outright, whatever the umask: readers in the group map it read-only. */
	if (group != (gid_t)-1 && fchown(fd, (uid_t)-1, group) != 0)
		return -errno;
	return fchmod(fd, 0640) == 0 ? 0 : -errno;
}

/*
 * A file without its final name, of full size, locked, header filled except
 * for the magic. Locked before anybody else may open it.
 */
static int
build(struct segment *s, const struct segment_spec *spec, struct tick_segment_header *h, char *why)
{
	char tmp[PATH_MAX + 32];
	int rc;

	snprintf(tmp, sizeof(tmp), "%s.tmp.%ld", s->path, (long)getpid());
	s->fd = open(tmp, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (s->fd < 0)
		return why_refuse(why, errno, tmp, NULL);
	rc = lock_it(s->fd);
	if (rc == 0)
		rc = set_permissions(s->fd, spec->group);
	if (rc == 0)
		rc = -posix_fallocate(s->fd, 0, (off_t)h->total_bytes);
	if (rc == 0)
		rc = map_it(s, h->total_bytes);
	if (rc == 0 && getrandom(&h->generation, sizeof(h->generation), 0) < 0)
		rc = -errno;
	if (rc != 0) {
		unlink(tmp);
		return why_refuse(why, -rc, tmp, NULL);
	}
	h->lineage = spec->lineage ? spec->lineage : h->generation;
	h->created_ns = clock_now(CLOCK_REALTIME);
	memcpy(s->header, h, sizeof(*h));
	return 0;
}

/* Puts a new segment in the place of *s, which becomes its predecessor if it is open. */
static int
replace(struct segment *s, const struct segment_spec *spec, char *why)
{
	struct tick_segment_header h = header_for(spec);
	struct segment old = *s;
	int rc;

	s->fd = -1;
	s->header = NULL;
	s->continued = false;
	rc = build(s, spec, &h, why);
	if (rc != 0) {
		drop(s);
		drop(&old);
		return rc;
	}
	if (old.fd < 0)
		return 0;
	s->predecessor = malloc(sizeof(old));
	if (!s->predecessor)
		abort();
	*s->predecessor = old;
	if (old.header)
		__atomic_store_n(&s->header->epoch, old.header->epoch, __ATOMIC_RELAXED);
	return 0;
}

int
segment_open(struct segment *s, const struct segment_spec *spec, char *why)
{
	struct tick_segment_header wanted = header_for(spec);
	int rc;

	memset(s, 0, sizeof(*s));
	s->fd = -1;
	s->huge_pages = spec->huge_pages;
	snprintf(s->path, sizeof(s->path), "%s/%s.%s",
	    spec->directory ? spec->directory : SEGMENT_DIRECTORY, spec->feed, spec->suffix);
	/* Also where nothing has to be built: the next build may be years away. */
	s->orphans = orphan_sweep(s->path);
	rc = open_existing(s, spec, &wanted, why);
	if (rc == 1) {
		s->continued = true;
		rc = set_permissions(s->fd, spec->group);
		if (rc != 0)
			why_refuse(why, -rc, s->path, NULL);
	} else if (rc == 0) {
		rc = replace(s, spec, why);
	}
	if (rc != 0)
		drop(s);
	else
		__atomic_store_n(
		    &s->header->heartbeat_every_ns, spec->heartbeat_every_ns, __ATOMIC_RELAXED);
	return rc;
}

int
segment_start_over(
    struct segment *s, const struct segment_spec *spec, const char *found, char *why)
{
	int rc;

	snprintf(s->found, sizeof(s->found), "%s", found);
	rc = replace(s, spec, why);
	if (rc == 0)
		__atomic_store_n(
		    &s->header->heartbeat_every_ns, spec->heartbeat_every_ns, __ATOMIC_RELAXED);
	return rc;
}

static int
give_name(struct segment *s, char *why)
{
	char tmp[PATH_MAX + 32];

	snprintf(tmp, sizeof(tmp), "%s.tmp.%ld", s->path, (long)getpid());
	__atomic_store_n(&s->header->magic, TICK_MAGIC, __ATOMIC_RELEASE);
	if (rename(tmp, s->path) != 0) {
		unlink(tmp);
		return why_refuse(why, errno, s->path, NULL);
	}
	s->continued = true;
	if (s->predecessor) {
		if (s->predecessor->header)
			__atomic_store_n(&s->predecessor->header->state, TICK_STATE_REPLACED,
			    __ATOMIC_RELEASE);
		drop(s->predecessor);
		free(s->predecessor);
		s->predecessor = NULL;
	}
	return 0;
}

int
segment_commit(struct segment *s, uint64_t first, char *why)
{
	struct tick_segment_header *h = s->header;

	mapping_settle(h, s->bytes, s->huge_pages, s->warning, sizeof(s->warning));
	__atomic_store_n(&h->started_ns, clock_now(CLOCK_REALTIME), __ATOMIC_RELAXED);
	__atomic_store_n(&h->writer_pid, (uint64_t)getpid(), __ATOMIC_RELAXED);
	__atomic_store_n(&h->epoch_first, first, __ATOMIC_RELEASE);
	__atomic_store_n(&h->epoch, h->epoch + 1, __ATOMIC_RELEASE);
	__atomic_store_n(&h->heartbeat_ns, clock_now(CLOCK_MONOTONIC), __ATOMIC_RELAXED);
	__atomic_store_n(&h->state, TICK_STATE_LIVE, __ATOMIC_RELEASE);
	return s->continued ? 0 : give_name(s, why);
}

void
segment_heartbeat(struct segment *s, int64_t mono_ns)
{
	__atomic_store_n(&s->header->heartbeat_ns, mono_ns, __ATOMIC_RELAXED);
}

void
segment_close(struct segment *s, bool unlink_it)
{
	char tmp[PATH_MAX + 32];

	if (!s->header)
		return;
	__atomic_store_n(&s->header->state, TICK_STATE_CLOSED, __ATOMIC_RELEASE);
	if (!s->continued) { /* never got its name */
		snprintf(tmp, sizeof(tmp), "%s.tmp.%ld", s->path, (long)getpid());
		unlink(tmp);
	} else if (unlink_it && segment_is_named(s)) {
		unlink(s->path);
	}
	if (s->predecessor) {
		drop(s->predecessor);
		free(s->predecessor);
		s->predecessor = NULL;
	}
	drop(s);
}

void *
segment_records(const struct segment *s)
{
	return (char *)s->header + s->header->records_at;
}

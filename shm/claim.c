#include "shm/claim.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "shm/named.h"
#include "shm/segment.h"

#define CLAIM_MAGIC 0x314b434c52434954ull /* "TICRLCK1" in memory, little endian */
#define OPEN_ATTEMPTS 8

/* Content of the file. */
struct claim_file {
	uint64_t magic;
	int64_t pid; /* for people; programs ask the kernel who holds byte 1 */
	struct claim_sign sign;
};

/*
 * Byte 0 is the exclusion: an open-file-description lock, which ends with the
 * last descriptor of the process. Byte 1 is the name plate: a traditional
 * lock, whose holder's pid the kernel tells, in the asker's own pid namespace.
 */
enum { EXCLUSION = 0, NAME_PLATE = 1 };

static struct flock
byte_lock(off_t byte)
{
	return (struct flock){
		.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = byte, .l_len = 1};
}

static int
pidfd_open_of(pid_t pid)
{
	return (int)syscall(SYS_pidfd_open, pid, 0);
}

void
claim_init(struct claim *c, const char *directory, const char *feed)
{
	c->fd = -1;
	c->held = false;
	snprintf(c->path, sizeof(c->path), "%s/%s.lock",
	    directory ? directory : SEGMENT_DIRECTORY, feed);
}

static void
let_go(struct claim *c)
{
	if (c->fd >= 0)
		close(c->fd);
	c->fd = -1;
	c->held = false;
}

/* May this file be our lock? It must not be anybody else's, nor readable by anybody else. */
static int
judge(const struct claim *c, char *why)
{
	struct claim_file f = {0};
	struct stat st;
	ssize_t got;

	if (fstat(c->fd, &st) != 0)
		return why_refuse(why, errno, c->path, NULL);
	if (!S_ISREG(st.st_mode))
		return why_refuse(why, EEXIST, c->path, "is not a regular file");
	if (st.st_uid != geteuid())
		return why_refuse(why, EPERM, c->path, "belongs to another user");
	got = pread(c->fd, &f, sizeof(f), 0);
	if (got != 0 && f.magic != CLAIM_MAGIC)
		return why_refuse(why, EEXIST, c->path,
		    "is no lock of a feed; remove it or choose another feed name");
	if ((st.st_mode & 07777) != 0600 && fchmod(c->fd, 0600) != 0)
		return why_refuse(why, errno, c->path, NULL);
	return 0;
}

static int
open_file(struct claim *c, char *why)
{
	int rc;

	if (c->fd >= 0)
		return 0;
	c->fd = open(c->path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, 0600);
	if (c->fd < 0 && errno == EACCES)
		return why_refuse(why, EPERM, c->path, "belongs to another user");
	if (c->fd < 0)
		return why_refuse(why, errno, c->path, NULL);
	rc = judge(c, why);
	if (rc != 0)
		let_go(c);
	return rc;
}

/* Does the path still name the file that we hold? Its last holder may have removed it. */
bool
claim_is_named(const struct claim *c)
{
	return named_still(c->path, c->fd);
}

static int
say_busy(const struct claim *c, char *why)
{
	pid_t pid = claim_holder(c);
	char text[64] = "another process writes this feed";

	if (pid > 0)
		snprintf(text, sizeof(text), "process %ld writes this feed", (long)pid);
	return why_refuse(why, EBUSY, c->path, text);
}

static int
take_locks(struct claim *c, char *why)
{
	struct flock exclusion = byte_lock(EXCLUSION), plate = byte_lock(NAME_PLATE);

	if (fcntl(c->fd, F_OFD_SETLK, &exclusion) != 0) {
		if (errno == EAGAIN || errno == EACCES)
			return say_busy(c, why);
		return why_refuse(why, errno, c->path, NULL);
	}
	/* Nobody takes the second without the first; who died let go of both. */
	if (fcntl(c->fd, F_SETLK, &plate) != 0)
		return why_refuse(why, errno == EACCES ? EAGAIN : errno, c->path, NULL);
	return 0;
}

int
claim_take(struct claim *c, const struct claim_sign *sign, char *why)
{
	struct claim_file f = {CLAIM_MAGIC, getpid(), *sign};
	int rc;

	for (int attempt = 0; attempt < OPEN_ATTEMPTS; attempt++) {
		rc = open_file(c, why);
		if (rc != 0)
			return rc;
		rc = take_locks(c, why);
		if (rc == -EBUSY && claim_is_named(c))
			return rc; /* stays open: the holder can be watched */
		if (rc == 0 && claim_is_named(c)) {
			if (pwrite(c->fd, &f, sizeof(f), 0) != (ssize_t)sizeof(f))
				rc = why_refuse(why, errno ? errno : EIO, c->path, NULL);
			c->held = rc == 0;
			if (rc != 0)
				let_go(c);
			return rc;
		}
		let_go(c);
		if (rc != 0 && rc != -EBUSY)
			return rc;
	}
	return why_refuse(why, EBUSY, c->path, "keeps being replaced by another process");
}

void
claim_beat(const struct claim *c, const struct claim_sign *sign)
{
	/* One that fails is a sign of life missed: the next one follows soon. */
	if (pwrite(c->fd, sign, sizeof(*sign), offsetof(struct claim_file, sign)) < 0)
		return;
}

pid_t
claim_holder(const struct claim *c)
{
	struct flock exclusion = byte_lock(EXCLUSION), plate = byte_lock(NAME_PLATE);

	if (fcntl(c->fd, F_OFD_GETLK, &exclusion) != 0)
		return -1;
	if (exclusion.l_type == F_UNLCK)
		return 0;
	/* Taken, but not signed yet, or by a process of a pid namespace that we do not see. */
	if (fcntl(c->fd, F_GETLK, &plate) != 0 || plate.l_type == F_UNLCK || plate.l_pid <= 0)
		return -1;
	return plate.l_pid;
}

struct claim_sign
claim_sign(const struct claim *c)
{
	struct claim_file f = {0};

	if (pread(c->fd, &f, sizeof(f), 0) != (ssize_t)sizeof(f))
		return (struct claim_sign){0, 0};
	return f.sign;
}

bool
claim_may_end(pid_t suspect, const struct claim_sign *seen, pid_t holder,
    const struct claim_sign *now)
{
	return suspect > 1 && holder == suspect && now->heartbeat_ns == seen->heartbeat_ns &&
	    now->quiet_ns == seen->quiet_ns;
}

int
claim_end_holder(const struct claim *c, pid_t suspect, const struct claim_sign *seen)
{
	struct claim_sign now;
	int fd, rc = 0;
	pid_t holder;

	if (suspect <= 0)
		return suspect == 0 ? -ESRCH : -ENOENT;
	fd = pidfd_open_of(suspect);
	if (fd < 0)
		return -errno;
	holder = claim_holder(c);
	now = claim_sign(c);
	if (!claim_may_end(suspect, seen, holder, &now))
		rc = holder == 0 ? -ESRCH : -EAGAIN;
	else if (syscall(SYS_pidfd_send_signal, fd, SIGKILL, NULL, 0) != 0)
		rc = -errno;
	close(fd);
	return rc;
}

int
claim_watch_holder(const struct claim *c)
{
	pid_t holder = claim_holder(c);

	return holder > 0 ? pidfd_open_of(holder) : -1;
}

void
claim_close(struct claim *c, bool unlink_it)
{
	if (c->held && unlink_it && claim_is_named(c))
		unlink(c->path);
	let_go(c);
}

/*
 * Why no wake-up is lost.
 *
 * Reader (shm/wait.c)                 Writer
 * R1 b = word, acquire                W1 publish the ticks
 * R2 flag = 1                         W2 fence, sequentially consistent
 * R3 fence, sequentially consistent   W3 flag == 0: done
 * R4 its tick is there: do not sleep  W4 exchange flag, 0
 * R5 futex wait while word == b       W5 word + 1, release; futex wake
 *
 * The two fences are in one total order (C11 7.17.4). R3 before W2: R2 comes
 * before W3 and W4 in the order of the flag's values; the writer finds it up,
 * or some W4 has taken it down since. W2 before R3: R4 sees the ticks of W1.
 * So a reader that sleeps past the ticks of W1 has had its flag taken down by
 * a W4 that comes after R2. Had R1 read what the W5 behind that W4 wrote, then
 * W4, W5, R1, R2 would have happened in turn: a contradiction. So R1 read an
 * older word: R5 finds that it has changed, or sleeps already and is woken.
 *
 * A wake-up that is put off changes nothing: the flag stays up, W2 to W5 take
 * place at bell_deadline(), as if the batch had ended then.
 *
 * R2 is a system call, pwrite(2). The kernel copies the byte into the page
 * that the writer has mapped, in the same thread between R1 and R3, which is
 * all that the argument needs of it. Without the fences both sides can find
 * the other's word old, on x86 too: tests/ipc/test_lost_wake.c.
 */
#include "shm/bell.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* ---- a page that others may cut off ------------------------------------------ */

/*
 * Who may write a file may truncate it, and touching a page beyond the end of
 * a mapped file is SIGBUS. The handler puts a private page of zeros there, and
 * the load goes on.
 */
static struct bell *hung;
static struct sigaction before;

static void
on_bus_error(int number, siginfo_t *info, void *context)
{
	const uint8_t *at = info->si_addr;

	(void)context;
	for (struct bell *b = hung; b && info->si_code > 0; b = b->next) {
		if (at < b->flag || at >= b->flag + BELL_BYTES)
			continue;
		if (mmap(b->flag, BELL_BYTES, PROT_READ | PROT_WRITE,
		        MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == MAP_FAILED)
			break;
		__atomic_store_n(&b->header->bell_epoch, 0, __ATOMIC_RELEASE);
		b->lost = 1;
		return;
	}
	/* Not ours: as before. A fault comes again by itself, a sent signal does not. */
	sigaction(SIGBUS, &before, NULL);
	if (info->si_code <= 0)
		raise(number);
}

static void
guard(struct bell *b)
{
	struct sigaction act = {.sa_sigaction = on_bus_error, .sa_flags = SA_SIGINFO};

	b->next = hung;
	hung = b;
	if (!b->next)
		sigaction(SIGBUS, &act, &before);
}

static void
unguard(struct bell *b)
{
	struct bell **at = &hung;

	while (*at && *at != b)
		at = &(*at)->next;
	if (*at)
		*at = b->next;
	if (!hung)
		sigaction(SIGBUS, &before, NULL);
}

/* ---- life ------------------------------------------------------------------- */

static int
refuse(char *why, int error, const char *path, const char *text)
{
	snprintf(why, SEGMENT_WHY_MAX, "%.160s: %.90s", path, text ? text : strerror(error));
	return -error;
}

/* Everybody may put files into /dev/shm: it must be ours, and known by this name only. */
static int
check_file(const struct bell *b, int fd, char *why)
{
	struct stat st;

	if (fstat(fd, &st) != 0)
		return refuse(why, errno, b->path, NULL);
	if (!S_ISREG(st.st_mode) || st.st_nlink != 1)
		return refuse(why, EEXIST, b->path, "is not a regular file of one name");
	if (st.st_uid != geteuid())
		return refuse(why, EPERM, b->path, "belongs to another user");
	return 0;
}

/* The group gets its rights last. Allocated whole: a full file system must not be a fault. */
static int
set_up(const struct bell *b, int fd, gid_t group, char *why)
{
	int rc;

	if (fchmod(fd, 0600) != 0 ||
	    (group != (gid_t)-1 && fchown(fd, (uid_t)-1, group) != 0) || fchmod(fd, 0660) != 0)
		return refuse(why, errno, b->path, NULL);
	rc = posix_fallocate(fd, 0, BELL_BYTES);
	return rc == 0 ? 0 : refuse(why, rc, b->path, NULL);
}

/*
 * The file stays over restarts, so that a reader which has it open goes on
 * using the right one.
 */
static int
open_page(struct bell *b, gid_t group, char *why)
{
	int rc, fd = open(b->path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
	void *map;

	if (fd < 0)
		return refuse(why, errno, b->path, NULL);
	rc = check_file(b, fd, why);
	if (rc == 0)
		rc = set_up(b, fd, group, why);
	if (rc == 0) {
		map = mmap(NULL, BELL_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE,
		    fd, 0);
		if (map == MAP_FAILED)
			rc = refuse(why, errno, b->path, NULL);
		else
			b->flag = map;
	}
	close(fd);
	return rc;
}

int
bell_open(struct bell *b, const struct bell_cfg *cfg, struct tick_segment_header *ring, char *why)
{
	int rc;

	memset(b, 0, sizeof(*b));
	b->due_ns = INT64_MAX;
	b->header = ring;
	snprintf(b->path, sizeof(b->path), "%s/%s.bell",
	    cfg->directory ? cfg->directory : SEGMENT_DIRECTORY, cfg->feed);
	rc = open_page(b, cfg->group, why);
	if (rc != 0)
		return rc;
	guard(b);
	__atomic_store_n(&ring->bell_epoch, ring->epoch, __ATOMIC_RELEASE);
	return 0;
}

static void
wake_all(struct bell *b)
{
	/* W4 before W5, else W4 could take down the flag of a reader that W5 does not wake. */
	__atomic_exchange_n(b->flag, 0, __ATOMIC_ACQ_REL);
	__atomic_fetch_add(&b->header->bell, 1, __ATOMIC_RELEASE);
	syscall(SYS_futex, &b->header->bell, FUTEX_WAKE, INT32_MAX, NULL, NULL, 0);
	b->rings++;
}

void
bell_close(struct bell *b, bool unlink_it)
{
	b->lost = 0;
	if (!b->flag)
		return;
	__atomic_store_n(&b->header->bell_epoch, 0, __ATOMIC_RELEASE);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	wake_all(b);
	unguard(b);
	munmap(b->flag, BELL_BYTES);
	b->flag = NULL;
	if (unlink_it)
		unlink(b->path);
}

void
bell_wake(struct bell *b, int64_t mono_ns)
{
	b->due_ns = INT64_MAX;
	if (__atomic_load_n(b->flag, __ATOMIC_RELAXED) == 0)
		return; /* its reader changed its mind */
	if (b->rings > 0 && mono_ns - b->rung_ns < BELL_EVERY_NS) {
		b->due_ns = b->rung_ns + BELL_EVERY_NS;
		return;
	}
	b->rung_ns = mono_ns;
	wake_all(b);
}

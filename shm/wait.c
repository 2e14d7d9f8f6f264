#include <tickring/reader.h>

#include <fcntl.h>
#include <linux/futex.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "shm/reader_impl.h"

#define PAUSES_PER_LOOK 64
#define NAP_NS_MIN 50000
#define NAP_NS_MAX 1000000

static void
pause_cpu(void)
{
#if defined(__x86_64__) || defined(__i386__)
	__builtin_ia32_pause();
#elif defined(__aarch64__)
	__asm__ volatile("isb" ::: "memory"); /* yield is a no-op on most cores */
#endif
}

static struct timespec
timespec_of(int64_t ns)
{
	return (struct timespec){.tv_sec = ns / 1000000000, .tv_nsec = ns % 1000000000};
}

/* Is the next tick there, or a younger one in its place? */
static int
is_there(const struct tick_reader *r)
{
	const struct tick *t = &r->slots[r->next & r->mask];

	return __atomic_load_n(&t->seq, __ATOMIC_ACQUIRE) >= 2 * r->next + 2;
}

/*
 * What a peek comes to. A state of the writer that the caller was told already
 * is no news: TICK_END.
 */
static int
news(struct tick_reader *r)
{
	const struct tick *t;
	int outcome = tick_reader_peek(r, &t);

	switch (outcome) {
	case TICK_E_STALE:
	case TICK_E_DEAD:
	case TICK_E_REPLACED:
		if (outcome == r->told)
			return TICK_END;
		break;
	case TICK_END:
		r->told = r->health;
		break;
	default:
		break;
	}
	return outcome;
}

/* ---- the bell ---------------------------------------------------------------- */

void
reader_drop_bell(struct tick_reader *r)
{
	if (r->bell_fd >= 0)
		close(r->bell_fd);
	r->bell_fd = -1;
	r->bell_epoch = 0;
}

/* The file must belong to the ring's owner: a stranger's could be a name for anything. */
static int
open_bell(const struct tick_reader *r)
{
	char path[PATH_MAX];
	struct stat ring, bell;
	int fd;

	if (attach_path(r->at.path, "bell", path) != 0)
		return -1;
	fd = open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0)
		return -1;
	if (fstat(r->at.fd, &ring) == 0 && fstat(fd, &bell) == 0 && S_ISREG(bell.st_mode) &&
	    bell.st_uid == ring.st_uid && bell.st_nlink == 1)
		return fd;
	close(fd);
	return -1;
}

int
tick_reader_can_wait(struct tick_reader *reader)
{
	uint32_t epoch = __atomic_load_n(&reader->header->epoch, __ATOMIC_ACQUIRE);

	if (__atomic_load_n(&reader->header->bell_epoch, __ATOMIC_ACQUIRE) != epoch)
		return 0;
	if (reader->bell_epoch != epoch) {
		reader_drop_bell(reader);
		reader->bell_fd = open_bell(reader);
		reader->bell_epoch = epoch;
	}
	return reader->bell_fd >= 0;
}

/*
 * By write(2) and not by a mapping: whoever may write the file may also cut it
 * short, and a mapping would then kill this process.
 */
static int
arm(struct tick_reader *r)
{
	static const char up = 1;

	if (pwrite(r->bell_fd, &up, 1, 0) == 1)
		return 1;
	close(r->bell_fd);
	r->bell_fd = -1;
	return 0;
}

/* Sleeps until the writer rings, at most until `until`. R1 to R5 of shm/bell.c. */
static void
sleep_by_bell(struct tick_reader *r, int64_t until)
{
	uint32_t word = __atomic_load_n(&r->header->bell, __ATOMIC_ACQUIRE);
	struct timespec end = timespec_of(until);

	if (!arm(r))
		return;
	/* R3: the flag before the ticks; the writer: the ticks before the flag. */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (is_there(r))
		return;
	r->slept++;
	/* Never FUTEX_PRIVATE_FLAG: the waker is another process. */
	syscall(SYS_futex, &r->header->bell, FUTEX_WAIT_BITSET, word, &end, NULL,
	    FUTEX_BITSET_MATCH_ANY);
}

/* ---- waiting ------------------------------------------------------------------ */

static void
nap(struct tick_reader *r, int64_t now, int64_t until, int64_t *nap_ns)
{
	struct timespec end = timespec_of(until - now < *nap_ns ? until : now + *nap_ns);

	r->slept++;
	r->polled++;
	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &end, NULL);
	*nap_ns = *nap_ns * 2 < NAP_NS_MAX ? *nap_ns * 2 : NAP_NS_MAX;
}

static void
pause_a_while(const struct tick_reader *r)
{
	for (int i = 0; i < PAUSES_PER_LOOK && !is_there(r); i++)
		pause_cpu();
}

static int64_t
later(int64_t now, int64_t span_ns)
{
	return span_ns < 0 || span_ns > INT64_MAX - now ? INT64_MAX : now + span_ns;
}

static int
await(struct tick_reader *r, int64_t spin_ns, int64_t timeout_ns)
{
	int64_t now, spin_end, end, until, nap_ns = NAP_NS_MIN;
	int outcome = news(r);

	if (outcome != TICK_END)
		return outcome;
	now = reader_now_ns();
	spin_end = later(now, spin_ns);
	end = later(now, timeout_ns);
	for (; now < end; now = reader_now_ns()) {
		if (now - r->looked_ns >= READER_LOOK_NS)
			tick_reader_check(r);
		until = r->looked_ns + READER_LOOK_NS < end ? r->looked_ns + READER_LOOK_NS : end;
		if (now < spin_end)
			pause_a_while(r);
		else if (!is_there(r) && tick_reader_can_wait(r))
			sleep_by_bell(r, until);
		else if (!is_there(r))
			nap(r, now, until, &nap_ns);
		outcome = news(r);
		if (outcome != TICK_END)
			return outcome;
	}
	return r->health;
}

/* `told` keeps one state of the writer from ending every wait. */
static int
told(struct tick_reader *r, int outcome)
{
	r->told = outcome;
	return outcome;
}

int
tick_reader_wait(struct tick_reader *reader, int64_t timeout_ns)
{
	return told(reader, await(reader, 0, timeout_ns));
}

int
tick_reader_spin(struct tick_reader *reader, int64_t spin_ns)
{
	return told(reader, await(reader, spin_ns, spin_ns));
}

int
tick_reader_spin_then_wait(struct tick_reader *reader, int64_t spin_ns, int64_t timeout_ns)
{
	return told(reader, await(reader, spin_ns, timeout_ns));
}

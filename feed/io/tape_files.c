/*
 * The files of a capture: a thread of low priority has the next one ready,
 * and synchronizes, closes and compresses those that are finished.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "feed/io/tape_impl.h"

#define FINISHED_MAX 64 /* power of two */
#define SUFFIX ".trc"
#define NUMBER 5 /* digits of a file's number */

/* ioprio_set(2): class idle, of this thread. There is no header for it. */
#define IOPRIO_WHO_PROCESS 1
#define IOPRIO_IDLE (3 << 13)

struct finished {
	int fd;
	uint32_t number;
};

struct tape_files {
	char dir[TAPE_PATH_MAX - 128], name[72], session[32];
	bool compress;
	pthread_t thread;
	bool has_thread;
	sem_t work;
	atomic_bool over;
	atomic_int next_fd;    /* -1: not ready */
	atomic_int next_error; /* errno of the last attempt to make it, 0: it was made */
	uint32_t next_number;  /* of the file at next_fd; who has that fd may read it */
	struct finished finished[FINISHED_MAX];
	_Atomic unsigned given, taken; /* of them */
};

void
tape_files_path(const struct tape_files *f, uint32_t number, char *out, size_t room)
{
	snprintf(out, room, "%s/%s-%s-%05" PRIu32 SUFFIX, f->dir, f->name, f->session, number);
}

static int
make(struct tape_files *f, uint32_t number)
{
	char path[TAPE_PATH_MAX];
	int fd;

	tape_files_path(f, number, path, sizeof(path));
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0640);
	return fd < 0 ? -errno : fd;
}

static void
make_next(struct tape_files *f)
{
	int fd;

	if (atomic_load(&f->next_fd) >= 0)
		return;
	fd = make(f, f->next_number + 1);
	atomic_store(&f->next_error, fd < 0 ? -fd : 0);
	if (fd < 0)
		return; /* asked again; the file at hand grows meanwhile */
	f->next_number++;
	atomic_store(&f->next_fd, fd);
}

static void
finish(struct tape_files *f, const struct finished *it)
{
	char path[TAPE_PATH_MAX];

	/* What cannot be made safe now, the kernel writes when it can: the file stands. */
	(void)fsync(it->fd);
	close(it->fd);
	tape_files_path(f, it->number, path, sizeof(path));
	if (f->compress && !atomic_load(&f->over))
		(void)tape_pack(path, &f->over);
}

static bool
take_finished(struct tape_files *f)
{
	unsigned taken = atomic_load(&f->taken);

	if (taken == atomic_load_explicit(&f->given, memory_order_acquire))
		return false;
	finish(f, &f->finished[taken % FINISHED_MAX]);
	atomic_store(&f->taken, taken + 1);
	return true;
}

/* A file of this feed, of another session? */
static bool
is_left_over(const struct tape_files *f, const char *name)
{
	size_t n = strlen(f->name), all = strlen(name), session = strlen(f->session);
	size_t suffix = sizeof(SUFFIX) - 1;

	return strncmp(name, f->name, n) == 0 && name[n] == '-' &&
	    all == n + session + 2 + NUMBER + suffix &&
	    strncmp(name + n + 1, f->session, session) != 0 &&
	    strcmp(name + all - suffix, SUFFIX) == 0;
}

/* What a run before this one could not compress any more; empty ones go. */
static void
tidy(struct tape_files *f)
{
	DIR *dir = opendir(f->dir);
	char path[TAPE_PATH_MAX];
	struct dirent *entry;
	struct stat st;

	while (dir != NULL && !atomic_load(&f->over) && (entry = readdir(dir)) != NULL) {
		if (!is_left_over(f, entry->d_name) ||
		    snprintf(path, sizeof(path), "%s/%s", f->dir, entry->d_name) >=
		        (int)sizeof(path) ||
		    stat(path, &st) != 0 || !S_ISREG(st.st_mode))
			continue;
		if (st.st_size == 0)
			unlink(path);
		else if (f->compress)
			(void)tape_pack(path, &f->over);
		make_next(f);
		while (take_finished(f))
			;
	}
	if (dir != NULL)
		closedir(dir);
}

static void *
files_thread(void *argument)
{
	struct tape_files *f = argument;

	/* Refused: it works all the same. */
	setpriority(PRIO_PROCESS, (id_t)syscall(SYS_gettid), 19);
	syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, 0, IOPRIO_IDLE);
	make_next(f);
	tidy(f);
	while (!atomic_load(&f->over)) {
		make_next(f);
		if (take_finished(f))
			continue;
		while (sem_wait(&f->work) != 0)
			;
	}
	while (take_finished(f))
		;
	return NULL;
}

static int
start_thread(struct tape_files *f)
{
	sigset_t all, before;
	int rc;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	rc = pthread_create(&f->thread, NULL, files_thread, f);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	f->has_thread = rc == 0;
	return -rc;
}

int
tape_files_open(struct tape_files **out, const struct tape_cfg *cfg, uint64_t session,
    char *why)
{
	struct tape_files *f = calloc(1, sizeof(*f));
	time_t second = (time_t)(session / 1000000000);
	struct tm tm;
	int rc = -ENAMETOOLONG, fd;

	if (f == NULL)
		return -ENOMEM;
	sem_init(&f->work, 0, 0);
	atomic_init(&f->next_fd, -1);
	f->compress = cfg->compress;
	gmtime_r(&second, &tm);
	strftime(f->session, sizeof(f->session), "%Y%m%dT%H%M%S", &tm);
	snprintf(f->session + strlen(f->session), 8, ".%03uZ",
	    (unsigned)(session / 1000000 % 1000));
	if (snprintf(f->dir, sizeof(f->dir), "%s", cfg->dir) < (int)sizeof(f->dir) &&
	    snprintf(f->name, sizeof(f->name), "%s", cfg->name) < (int)sizeof(f->name)) {
		fd = make(f, 1);
		rc = fd < 0 ? fd : 0;
	}
	if (rc == 0) {
		f->next_number = 1;
		atomic_store(&f->next_fd, fd);
		rc = start_thread(f);
	}
	*out = f;
	if (rc != 0) {
		snprintf(why, TAPE_WHY_MAX, "no file in %.100s: %s", cfg->dir, strerror(-rc));
		tape_files_close(out);
	}
	return rc;
}

int
tape_files_next(struct tape_files *f, uint32_t *number)
{
	int fd = atomic_load(&f->next_fd);

	if (fd >= 0) {
		*number = f->next_number;
		atomic_store(&f->next_fd, -1);
	}
	sem_post(&f->work);
	return fd;
}

int
tape_files_error(const struct tape_files *f)
{
	return atomic_load(&f->next_error);
}

bool
tape_files_finish(struct tape_files *f, int fd, uint32_t number)
{
	unsigned given = atomic_load(&f->given);

	if (given - atomic_load(&f->taken) == FINISHED_MAX)
		return false;
	f->finished[given % FINISHED_MAX] = (struct finished){fd, number};
	atomic_store_explicit(&f->given, given + 1, memory_order_release);
	sem_post(&f->work);
	return true;
}

void
tape_files_close(struct tape_files **files)
{
	struct tape_files *f = *files;
	char path[TAPE_PATH_MAX];

	if (f == NULL)
		return;
	*files = NULL;
	atomic_store(&f->over, true);
	sem_post(&f->work);
	if (f->has_thread)
		pthread_join(f->thread, NULL);
	if (f->next_fd >= 0) { /* nothing was written to it */
		close(f->next_fd);
		tape_files_path(f, f->next_number, path, sizeof(path));
		unlink(path);
	}
	sem_destroy(&f->work);
	free(f);
}

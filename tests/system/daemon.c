#include "tests/system/daemon.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "feed/io/clock.h"

#define DAEMONS_MAX 8
#define PAUSE_US 500
#define LOG_MAX (1 << 20)
#define FILES 5 /* of a feed in /dev/shm */

static char folder[32];
static char feed[48];
static char segment[FILES][96];
static struct daemon *running[DAEMONS_MAX];
static volatile pid_t pids[DAEMONS_MAX];
static char log_text[LOG_MAX];

/* ---- folder and end ---------------------------------------------------- */

static void
remove_segments(void)
{
	for (int i = 0; i < FILES; i++)
		unlink(segment[i]);
}

/* The runner's time limit: nothing but system calls. */
static void
on_term(int number)
{
	for (int i = 0; i < DAEMONS_MAX; i++)
		if (pids[i] > 0)
			kill(pids[i], SIGKILL);
	remove_segments();
	_exit(128 + number);
}

int
daemon_setup_all(void **state)
{
	static const char *const suffix[] = {"ring", "board", "status", "bell", "lock"};
	struct sigaction term = {.sa_handler = on_term};

	(void)state;
	if (!getenv("TICKRING_BUILD")) {
		print_error("TICKRING_BUILD is not set\n");
		return -1;
	}
	snprintf(folder, sizeof(folder), "/tmp/tickring-test-XXXXXX");
	if (mkdtemp(folder) == NULL)
		return -1;
	snprintf(feed, sizeof(feed), "test-%ld-%llx", (long)getpid(),
	    (unsigned long long)clock_mono().ns);
	for (int i = 0; i < FILES; i++)
		snprintf(segment[i], sizeof(segment[i]), "/dev/shm/%s.%s", feed, suffix[i]);
	sigaction(SIGTERM, &term, NULL);
	sigaction(SIGINT, &term, NULL);
	return 0;
}

/* A writer killed while it builds a segment leaves NAME.ring.tmp.PID. */
void
daemon_remove_segments(void)
{
	struct dirent *entry;
	DIR *dir = opendir("/dev/shm");
	char path[300];

	remove_segments();
	while (dir && (entry = readdir(dir))) {
		snprintf(path, sizeof(path), "/dev/shm/%s", entry->d_name);
		if (strncmp(entry->d_name, feed, strlen(feed)) == 0)
			unlink(path);
	}
	if (dir)
		closedir(dir);
}

int
daemon_teardown(void **state)
{
	(void)state;
	for (int i = 0; i < DAEMONS_MAX; i++) {
		if (!running[i])
			continue;
		kill(running[i]->pid, SIGKILL);
		waitpid(running[i]->pid, NULL, 0);
		running[i]->pid = pids[i] = 0;
		running[i] = NULL;
	}
	daemon_remove_segments();
	return 0;
}

int
daemon_teardown_all(void **state)
{
	char path[512];
	struct dirent *entry;
	DIR *dir = opendir(folder);

	daemon_teardown(state);
	while (dir && (entry = readdir(dir))) {
		snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			unlink(path);
	}
	if (dir)
		closedir(dir);
	return rmdir(folder);
}

const char *
daemon_folder(void)
{
	return folder;
}

const char *
daemon_feed(void)
{
	return feed;
}

const char *
daemon_segment(const char *suffix)
{
	static char path[4][96];
	static unsigned turn;
	char *out = path[turn++ % 4];

	snprintf(out, sizeof(path[0]), "/dev/shm/%s.%s", feed, suffix);
	return out;
}

/* ---- waiting ----------------------------------------------------------- */

mono_t
daemon_deadline(void)
{
	return mono_add(clock_mono(), span_s(DAEMON_WITHIN_S));
}

void
daemon_pause(mono_t deadline, const char *what)
{
	for (int i = 0; i < DAEMONS_MAX && mono_due(deadline, clock_mono()); i++)
		if (running[i])
			print_error("%s:\n%.4000s\n", running[i]->log, daemon_log(running[i]));
	if (mono_due(deadline, clock_mono()))
		fail_msg("not in time: %s", what);
	usleep(PAUSE_US);
}

/* ---- processes --------------------------------------------------------- */

/* In the child: nothing but system calls. */
static _Noreturn void
become(const char *path, char *const *argv, const char *log, pid_t parent)
{
	int fd = open(log, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 0600);
	int null = open("/dev/null", O_RDONLY);

	if (fd < 0 || null < 0 || dup2(null, 0) < 0 || dup2(fd, 1) < 0 || dup2(fd, 2) < 0 ||
	    prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != parent)
		_exit(126);
	close(fd);
	close(null);
	signal(SIGTERM, SIG_DFL);
	signal(SIGINT, SIG_DFL);
	execv(path, argv);
	_exit(127);
}

static void
note(struct daemon *d, pid_t pid)
{
	int i = 0;

	while (i < DAEMONS_MAX && running[i])
		i++;
	if (i == DAEMONS_MAX)
		fail_msg("more than %d programs", DAEMONS_MAX);
	d->pid = pids[i] = pid;
	running[i] = d;
}

static void
forget(struct daemon *d)
{
	for (int i = 0; i < DAEMONS_MAX; i++) {
		if (running[i] != d)
			continue;
		running[i] = NULL;
		pids[i] = 0;
	}
	d->pid = 0;
}

/* What TICKRING_TRANSPORT asks of every feedd; a test's own word comes later and counts. */
static const char *
transport_wanted(const char *program)
{
	static char setting[32];
	const char *name = getenv("TICKRING_TRANSPORT");

	if (!name || *name == '\0' || strcmp(program, "feedd") != 0)
		return NULL;
	snprintf(setting, sizeof(setting), "transport=%s", name);
	return setting;
}

void
daemon_start(struct daemon *d, const char *program, const char *const *arguments)
{
	static unsigned number;
	const char *transport = transport_wanted(program);
	char *argv[DAEMON_ARGUMENTS_MAX + 4] = {(char *)(uintptr_t)program};
	char **next = argv + 1;
	pid_t pid, parent = getpid();
	char path[PATH_MAX];

	if (transport) {
		*next++ = (char *)(uintptr_t)"--set";
		*next++ = (char *)(uintptr_t)transport;
	}

	snprintf(path, sizeof(path), "%s/%s", getenv("TICKRING_BUILD"), program);
	snprintf(d->log, sizeof(d->log), "%s/%u-%s.log", folder, number++, program);
	for (size_t n = 0; arguments[n]; n++) {
		assert_true(n < DAEMON_ARGUMENTS_MAX);
		*next++ = (char *)(uintptr_t)arguments[n];
	}
	pid = fork();
	if (pid == 0)
		become(path, argv, d->log, parent);
	if (pid < 0)
		fail_msg("fork: %s", strerror(errno));
	note(d, pid);
}

void
daemon_start_feedd(struct daemon *d, uint16_t port, const char *const *settings)
{
	static const char *const base[] = {"endpoint.host=localhost", "endpoint.address=127.0.0.1",
	    "pool.initial_connections=1", "pool.max_connections=1", "reconnect.base_delay_ms=20",
	    "reconnect.max_delay_ms=200", "reconnect.max_retries=1000000", "status_interval_ms=10"};
	const char *argv[DAEMON_ARGUMENTS_MAX + 1] = {NULL};
	char own[3][160];
	size_t n = 0;

	snprintf(own[0], sizeof(own[0]), "feed=%s", feed);
	snprintf(own[1], sizeof(own[1]), "endpoint.port=%u", port);
	snprintf(own[2], sizeof(own[2]), "endpoint.ca_file=%s/ca.pem", folder);
	for (size_t i = 0; i < 3; i++) {
		argv[n++] = "--set";
		argv[n++] = own[i];
	}
	for (size_t i = 0; i < sizeof(base) / sizeof(base[0]); i++) {
		argv[n++] = "--set";
		argv[n++] = base[i];
	}
	for (; *settings; settings++) {
		assert_true(n + 2 < DAEMON_ARGUMENTS_MAX);
		argv[n++] = "--set";
		argv[n++] = *settings;
	}
	daemon_start(d, "feedd", argv);
}

/* The first number in the file, or 0 while it is not there whole. */
static unsigned
number_in(const char *path)
{
	FILE *file = fopen(path, "r");
	unsigned number = 0;
	char end = 0;

	if (!file)
		return 0;
	if (fscanf(file, "%u%c", &number, &end) != 2 || (end != '\n' && end != ' '))
		number = 0;
	fclose(file);
	return number;
}

uint16_t
daemon_start_sim(struct daemon *d, const char *const *arguments)
{
	const char *argv[DAEMON_ARGUMENTS_MAX + 1] = {
	    "--dir", folder, "--port", "0", "--port-file"};
	mono_t deadline = daemon_deadline();
	char port_file[64];
	unsigned port;
	size_t n = 5;

	snprintf(port_file, sizeof(port_file), "%s/port", folder);
	unlink(port_file);
	argv[n++] = port_file;
	for (; *arguments; arguments++) {
		assert_true(n < DAEMON_ARGUMENTS_MAX);
		argv[n++] = *arguments;
	}
	daemon_start(d, "exchange-sim", argv);
	while ((port = number_in(port_file)) == 0) {
		if (!daemon_runs(d))
			fail_msg("exchange-sim ended: %s", daemon_log(d));
		daemon_pause(deadline, "exchange-sim's port");
	}
	return (uint16_t)port;
}

static int
result_of(int status)
{
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

int
daemon_wait(struct daemon *d)
{
	mono_t deadline = daemon_deadline();
	int status;

	while (waitpid(d->pid, &status, WNOHANG) == 0)
		daemon_pause(deadline, "the end of a program");
	forget(d);
	return result_of(status);
}

int
daemon_end(struct daemon *d, int signal)
{
	assert_true(d->pid > 0);
	kill(d->pid, signal);
	return daemon_wait(d);
}

bool
daemon_runs(struct daemon *d)
{
	siginfo_t info = {0};

	return d->pid > 0 &&
	    waitid(P_PID, (id_t)d->pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
	    info.si_pid == 0;
}

const char *
daemon_state(const struct daemon *d)
{
	static char text[64];
	siginfo_t info = {0};

	if (d->pid <= 0)
		return "was not started";
	if (waitid(P_PID, (id_t)d->pid, &info, WEXITED | WNOHANG | WNOWAIT) != 0 ||
	    info.si_pid == 0)
		return "runs";
	snprintf(text, sizeof(text), "%s %d",
	    info.si_code == CLD_EXITED ? "exited with" : "was ended by signal", info.si_status);
	return text;
}

const char *
daemon_log(const struct daemon *d)
{
	FILE *file = fopen(d->log, "r");
	size_t n = 0;

	if (file) {
		n = fread(log_text, 1, sizeof(log_text) - 1, file);
		fclose(file);
	}
	log_text[n] = '\0';
	return log_text;
}

void
daemon_expect_log(const struct daemon *d, const char *text)
{
	mono_t deadline = daemon_deadline();

	while (!strstr(daemon_log(d), text))
		daemon_pause(deadline, text);
}

struct tick_status_reader *
daemon_open_status(void)
{
	mono_t deadline = daemon_deadline();
	struct tick_status_reader *reader;

	while (tick_status_open(&reader, daemon_feed()) != 0)
		daemon_pause(deadline, "the status segment");
	return reader;
}

struct tick_status *
daemon_look(const struct tick_status_reader *reader)
{
	static struct tick_status status;
	mono_t deadline = daemon_deadline();

	while (tick_status_read(reader, &status) != 0)
		daemon_pause(deadline, "a status");
	return &status;
}

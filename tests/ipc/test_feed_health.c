/*
 * feed-health, the program, against a status in every state that it can be
 * found in: exit code and line. A child is the writer, so that it can be
 * stopped and killed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "shm/status_writer.h"
#include "tests/health_example.h"
#include "tests/ipc/child.h"
#include "tests/shm_fixture.h"
#include "tools/common/clock.h"

#define HEARTBEAT_NS (20 * NS_PER_MS)
#define LINE_MAX_BYTES 4096

/* What the writer makes worse of the good example. */
enum flaw { FLAWLESS, FEW_MESSAGES, ALL_DOWN, WELL_LATER, DIES_WRITING };

struct world {
	struct shm_fixture f;
	pid_t writer;
	int ready[2];
	enum flaw flaw;
	char line[LINE_MAX_BYTES];
};

/* ---- the writer -------------------------------------------------------------- */

/* The example's clocks become those of now. */
static void
move_to_now(struct tick_status *s)
{
	int64_t by = clock_wall_ns() - EXAMPLE_WALL;

	s->at_ns += by;
	s->at_mono_ns = clock_mono_ns();
	s->started_ns += by;
	for (int i = 0; i < EXAMPLE_LINES; i++) {
		s->line[i].since_ns += by;
		s->line[i].connected_ns += by;
		s->line[i].last_message_ns += by;
	}
}

static void
spoil(struct tick_status *s, enum flaw flaw, int round)
{
	if (flaw == FEW_MESSAGES || (flaw == WELL_LATER && round < 25))
		s->messages_per_s = 400;
	for (int i = 0; flaw == ALL_DOWN && i < EXAMPLE_LINES; i++)
		s->line[i].state = TICK_LINE_BACKOFF;
}

static int
write_status(void *context)
{
	struct world *w = context;
	struct status_cfg cfg = {.directory = w->f.directory, .feed = "t", .group = (gid_t)-1,
	    .heartbeat_every_ns = HEARTBEAT_NS};
	static struct tick_status status;
	char why[SEGMENT_WHY_MAX];
	struct status_writer writer;

	if (status_open(&writer, &cfg, why) != 0)
		return 1;
	for (int round = 0;; round++) {
		health_example(&status);
		move_to_now(&status);
		spoil(&status, w->flaw, round);
		status_publish(&writer, &status);
		if (round == 0 && w->flaw == DIES_WRITING) {
			writer.record->copy[0].seq++; /* the next one goes there */
			raise(SIGKILL);
		}
		if (round == 0 && child_tell(w->ready) != 0)
			return 2;
		clock_sleep_ns(HEARTBEAT_NS);
	}
}

static void
start_writer(struct world *w, enum flaw flaw)
{
	w->flaw = flaw;
	assert_int_equal(pipe(w->ready), 0);
	w->writer = child_start(write_status, w);
	assert_true(w->writer > 0);
	if (flaw != DIES_WRITING)
		assert_int_equal(child_hear(w->ready), 0);
	close(w->ready[0]);
	close(w->ready[1]);
}

static void
kill_writer(struct world *w)
{
	kill(w->writer, SIGKILL);
	assert_int_equal(child_wait(w->writer), -SIGKILL);
	w->writer = 0;
}

static int
setup(void **state)
{
	static struct world w;

	memset(&w, 0, sizeof(w));
	shm_fixture_init(&w.f);
	*state = &w;
	return 0;
}

static int
teardown(void **state)
{
	struct world *w = *state;

	if (w->writer > 0)
		kill_writer(w);
	shm_fixture_fini(&w->f);
	return 0;
}

/* ---- the tool ---------------------------------------------------------------- */

struct call {
	const char *command;
	int out;
};

static int
call_tool(void *context)
{
	const struct call *call = context;

	if (dup2(call->out, STDOUT_FILENO) < 0)
		return 126;
	execl("/bin/sh", "sh", "-c", call->command, (char *)NULL);
	return 127;
}

/* Runs it with those words; its line stays in w->line. Returns the exit code. */
static int
run(struct world *w, const char *words)
{
	const char *build = getenv("TICKRING_BUILD");
	char command[1024];
	struct call call = {.command = command};
	int ends[2];
	size_t used = 0;
	ssize_t n;
	pid_t pid;

	assert_non_null(build);
	snprintf(command, sizeof(command), "exec '%s/feed-health' %s '%s'", build, words,
	    w->f.feed);
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	call.out = ends[1];
	pid = child_start(call_tool, &call);
	close(ends[1]);
	while ((n = read(ends[0], w->line + used, sizeof(w->line) - 1 - used)) > 0)
		used += (size_t)n;
	w->line[used] = '\0';
	close(ends[0]);
	return child_wait(pid);
}

/* One line that begins with such a word and says that. */
static void
expect(const struct world *w, const char *word, const char *text)
{
	assert_memory_equal(w->line, word, strlen(word));
	assert_non_null(strstr(w->line, w->f.feed));
	assert_non_null(strstr(w->line, " | score="));
	assert_ptr_equal(strchr(w->line, '\n'), w->line + strlen(w->line) - 1);
	if (strstr(w->line, text) == NULL)
		fail_msg("no \"%s\" in: %s", text, w->line);
}

static void
a_feed_that_is_well_exits_with_0(void **state)
{
	struct world *w = *state;

	start_writer(w, FLAWLESS);
	assert_int_equal(run(w, ""), 0);
	expect(w, "FEED OK: ", "score 1.000, 3 of 3 lines live, 1000 messages/s | ");
	assert_int_equal(run(w, "--ready -w 5"), 0);
}

static void
a_warning_exits_with_1(void **state)
{
	struct world *w = *state;

	start_writer(w, FEW_MESSAGES);
	assert_int_equal(run(w, ""), 1);
	expect(w, "FEED WARNING: ", "few messages: 400/s, limit 500/s | ");
	/* It delivers all the same. */
	assert_int_equal(run(w, "--ready"), 0);
	expect(w, "FEED OK: ", "few messages");
}

static void
an_alarm_exits_with_2(void **state)
{
	struct world *w = *state;

	start_writer(w, ALL_DOWN);
	assert_int_equal(run(w, ""), 2);
	expect(w, "FEED CRITICAL: ", "0 of 3 lines live, 1000 messages/s, no line is live: 3");
	assert_int_equal(run(w, "--ready"), 2);
}

static void
limits_of_the_command_line_count(void **state)
{
	struct world *w = *state;

	start_writer(w, FEW_MESSAGES);
	assert_int_equal(run(w, "--messages 400,100"), 0);
	expect(w, "FEED OK: ", " messages=400;400:;100:;0 ");
	assert_int_equal(run(w, "--messages 0,0"), 0);
	assert_int_equal(run(w, "--messages 1000,401"), 2);
	expect(w, "FEED CRITICAL: ", "few messages: 400/s, limit 401/s");
	assert_int_equal(run(w, "--messages 0,0 --memory 10,30"), 1);
	expect(w, "FEED WARNING: ", "much memory is used: 20 MiB, limit 10 MiB");
	assert_int_equal(run(w, "--messages 5"), 3);
	assert_int_equal(run(w, "--nonsense"), 3);
}

static void
a_dead_writer_is_an_alarm(void **state)
{
	struct world *w = *state;

	start_writer(w, FLAWLESS);
	kill_writer(w);
	assert_int_equal(run(w, ""), 2);
	expect(w, "FEED CRITICAL: ", "there is no writer | ");
	assert_int_equal(run(w, "--ready"), 2);
}

static void
so_is_one_that_died_while_it_wrote(void **state)
{
	struct world *w = *state;

	start_writer(w, DIES_WRITING);
	assert_int_equal(child_wait(w->writer), -SIGKILL);
	w->writer = 0;
	assert_int_equal(run(w, ""), 2);
	expect(w, "FEED CRITICAL: ", "there is no writer | ");
}

static void
a_stopped_writer_is_an_alarm_and_well_when_it_goes_on(void **state)
{
	struct world *w = *state;
	int64_t deadline = clock_mono_ns() + 20 * NS_PER_S;
	int rc;

	start_writer(w, FLAWLESS);
	kill(w->writer, SIGSTOP);
	while ((rc = run(w, "")) == 0 && clock_mono_ns() < deadline)
		clock_sleep_ns(50 * NS_PER_MS);
	assert_int_equal(rc, 2);
	expect(w, "FEED CRITICAL: ", "the writer shows no sign of life | ");
	kill(w->writer, SIGCONT);
	assert_int_equal(run(w, "-w 20"), 0);
}

static void
a_feed_that_never_ran_is_an_alarm(void **state)
{
	struct world *w = *state;

	assert_int_equal(run(w, ""), 2);
	expect(w, "FEED CRITICAL: ", "there is no such segment | ");
	assert_int_equal(run(w, "-w 0.1"), 2);
}

static void
what_is_no_status_is_unknown(void **state)
{
	struct world *w = *state;
	char path[256], rubbish[8192];
	int fd;

	memset(rubbish, 'x', sizeof(rubbish));
	snprintf(path, sizeof(path), "%s.status", w->f.feed);
	fd = open(path, O_CREAT | O_WRONLY, 0640);
	assert_int_equal(write(fd, rubbish, sizeof(rubbish)), (ssize_t)sizeof(rubbish));
	close(fd);
	assert_int_equal(run(w, ""), 3);
	expect(w, "FEED UNKNOWN: ", "no tickring segment of this kind | ");
	assert_int_equal(run(w, "--ready"), 3);
	assert_int_equal(truncate(path, 100), 0);
	assert_int_equal(run(w, ""), 3);
}

static void
waiting_ends_with_health_or_with_the_time(void **state)
{
	struct world *w = *state;

	start_writer(w, WELL_LATER);
	assert_int_equal(run(w, "-w 20"), 0);
	expect(w, "FEED OK: ", "1000 messages/s");
	kill_writer(w);
	start_writer(w, FEW_MESSAGES);
	assert_int_equal(run(w, "-w 0.2"), 1);
	expect(w, "FEED WARNING: ", "few messages");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	    T(a_feed_that_is_well_exits_with_0),
	    T(a_warning_exits_with_1),
	    T(an_alarm_exits_with_2),
	    T(limits_of_the_command_line_count),
	    T(a_dead_writer_is_an_alarm),
	    T(so_is_one_that_died_while_it_wrote),
	    T(a_stopped_writer_is_an_alarm_and_well_when_it_goes_on),
	    T(a_feed_that_never_ran_is_an_alarm),
	    T(what_is_no_status_is_unknown),
	    T(waiting_ends_with_health_or_with_the_time),
#undef T
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

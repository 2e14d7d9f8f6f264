/*
 * A program that is run for each alert, one after the other: it gets the alert
 * in its environment, and as JSON at its standard input.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "feed/base/log.h"
#include "feed/io/clock.h"
#include "feed/ops/alarm_impl.h"

#define LOOK_EVERY_MS 50
#define VARIABLES_MAX 10
#define VARIABLE_ROOM 256

struct alarm_command {
	struct ops *ops;
	const struct alarm_sender *sender;
	struct alarm_counts *counts;
	char *argument[CONFIG_ARGUMENTS_MAX + 1];
	span_t within;
	pid_t pid; /* and process group; 0: none runs */
	mono_t until;
	struct ops_timer timer;
	struct alarm_queue queue;
};

extern char **environ;

/* ---- what it gets ---------------------------------------------------------------------- */

struct variables {
	char text[VARIABLES_MAX][VARIABLE_ROOM];
	unsigned n;
};

static void
add_text(struct variables *v, const char *name, const char *value)
{
	snprintf(v->text[v->n++], VARIABLE_ROOM, "TICKRING_%s=%s", name, value);
}

static void
add_number(struct variables *v, const char *name, int64_t value)
{
	snprintf(v->text[v->n++], VARIABLE_ROOM, "TICKRING_%s=%" PRId64, name, value);
}

static void
describe(struct variables *v, const struct alarm_sender *sender, const struct alarm_item *item)
{
	const struct alert_row *row = alert_row(item->news.alert);

	v->n = 0;
	add_text(v, "FEED", sender->feed);
	add_text(v, "ALERT", row->name);
	add_text(v, "SEVERITY", alert_severity_name((int)row->severity));
	add_text(v, "EVENT", alert_word_name((int)item->news.word));
	add_text(v, "TEXT", row->text);
	add_text(v, "UNIT", alarm_unit_name(row));
	add_number(v, "OF", item->news.figures.of);
	add_number(v, "VALUE", item->news.figures.value);
	add_number(v, "LIMIT", item->news.figures.limit);
	add_number(v, "AT_NS", item->at.ns);
}

/* The feed's environment with the alert's variables before it. NULL: out of memory. */
static char **
environment(struct variables *v)
{
	size_t n = 0;
	char **all;

	while (environ[n] != NULL)
		n++;
	all = calloc(n + v->n + 1, sizeof(all[0]));
	if (all == NULL)
		return NULL;
	for (unsigned i = 0; i < v->n; i++)
		all[i] = v->text[i];
	memcpy(all + v->n, environ, n * sizeof(all[0]));
	return all;
}

/* The end of a pipe from which the JSON can be read, or -errno. It fits into any pipe. */
static int
make_input(const struct alarm_sender *sender, const struct alarm_item *item)
{
	char text[ALARM_TEXT_MAX];
	size_t n = alarm_text_plain(text, sender, item);
	int ends[2], error = 0;

	if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0)
		return -errno;
	if (write(ends[1], text, n) != (ssize_t)n)
		error = EIO;
	close(ends[1]);
	if (error == 0)
		return ends[0];
	close(ends[0]);
	return -error;
}

/* ---- its life -------------------------------------------------------------------------- */

/* In a process group of its own, with no signal blocked: our thread blocks them all. */
static int
spawn(struct alarm_command *c, int input, char **env)
{
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attributes;
	sigset_t none, all;
	int rc;

	sigemptyset(&none);
	sigfillset(&all);
	posix_spawn_file_actions_init(&files);
	posix_spawnattr_init(&attributes);
	rc = posix_spawn_file_actions_adddup2(&files, input, STDIN_FILENO);
	if (rc == 0)
		rc = posix_spawn_file_actions_addopen(
		    &files, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
	if (rc == 0)
		rc = posix_spawn_file_actions_addopen(
		    &files, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
	posix_spawnattr_setsigmask(&attributes, &none);
	posix_spawnattr_setsigdefault(&attributes, &all);
	posix_spawnattr_setpgroup(&attributes, 0);
	posix_spawnattr_setflags(&attributes,
	    POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
	if (rc == 0)
		rc = posix_spawn(
		    &c->pid, c->argument[0], &files, &attributes, c->argument, env);
	if (rc != 0)
		c->pid = 0;
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&files);
	return -rc;
}

static int
start(struct alarm_command *c, const struct alarm_item *item)
{
	struct variables variables;
	int input, rc = -ENOMEM;
	char **env;

	describe(&variables, c->sender, item);
	input = make_input(c->sender, item);
	if (input < 0)
		return input;
	env = environment(&variables);
	if (env != NULL)
		rc = spawn(c, input, env);
	free(env);
	close(input);
	return rc;
}

static void
failed(struct alarm_command *c, const char *how, int64_t number)
{
	c->counts->command_failures++;
	LOG(WARNING, "alert_command", LOG_STR("command", c->argument[0]), LOG_STR("result", how),
	    LOG_I64("number", number), LOG_THEN("the alert is in the log"));
}

/* Starts the next, when there is one and none runs. */
static void
go_on(struct alarm_command *c)
{
	int rc;

	while (c->pid == 0 && c->queue.n > 0) {
		rc = start(c, &c->queue.item[c->queue.first]);
		alarm_queue_drop(&c->queue);
		c->counts->commands++;
		if (rc != 0)
			failed(c, "not_started", -rc);
	}
	if (c->pid == 0)
		return;
	if (mono_is_never(c->until))
		c->until = mono_add(clock_mono(), c->within);
	ops_timer_start(c->ops, &c->timer, span_ms(LOOK_EVERY_MS));
}

static void
on_look(void *context)
{
	struct alarm_command *c = context;
	int status;
	pid_t pid = waitpid(c->pid, &status, WNOHANG);

	if (pid == 0 && mono_due(c->until, clock_mono())) {
		failed(c, "killed", c->within.ns / 1000000);
		kill(-c->pid, SIGKILL);
		pid = waitpid(c->pid, &status, 0);
	} else if (pid == c->pid && WIFSIGNALED(status)) {
		failed(c, "signal", WTERMSIG(status));
	} else if (pid == c->pid && WEXITSTATUS(status) != 0) {
		failed(c, "exit_status", WEXITSTATUS(status));
	}
	if (pid != 0) {
		c->pid = 0;
		c->until = MONO_NEVER;
	}
	go_on(c);
}

void
alarm_command_put(struct alarm_command *command, const struct alarm_item *item)
{
	command->counts->command_drops += alarm_queue_put(&command->queue, item, false);
	if (command->pid == 0)
		go_on(command);
}

int
alarm_command_open(struct alarm_command **out, struct ops *ops, const struct config_alerts *cfg,
    const struct alarm_sender *sender, struct alarm_counts *counts)
{
	struct alarm_command *c = calloc(1, sizeof(*c));

	*out = c;
	if (c == NULL)
		return -ENOMEM;
	c->ops = ops;
	c->sender = sender;
	c->counts = counts;
	c->within = span_ms(cfg->command_timeout_ms);
	c->until = MONO_NEVER;
	c->timer = (struct ops_timer){.fn = on_look, .context = c};
	for (size_t i = 0; i < cfg->command.n && i < CONFIG_ARGUMENTS_MAX; i++)
		if ((c->argument[i] = strdup(cfg->command.item[i])) == NULL)
			return -ENOMEM;
	return 0;
}

void
alarm_command_close(struct alarm_command **command)
{
	struct alarm_command *c = *command;

	*command = NULL;
	if (c == NULL)
		return;
	ops_timer_stop(&c->timer);
	if (c->pid != 0) {
		kill(-c->pid, SIGKILL);
		waitpid(c->pid, NULL, 0);
	}
	for (size_t i = 0; i < CONFIG_ARGUMENTS_MAX; i++)
		free(c->argument[i]);
	free(c);
}

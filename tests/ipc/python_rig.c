#include "tests/ipc/python_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Starts a shell command; $FEED is the feed. */
void
python_start(struct python_child *c, const struct python_rig *w, const char *command)
{
	int ends[2];

	assert_int_equal(pipe(ends), 0);
	assert_int_equal(setenv("FEED", w->f.feed, 1), 0);
	c->pid = fork();
	if (c->pid == 0) {
		dup2(ends[1], STDOUT_FILENO);
		close(ends[0]);
		close(ends[1]);
		execl("/bin/sh", "sh", "-c", command, (char *)NULL);
		_exit(127);
	}
	close(ends[1]);
	c->out = fdopen(ends[0], "r");
	assert_non_null(c->out);
	c->restarts = c->overruns = 0;
}

/* Its exit status. */
int
python_finish(struct python_child *c)
{
	int status = -1;

	if (c->out)
		fclose(c->out);
	if (c->pid > 0)
		assert_int_equal(waitpid(c->pid, &status, 0), c->pid);
	free(c->line);
	memset(c, 0, sizeof(*c));
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

int
python_run(const struct python_rig *w, const char *command)
{
	struct python_child c = {0};
	ssize_t n;

	python_start(&c, w, command);
	while ((n = getline(&c.line, &c.room, c.out)) > 0)
		print_message("%s", c.line);
	return python_finish(&c);
}

int
python_setup(void **state)
{
	static struct python_rig w;

	assert_non_null(getenv("TICKRING_BUILD"));
	assert_non_null(getenv("TICKRING_ROOT"));
	memset(&w, 0, sizeof(w));
	shm_fixture_init(&w.f);
	*state = &w;
	return 0;
}

int
python_teardown(void **state)
{
	struct python_rig *w = *state;

	for (int i = 0; i < 2; i++)
		if (w->child[i].pid > 0) {
			kill(w->child[i].pid, SIGKILL);
			python_finish(&w->child[i]);
		}
	if (w->ring.header)
		ring_close(&w->ring, false);
	shm_fixture_fini(&w->f);
	return 0;
}

/* Python with what the module needs, on a processor that it trusts? */
void
python_skip(const struct python_rig *w)
{
	static const char fits[] = PYTHON "-c 'import fcntl, os, sys\n"
	    "sys.exit(os.uname().machine != \"x86_64\" or sys.implementation.name != \"cpython\" or"
	    " not hasattr(fcntl, \"F_OFD_GETLK\"))' 2>/dev/null";

	if (python_run(w, fits) != 0) {
		print_message("no python3 (3.9, CPython, x86-64)\n");
		skip();
	}
}

void
python_add_instruments(struct ring *r)
{
	static const char *const odd[] = {"\xe5\xb8\x81\xe5\xae\x89USDT",
	    "BAD\xff\xc3SYM\x01\xc2\x85", "123456789012345678901234567890123456789012345678"};

	for (unsigned n = 0; n < PYTHON_INSTRUMENTS; n++) {
		struct tick_instrument i = {.venue = TICK_VENUE_BINANCE_SPOT,
		    .price_exponent = (int8_t)(-2 - (int)n % 7),
		    .qty_exponent = (int8_t)((int)n % 9 - 8)};
		char symbol[TICK_SYMBOL_MAX + 1];

		snprintf(symbol, sizeof(symbol), "%s", n < 3 ? odd[n] : "SYMBOL");
		if (n >= 3)
			symbol[6] = (char)('A' + n), symbol[7] = '\0';
		i.symbol_bytes = (uint8_t)strlen(symbol);
		memcpy(i.symbol, symbol, i.symbol_bytes);
		assert_int_equal(ring_add(r, &i), n);
	}
}

int64_t
python_random_word(struct rng *rng)
{
	static const int64_t special[] = {TICK_ABSENT, TICK_ABSENT + 1, INT64_MAX, -1, 0, 1, 10};
	uint64_t draw = rng_below(rng, 16);

	if (draw < sizeof(special) / sizeof(special[0]))
		return special[draw];
	return draw < 12 ? (int64_t)rng_below(rng, 100000000) : (int64_t)rng_next(rng);
}

/* Has the child printed something more? */
bool
python_has_said(struct python_child *c)
{
	struct pollfd pfd = {.fd = fileno(c->out), .events = POLLIN};

	return poll(&pfd, 1, 0) > 0;
}

void
python_expect(struct python_child *c, const char *text)
{
	assert_true(getline(&c->line, &c->room, c->out) > 0);
	if (strncmp(c->line, text, strlen(text)) != 0)
		fail_msg("\"%s\" expected, not: %s", text, c->line);
}

void
python_nap(long ns)
{
	nanosleep(&(struct timespec){.tv_nsec = ns}, NULL);
}

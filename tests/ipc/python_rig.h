/*
 * Tests of tools/python: this process writes, a child or two read and print.
 *
 * One thread. Uses cmocka's assertions.
 */
#ifndef TESTS_IPC_PYTHON_RIG_H
#define TESTS_IPC_PYTHON_RIG_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#include "feed/base/rng.h"
#include "tests/shm_fixture.h"

/* Parts of shell commands; without files of its own in the tree. */
#define PYTHON "python3 -B "
#define PYTHON_HELPER PYTHON "\"$TICKRING_ROOT/tests/ipc/python_reader.py\" "
#define PYTHON_TOOL PYTHON "\"$TICKRING_ROOT/tools/python/tickring.py\" "

#define PYTHON_INSTRUMENTS 20 /* of python_add_instruments() */

struct python_child {
	pid_t pid; /* 0: does not run */
	FILE *out; /* what it prints */
	char *line; /* the last one that was read */
	size_t room;
	unsigned restarts, overruns; /* told in lines that begin with '#' */
};

struct python_rig {
	struct shm_fixture f;
	struct ring ring; /* closed by the teardown */
	struct python_child child[2]; /* ended by the teardown */
};

/* A row of the table of tests: with a rig of its own as *state. */
#define PYTHON_TEST(name) cmocka_unit_test_setup_teardown(name, python_setup, python_teardown)

int python_setup(void **state);
int python_teardown(void **state);

/* Skips the test without Python 3.9, or where the module would refuse the machine. */
void python_skip(const struct python_rig *w);

/* Starts a shell command; $FEED is the feed. */
void python_start(struct python_child *c, const struct python_rig *w, const char *command);

/* Waits for its end and returns its exit status, -1 for a signal. */
int python_finish(struct python_child *c);

/* Both, and prints what it printed. */
int python_run(const struct python_rig *w, const char *command);

/* Has it printed something that was not read? */
bool python_has_said(struct python_child *c);

/* Reads a line, which must begin with that text. */
void python_expect(struct python_child *c, const char *text);

/* A directory with all that symbols and exponents may be, and more. */
void python_add_instruments(struct ring *r);

/* Any word, TICK_ABSENT and the extremes more often than others. */
int64_t python_random_word(struct rng *rng);

void python_nap(long ns);

#endif

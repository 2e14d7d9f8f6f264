/*
 * feedd and exchange-sim as child processes of a test: a folder and a feed
 * name of their own, waiting for conditions with a deadline, and an end in all
 * cases: the group's teardown kills what still runs and removes the files, a
 * SIGTERM of the test's runner does the same, and the kernel kills the
 * children when the test itself is killed.
 *
 * One thread (the main one: the children die with it).
 */
#ifndef TESTS_SYSTEM_DAEMON_H
#define TESTS_SYSTEM_DAEMON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <tickring/status.h>

#include "feed/base/mono.h"

#define DAEMON_WITHIN_S 20 /* longest wait for anything */
#define DAEMON_ARGUMENTS_MAX 96

struct daemon {
	pid_t pid;     /* 0: does not run */
	char log[128]; /* file of its standard output and error */
};

/* For cmocka_run_group_tests(). */
int daemon_setup_all(void **state);
int daemon_teardown_all(void **state);

/* For single tests: ends all programs and removes the feed's segments. */
int daemon_teardown(void **state);

/* Removes them before: whoever starts then knows nothing of who ran. Nobody may run. */
void daemon_remove_segments(void);

const char *daemon_folder(void);
const char *daemon_feed(void);

/* "/dev/shm/FEED.suffix". Valid until the fourth call after. */
const char *daemon_segment(const char *suffix);

/*
 * Starts $TICKRING_BUILD/program with those arguments (NULL-terminated); the log
 * is cut first. feedd takes the transport that $TICKRING_TRANSPORT names unless
 * the arguments set another.
 */
void daemon_start(struct daemon *d, const char *program, const char *const *arguments);

/*
 * The same for feedd: with the feed's name, localhost at 127.0.0.1 and `port`,
 * one line, short waits; then `settings`, "key=value" (NULL-terminated).
 */
void daemon_start_feedd(struct daemon *d, uint16_t port, const char *const *settings);

/* The same for exchange-sim on a free port, which is returned once it is open. */
uint16_t daemon_start_sim(struct daemon *d, const char *const *arguments);

/* Waits for the end. Returns the exit status, or -signal. Fails the test when it does not end. */
int daemon_wait(struct daemon *d);

/* Sends the signal, then as daemon_wait(). */
int daemon_end(struct daemon *d, int signal);

/* Does it run? */
bool daemon_runs(struct daemon *d);

/* "runs", "was not started", "exited with N", "was ended by signal N"; until the next call. */
const char *daemon_state(const struct daemon *d);

/* Its log so far; valid until the next call. */
const char *daemon_log(const struct daemon *d);

/* Waits until its log has `text`; fails the test when that does not come. */
void daemon_expect_log(const struct daemon *d, const char *text);

/* A point DAEMON_WITHIN_S from now, and whether it was passed: then the test fails with `what`. */
mono_t daemon_deadline(void);
void daemon_pause(mono_t deadline, const char *what);

/* Opens the feed's status, as soon as it is there; the caller closes it. */
struct tick_status_reader *daemon_open_status(void);

/* What it says now; valid until the next call. */
struct tick_status *daemon_look(const struct tick_status_reader *reader);

#endif

/*
 * feedd with its HTTP interface, fed by exchange-sim, and a client that says
 * what it is told and nothing else. Main thread; waits are bounded.
 */
#ifndef TESTS_SYSTEM_HTTP_RIG_H
#define TESTS_SYSTEM_HTTP_RIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "tests/system/daemon.h"

#define HTTP_RIG_TOKEN "correct-horse-battery-staple"
#define HTTP_RIG_ANSWER_MAX (1 << 20)

struct http_rig {
	struct daemon sim, feedd;
	uint16_t exchange; /* port of the simulator; 0: it does not run */
	uint16_t port;     /* of the HTTP interface */
	char token_file[128];
	int status;        /* of the last answer; 0: there was none */
	size_t n;
	char answer[HTTP_RIG_ANSWER_MAX]; /* head and body, NUL-terminated */
	const char *body;  /* where the body begins, or the end */
};

/* cmocka's setup of a test: *state becomes the rig, which is static. Tear down by daemon.h. */
int http_rig_setup(void **state);

/* Starts exchange-sim (`sim`: further arguments, NULL-terminated, or NULL). */
void http_rig_start_sim(struct http_rig *rig, const char *const *sim);

/*
 * Starts feedd for it with an HTTP interface at a free port, and further
 * settings (NULL-terminated). `token`: with a token file.
 */
void http_rig_start_feedd(struct http_rig *rig, const char *const *settings, bool token);

/* The same for a feed that does not get that far: waits until its log has that text. */
void http_rig_start_feedd_until(
    struct http_rig *rig, const char *const *settings, bool token, const char *text);

/* Both, with a trade and a quote stream, and waits until it is ready. */
void http_rig_start(struct http_rig *rig);

/* A new connection to the interface: a blocking socket with time limits. */
int http_rig_dial(const struct http_rig *rig);

/* recv() that goes on after a signal (or SIGCONT), which a socket with time limits does not. */
ssize_t http_rig_receive(int fd, void *to, size_t n, int flags);

/* Sends the bytes as they are on a connection of their own, reads all that comes. */
void http_rig_say(struct http_rig *rig, const char *bytes, size_t n);

/* GET of that path; `headers`: whole lines, or "". Returns the status. */
int http_rig_get(struct http_rig *rig, const char *path, const char *headers);

/* A request with a body; `token`: NULL for none. Returns the status. */
int http_rig_patch(struct http_rig *rig, const char *token, const char *body);

/* Asks until the answer has that status. */
void http_rig_wait(struct http_rig *rig, const char *path, int status);

/* The value of a sample in the last answer, "name{labels}"; fails when it is not there. */
double http_rig_value(const struct http_rig *rig, const char *sample);

#endif

/*
 * For system tests of exchange-sim: the simulator as a process in a directory
 * of its own, and a WebSocket client that is nothing but OpenSSL. Everything
 * fails the test when it takes too long.
 */
#ifndef TESTS_SYSTEM_SIM_RIG_H
#define TESTS_SYSTEM_SIM_RIG_H

#include <limits.h>
#include <openssl/ssl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define SIM_ENDPOINTS 2

struct sim {
	char dir[64], port_file[96], control_file[96], ca[96], file[96], binary[PATH_MAX];
	pid_t pid;
	char address[SIM_ENDPOINTS][32]; /* "127.0.0.1:PORT" */
	char control[32];                /* the same of the control port, or empty */
	char answer[1 << 16];            /* body of sim_control() */
};

/* cmocka's set-up and tear-down of a test: *state becomes a struct sim. */
int sim_set_up(void **state);
int sim_tear_down(void **state);

/* Starts it with further arguments, up to NULL, and waits for its ports. */
void sim_start(struct sim *s, ...) __attribute__((sentinel));

/* Runs it with further arguments to its end; its exit status, stderr in `answer`. */
int sim_run(struct sim *s, ...) __attribute__((sentinel));

/* Ends it by a signal; it must end well. */
void sim_stop(struct sim *s, int signal_number);

/* A request to the control port ("POST /fault"): its status, the body in `answer`. */
int sim_control(struct sim *s, const char *request, const char *body);

/* Plans faults; they must be accepted. */
void sim_fault(struct sim *s, const char *lines);

/* GET /state: does the text occur in it? */
bool sim_state_has(struct sim *s, const char *text);

struct client {
	SSL_CTX *ctx;
	BIO *bio;
	SSL *ssl;
	char *in;        /* bytes received, not yet taken */
	size_t n;
	char *payload;   /* of the last frame, NUL-terminated */
	size_t payload_n;
	unsigned char head; /* its first byte */
};

/* Instead of an opcode. */
enum { CLIENT_QUIET = -1, CLIENT_CLOSED = -2, CLIENT_EOF = -3, CLIENT_RESET = -4 };

/* Connects to an endpoint, with verification. Returns OpenSSL's verdict on the certificate. */
long client_dial(struct client *c, const struct sim *s, int endpoint);

/* Sends an HTTP request with the headers of an upgrade. */
void client_say(struct client *c, const char *target);

/* Reads until the text has come, and forgets everything up to its end. */
void client_hear(struct client *c, const char *text);

/* Dials, upgrades, and waits for the 101. */
void client_open(struct client *c, const struct sim *s, int endpoint, const char *target);

/*
 * The next frame's opcode: CLIENT_QUIET when none comes within `ms`,
 * CLIENT_CLOSED after TLS's close_notify, CLIENT_EOF at a bare FIN,
 * CLIENT_RESET.
 */
int client_frame(struct client *c, int ms);

/* Sends a masked text frame. */
void client_send(struct client *c, const char *text);

void client_hang_up(struct client *c);

/* CLOCK_MONOTONIC in milliseconds. */
int64_t sim_now_ms(void);

#endif

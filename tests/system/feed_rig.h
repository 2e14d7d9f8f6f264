/*
 * feedd against a server of the test's own: what the test says goes out on the
 * line, what comes of it is read from the ring and the status segment.
 *
 * Used by the main thread; the server has its own.
 */
#ifndef TESTS_SYSTEM_FEED_RIG_H
#define TESTS_SYSTEM_FEED_RIG_H

#include <tickring/status.h>

#include "tests/system/certs.h"
#include "tests/system/daemon.h"
#include "tests/system/ws_server.h"

struct feed_rig;

/* Which transport feedd uses from now on, $TICKRING_TRANSPORT or not: "auto", "uring", "lws". */
void feed_rig_use_transport(const char *name);

/* Whether feedd captures into the test's folder. */
void feed_rig_capture(struct feed_rig *rig, bool on);

/* For cmocka_run_group_tests(): programs, folder, the test's authority. */
int feed_rig_setup_all(void **state);
int feed_rig_teardown_all(void **state);

/* For single tests: *state becomes the rig. The teardown ends everything in all cases. */
int feed_rig_setup(void **state);
int feed_rig_teardown(void **state);

/* Starts a server with such a certificate and feedd for it. */
void feed_rig_start(struct feed_rig *rig, enum cert_kind kind);

/* The same, and waits until feedd's line is live. */
void feed_rig_connect(struct feed_rig *rig);

/* Another server on another port, with the good certificate; feedd is started for it anew. */
void feed_rig_end_feedd(struct feed_rig *rig);

struct daemon *feed_rig_feedd(struct feed_rig *rig);

/* Queues one frame for the server's newest subscribed line; `head` is opcode | WS_FIN. */
void feed_rig_send(struct feed_rig *rig, int head, const void *payload, size_t n);
void feed_rig_send_text(struct feed_rig *rig, const char *text);

/* The server closes that line, in good order, once all is sent. */
void feed_rig_close_line(struct feed_rig *rig);

/*
 * Sends the next valid trade of BTCUSDT, waits for it in the ring and then for
 * a status that counts it; *out is that status.
 */
void feed_rig_trade(struct feed_rig *rig, struct tick_status *out);

/* Trades sent so far; all of them were received in order. */
uint64_t feed_rig_trades(const struct feed_rig *rig);

/* Waits for a status with the first line in that state. */
void feed_rig_wait_state(struct feed_rig *rig, enum tick_line_state state, struct tick_status *out);

/* The status as it is. */
void feed_rig_status(struct feed_rig *rig, struct tick_status *out);

#endif

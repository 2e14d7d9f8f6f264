/*
 * What every transport test needs: certificates, a server, a transport, a sink
 * that remembers, waiting with a deadline (10 s) instead of sleeping.
 */
#ifndef TESTS_SYSTEM_TRANSPORT_RIG_H
#define TESTS_SYSTEM_TRANSPORT_RIG_H

#include <stdbool.h>

#include "feed/io/transport.h"
#include "tests/system/certs.h"
#include "tests/system/ws_server.h"

#define RIG_MESSAGE_MAX (1 << 20)

struct rig {
	struct transport *transport;
	struct ws_server *server;
	bool kernel_stamps;           /* of rig_reopen() */
	struct transport_proxy proxy; /* of rig_reopen() */
	const char *source;           /* of rig_start(), NULL: any */
	unsigned messages;            /* all lines */
	unsigned per_line[8];
	bool in_order;                /* receive stamps never went back */
	struct transport_stamps stamps;
	unsigned char beyond;         /* what lies in the padding, so that it is read */
	size_t sizes[16];             /* of the messages, by number modulo 16 */
	uint32_t sums[16];            /* of their bytes */
	char last[64];                /* its beginning */
	char text[2048];              /* the beginning of the last one over 63 bytes */
	const char *api_key;          /* that rig_start() sends; NULL: none */
	char log[256];                /* all small ones: [text] or <bytes> */
};

#define rig_test(f) cmocka_unit_test_setup_teardown(f, rig_setup, rig_teardown)

/* Runs a group of tests with that transport. Returns how many failed. */
#define rig_run(transport, tests)                                                                  \
	(rig_transport = (transport),                                                              \
	    cmocka_run_group_tests_name(                                                           \
	        "transport " transport, tests, certs_setup_all, certs_teardown_all))

/* Which transport the tests open; "lws" until it is set. */
extern const char *rig_transport;

int rig_setup(void **state);
int rig_teardown(void **state);
struct rig *rig_of(void **state);

/* Starts the server; cfg->tls NULL: with the good certificate. */
void rig_serve(struct rig *rig, const struct ws_server_cfg *cfg);
void rig_serve_with(struct rig *rig, enum cert_kind kind);

/* Closes and opens the transport again, with another limit for connecting. */
void rig_reopen(struct rig *rig, span_t connect_within);

/* Connects `line` as attempt 7 to exchange.test at 127.0.0.1. */
void rig_start(struct rig *rig, unsigned line);

/* The same, and waits for UP. */
struct transport_event rig_connect(struct rig *rig, unsigned line);

/* Waits for the next event, which must be of that kind. */
struct transport_event rig_expect(struct rig *rig, enum transport_event_kind kind);

/* Waits until so many messages came. */
void rig_wait_messages(struct rig *rig, unsigned count);

#endif

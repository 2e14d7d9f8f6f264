#include "tests/system/transport_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "feed/io/clock.h"

const char *rig_transport = "lws";

struct rig *
rig_of(void **state)
{
	return *state;
}

static void
remember(void *context, unsigned line, enum transport_payload kind, struct bytes payload,
    struct transport_stamps stamps)
{
	struct rig *rig = context;
	size_t n = strlen(rig->log);
	uint32_t sum = 0;

	rig->in_order = rig->in_order && stamps.recv_mono.ns >= rig->stamps.recv_mono.ns;
	rig->stamps = stamps;
	for (size_t i = 0; i < payload.n; i++)
		sum = sum * 31 + (unsigned char)payload.p[i];
	rig->sizes[rig->messages & 15] = payload.n;
	rig->sums[rig->messages & 15] = sum;
	rig->messages++;
	rig->per_line[line & 7]++;
	/* The promise to decoders: the sanitizer speaks up when it is broken. */
	for (size_t i = payload.n; i < payload.n + TRANSPORT_PADDING; i++)
		rig->beyond ^= (unsigned char)payload.p[i];
	snprintf(rig->last, sizeof(rig->last), "%.*s", (int)(payload.n < 63 ? payload.n : 63),
	    payload.p);
	if (payload.n > 63)
		snprintf(rig->text, sizeof(rig->text), "%.*s",
		    (int)(payload.n < 2047 ? payload.n : 2047), payload.p);
	if (payload.n < 32 && kind == TRANSPORT_TEXT)
		snprintf(rig->log + n, sizeof(rig->log) - n, "[%s]", rig->last);
	else if (payload.n < 32)
		snprintf(rig->log + n, sizeof(rig->log) - n, "<%zu>", payload.n);
}

void
rig_reopen(struct rig *rig, span_t connect_within)
{
	struct transport_cfg cfg = {
		.ca_file = certs_ca_file(),
		.message_bytes_max = RIG_MESSAGE_MAX,
		.connect_within = connect_within,
		.lines = 8,
		.kernel_stamps = rig->kernel_stamps,
		.proxy = rig->proxy,
		.sink = remember,
		.sink_context = rig,
	};
	char why[TRANSPORT_DETAIL_MAX];

	transport_close(&rig->transport);
	assert_int_equal(transport_open(&rig->transport, rig_transport, &cfg, why), 0);
}

int
rig_setup(void **state)
{
	struct rig *rig = calloc(1, sizeof(*rig));

	if (rig == NULL)
		return -1;
	rig->in_order = true;
	rig->kernel_stamps = true;
	*state = rig;
	rig_reopen(rig, span_s(10));
	return 0;
}

int
rig_teardown(void **state)
{
	struct rig *rig = *state;

	transport_close(&rig->transport);
	ws_server_stop(&rig->server);
	free(rig);
	return 0;
}

void
rig_serve(struct rig *rig, const struct ws_server_cfg *cfg)
{
	struct ws_server_cfg own = *cfg;

	if (own.tls == NULL)
		own.tls = certs_server(CERT_GOOD);
	rig->server = ws_server_start(&own);
}

void
rig_serve_with(struct rig *rig, enum cert_kind kind)
{
	rig_serve(rig, &(struct ws_server_cfg){.tls = certs_server(kind)});
}

void
rig_start(struct rig *rig, unsigned line)
{
	const struct transport_target target = {
		.host = "exchange.test",
		.port = ws_server_port(rig->server),
		.path = "/ws",
		.address = "127.0.0.1",
		.source = rig->source,
		.api_key = rig->api_key,
	};

	assert_int_equal(transport_connect(rig->transport, line, 7, &target), 0);
}

struct transport_event
rig_connect(struct rig *rig, unsigned line)
{
	rig_start(rig, line);
	return rig_expect(rig, TRANSPORT_UP);
}

struct transport_event
rig_expect(struct rig *rig, enum transport_event_kind kind)
{
	mono_t deadline = mono_add(clock_mono(), span_s(10));
	struct transport_event event;

	for (;;) {
		while (transport_next_event(rig->transport, &event)) {
			if (event.kind != kind && (event.kind == TRANSPORT_PONG ||
			    event.kind == TRANSPORT_ANSWERED))
				continue;
			if (event.kind != kind)
				fail_msg("event %d (%s: %s) instead of %d", event.kind,
				    tick_reason_label(event.reason), event.detail, kind);
			return event;
		}
		if (mono_due(deadline, clock_mono()))
			fail_msg("no event %d within 10 s", kind);
		assert_int_equal(transport_wait(rig->transport, deadline), 0);
	}
}

void
rig_wait_messages(struct rig *rig, unsigned count)
{
	mono_t deadline = mono_add(clock_mono(), span_s(10));

	while (rig->messages < count) {
		if (mono_due(deadline, clock_mono()))
			fail_msg("%u messages of %u within 10 s", rig->messages, count);
		assert_int_equal(transport_wait(rig->transport, deadline), 0);
	}
}

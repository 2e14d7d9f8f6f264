/*
 * The steps of a probe that speak with the exchange: a stream is subscribed,
 * its first message waited for.
 */
#include "feed/probe/probe_impl.h"

#include <errno.h>
#include <string.h>

#include <openssl/rand.h>

#include "feed/io/clock.h"
#include "feed/io/net_reason.h"
#include "feed/venue/binance/request.h"

#define REQUEST_ID 1

static const char *const kinds[] = {
	[EVENT_TRADE] = "trade",
	[EVENT_AGG_TRADE] = "aggTrade",
	[EVENT_QUOTE] = "bookTicker",
	[EVENT_DEPTH] = "depth",
	[EVENT_PARTIAL_DEPTH] = "partial depth",
	[EVENT_KLINE] = "kline",
	[EVENT_BLOCK_TRADE] = "blockTrade",
	[EVENT_MINI_TICKER] = "miniTicker",
	[EVENT_TICKER] = "ticker",
	[EVENT_AVG_PRICE] = "avgPrice",
	[EVENT_REFERENCE_PRICE] = "referencePrice",
	[EVENT_MARK_PRICE] = "markPrice",
	[EVENT_LIQUIDATION] = "liquidation",
	[EVENT_STATUS] = "status",
	[EVENT_REPLY] = "",
	[EVENT_ERROR_REPLY] = "",
	[EVENT_SERVER_SHUTDOWN] = "",
	[EVENT_LIST] = "list",
	[EVENT_UNKNOWN] = "not decoded by this feed",
};

_Static_assert(sizeof(kinds) / sizeof(kinds[0]) == EVENT_KINDS, "a kind has no name");

static int
send_frame(struct probe *p, enum wsframe_opcode opcode, struct bytes payload, mono_t until)
{
	char frame[REQUEST_BYTES_MAX + WSFRAME_HEADER_MAX];
	uint32_t mask;
	size_t n;

	if (RAND_bytes((unsigned char *)&mask, sizeof(mask)) != 1)
		return -EAGAIN;
	n = wsframe_write(frame, sizeof(frame), opcode, payload, mask);
	return n > 0 ? wire_send(&p->wire, frame, n, until) : -EMSGSIZE;
}

static int
fail_closed(struct probe *p, enum probe_step step, struct bytes words)
{
	char text[80];

	net_reason_clean(words, text, sizeof(text));
	return probe_fail(p, step, TICK_REASON_PEER_CLOSED,
	    "the server closed the connection with code %d %s", p->frames.close_code, text);
}

/* Waits for the next message, answering PINGs. Returns 0, or -1 after probe_fail(). */
static int
next_message(struct probe *p, enum probe_step step, mono_t until, const char *waited_for,
    struct bytes *message, bool *binary)
{
	for (;;) {
		enum wsframe_result result = wsframe_next(&p->frames, &p->in, message);
		ssize_t n;

		switch (result) {
		case WSFRAME_TEXT:
		case WSFRAME_BINARY:
			*binary = result == WSFRAME_BINARY;
			return 0;
		case WSFRAME_PING:
			(void)send_frame(p, WSFRAME_OP_PONG, *message, until);
			continue;
		case WSFRAME_PONG:
		case WSFRAME_OVERSIZE:
			continue;
		case WSFRAME_CLOSE:
			return fail_closed(p, step, *message);
		case WSFRAME_BROKEN:
			return probe_fail(p, step, TICK_REASON_PROTOCOL, "%s",
			    wsframe_fault_text(p->frames.fault));
		case WSFRAME_MORE:
			break;
		}
		n = wire_receive(&p->wire, p->buffer, PROBE_READ_MAX, until);
		if (n <= 0)
			return probe_fail_wire(p, step, (int)n, waited_for);
		p->in = (struct bytes){p->buffer, (size_t)n};
	}
}

/* The first one of the market; it may come before the acknowledgement. */
static void
note_market(struct probe *p, const struct event *event)
{
	struct probe_report *report = p->report;
	wall_t now = clock_wall();

	if (report->kind[0] != '\0' || kinds[event->kind][0] == '\0')
		return;
	snprintf(report->kind, sizeof(report->kind), "%s", kinds[event->kind]);
	report->first_after = mono_diff(clock_mono(), p->asked);
	report->has_age = event->exch_ns != VENUE_NO_TIME;
	report->age_ns = report->has_age ? now.ns - event->exch_ns : 0;
}

/* Waits for an event. Returns 0, or -1 after probe_fail(). */
static int
next_event(struct probe *p, enum probe_step step, mono_t until, const char *waited_for,
    struct event *event)
{
	const struct venue *venue = p->ask->venue;
	enum decode_result result = DECODE_FOREIGN;
	struct bytes message;
	uint32_t count;
	bool binary = false;

	if (next_message(p, step, until, waited_for, &message, &binary) != 0)
		return -1;
	if (!binary)
		result = venue->text(message, p->scratch, event);
	else if (venue->binary != NULL)
		result = venue->binary(message, 0, p->scratch, event, &count);
	if (result == DECODE_FOREIGN || result == DECODE_MALFORMED)
		return probe_fail(p, step, TICK_REASON_PROTOCOL,
		    "a message of %zu bytes came that cannot be decoded%s", message.n,
		    binary ? " (binary)" : "");
	note_market(p, event);
	return 0;
}

/* Want of time means something else here than at connecting. */
static int
rename_lateness(struct probe *p, enum probe_step step, enum tick_reason late)
{
	if (p->report->step[step].reason == TICK_REASON_CONNECT_TIMEOUT)
		p->report->step[step].reason = late;
	return -1;
}

static int
wait_for_reply(struct probe *p, mono_t until)
{
	struct event event;
	char text[120];

	do {
		if (next_event(p, PROBE_SUBSCRIBE, until, "acknowledgement", &event) != 0)
			return rename_lateness(p, PROBE_SUBSCRIBE, TICK_REASON_ACK_TIMEOUT);
		if (event.kind == EVENT_ERROR_REPLY) {
			net_reason_clean(event.u.reply.text, text, sizeof(text));
			return probe_fail(p, PROBE_SUBSCRIBE, TICK_REASON_ACK_ERROR,
			    "%.60s: error %d %s", p->ask->stream, event.u.reply.code, text);
		}
	} while (event.kind != EVENT_REPLY || event.id != REQUEST_ID);
	return 0;
}

int
probe_subscribe(struct probe *p, mono_t until)
{
	struct bytes name = bytes_of(p->ask->stream);
	char request[REQUEST_BYTES_MAX];
	size_t n;
	int rc;

	if (name.n == 0)
		return probe_skip(p, PROBE_SUBSCRIBE, "no stream is known, --stream names one");
	n = request_format(
	    request, sizeof(request), REQUEST_METHOD_SUBSCRIBE, REQUEST_ID, &name, 1);
	if (n == 0)
		return probe_fail(p, PROBE_SUBSCRIBE, TICK_REASON_ACK_ERROR,
		    "the stream's name is too long for a request");
	p->asked = clock_mono();
	rc = send_frame(p, WSFRAME_OP_TEXT, (struct bytes){request, n}, until);
	if (rc != 0)
		return probe_fail_wire(p, PROBE_SUBSCRIBE, rc, "request was sent");
	return wait_for_reply(p, until);
}

int
probe_message(struct probe *p, mono_t until)
{
	struct event event;

	if (p->ask->stream[0] == '\0')
		return probe_skip(p, PROBE_MESSAGE, "nothing is subscribed");
	while (p->report->kind[0] == '\0')
		if (next_event(p, PROBE_MESSAGE, until, "message of the stream", &event) != 0)
			return rename_lateness(p, PROBE_MESSAGE, TICK_REASON_ACKED_SILENT);
	return 0;
}

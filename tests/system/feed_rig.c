#include "tests/system/feed_rig.h"

#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

struct frame {
	struct frame *next;
	int head;
	size_t n;
	char payload[];
};

struct feed_rig {
	struct ws_server *server;
	struct daemon feedd;
	struct tick_reader *reader;
	struct tick_status_reader *status;
	uint64_t trades;
	pthread_mutex_t lock; /* guards the rest; main thread and server */
	pthread_cond_t news;
	struct frame *first, **end;
	bool over;
};

static char ca_file[64];
static char transport[32], capture[128] = "capture.dir=";

void
feed_rig_use_transport(const char *name)
{
	snprintf(transport, sizeof(transport), "transport=%s", name);
}

void
feed_rig_capture(struct feed_rig *rig, bool on)
{
	(void)rig;
	snprintf(capture, sizeof(capture), "capture.dir=%s", on ? daemon_folder() : "");
}

int
feed_rig_setup_all(void **state)
{
	if (daemon_setup_all(state) != 0)
		return -1;
	snprintf(ca_file, sizeof(ca_file), "%s/ca.pem", daemon_folder());
	certs_open(ca_file);
	return 0;
}

int
feed_rig_teardown_all(void **state)
{
	certs_close();
	return daemon_teardown_all(state);
}

int
feed_rig_setup(void **state)
{
	struct feed_rig *rig = calloc(1, sizeof(*rig));

	if (!rig)
		return -1;
	pthread_mutex_init(&rig->lock, NULL);
	pthread_cond_init(&rig->news, NULL);
	rig->end = &rig->first;
	*state = rig;
	return 0;
}

static void
drop_frames(struct feed_rig *rig)
{
	while (rig->first) {
		struct frame *f = rig->first;

		rig->first = f->next;
		free(f);
	}
	rig->end = &rig->first;
}

static void
stop_server(struct feed_rig *rig)
{
	pthread_mutex_lock(&rig->lock);
	rig->over = true;
	pthread_cond_broadcast(&rig->news);
	pthread_mutex_unlock(&rig->lock);
	ws_server_stop(&rig->server);
	drop_frames(rig);
	rig->over = false;
}

int
feed_rig_teardown(void **state)
{
	struct feed_rig *rig = *state;

	daemon_teardown(state);
	stop_server(rig);
	tick_reader_close(&rig->reader);
	tick_status_close(&rig->status);
	pthread_cond_destroy(&rig->news);
	pthread_mutex_destroy(&rig->lock);
	free(rig);
	return 0;
}

/* ---- the server's side -------------------------------------------------- */

/* The next frame to send, or NULL when the line is to end. */
static struct frame *
take_frame(struct feed_rig *rig)
{
	struct frame *f;

	pthread_mutex_lock(&rig->lock);
	while (!rig->first && !rig->over)
		pthread_cond_wait(&rig->news, &rig->lock);
	f = rig->over ? NULL : rig->first;
	if (f) {
		rig->first = f->next;
		if (!rig->first)
			rig->end = &rig->first;
	}
	pthread_mutex_unlock(&rig->lock);
	return f;
}

static bool
acknowledge(struct ws_conn *conn)
{
	char text[4096], reply[64];
	const char *id;
	int opcode, n;
	long got = ws_conn_receive(conn, &opcode, text, sizeof(text) - 1);

	if (got < 0)
		return false;
	text[got] = '\0';
	id = strstr(text, "\"id\":");
	if (!id)
		return false;
	n = snprintf(reply, sizeof(reply), "{\"result\":null,\"id\":%lld}", atoll(id + 5));
	return ws_conn_send(conn, WS_TEXT | WS_FIN, reply, (size_t)n);
}

static void
send_what_is_queued(struct ws_conn *conn)
{
	bool fine = acknowledge(conn);

	while (fine) {
		struct frame *f = take_frame(conn->context);

		if (!f)
			return;
		fine = ws_conn_send(conn, f->head, f->payload, f->n) &&
		    (f->head & 0xf) != WS_CLOSE;
		free(f);
	}
}

void
feed_rig_send(struct feed_rig *rig, int head, const void *payload, size_t n)
{
	struct frame *f = malloc(sizeof(*f) + n);

	assert_non_null(f);
	f->next = NULL;
	f->head = head;
	f->n = n;
	if (n > 0)
		memcpy(f->payload, payload, n);
	pthread_mutex_lock(&rig->lock);
	*rig->end = f;
	rig->end = &f->next;
	pthread_cond_broadcast(&rig->news);
	pthread_mutex_unlock(&rig->lock);
}

void
feed_rig_send_text(struct feed_rig *rig, const char *text)
{
	feed_rig_send(rig, WS_TEXT | WS_FIN, text, strlen(text));
}

void
feed_rig_close_line(struct feed_rig *rig)
{
	feed_rig_send(rig, WS_CLOSE | WS_FIN, "\x03\xe9", 2); /* 1001: going away */
}

/* ---- feedd's side -------------------------------------------------------- */

static void
open_readers(struct feed_rig *rig)
{
	mono_t deadline = daemon_deadline();

	while (tick_status_open(&rig->status, daemon_feed()) == TICK_E_ABSENT)
		daemon_pause(deadline, "the status segment");
	assert_non_null(rig->status);
	while (tick_reader_open(&rig->reader, daemon_feed(), TICK_FROM_NEWEST) == TICK_E_ABSENT)
		daemon_pause(deadline, "the ring");
	assert_non_null(rig->reader);
}

void
feed_rig_start(struct feed_rig *rig, enum cert_kind kind)
{
	const char *const settings[] = {"streams=btcusdt@trade", "endpoint.host=exchange.test",
	    capture, *transport ? transport : NULL, NULL};
	const struct ws_server_cfg cfg = {.tls = certs_server(kind),
	    .script = send_what_is_queued, .context = rig};

	rig->server = ws_server_start(&cfg);
	daemon_start_feedd(&rig->feedd, ws_server_port(rig->server), settings);
	if (!rig->status)
		open_readers(rig);
}

void
feed_rig_connect(struct feed_rig *rig)
{
	struct tick_status status;

	feed_rig_start(rig, CERT_GOOD);
	feed_rig_wait_state(rig, TICK_LINE_LIVE, &status);
}

struct daemon *
feed_rig_feedd(struct feed_rig *rig)
{
	return &rig->feedd;
}

void
feed_rig_end_feedd(struct feed_rig *rig)
{
	/* The line's end comes from the server, so that feedd need not wait for a CLOSE. */
	kill(rig->feedd.pid, SIGTERM);
	stop_server(rig);
	assert_int_equal(daemon_wait(&rig->feedd), 0);
}

void
feed_rig_status(struct feed_rig *rig, struct tick_status *out)
{
	mono_t deadline = daemon_deadline();

	while (tick_status_read(rig->status, out) != 0)
		daemon_pause(deadline, "a status");
}

void
feed_rig_wait_state(struct feed_rig *rig, enum tick_line_state state, struct tick_status *out)
{
	mono_t deadline = daemon_deadline();

	for (;;) {
		feed_rig_status(rig, out);
		if (out->line[0].state == (int64_t)state && tick_status_check(rig->status) == 0)
			return;
		daemon_pause(deadline, tick_line_state_name(state));
	}
}

/* Reads up to the trade with that id, which must be the next one. */
static void
expect_trade(struct feed_rig *rig, int64_t id)
{
	mono_t deadline = daemon_deadline();
	struct tick t;

	for (;;) {
		if (tick_reader_next(rig->reader, &t) != TICK_MORE) {
			daemon_pause(deadline, "a trade");
			continue;
		}
		if (t.type != TICK_TRADE)
			continue;
		assert_int_equal(t.id, id);
		assert_int_equal(t.trade.price, 1234000000 + id);
		return;
	}
}

void
feed_rig_trade(struct feed_rig *rig, struct tick_status *out)
{
	mono_t deadline = daemon_deadline();
	long long id = (long long)++rig->trades;
	char text[256];

	snprintf(text, sizeof(text), "{\"stream\":\"btcusdt@trade\",\"data\":{\"e\":\"trade\","
	    "\"E\":1700000000123,\"s\":\"BTCUSDT\",\"t\":%lld,\"p\":\"12.34%06lld\",\"q\":\"0.5\","
	    "\"T\":1700000000120,\"m\":true,\"M\":true}}", id, id);
	feed_rig_send_text(rig, text);
	expect_trade(rig, id);
	for (;;) {
		feed_rig_status(rig, out);
		if (out->counter[TICK_COUNTER_TRADES] == rig->trades)
			return;
		daemon_pause(deadline, "a status that counts the trade");
	}
}

uint64_t
feed_rig_trades(const struct feed_rig *rig)
{
	return rig->trades;
}

/*
 * A pool for unit tests: an exchange that answers at once when told to, a
 * clock that is set by hand. One per test program.
 */
#ifndef TESTS_POOL_RIG_H
#define TESTS_POOL_RIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "feed/core/pool.h"
#include "tests/core_cfg.h"

enum { RIG_STREAMS = 2000, RIG_ROOM = 250, RIG_START_S = 1000 };

static struct {
	struct pool pool;
	struct pool_actions actions;
	struct session_stream entry[POOL_LINES_MAX * RIG_ROOM];
	struct pool_stream stream[RIG_STREAMS];
	struct stall_stream stall[POOL_LINES_MAX * RIG_ROOM];
	struct balance_item item[RIG_STREAMS];
	uint8_t class[RIG_STREAMS]; /* STALL_RARE unless the test says otherwise */
	uint16_t bytes[RIG_STREAMS];
	mono_t now;
} rig;

/* Of all streams, from the next rig_init() on. */
static enum stall_class rig_class = STALL_RARE;

/* The action list is that of the last step. */
static inline void
rig_step(const struct pool_event *event)
{
	pool_step(&rig.pool, event, rig.now, &rig.actions);
	assert_true(mono_before(rig.now, pool_deadline(&rig.pool)));
}

static inline void
rig_tell(unsigned line, struct session_event event)
{
	rig_step(&(struct pool_event){.kind = POOL_LINE, .line = line, .session = event});
}

static inline const struct pool_action *
rig_action(enum pool_action_kind kind, unsigned k)
{
	const struct pool_action *action = action_at(&rig.actions, kind, k);

	assert_non_null(action);
	return action;
}

static inline unsigned
rig_count(enum pool_action_kind kind)
{
	return action_count(&rig.actions, kind);
}

static inline struct pool_line_view
rig_view(unsigned line)
{
	struct pool_line_view out;

	assert_true(pool_line_view(&rig.pool, line, &out));
	return out;
}

static inline void
rig_init(const struct pool_cfg *cfg, unsigned streams)
{
	const struct pool_memory memory = {.entry = rig.entry, .stream = rig.stream,
	    .stall = rig.stall, .item = rig.item, .class = rig.class, .streams_max = RIG_STREAMS};

	rig.now = mono_add(MONO_ZERO, span_s(RIG_START_S));
	for (unsigned i = 0; i < RIG_STREAMS; i++) {
		rig.bytes[i] = STREAM_BYTES;
		rig.class[i] = rig_class;
	}
	assert_int_equal(pool_init(&rig.pool, cfg, rig.bytes, streams, &memory, 42), POOL_OK);
}

/* The point so many seconds after rig_init(). */
static inline mono_t
rig_time_s(int64_t s)
{
	return mono_add(MONO_ZERO, span_s(RIG_START_S + s));
}

/* Lets time pass until then, with a TIMER at every deadline; the last step is at the end. */
static inline void
rig_at_s(int64_t s)
{
	mono_t end = rig_time_s(s);

	while (mono_before(pool_deadline(&rig.pool), end)) {
		rig.now = pool_deadline(&rig.pool);
		rig_step(&(struct pool_event){.kind = POOL_TIMER});
	}
	rig.now = end;
	rig_step(&(struct pool_event){.kind = POOL_TIMER});
}

/* Accepts every request of that line that was sent in the last step, and those that follow. */
static inline void
rig_acknowledge(unsigned line)
{
	int64_t id[SESSION_REQUESTS_MAX];
	unsigned n;

	do {
		n = 0;
		for (unsigned i = 0; i < SESSION_REQUESTS_MAX; i++)
			if (rig.pool.session[line].request[i].id != 0)
				id[n++] = rig.pool.session[line].request[i].id;
		for (unsigned i = 0; i < n; i++)
			rig_tell(line,
			    (struct session_event){.kind = SESSION_ACKED, .request_id = id[i]});
	} while (n > 0);
}

/* A line that connects comes up and has its requests accepted. */
static inline void
rig_up(unsigned line)
{
	rig_tell(line,
	    (struct session_event){.kind = SESSION_WENT_UP, .attempt = rig_view(line).attempt});
	rig_acknowledge(line);
}

static inline void
rig_end(unsigned line, enum tick_reason reason)
{
	rig_tell(line, (struct session_event){.kind = SESSION_WENT_DOWN,
	    .attempt = rig_view(line).attempt, .reason = reason, .retry_after_s = -1});
}

static inline void
rig_start(void)
{
	rig_step(&(struct pool_event){.kind = POOL_START});
	for (unsigned line = 0; line < pool_lines(&rig.pool); line++)
		if (rig_view(line).state == SESSION_CONNECTING)
			rig_up(line);
}

/* A message of a stream on a line. */
static inline void
rig_heard(uint32_t stream, unsigned line)
{
	const struct pool_heard heard = {
		.stream = stream, .messages = 1, .lines = UINT64_C(1) << line};

	rig_step(&(struct pool_event){.kind = POOL_HEARD, .heard = &heard, .nheard = 1});
}

#endif

/*
 * A status of a feed in good health, for tests that make it worse: three lines
 * that carry streams, at a wall clock and a monotonic clock of their own.
 */
#ifndef TESTS_HEALTH_EXAMPLE_H
#define TESTS_HEALTH_EXAMPLE_H

#include <string.h>

#include <tickring/health.h>

#define EXAMPLE_S INT64_C(1000000000)
#define EXAMPLE_WALL (INT64_C(1790000000) * EXAMPLE_S)
#define EXAMPLE_MONO (INT64_C(900000) * EXAMPLE_S)
#define EXAMPLE_LINES 3

/* Up for an hour, heard 10 ms ago, 40 streams of each class, 1000 messages/s. */
static inline void
health_example(struct tick_status *s)
{
	memset(s, 0, sizeof(*s));
	s->at_ns = EXAMPLE_WALL - EXAMPLE_S / 10;
	s->at_mono_ns = EXAMPLE_MONO - EXAMPLE_S / 10;
	s->started_ns = EXAMPLE_WALL - 3600 * EXAMPLE_S;
	s->messages_per_s = 1000;
	s->lines = s->lines_live = EXAMPLE_LINES;
	s->control.members = EXAMPLE_LINES;
	s->control.memory_bytes = 20 << 20;
	s->control.cpu_permille = 30;
	s->control.recent_connects = 100;
	for (int class = 0; class < TICK_CLASS_COUNT; class++)
		s->class_streams[class] = 40;
	for (int i = 0; i < EXAMPLE_LINES; i++) {
		s->line[i] = (struct tick_line_status){
			.state = TICK_LINE_LIVE,
			.role = TICK_ROLE_MEMBER,
			.since_ns = EXAMPLE_WALL - 3000 * EXAMPLE_S,
			.connected_ns = EXAMPLE_WALL - 3000 * EXAMPLE_S,
			.attempts = 1,
			.connects = 1,
			.last_message_ns = EXAMPLE_WALL - EXAMPLE_S / 100,
			.pongs_permille = 1000,
		};
		s->control.health_permille[i] = 1000;
	}
}

#endif

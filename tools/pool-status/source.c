#include "tools/pool-status/source.h"

#include <stdio.h>
#include <string.h>

#include "tools/common/clock.h"
#include "tools/common/exits.h"
#include "tools/common/feed.h"
#include "tools/common/stop.h"

#define READ_ATTEMPTS 100 /* a millisecond apart */

/* TICK_E_ABSENT: no segment, or no status in it yet. */
static int
open_and_read(struct source *s)
{
	int rc = s->reader != NULL ? 0 : tick_status_open(&s->reader, s->feed);

	return rc != 0 ? rc : source_read(s);
}

static int
complain(const struct options *o, int rc)
{
	char others[512] = "";

	if (rc == TICK_E_ABSENT)
		feed_others("/dev/shm", "status", others, sizeof(others));
	fprintf(stderr, "pool-status: status of feed \"%s\": %s%s%s\n", o->feed,
	    tick_outcome_text(rc), rc == TICK_E_ABSENT && !o->wait ? " (--wait waits for it)" : "",
	    others);
	return rc == TICK_E_SYSTEM ? EXIT_OTHER : EXIT_FEED;
}

int
source_open(struct source *s, const struct options *o)
{
	struct feed_wait wait = {.program = "pool-status", .feed = o->feed, .wanted = o->wait,
	    .ns_max = o->wait_ns};
	int rc;

	memset(s, 0, sizeof(*s));
	s->feed = o->feed;
	s->with_streams = o->mode == MODE_STREAMS;
	do {
		rc = open_and_read(s);
		if (rc == 0)
			return -1;
	} while (rc == TICK_E_ABSENT && feed_wait(&wait));
	source_close(s);
	return stop_asked() ? EXIT_FINE : complain(o, rc);
}

void
source_close(struct source *s)
{
	tick_status_close(&s->reader);
}

/* A writer that took the name: its numbers have nothing to do with the old ones. */
static int
follow_the_name(struct source *s)
{
	struct tick_status_reader *successor;
	int rc;

	s->health = tick_status_check(s->reader);
	if (s->health != TICK_E_REPLACED)
		return 0;
	rc = tick_status_open(&successor, s->feed);
	if (rc != 0)
		return rc;
	tick_status_close(&s->reader);
	s->reader = successor;
	s->copies = 0;
	return 0;
}

static void
read_streams(struct source *s)
{
	int64_t rows = s->copy[s->newest].stream_rows;

	s->streams = s->torn = 0;
	for (unsigned i = 0; i < TICK_STREAMS_MAX && i < rows; i++) {
		int rc = tick_status_read_stream(s->reader, i, &s->stream[s->streams]);

		s->torn += rc == TICK_E_BUSY;
		s->streams += rc == 0 || rc == TICK_E_BUSY;
	}
}

int
source_read(struct source *s)
{
	unsigned other = 1 - s->newest;
	int rc = follow_the_name(s);

	if (rc != 0)
		return rc;
	rc = tick_status_read(s->reader, &s->copy[other]);
	for (int i = 1; i < READ_ATTEMPTS && rc == TICK_E_BUSY; i++) {
		clock_sleep_ns(NS_PER_MS);
		rc = tick_status_read(s->reader, &s->copy[other]);
	}
	s->health = tick_status_check(s->reader);
	if (rc != 0)
		return rc;
	s->newest = other;
	if (s->copies < 2)
		s->copies++;
	if (s->with_streams)
		read_streams(s);
	return 0;
}

struct reading
source_reading(const struct source *s)
{
	return (struct reading){
		.now = &s->copy[s->newest],
		.before = s->copies == 2 ? &s->copy[1 - s->newest] : NULL,
		.health = s->health,
		.wall_ns = clock_wall_ns(),
		.mono_ns = clock_mono_ns(),
		.streams = {.row = s->with_streams ? s->stream : NULL, .rows = s->streams,
		    .torn = s->torn},
	};
}

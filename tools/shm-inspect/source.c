#include "tools/shm-inspect/source.h"

#include <stdio.h>
#include <string.h>

#include "tools/common/clock.h"
#include "tools/common/exits.h"
#include "tools/common/feed.h"
#include "tools/common/stop.h"

#define CHECK_EVERY_NS (100 * NS_PER_MS)

int
source_open(struct source *s, const struct options *o)
{
	struct feed_wait wait = {.program = "shm-inspect", .feed = o->feed, .wanted = o->wait,
	    .ns_max = o->wait_ns};
	char others[512] = "";
	int rc;

	memset(s, 0, sizeof(*s));
	do {
		rc = tick_reader_open(&s->reader, o->feed, o->from);
		if (rc == 0)
			return -1;
	} while (rc == TICK_E_ABSENT && feed_wait(&wait));
	if (stop_asked())
		return EXIT_FINE;
	if (rc == TICK_E_ABSENT)
		feed_others("/dev/shm", "ring", others, sizeof(others));
	fprintf(stderr, "shm-inspect: feed \"%s\": %s%s%s\n", o->feed, tick_outcome_text(rc),
	    rc == TICK_E_ABSENT && !o->wait ? " (--wait waits for it)" : "", others);
	return rc == TICK_E_SYSTEM ? EXIT_OTHER : EXIT_FEED;
}

void
source_close(struct source *s)
{
	tick_reader_close(&s->reader);
}

uint32_t
source_epoch(const struct source *s)
{
	return TICK_LOAD(&tick_reader_header(s->reader)->epoch);
}

/* Fills in the note; `before` is the reader's count of lost ticks when the call began. */
static enum source_result
tell(struct source *s, const char *event, const char *text, uint64_t before)
{
	s->note.lost = tick_reader_stats(s->reader).lost - before;
	s->lost += s->note.lost;
	s->note.event = event;
	s->note.epoch = source_epoch(s);
	snprintf(s->text, sizeof(s->text), "%s", text);
	s->note.text = s->text;
	return SOURCE_NOTE;
}

/* Another segment has the name: go over to it, or say once that it cannot be read. */
static enum source_result
replaced(struct source *s, uint64_t before)
{
	int rc = tick_reader_reattach(s->reader);
	char text[sizeof(s->text)];

	if (rc == 0) {
		s->trouble = TICK_END;
		return tell(s, "replaced", "the segment was replaced, reading the new one", before);
	}
	if (s->trouble == TICK_E_REPLACED)
		return SOURCE_IDLE;
	s->trouble = TICK_E_REPLACED;
	snprintf(text, sizeof(text), "the segment was replaced, but the new one: %s; trying again",
	    tick_outcome_text(rc));
	return tell(s, "unreadable", text, before);
}

/* There was nothing to read: is that fine? A trouble that lasts is told once. */
static enum source_result
quiet(struct source *s, int rc, uint64_t before)
{
	int64_t now = clock_mono_ns();

	if (rc == TICK_END && now - s->checked_ns < CHECK_EVERY_NS)
		return SOURCE_IDLE;
	if (rc == TICK_E_REPLACED && now - s->checked_ns < CHECK_EVERY_NS &&
	    s->trouble == TICK_E_REPLACED)
		return SOURCE_IDLE;
	s->checked_ns = now;
	if (rc == TICK_END)
		rc = tick_reader_check(s->reader);
	if (rc == TICK_E_REPLACED)
		return replaced(s, before);
	if (rc == s->trouble)
		return SOURCE_IDLE;
	s->trouble = rc;
	if (rc == TICK_E_DEAD)
		return tell(s, "dead", "the writer is gone, waiting for it to come back", before);
	if (rc == TICK_E_STALE)
		return tell(s, "stale", "the writer's heartbeat is old: it hangs or was stopped",
		    before);
	if (rc != TICK_END)
		return tell(s, "unreadable", tick_outcome_text(rc), before);
	return tell(s, "alive", "the writer is alive again", before);
}

enum source_result
source_next(struct source *s, struct tick *out)
{
	uint64_t before = tick_reader_stats(s->reader).lost;
	int rc;

	if (s->held) {
		s->held = false;
		*out = s->tick;
		return SOURCE_TICK;
	}
	rc = tick_reader_next(s->reader, out);
	switch (rc) {
	case TICK_MORE:
		if (s->trouble == TICK_END)
			return SOURCE_TICK;
		/* Ticks again: that is told first, in order. */
		s->trouble = TICK_END;
		s->tick = *out;
		s->held = true;
		return tell(s, "alive", "the writer is alive again", before);
	case TICK_E_OVERRUN:
		return tell(s, "overrun", "the writer lapped this reader", before);
	case TICK_E_DAMAGED:
		return tell(s, "damaged", "words of the ring contradict each other", before);
	case TICK_E_RESTARTED:
		s->trouble = TICK_END;
		return tell(s, "restarted", "the writer was started again", before);
	default:
		return quiet(s, rc, before);
	}
}

const char *
source_health(const struct source *s)
{
	return feed_writer_word(tick_reader_check(s->reader));
}

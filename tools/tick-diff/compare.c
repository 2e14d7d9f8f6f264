#include "tools/tick-diff/compare.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <tickring/reader.h>
#include <tickring/reasons.h>

#include "tools/common/exits.h"

#define COMPARED_MAX 65536 /* instruments that a directory has room for */

struct side {
	const char *feed;
	struct tick_reader *reader;
	struct tick tick;
	bool has;     /* `tick` is there */
	bool at_end;  /* of the ring */
	bool at_start; /* `tick` begins a session */
	bool broken;
};

/* The words that are compared, in the order in which they are printed. */
static const struct {
	const char *name;
	size_t at;
} words[] = {
	{"instrument, type, flags, line", offsetof(struct tick, instrument)},
	{"exch_ns", offsetof(struct tick, exch_ns)},
	{"recv_ns", offsetof(struct tick, recv_ns)},
	{"v0", offsetof(struct tick, v)},
	{"v1", offsetof(struct tick, v) + 8},
	{"v2", offsetof(struct tick, v) + 16},
	{"v3", offsetof(struct tick, v) + 24},
	{"id", offsetof(struct tick, id)},
	{"first_id", offsetof(struct tick, first_id)},
	{"trade_ns", offsetof(struct tick, trade_ns)},
	{"w0", offsetof(struct tick, w)},
	{"w1", offsetof(struct tick, w) + 8},
	{"w2", offsetof(struct tick, w) + 16},
	{"w3", offsetof(struct tick, w) + 24},
};

static bool
is_event(const struct tick *t, enum tick_reason reason)
{
	return t->type == TICK_FEED_EVENT && t->event.reason == reason;
}

/* Makes sure that there is a tick, the next one that counts, unless the ring ends. */
static void
fetch(struct side *s)
{
	int rc;

	while (!s->has && !s->at_end) {
		rc = tick_reader_next(s->reader, &s->tick);
		if (rc == TICK_MORE) {
			s->has = !is_event(&s->tick, TICK_REASON_STOP);
		} else if (rc == TICK_E_OVERRUN || rc == TICK_E_DAMAGED) {
			fprintf(stderr, "tick-diff: feed \"%s\": %s\n", s->feed,
			    tick_outcome_text(rc));
			s->broken = true;
			s->at_end = true;
		} else if (rc != TICK_E_RESTARTED) {
			s->at_end = true;
		}
	}
	s->at_start = s->has && (is_event(&s->tick, TICK_REASON_START) ||
	    is_event(&s->tick, TICK_REASON_RESTART));
}

static bool
session_ends(const struct side *s)
{
	return !s->has || s->at_start;
}

/* ---- comparing ---------------------------------------------------------------- */

static uint64_t
word_of(const struct tick *t, size_t i)
{
	uint64_t word;

	memcpy(&word, (const char *)t + words[i].at, sizeof(word));
	return word;
}

/* Is the number the same instrument on both sides? Looked up once for each. */
static bool
same_instrument(const struct side side[COMPARE_SIDES], uint32_t id)
{
	static bool known[COMPARED_MAX];
	const struct tick_instrument *a, *b;

	if (id == TICK_NO_INSTRUMENT || (id < COMPARED_MAX && known[id]))
		return true;
	a = tick_reader_instrument(side[0].reader, id);
	b = tick_reader_instrument(side[1].reader, id);
	if (a == NULL || b == NULL || memcmp(a->symbol, b->symbol, sizeof(a->symbol)) != 0 ||
	    a->price_exponent != b->price_exponent || a->qty_exponent != b->qty_exponent)
		return false;
	if (id < COMPARED_MAX)
		known[id] = true;
	return true;
}

/* " v0 1 and 2 id 7 and 8": what differs. The instruments may, with all words alike. */
static void
write_words(const struct tick *a, const struct tick *b, char *out, size_t room)
{
	size_t n = 0;

	out[0] = '\0';
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]) && n < room; i++)
		if (word_of(a, i) != word_of(b, i))
			n += (size_t)snprintf(out + n, room - n, "%s%s %" PRId64 " and %" PRId64,
			    n > 0 ? ", " : "", words[i].name, (int64_t)word_of(a, i),
			    (int64_t)word_of(b, i));
	if (n == 0)
		snprintf(out, room, "the instruments of that number");
}

/* Keeps the first difference for the summary. */
static void
note_first(const struct side side[COMPARE_SIDES], const char *difference,
    struct compare_result *result)
{
	if (result->first.session != 0)
		return;
	result->first.session = result->sessions;
	for (int i = 0; i < COMPARE_SIDES; i++) {
		result->first.has[i] = !session_ends(&side[i]);
		result->first.tick[i] = tick_number(side[i].tick.seq);
	}
	snprintf(result->first.words, sizeof(result->first.words), "%s", difference);
}

static void
compare_ticks(const struct side side[COMPARE_SIDES], const struct compare_cfg *cfg,
    struct compare_result *result)
{
	const struct tick *a = &side[0].tick, *b = &side[1].tick;
	bool same = same_instrument(side, a->instrument);
	char difference[COMPARE_WORDS_MAX];

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		same = same && word_of(a, i) == word_of(b, i);
	if (same) {
		result->equal++;
		return;
	}
	write_words(a, b, difference, sizeof(difference));
	note_first(side, difference, result);
	if (result->different++ < cfg->show)
		printf("tick %" PRIu64 " of %s and %" PRIu64 " of %s differ: %s\n",
		    tick_number(a->seq), side[0].feed, tick_number(b->seq), side[1].feed,
		    difference);
}

/* One side's session is over, the other's is not: its rest is missing over here. */
static void
skip_rest(struct side *longer, uint64_t *missing)
{
	for (fetch(longer); !session_ends(longer); fetch(longer)) {
		(*missing)++;
		longer->has = false;
	}
}

static void
compare_session(struct side side[COMPARE_SIDES], const struct compare_cfg *cfg,
    struct compare_result *result)
{
	for (;;) {
		fetch(&side[0]);
		fetch(&side[1]);
		if (session_ends(&side[0]) || session_ends(&side[1]))
			break;
		compare_ticks(side, cfg, result);
		side[0].has = side[1].has = false;
	}
	if (!session_ends(&side[1]) || (!session_ends(&side[0]) && !cfg->prefix))
		note_first(side, "", result);
	skip_rest(&side[0], &result->missing[1]);
	skip_rest(&side[1], &result->missing[0]);
}

/* ---- both rings --------------------------------------------------------------- */

static int
open_side(struct side *s, const char *feed)
{
	uint64_t first;
	int rc = tick_reader_open(&s->reader, feed, TICK_FROM_OLDEST);

	s->feed = feed;
	if (rc != 0) {
		fprintf(stderr, "tick-diff: feed \"%s\": %s\n", feed, tick_outcome_text(rc));
		return rc == TICK_E_SYSTEM ? EXIT_OTHER : EXIT_FEED;
	}
	/* Opening keeps a distance from a running writer; here every tick counts. */
	first = tick_reader_header(s->reader)->first;
	rc = tick_reader_seek(s->reader, first);
	if (rc == TICK_MORE || rc == TICK_END)
		return EXIT_FINE;
	fprintf(stderr, "tick-diff: feed \"%s\": its first %" PRIu64
	    " ticks are overwritten: the ring is too small\n", feed,
	    tick_reader_tell(s->reader) - first);
	return EXIT_FEED;
}

/* Both are opened, so that all that is wrong is told. Returns the worst of the exit codes. */
static int
open_sides(struct side side[COMPARE_SIDES], const struct compare_cfg *cfg)
{
	int worst = EXIT_FINE, rc;

	for (int i = 0; i < COMPARE_SIDES; i++) {
		rc = open_side(&side[i], cfg->feed[i]);
		worst = rc > worst ? rc : worst;
	}
	return worst;
}

int
compare_run(const struct compare_cfg *cfg, struct compare_result *result)
{
	struct side side[COMPARE_SIDES] = {0};
	int rc;

	*result = (struct compare_result){0};
	rc = open_sides(side, cfg);
	result->compared = rc == EXIT_FINE;
	while (rc == EXIT_FINE) {
		fetch(&side[0]);
		fetch(&side[1]);
		if (!side[0].has && !side[1].has)
			break;
		result->sessions++;
		side[0].has = side[0].has && !side[0].at_start;
		side[1].has = side[1].has && !side[1].at_start;
		compare_session(side, cfg, result);
	}
	result->broken = side[0].broken || side[1].broken;
	if (rc == EXIT_FINE && (result->broken || result->sessions == 0 ||
	        result->first.session != 0))
		rc = EXIT_FEED;
	for (int i = 0; i < COMPARE_SIDES; i++)
		tick_reader_close(&side[i].reader);
	return rc;
}

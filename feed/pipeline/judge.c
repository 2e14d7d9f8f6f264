#include "feed/pipeline/pipeline_impl.h"

/* What was on its way when a stream left a line has arrived after that. */
#define LEFT_FOR_S 5

/*
 * So many messages in a row of other lines that are no news: who brought the last
 * one brings nothing any more, and the exchange counts, or dates, anew.
 */
#define OLDER_MAX 64

void
pipeline_turn(struct pipeline *p, uint32_t id, enum tick_data_state state, enum tick_reason why,
    int64_t now_ns)
{
	struct tick_data *data = &p->instrument[id].data;

	data->state = state;
	data->since_ns = now_ns;
	data->reason = why;
	board_data(p->cfg.board, id, data);
}

static void
tell_gap(struct pipeline *p, struct publish_context *c, enum event_kind kind,
    const struct arbiter_gap *gap)
{
	c->flags |= TICK_FLAG_GAP_BEFORE;
	pipeline_count(p, TICK_COUNTER_GAPS);
	if (kind != EVENT_DEPTH) /* depth ids are not consecutive on futures */
		p->counter[TICK_COUNTER_GAP_IDS] += (uint64_t)(gap->last - gap->first + 1);
	publish_event(c, TICK_REASON_GAP, pipeline_kinds[kind].type, gap->first, gap->last);
	pipeline_note_gap(p, c->instrument, kind, gap);
}

/* ---- whose ------------------------------------------------------------------ */

/* The stream was stale: it is not any more. */
static void
tell_live(struct pipeline *p, const struct publish_context *c, uint32_t number)
{
	struct roster_stream *s = &p->roster.stream[number];
	struct publish_context told = *c;

	s->stale = false;
	p->instrument[s->instrument].stale--;
	if (s->instrument == p->instruments_max)
		told.instrument = TICK_NO_INSTRUMENT;
	told.flags = 0;
	publish_event(&told, TICK_REASON_LIVE, pipeline_kinds[s->kind].type, number, 0);
}

/* A message is the proof that its stream lives: said here, at once, ahead of its tick. */
static inline void
note_message(struct pipeline *p, const struct publish_context *c, uint32_t number, unsigned line)
{
	if (number != ROSTER_NONE) {
		roster_on_message(&p->roster, number, line);
		if (__builtin_expect(p->roster.stream[number].stale, 0))
			tell_live(p, c, number);
	}
	if (__builtin_expect(p->instrument[c->instrument].data.state != TICK_DATA_LIVE, 0))
		pipeline_settle(p, c->instrument, TICK_REASON_BOOK_LOST, c->recv_ns);
}

/* It is news: what was waited for after a halt. A word on the halt itself is not. */
static inline void
note_news(struct pipeline *p, const struct publish_context *c, enum event_kind kind)
{
	struct instrument *i = &p->instrument[c->instrument];

	if (__builtin_expect(i->data.state == TICK_DATA_LIVE, 1) || !i->waits ||
	    kind == EVENT_STATUS)
		return;
	i->waits = false;
	pipeline_settle(p, c->instrument, TICK_REASON_BOOK_LOST, c->recv_ns);
}

/* ---- which leg -------------------------------------------------------------- */

/* The line is not the first of its leg, or has no number yet. */
static unsigned
other_leg_of(struct roster_stream *s, unsigned home, unsigned line, mono_t now, bool *passing)
{
	unsigned leg;

	for (leg = 0; leg < ARBITER_LEGS_MAX; leg++)
		if (s->line_of[leg] == line)
			return leg;
	*passing = s->left_line == line &&
	    mono_before(now, mono_add(s->left_at, span_s(LEFT_FOR_S)));
	for (unsigned i = 0; i < ARBITER_LEGS_MAX; i++) {
		leg = (home + i) % ARBITER_LEGS_MAX;
		if (s->line_of[leg] != ROSTER_NO_LINE)
			continue;
		if (!*passing)
			s->line_of[leg] = (uint8_t)line;
		return leg;
	}
	*passing = false;
	return home;
}

/*
 * The arbiter's number for a line of a stream: one of its leg's if that is
 * free, any other else. It stays until the line loses the stream. What still
 * comes then, passing, is nobody's whom others would wait for.
 */
static inline unsigned
leg_of(struct pipeline *p, uint32_t number, unsigned line, bool *passing)
{
	unsigned home = p->leg[line] * PIPELINE_LEGS_PER_LEG;
	struct roster_stream *s;

	*passing = false;
	if (number == ROSTER_NONE)
		return home;
	s = &p->roster.stream[number];
	return s->line_of[home] == line ? home : other_leg_of(s, home, line, p->now, passing);
}

void
judge_on_stream_left(struct pipeline *p, uint32_t number, unsigned line)
{
	struct roster_stream *s = &p->roster.stream[number];
	enum arbiter_class class;

	if (number >= p->roster.streams_max || s->name == NULL)
		return;
	/* Another connection of that line comes without what the last one had on its way. */
	if (s->left_line == line)
		s->left_line = ROSTER_NO_LINE;
	for (unsigned leg = 0; leg < ARBITER_LEGS_MAX; leg++) {
		if (s->line_of[leg] != line)
			continue;
		s->line_of[leg] = ROSTER_NO_LINE;
		class = pipeline_kinds[s->kind].class;
		if (class == ARBITER_CLASSES)
			continue;
		if (s->instrument < p->instruments_max)
			arbiter_on_leg_down(&p->arbiter, s->instrument, class, leg);
		else
			for (uint32_t id = 0; id < p->cfg.ring->instruments; id++)
				arbiter_on_leg_down(&p->arbiter, id, class, leg);
	}
}

/* ---- is it news ------------------------------------------------------------- */

/* By what a message without ids in a row is older or newer than another one. */
static struct roster_last
age_of(const struct event *e, unsigned line)
{
	struct roster_last age = {.line = (uint8_t)line};

	switch (e->kind) {
	case EVENT_KLINE:
		age.start = e->u.kline.start_ns;
		age.rank = (int64_t)((uint64_t)e->id * 2) + e->u.kline.closed;
		break;
	case EVENT_PARTIAL_DEPTH:
	case EVENT_BLOCK_TRADE:
		age.rank = e->id;
		break;
	default: /* figures: by their time */
		age.start = e->exch_ns != VENUE_NO_TIME ? e->exch_ns : e->trade_ns;
		break;
	}
	return age;
}

/*
 * Klines, whole books and figures have no ids in a row. One line's own are
 * taken as they come; another line has to bring something newer.
 */
static bool
is_newer(struct pipeline *p, const struct publish_context *c, uint32_t number,
    const struct event *e, unsigned line)
{
	struct roster_last age = age_of(e, line), *last;

	if (number == ROSTER_NONE)
		return true;
	last = roster_last(&p->roster, number, c->instrument);
	if (last->line != line && last->line != ROSTER_NO_LINE && age.start <= last->start &&
	    (age.start < last->start || age.rank <= last->rank) && ++last->older < OLDER_MAX)
		return false;
	*last = age;
	return true;
}

static enum judgement
judge_without_ids(struct pipeline *p, const struct publish_context *c, const struct event *e,
    uint32_t number, unsigned line)
{
	note_message(p, c, number, line);
	if (is_newer(p, c, number, e, line)) {
		p->line[line].wins++;
		note_news(p, c, e->kind);
		return JUDGE_PUBLISH;
	}
	p->line[line].duplicates++;
	pipeline_count(p, TICK_COUNTER_DUPLICATES);
	return JUDGE_DROP;
}

/* What any verdict but NEW means for the counters; returns whether the message is published. */
static bool
take_verdict(struct pipeline *p, struct publish_context *c, enum event_kind kind,
    enum arbiter_verdict verdict, const struct arbiter_gap *gap)
{
	switch (verdict) {
	case ARBITER_NEW:
		break;
	case ARBITER_GAP:
		tell_gap(p, c, kind, gap);
		break;
	case ARBITER_RESET: /* what is missing in between, nobody can tell */
		pipeline_forget_gaps(p, c, kind);
		c->flags |= TICK_FLAG_GAP_BEFORE;
		publish_event(c, TICK_REASON_RENUMBERED, pipeline_kinds[kind].type, gap->first,
		    gap->last);
		pipeline_count(p, TICK_COUNTER_GAPS);
		pipeline_count(p, TICK_COUNTER_ID_RESETS);
		if (kind == EVENT_DEPTH)
			pipeline_lose_book(p, c);
		break;
	case ARBITER_INVALID:
		pipeline_count(p, TICK_COUNTER_MALFORMED);
		return false;
	case ARBITER_LATE:
		pipeline_count(p, TICK_COUNTER_LATE);
		p->line[c->leg].duplicates++;
		return false;
	case ARBITER_DUPLICATE:
	case ARBITER_OLD:
	case ARBITER_HOLD:
	case ARBITER_VERDICTS:
		pipeline_count(p, TICK_COUNTER_DUPLICATES);
		p->line[c->leg].duplicates++;
		return false;
	}
	return true;
}

enum judgement
judge(struct pipeline *p, struct publish_context *c, const struct event *e,
    const struct frame *frame, mono_t now)
{
	uint32_t number = roster_find(&p->roster, c->instrument, e->kind, e->stream);
	struct arbiter_message m = {.instrument = c->instrument,
	    .class = pipeline_kinds[e->kind].class, .id = e->id,
	    .first_id = e->first_id, .prev_id = e->prev_id,
	    .exch_ns = e->trade_ns != VENUE_NO_TIME ? e->trade_ns : e->exch_ns,
	    .arrived = frame->arrived, .now = now};
	enum arbiter_verdict verdict;
	struct arbiter_gap gap;
	bool passing;

	if (m.class == ARBITER_CLASSES)
		return judge_without_ids(p, c, e, number, frame->line);
	m.leg = leg_of(p, number, frame->line, &passing);
	verdict = arbiter_on_id(&p->arbiter, &m, &gap);
	if (__builtin_expect(passing, 0))
		arbiter_on_leg_down(&p->arbiter, m.instrument, m.class, m.leg);
	if (verdict == ARBITER_HOLD)
		return JUDGE_HOLD;
	note_message(p, c, number, frame->line);
	if (verdict != ARBITER_NEW && !take_verdict(p, c, e->kind, verdict, &gap))
		return JUDGE_DROP;
	p->line[c->leg].wins++;
	note_news(p, c, e->kind);
	pipeline_remember_id(&p->instrument[c->instrument].data, m.class, e->id);
	if (p->instrument[c->instrument].halted)
		pipeline_prove_trading(p, c, e->kind);
	return JUDGE_PUBLISH;
}

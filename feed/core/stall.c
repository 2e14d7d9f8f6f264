#include "feed/core/stall.h"

#include <stddef.h>

/* Old gaps are remembered this long at least, however dense the stream is. */
static const span_t memory_min = {INT64_C(300) * 1000000000};

enum {
	FLAG_WATCHED = 1,   /* between begin and end */
	FLAG_SUSPENDED = 2, /* silence is no alarm */
	FLAG_HEARD = 4,     /* a message came since begin or resume: the next one ends a gap */
	FLAG_LEARNED = 8,   /* its own limit counts */
};

#define S(n) {INT64_C(n) * 1000000000}
#define MS(n) {INT64_C(n) * 1000000}

/*
 * A limit before anything is learned is generous: an alarm costs requests, and
 * the ledger watches for the first message. Floors lie above what networks and
 * garbage collectors on the way have been seen to hold back (about 1 s); that of
 * quotes keeps detection at 50/s below 3 s. Caps: of what trades at random,
 * an hour tells a dead stream from a sleepy one; what changes with every
 * order is sooner suspect.
 * Learning takes long enough to see more than one burst.
 */
const struct stall_cfg stall_cfg_default = {
	.prior = {
		[STALL_TRADE] = {S(600), S(3), S(3600), S(60), 256},
		[STALL_QUOTE] = {S(60), MS(1500), S(600), S(5), 128},
		[STALL_DEPTH] = {S(60), MS(1500), S(600), S(5), 128},
		[STALL_SLOW] = {S(120), S(6), S(900), S(30), 64},
		[STALL_PERIODIC] = {S(10), S(10), S(60), S(30), 16},
		[STALL_RARE] = {S(3600), S(3600), S(3600), S(3600), 65535},
	},
	.list_for = S(5),
	.resubscribe_for = S(10),
	.move_for = S(15),
	.recycle_for = S(60),
};

/* ---- limit ---- */

static const struct stall_prior *
prior_of(const struct stall *stall, const struct stall_stream *stream)
{
	return &stall->cfg->prior[stream->class];
}

/* What was learned says; before that the prior, unless longer gaps were seen. Not bounded yet. */
static span_t
wanted_limit(const struct stall *stall, const struct stall_stream *stream)
{
	int64_t ns, prior = prior_of(stall, stream)->limit.ns;

	if (__builtin_mul_overflow(stream->longest.ns, (int64_t)STALL_FACTOR, &ns))
		ns = INT64_MAX;
	if ((stream->flags & FLAG_LEARNED) == 0 && ns < prior)
		ns = prior;
	return span_ns(ns);
}

static span_t
limit_of(const struct stall *stall, const struct stall_stream *stream)
{
	const struct stall_prior *prior = prior_of(stall, stream);
	int64_t ns = wanted_limit(stall, stream).ns;

	if (ns < prior->floor.ns)
		ns = prior->floor.ns;
	for (unsigned i = 0; i < stream->rounds && ns < prior->cap.ns; i++)
		ns *= 2;
	return span_ns(ns < prior->cap.ns ? ns : prior->cap.ns);
}

static bool
is_sparse(const struct stall *stall, const struct stall_stream *stream)
{
	return wanted_limit(stall, stream).ns > prior_of(stall, stream)->cap.ns;
}

static bool
is_judged(const struct stall_stream *stream)
{
	return (stream->flags & FLAG_WATCHED) != 0 && (stream->flags & FLAG_SUSPENDED) == 0 &&
	    stream->class != STALL_RARE;
}

/* ---- wheel ---- */

static uint64_t
tick_of(mono_t at)
{
	return at.ns <= 0 ? 0 : (uint64_t)at.ns / (uint64_t)STALL_TICK.ns;
}

static void
take_out(struct stall *stall, uint32_t entry)
{
	struct stall_stream *stream = &stall->stream[entry];
	unsigned slot = stream->slot;

	if (slot == STALL_SLOTS)
		return;
	if (stream->prev != STALL_NONE)
		stall->stream[stream->prev].next = stream->next;
	else
		stall->head[slot] = stream->next;
	if (stream->next != STALL_NONE)
		stall->stream[stream->next].prev = stream->prev;
	if (stall->head[slot] == STALL_NONE)
		stall->occupied[slot / 64] &= ~(UINT64_C(1) << slot % 64);
	stream->slot = STALL_SLOTS;
}

/* Into the slot of its deadline, or of the end of the wheel when that is sooner. */
static void
put_in(struct stall *stall, uint32_t entry, mono_t due)
{
	struct stall_stream *stream = &stall->stream[entry];
	uint64_t tick = tick_of(due) + 1;
	unsigned slot;

	take_out(stall, entry);
	if (tick <= stall->tick)
		tick = stall->tick + 1;
	if (tick >= stall->tick + STALL_SLOTS)
		tick = stall->tick + STALL_SLOTS - 1;
	slot = tick % STALL_SLOTS;
	stream->slot = (uint16_t)slot;
	stream->prev = STALL_NONE;
	stream->next = stall->head[slot];
	if (stream->next != STALL_NONE)
		stall->stream[stream->next].prev = entry;
	stall->head[slot] = entry;
	stall->occupied[slot / 64] |= UINT64_C(1) << slot % 64;
}

/* The first occupied slot's tick after the one the wheel stands at; UINT64_MAX: none. */
static uint64_t
next_tick(const struct stall *stall)
{
	uint64_t tick = stall->tick + 1, end = stall->tick + STALL_SLOTS, word;

	while (tick < end) {
		word = stall->occupied[tick % STALL_SLOTS / 64] >> tick % 64;
		if (word != 0)
			return tick + (unsigned)__builtin_ctzll(word);
		tick += 64 - tick % 64;
	}
	return UINT64_MAX;
}

/* ---- stages ---- */

static mono_t
due_of(const struct stall *stall, const struct stall_stream *stream)
{
	if (stream->stage != STALL_OK)
		return stream->due;
	return mono_add(stream->heard, limit_of(stall, stream));
}

static void
enter(struct stall *stall, struct stall_stream *stream, enum stall_stage stage)
{
	stall->stages[stream->stage]--;
	stall->stages[stage]++;
	stream->stage = (uint8_t)stage;
}

static span_t
spacing_of(const struct stall_cfg *cfg, enum stall_stage stage)
{
	switch (stage) {
	case STALL_LIST:
		return cfg->list_for;
	case STALL_RESUBSCRIBE:
		return cfg->resubscribe_for;
	case STALL_MOVE:
		return cfg->move_for;
	case STALL_RECYCLE:
		return cfg->recycle_for;
	case STALL_OK:
	case STALL_STAGES:
		break;
	}
	return SPAN_ZERO;
}

/* How far may it go? A move harms nobody else, a recycled line does. */
static enum stall_stage
last_stage(const struct stall *stall, const struct stall_stream *stream)
{
	if (is_sparse(stall, stream))
		return STALL_LIST;
	return (stream->flags & FLAG_LEARNED) != 0 ? STALL_RECYCLE : STALL_MOVE;
}

/* The next stage; after the last one a new round begins, which takes longer every time. */
static void
advance(struct stall *stall, uint32_t entry, mono_t now, struct stall_alarm *alarm)
{
	struct stall_stream *stream = &stall->stream[entry];
	enum stall_stage last = last_stage(stall, stream);
	enum stall_stage stage = stream->stage < last ? (enum stall_stage)(stream->stage + 1)
	                                              : STALL_LIST;

	*alarm = (struct stall_alarm){
		.entry = entry,
		.stage = stage,
		.sparse = last == STALL_LIST,
		.silence = mono_diff(now, stream->heard),
		.limit = limit_of(stall, stream),
	};
	enter(stall, stream, stage);
	stall->alarms[stage]++;
	stream->due = mono_add(now, spacing_of(stall->cfg, stage));
	if (stage == last) {
		stream->rounds += stream->rounds < UINT8_MAX;
		stream->due = mono_add(stream->due, limit_of(stall, stream));
	}
	put_in(stall, entry, stream->due);
}

/* ---- learning ---- */

/* What is left of it: elapsed / memory is forgotten, memory being a multiple of it. */
static int64_t
faded(int64_t longest_ns, int64_t elapsed_ns)
{
	int64_t lost = elapsed_ns / STALL_MEMORY;

	/* Of a dense stream: longest x elapsed / memory_min, without overflow. */
	if (longest_ns < memory_min.ns / STALL_MEMORY)
		lost = elapsed_ns >= memory_min.ns ? longest_ns
		    : longest_ns / 1024 * elapsed_ns / (memory_min.ns / 1024);
	return lost < longest_ns ? longest_ns - lost : 0;
}

static void
learn(struct stall *stall, struct stall_stream *stream, span_t gap, mono_t now)
{
	const struct stall_prior *prior = prior_of(stall, stream);
	int64_t longest = faded(stream->longest.ns, gap.ns);

	/* We interfered: what ended the silence is not known. */
	if (stream->stage > STALL_LIST && gap.ns / 2 > stream->longest.ns)
		gap.ns = 2 * stream->longest.ns;
	stream->longest.ns = gap.ns > longest ? gap.ns : longest;
	stream->gaps += stream->gaps < UINT16_MAX;
	if (stream->gaps >= prior->learn_after &&
	    mono_due(mono_add(stream->began, prior->learn_within), now))
		stream->flags |= FLAG_LEARNED;
}

/* ---- verbs ---- */

void
stall_init(struct stall *stall, const struct stall_cfg *cfg, struct stall_stream *memory,
    uint32_t n, mono_t now)
{
	*stall = (struct stall){.cfg = cfg, .stream = memory, .n = n, .tick = tick_of(now)};
	for (unsigned slot = 0; slot < STALL_SLOTS; slot++)
		stall->head[slot] = STALL_NONE;
	for (uint32_t i = 0; i < n; i++)
		memory[i] = (struct stall_stream){.slot = STALL_SLOTS, .class = STALL_RARE};
}

/* No such entry: NULL. */
static struct stall_stream *
stream_at(const struct stall *stall, uint32_t entry)
{
	return entry < stall->n ? &stall->stream[entry] : NULL;
}

void
stall_assign(struct stall *stall, uint32_t entry, enum stall_class class)
{
	if (stream_at(stall, entry) == NULL || (unsigned)class >= STALL_CLASSES)
		return;
	stall_end(stall, entry);
	stall->stream[entry] = (struct stall_stream){
		.slot = STALL_SLOTS,
		.class = (uint8_t)class,
		.due = MONO_NEVER,
		.began = MONO_NEVER,
	};
}

void
stall_inherit(struct stall *stall, uint32_t entry, uint32_t from)
{
	struct stall_stream *stream = stream_at(stall, entry);
	const struct stall_stream *other = stream_at(stall, from);

	if (stream == NULL || other == NULL || other->class != stream->class)
		return;
	stream->began = other->began;
	stream->longest = other->longest;
	stream->gaps = other->gaps;
	stream->flags = (uint8_t)((stream->flags & ~FLAG_LEARNED) | (other->flags & FLAG_LEARNED));
}

void
stall_begin(struct stall *stall, uint32_t entry, mono_t now)
{
	struct stall_stream *stream = stream_at(stall, entry);

	if (stream == NULL)
		return;
	stall_end(stall, entry);
	stream->heard = now;
	if (mono_is_never(stream->began))
		stream->began = now;
	stream->flags |= FLAG_WATCHED;
	stream->stage = STALL_OK;
	stall->stages[STALL_OK]++;
	if (is_judged(stream))
		put_in(stall, entry, due_of(stall, stream));
}

void
stall_end(struct stall *stall, uint32_t entry)
{
	struct stall_stream *stream = stream_at(stall, entry);

	if (stream == NULL || (stream->flags & FLAG_WATCHED) == 0)
		return;
	take_out(stall, entry);
	/* Healing was under way, and did not help (what reached its last stage counted already). */
	if (stream->stage > STALL_LIST && stream->stage < last_stage(stall, stream))
		stream->rounds += stream->rounds < UINT8_MAX;
	stall->stages[stream->stage]--;
	stream->stage = STALL_OK;
	stream->flags &= (uint8_t)~(FLAG_WATCHED | FLAG_HEARD);
}

void
stall_suspend(struct stall *stall, uint32_t entry)
{
	struct stall_stream *stream = stream_at(stall, entry);

	if (stream == NULL)
		return;
	take_out(stall, entry);
	stream->flags |= FLAG_SUSPENDED;
	if ((stream->flags & FLAG_WATCHED) != 0)
		enter(stall, stream, STALL_OK);
}

void
stall_resume(struct stall *stall, uint32_t entry, mono_t now)
{
	struct stall_stream *stream = stream_at(stall, entry);

	if (stream == NULL || (stream->flags & FLAG_SUSPENDED) == 0)
		return;
	stream->flags &= (uint8_t)~(FLAG_SUSPENDED | FLAG_HEARD);
	stream->rounds = 0;
	stream->heard = now;
	if (is_judged(stream))
		put_in(stall, entry, due_of(stall, stream));
}

enum stall_stage
stall_on_message(struct stall *stall, uint32_t entry, mono_t now)
{
	struct stall_stream *stream = stream_at(stall, entry);
	enum stall_stage ended;
	bool leaps;

	if (stream == NULL || (stream->flags & FLAG_WATCHED) == 0)
		return STALL_OK;
	ended = (enum stall_stage)stream->stage;
	leaps = stream->rounds > 0 || (stream->flags & FLAG_LEARNED) == 0;
	if ((stream->flags & (FLAG_HEARD | FLAG_SUSPENDED)) == FLAG_HEARD)
		learn(stall, stream, mono_diff(now, stream->heard), now);
	stream->heard = now;
	stream->flags |= FLAG_HEARD;
	stream->rounds = 0;
	if (ended != STALL_OK) {
		stall->alarms[STALL_OK]++;
		enter(stall, stream, STALL_OK);
	} else if (!leaps || (stream->flags & FLAG_LEARNED) == 0) {
		/* Fading shortens a limit by little in its own length: the wheel is near enough. */
		return STALL_OK;
	}
	if (is_judged(stream))
		put_in(stall, entry, due_of(stall, stream));
	return ended;
}

void
stall_forgive(struct stall *stall, span_t span, mono_t now)
{
	for (uint32_t i = 0; i < stall->n; i++) {
		struct stall_stream *stream = &stall->stream[i];

		if ((stream->flags & FLAG_WATCHED) == 0)
			continue;
		stream->heard = mono_min(mono_add(stream->heard, span), now);
		stream->due = mono_add(stream->due, span);
	}
}

bool
stall_next(struct stall *stall, mono_t now, struct stall_alarm *alarm)
{
	uint64_t target = tick_of(now), tick;
	uint32_t entry;

	for (;;) {
		while ((entry = stall->head[stall->tick % STALL_SLOTS]) != STALL_NONE) {
			take_out(stall, entry);
			if (mono_due(due_of(stall, &stall->stream[entry]), now)) {
				advance(stall, entry, now, alarm);
				return true;
			}
			put_in(stall, entry, due_of(stall, &stall->stream[entry]));
		}
		tick = next_tick(stall);
		if (tick > target)
			break;
		stall->tick = tick;
	}
	if (stall->tick < target)
		stall->tick = target;
	return false;
}

mono_t
stall_deadline(const struct stall *stall)
{
	uint64_t tick = stall->tick;

	if (stall->head[tick % STALL_SLOTS] == STALL_NONE)
		tick = next_tick(stall);
	if (tick == UINT64_MAX)
		return MONO_NEVER;
	return (mono_t){(int64_t)tick * STALL_TICK.ns};
}

span_t
stall_limit(const struct stall *stall, uint32_t entry)
{
	const struct stall_stream *stream = stream_at(stall, entry);

	return stream != NULL ? limit_of(stall, stream) : SPAN_ZERO;
}

bool
stall_is_learned(const struct stall *stall, uint32_t entry)
{
	const struct stall_stream *stream = stream_at(stall, entry);

	return stream != NULL && (stream->flags & FLAG_LEARNED) != 0;
}

bool
stall_is_sparse(const struct stall *stall, uint32_t entry)
{
	const struct stall_stream *stream = stream_at(stall, entry);

	return stream != NULL && is_sparse(stall, stream);
}

enum stall_stage
stall_stage(const struct stall *stall, uint32_t entry)
{
	const struct stall_stream *stream = stream_at(stall, entry);

	return stream != NULL ? (enum stall_stage)stream->stage : STALL_OK;
}

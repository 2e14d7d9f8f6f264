/*
 * The simulation of the whole feed: the real pool, pipeline, ring and reader
 * on a virtual clock that jumps from one thing to the next, and a fake exchange
 * with faults. Everything follows from the seed.
 *
 * This is the state that its parts share; one simulation at a time:
 *	agenda.c    what will happen, and when
 *	topology.c  what this seed is made of
 *	market.c    what the exchange has to say, and what became of it
 *	peer.c      the exchange's end of the lines
 *	operator.c  what people do to the feed while it runs
 *	weather.c   when there are faults, and which
 *	feed.c      the feed: the executor of the pool's actions
 *	rules.c     what must hold, whatever happens
 *	journal.c   what happened last
 */
#ifndef TESTS_SIM_SIM_H
#define TESTS_SIM_SIM_H

#include <stdbool.h>
#include <stdint.h>

#include "feed/base/mono.h"
#include "feed/base/rng.h"
#include "feed/core/pool.h"
#include "feed/venue/venue.h"

enum {
	SIM_LINES = 20,   /* members and replacements */
	SIM_STREAMS = 12,
	SIM_LEGS = 3,
	SIM_ROOM = 16,    /* streams of a line */
	SIM_RECORDS = 256, /* messages of a stream that are remembered */
	SIM_SENDS = 32,
	SIM_CONNECTS = 512
};

#define SIM_NO_LEG UINT32_MAX

/* A message that the exchange had to say. */
struct sim_record {
	int64_t id, first_id;
	int64_t prev_id; /* last id before it: pu of futures, else first_id - 1 */
	mono_t at;
	bool owed;    /* a healthy line was to bring it: it may not be lost */
	bool brought; /* a line brought it to the feed, whole */
};

struct sim_stream {
	char name[32], symbol[16];
	enum event_kind kind;
	unsigned path;     /* where it is served */
	span_t every;      /* mean time between messages */
	uint64_t said;     /* messages so far; number n is at record[n % SIM_RECORDS] */
	int64_t id;        /* the last one */
	struct sim_record record[SIM_RECORDS];
	bool wanted;       /* configured: not dropped */
	unsigned joined;   /* bit: a line of that leg has subscribed it since it was added */
	unsigned shown;    /* and has brought a message of it: the arbiter reckons with it */
	mono_t added;      /* when */
	struct sim_moves { /* from line to line, by leg */
		mono_t hour;
		unsigned count; /* in that hour */
		mono_t rests;   /* as the pool had it */
		bool homeless;  /* on a line that is down, though another has room ... */
		mono_t since;   /* ... since then */
	} moves[SIM_LEGS];
	/* as the reader sees it */
	int64_t seen;      /* last id, -1: none */
	mono_t seen_at;
	bool told;         /* a gap was told, its message has to be next */
	int64_t gap_first, gap_last;
	bool renumbered;   /* its ids began anew, and that was not told yet */
	mono_t renumbered_at;
	unsigned untold;   /* messages since then, in one calm */
	int64_t anew;      /* told: first id of the new count, -1: not */
	mono_t owed_since; /* the oldest message that is owed and not seen, MONO_NEVER: none */
	int64_t owed_id;
};

/* The exchange's end of a line. */
struct sim_peer {
	bool up;
	uint32_t attempt;
	uint32_t life;      /* what was meant for an earlier connection does not come any more */
	unsigned leg, endpoint, path;
	uint32_t streams;   /* bit: subscribed */
	uint32_t mute;      /* bit: subscribed, and nothing comes */
	bool deaf;          /* half-open: nothing passes in either direction */
	bool still;         /* no data, all else goes on */
	bool no_pings;
	unsigned refused; /* requests on this connection */
	unsigned lose, repeat, overtake, garble; /* so many of the next messages */
	span_t latency;
	mono_t up_at, busy_until; /* the last byte on its way arrives then */
	mono_t send[SIM_SENDS];
	unsigned sends;
};

/* Faults of a storm, in percent where not said otherwise. */
struct sim_storm {
	mono_t begun;
	unsigned spared;      /* leg that nothing happens to; SIM_NO_LEG: none */
	unsigned connect;     /* connection attempts that fail */
	unsigned address;     /* of these by a status that is held against our address */
	unsigned request;     /* requests that go wrong */
	bool silences;        /* lines and streams go silent and stay so */
	bool hurries;         /* messages come ten times as often */
	span_t every;         /* mean time between faults of lines that are up */
	span_t delay_first, delay_cap; /* longest delays that its faults cause: breaker.h */
};

enum sim_phase { SIM_BEGIN, SIM_CALM, SIM_STORM, SIM_RECOVERY, SIM_OVER };

struct sim_counts {
	uint64_t wakes, timers, faults, ticks, frames, connects, rotations, gaps, stale, silent,
	    storms;
	uint64_t renumbered, refused, changes, restarts, moved;
};

struct sim {
	uint64_t seed;
	struct rng rng;
	mono_t now, begun, end;
	int64_t wall_offset;
	/* topology */
	struct pool_cfg cfg;
	unsigned nstreams;
	bool pings_visible;
	bool futures;  /* depth continues by pu, its ids jump */
	span_t hold_for;
	struct sim_stream stream[SIM_STREAMS];
	/* exchange */
	struct sim_peer peer[SIM_LINES];
	mono_t connect[SIM_CONNECTS];
	uint64_t connects;
	/* weather */
	bool fair;         /* no faults at all */
	enum sim_phase phase;
	struct sim_storm storm;
	/* rules */
	mono_t minute;
	unsigned timers_in_minute;
	struct sim_counts count;
};

extern struct sim sim;

/* Dice. */
static inline int64_t
sim_pick(int64_t low, int64_t high)
{
	return rng_between(&sim.rng, low, high);
}

static inline bool
sim_chance(unsigned percent)
{
	return rng_below(&sim.rng, 100) < percent;
}

/* When something comes that happens at random, after `mean` on average. */
span_t sim_wait(span_t mean);

/* Is that leg safe from the faults of now? */
static inline bool
sim_is_spared(unsigned leg)
{
	return sim.phase != SIM_STORM || sim.storm.spared == leg;
}

/* May no message be lost now? */
static inline bool
sim_owes(void)
{
	return sim.phase == SIM_CALM ||
	    ((sim.phase == SIM_STORM || sim.phase == SIM_RECOVERY) &&
	        sim.storm.spared != SIM_NO_LEG);
}

/* All legs, as bits. */
static inline unsigned
sim_all_legs(void)
{
	return (1u << sim.cfg.redundancy) - 1;
}

/* Those that nothing happens to now; when sim_owes(). */
static inline unsigned
sim_healthy_legs(void)
{
	return sim.phase == SIM_CALM ? sim_all_legs() : 1u << sim.storm.spared;
}

/* Runs one seed for at least `hours`. Returns only when no rule was broken. */
void sim_play(uint64_t seed, unsigned hours);

/* The same without any fault: then nothing but age replaces a line. */
void sim_play_fair(uint64_t seed, unsigned hours);

#endif

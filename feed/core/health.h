/*
 * How well is a line? One number, 0 (useless) to 1000 (faultless), permille.
 *
 * health_score() is a pure function of what was measured; struct health
 * smooths it, so that one bad second neither moves streams nor rings bells.
 * One per line; feed thread. Owns no clock.
 *
 * The score is 1000 less penalties, each growing linearly from nothing to its
 * weight, and never below 0. Penalties add instead of being averaged: an
 * average lets five good figures hide the one that makes a line useless.
 *
 *  weight  what            from           to             why this weight
 *  1000    missed PINGs    0              max_missed     at the maximum the line is dead
 *   600    silence         1 x expected   4 x expected   a silent line is unfit by itself (< 500)
 *   600    producing       all streams    none           likewise, whatever its bytes say
 *   400    faults          0              20 permille    2 % bad messages or gaps: doubtful data
 *   300    failures        0              5 in a row     it will probably fail again: second choice
 *   300    PONGs in time   1000 permille  0              the server is about to cut it off
 *   200    round trip      1 x median     4 x median     slow is not sick: never below 700
 *
 * What may bring a line below unhealthy_threshold 500 by itself is only what
 * keeps data from the reader.
 */
#ifndef FEED_CORE_HEALTH_H
#define FEED_CORE_HEALTH_H

#include <stdbool.h>
#include <stdint.h>

#include "feed/base/mono.h"

#define HEALTH_MAX 1000
#define HEALTH_FAULTS_FULL 20  /* permille of the messages that take the whole penalty */
#define HEALTH_FAILURES_FULL 5 /* connection failures in a row, likewise */
#define HEALTH_STRETCH 4       /* silence and round trip: this many times the usual, likewise */

/* Everything that is judged. Unknown figures cost nothing. */
struct health_input {
	bool up;                 /* connected; false: the score is 0 */
	span_t silence;          /* since the last bytes, >= 0 */
	span_t silence_expected; /* longest usual silence; <= 0: unknown */
	unsigned missed_pings;   /* in a row */
	unsigned max_missed;     /* >= 1 */
	span_t round_trip;       /* <= 0: unknown */
	span_t round_trip_usual; /* median of all lines; <= 0: unknown */
	unsigned failures;       /* attempts and connections lost in a row, retry's count */
	uint64_t messages;       /* received since the last update */
	uint64_t faults;         /* of these malformed or unfit, and gaps, since the last update */
	unsigned streams;        /* acknowledged and expected to produce now */
	unsigned producing;      /* of these neither stale nor silent since their acknowledgement */
	int pongs_permille;      /* heartbeat_compliance(), < 0: unknown */
};

struct health_cfg {
	span_t fall;       /* time constant of a falling score, >= 0; 5 s: act within seconds */
	span_t rise;       /* of a rising one, >= 0; 30 s: what failed has to prove itself */
	int unhealthy;     /* heartbeat.unhealthy_threshold x 1000: 500; below: replace the line */
};

struct health {
	const struct health_cfg *cfg;
	int score;      /* smoothed, 0 to 1000 */
	int raw;        /* of the last input */
	int64_t exact;  /* smoothed, in thousandths of a point: small steps count */
	mono_t updated; /* MONO_NEVER: no input yet */
};

/* The score of that input alone, 0 to HEALTH_MAX. */
int health_score(const struct health_input *input);

/* `cfg` outlives it. No input yet: the score is HEALTH_MAX (innocent until proven sick). */
void health_init(struct health *health, const struct health_cfg *cfg);

/*
 * A new connection, or another line in this place: the next input counts as a
 * first one and is taken as it is.
 */
void health_begin(struct health *health);

/* Takes an input in and returns the smoothed score, 0 to HEALTH_MAX. */
int health_update(struct health *health, const struct health_input *input, mono_t now);

/* Below unhealthy_threshold? Then the line wants to be replaced. */
bool health_is_unhealthy(const struct health *health);

#endif

/*
 * When there are faults, and which: calm, a storm, time to recover, calm
 * again. In the calm nothing may be lost, though lines grow old and servers
 * announce their end; a storm may spare one leg, and then nothing may be lost
 * either; after a storm everything has to be back within its time.
 */
#ifndef TESTS_SIM_WEATHER_H
#define TESTS_SIM_WEATHER_H

#include <stdbool.h>

#include "tests/sim/agenda.h"
#include "tests/sim/sim.h"

enum weather_request {
	WEATHER_FINE,
	WEATHER_IGNORED,   /* the exchange never saw it */
	WEATHER_NO_ANSWER, /* it took it, the answer is lost */
	WEATHER_LATE,
	WEATHER_REFUSED,   /* answered with an error, and nothing done */
	WEATHER_MUTE,      /* acknowledged, but nothing comes */
};

/* The first phase begins. */
void weather_begin(void);

/* The present phase is over. */
void weather_turn(void);

/* A fault of a line that is up; a small event of the calm. */
void weather_fault(void);
void weather_event(void);

/*
 * Does this attempt to connect fail? Then *outcome is when and how; or its
 * kind is no AGENDA_FAILED: nothing is ever heard of it.
 */
bool weather_connect(unsigned line, struct agenda_item *outcome);

enum weather_request weather_request(unsigned line);

#endif

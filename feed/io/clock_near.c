#include "feed/io/clock_near.h"

#include <stdio.h>
#include <string.h>

#define SOURCE "/sys/devices/system/clocksource/clocksource0/current_clocksource"

/* The rate is measured over spans from here ... */
#define MEASURE_NS_MIN 50000000
/* ... to here: below 2^34 ns, which may be shifted by CLOCK_NEAR_SHIFT. */
#define MEASURE_NS_MAX 10000000000
/* A reading that took more than so many stamps was interrupted. */
#define READING_MAX 4096
#define READINGS 4

void
clock_near_init(struct clock_near *c)
{
	FILE *file = fopen(SOURCE, "r");
	char name[16] = "";

	*c = (struct clock_near){.last = INT64_MIN};
	if (file == NULL)
		return;
	c->usable = fgets(name, sizeof(name), file) != NULL && strcmp(name, "tsc\n") == 0;
	fclose(file);
}

#if defined(__x86_64__)

/* Two rates in a row that differ by less than a thousandth are believed. */
static void
measure_rate(struct clock_near *c)
{
	int64_t ns = c->ns - c->from_ns;
	uint64_t stamps = c->stamp - c->from_stamp, rate, off;

	if (ns < MEASURE_NS_MIN)
		return;
	if (ns <= MEASURE_NS_MAX && stamps > 0) {
		rate = ((uint64_t)ns << CLOCK_NEAR_SHIFT) / stamps;
		off = rate > c->rate ? rate - c->rate : c->rate - rate;
		c->known = off < c->rate >> 10;
		c->rate = rate;
	}
	c->from_stamp = c->stamp;
	c->from_ns = c->ns;
}

/*
 * The counter is read behind the clock: what it tells later lags, and is never
 * ahead. False: each reading was interrupted.
 */
static bool
take_reading(struct clock_near *c)
{
	uint64_t before, after;
	int64_t ns;

	for (int i = 0; i < READINGS; i++) {
		before = __builtin_ia32_rdtsc();
		ns = clock_mono().ns;
		after = __builtin_ia32_rdtsc();
		if (after - before > READING_MAX)
			continue;
		c->stamp = after;
		c->ns = ns;
		measure_rate(c);
		return true;
	}
	return false;
}

#else

static bool
take_reading(struct clock_near *c)
{
	(void)c;
	return false;
}

#endif

mono_t
clock_near_anchor(struct clock_near *c)
{
	int64_t ns = c->usable && take_reading(c) ? c->ns : clock_mono().ns;

	c->last = ns > c->last ? ns : c->last;
	return (mono_t){c->last};
}

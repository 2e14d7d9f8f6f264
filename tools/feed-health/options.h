/* The command line of feed-health. */
#ifndef TOOLS_FEED_HEALTH_OPTIONS_H
#define TOOLS_FEED_HEALTH_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include <tickring/health.h>

/* What a limit of the command line says about: the bits of `given`. */
enum limit {
	LIMIT_SCORE,
	LIMIT_MESSAGES,
	LIMIT_MEMORY,
	LIMIT_SUCCESS,
	LIMIT_PONGS,
	LIMIT_STALE,
	LIMIT_CPU,
	LIMIT_SILENCE,
	LIMIT_LINE_DOWN,
	LIMITS
};

struct options {
	const char *feed;
	bool ready;        /* only what keeps data from the readers counts */
	int64_t wait_ns;   /* for health; 0: judge at once */
	unsigned given;    /* bit n: limits[n] was given */
	int64_t alert[LIMITS], critical[LIMITS]; /* in the units of struct tick_health_limits */
};

/* Reads the command line. Returns -1 to go on, or the exit code: said so already. */
int options_read(struct options *o, int argc, char **argv);

/* Lays the given limits over *limits. */
void options_limit(const struct options *o, struct tick_health_limits *limits);

#endif

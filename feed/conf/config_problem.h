/*
 * What is wrong with a configuration: a list of finished lines, so that all
 * problems are shown and not only the first. Any thread.
 */
#ifndef FEED_CONF_CONFIG_PROBLEM_H
#define FEED_CONF_CONFIG_PROBLEM_H

#include <stddef.h>
#include <stdio.h>

#define CONFIG_PROBLEMS_MAX 200 /* lines kept; the others are counted */

/* Owns its lines. A zeroed one is empty and ready. */
struct config_problems {
	char **line;
	size_t n;
	size_t more;  /* problems beyond CONFIG_PROBLEMS_MAX */
	size_t unset; /* of all: keys without a default that nobody gave */
};

/* Where a value was written. */
struct config_origin {
	const char *source; /* file name, "--set key", or what else the user gave */
	size_t line;        /* from 1; 0: the source has no lines */
};

/* Adds "source:line: text". `problems` NULL: nothing is kept. */
void config_problem(struct config_problems *problems, struct config_origin at, const char *fmt,
    ...) __attribute__((format(printf, 3, 4)));

/* One problem a line, and a last line with the number of those not kept. */
void config_problems_print(FILE *out, const struct config_problems *problems);

/* Releases the lines; the list is empty afterwards. */
void config_problems_free(struct config_problems *problems);

#endif

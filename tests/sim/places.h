/* Where the feed has its streams and lines, for the rules. */
#ifndef TESTS_SIM_PLACES_H
#define TESTS_SIM_PLACES_H

#include <stdbool.h>
#include <stdint.h>

/* A rule: every stream that is wanted has one place in every leg. */
void places_check(unsigned stream);

/* The streams that have a place on that line, on their way off it or not; a bit each. */
uint32_t places_on(unsigned line);

/* Is the line in a less preferred region than a new one would go to? */
bool places_is_astray(unsigned line);

#endif

/* Where the feed has its streams and lines, for the rules. */
#ifndef TESTS_SIM_PLACES_H
#define TESTS_SIM_PLACES_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Rules: every stream that is wanted has one place in every leg; it is moved
 * seldom, and does not stay on a line that is down while another one has room.
 */
void places_check(unsigned stream);

/* The streams that have a place on that line, on their way off it or not; a bit each. */
uint32_t places_on(unsigned line);

/* Is the line in a less preferred region than a new one would go to? */
bool places_is_astray(unsigned line);

#endif

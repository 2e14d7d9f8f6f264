/* Words for a refusal: what a writer's open functions leave in why[]. */
#ifndef SHM_WHY_H
#define SHM_WHY_H

#include <stdio.h>
#include <string.h>

#define SEGMENT_WHY_MAX 256

/* Writes "PATH: TEXT", or the error's own words when `text` is NULL. Returns -error. */
static inline int
why_refuse(char *why, int error, const char *path, const char *text)
{
	snprintf(why, SEGMENT_WHY_MAX, "%.160s: %.90s", path, text ? text : strerror(error));
	return -error;
}

#endif

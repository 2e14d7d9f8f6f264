/* The verdict as one line of a monitoring plug-in: word, text, performance data. */
#ifndef TOOLS_FEED_HEALTH_LINE_H
#define TOOLS_FEED_HEALTH_LINE_H

#include <stdio.h>

#include "tools/feed-health/probe.h"

/* Prints it with its newline. `feed` may hold anything. */
void line_print(FILE *out, const char *feed, const struct probe *p);

#endif

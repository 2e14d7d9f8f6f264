/*
 * A text in double quotes, as JSON and the metrics' exposition want it. Any
 * thread.
 */
#ifndef FEED_OPS_QUOTED_H
#define FEED_OPS_QUOTED_H

#include <stddef.h>
#include <stdio.h>

/*
 * Writes the text with its quotes: up to its NUL, `room` bytes at the most.
 * What is no printable ASCII becomes "?".
 */
void quoted_put(FILE *out, const char *text, size_t room);

#endif

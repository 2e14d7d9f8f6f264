/*
 * The terminal of a full-screen view: alternate screen, keys without echo,
 * size. One thread; at most one view in a process.
 */
#ifndef TOOLS_COMMON_TERM_H
#define TOOLS_COMMON_TERM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* May this stream be coloured? A terminal that is not "dumb", and NO_COLOR is not set. */
bool term_colour(FILE *out);

/* Columns and rows of the terminal on stdout; 80 x 24 when it does not tell. */
void term_size(int *columns, int *rows);

/*
 * Takes the terminal: alternate screen, no cursor, keys at once. Restored by
 * term_restore(), which is also registered with atexit(). False: stdout is no
 * terminal that can do it, nothing was changed.
 */
bool term_take(void);

/* Gives it back as it was. Harmless when nothing was taken. */
void term_restore(void);

/* Waits up to wait_ns for a key. The key, 0 when none came, -1 when stdin ended. */
int term_key(int64_t wait_ns);

/* Redraws the screen from the top: the lines of `text`, what was below is wiped. */
void term_paint(const char *text, size_t n);

#endif

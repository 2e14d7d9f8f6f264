/*
 * Signals as questions. SIGINT, SIGTERM and SIGHUP ask to stop, SIGWINCH says
 * that the terminal has another size. One thread; process-wide.
 */
#ifndef TOOLS_COMMON_STOP_H
#define TOOLS_COMMON_STOP_H

#include <stdbool.h>

/* Catches the signals; SIGPIPE is ignored, so that writing to a closed pipe is an error. */
void stop_init(void);

/* Did one ask to stop? */
bool stop_asked(void);

/* Did the terminal's size change since the last question? */
bool stop_resized(void);

#endif

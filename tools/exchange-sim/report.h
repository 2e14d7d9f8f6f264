/*
 * The log on stderr: one line per event, with its level in front. Results
 * (stdout) are not written here.
 */
#ifndef TOOLS_EXCHANGE_SIM_REPORT_H
#define TOOLS_EXCHANGE_SIM_REPORT_H

enum report_level { REPORT_ERROR, REPORT_WARN, REPORT_INFO, REPORT_DEBUG };

/* Lines above this level are left out; REPORT_WARN until it is called. */
void report_level_set(enum report_level level);

/* Writes a line; no newline in the text. */
void report(enum report_level level, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif

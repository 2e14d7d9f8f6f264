/*
 * Text, JSON and Prometheus behind one table: each prints the same values.
 *
 * text  for people: rows are aligned, times with their units, "-" for what is
 *       absent
 * json  one object a line; times and ids as integers (ns), rates as decimals,
 *       null for what is absent
 * prom  the text format of Prometheus, base units; what is absent has no
 *       sample; notes are comments
 */
#ifndef TOOLS_POOL_STATUS_RENDER_H
#define TOOLS_POOL_STATUS_RENDER_H

#include <stdio.h>

#include "tools/pool-status/report.h"

/* Print a report on `out`, which stays the caller's. */
void render_text(FILE *out, const struct report *report);
void render_json(FILE *out, const struct report *report);
void render_prom(FILE *out, const struct report *report);

#endif

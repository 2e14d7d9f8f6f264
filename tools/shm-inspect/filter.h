/*
 * Which ticks are wanted. Symbols are looked up when the directory grows; one
 * that is not there yet may come later. Upper and lower case of ASCII are the
 * same, unless there is an instrument of the very name.
 */
#ifndef TOOLS_SHM_INSPECT_FILTER_H
#define TOOLS_SHM_INSPECT_FILTER_H

#include <stdbool.h>
#include <stdint.h>

#include <tickring/reader.h>

#include "tools/shm-inspect/options.h"

struct filter {
	const struct options *o;
	uint32_t known;                  /* directory entries at the last look-up */
	uint32_t id[OPTIONS_SYMBOLS_MAX]; /* of o->symbol[]; TICK_NO_INSTRUMENT: not there yet */
};

void filter_init(struct filter *f, const struct options *o);

/* Looks up all symbols anew: after another segment took the name. */
void filter_on_directory(struct filter *f, const struct tick_reader *reader);

/* Is this instrument asked for? Ticks of the whole feed are, unless symbols are given. */
bool filter_wants_instrument(struct filter *f, const struct tick_reader *reader, uint32_t id);

/* Is this tick? */
bool filter_wants(struct filter *f, const struct tick_reader *reader, const struct tick *tick);

/* The first symbol that the directory does not have, or NULL. */
const char *filter_missing(struct filter *f, const struct tick_reader *reader);

#endif

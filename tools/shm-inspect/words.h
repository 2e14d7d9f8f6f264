/* Words for the enums of the segments. Never NULL. Pure. */
#ifndef TOOLS_SHM_INSPECT_WORDS_H
#define TOOLS_SHM_INSPECT_WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

const char *words_venue(unsigned venue);         /* enum tick_venue */
const char *words_trading(unsigned trading);     /* enum tick_trading */
const char *words_segment_state(unsigned state); /* enum tick_segment_state */
const char *words_data_state(int64_t state);     /* enum tick_data_state */

/*
 * A state that was stored, as it is to be understood now: who stored "live" or
 * "syncing" and is not "alive" does not keep that up, so it is "stale". With
 * `why` the writer's health is added in brackets: "stale (writer dead)", in
 * out[size]. Returns `out`.
 */
const char *words_under(const char *writer, const char *state, bool why, char *out, size_t size);

#endif

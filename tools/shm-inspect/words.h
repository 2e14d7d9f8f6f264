/* Words for the enums of the segments. Never NULL. Pure. */
#ifndef TOOLS_SHM_INSPECT_WORDS_H
#define TOOLS_SHM_INSPECT_WORDS_H

#include <stdint.h>

const char *words_venue(unsigned venue);         /* enum tick_venue */
const char *words_trading(unsigned trading);     /* enum tick_trading */
const char *words_segment_state(unsigned state); /* enum tick_segment_state */
const char *words_data_state(int64_t state);     /* enum tick_data_state */

#endif

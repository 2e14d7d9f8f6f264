/* The version of feed, library and tools; the ABI has one of its own (tick.h). */
#ifndef TICKRING_VERSION_H
#define TICKRING_VERSION_H

#define TICKRING_VERSION "0.1.0"

#endif

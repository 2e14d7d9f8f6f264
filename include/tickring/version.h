/*
 * The version of feed, library and tools, and the only place where it is
 * written: --version, the status, /metrics and the pkg-config file have it from
 * here. The ABI has one of its own (tick.h).
 */
#ifndef TICKRING_VERSION_H
#define TICKRING_VERSION_H

#define TICKRING_VERSION "0.1.0"

#endif

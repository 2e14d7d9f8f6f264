/*
 * Is this a header whose segment may be mapped and read? Asked by readers
 * before they map and by writers before they take a file over. Pure.
 */
#ifndef SHM_HEADER_H
#define SHM_HEADER_H

#include <tickring/layout.h>

/*
 * Checks the identity lines against the file's size. Returns 0, TICK_E_ABI,
 * TICK_E_FOREIGN or TICK_E_TRUNCATED; after 0 every range that the header
 * names lies inside the file. `h` is a private copy: one in shared memory may
 * change between this look and the next.
 */
int header_check(const struct tick_segment_header *h, enum tick_segment_kind kind,
    uint64_t file_bytes);

#endif

/*
 * Memory of a segment that its writer never waits for: present, locked, on
 * huge pages when that is asked for. Used by segment.c.
 */
#ifndef SHM_MAPPING_H
#define SHM_MAPPING_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Maps `bytes`, whole pages, of a shared-memory file for reading and writing, populated; so
 * aligned that huge pages can back it when `huge`. NULL: the system refused
 * (errno tells).
 */
void *mapping_open(int fd, size_t bytes, bool huge);

/*
 * Makes a mapping of mapping_open() as good as it can be: huge pages when
 * `huge`, locked in memory. What is refused is said in warning[size], with
 * what follows from it and what to change; else that becomes "".
 */
void mapping_settle(void *map, size_t bytes, bool huge, char *warning, size_t size);

#endif

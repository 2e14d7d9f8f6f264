/*
 * Temporary files of writers that died while they built a segment. Used by
 * segment.c.
 */
#ifndef SHM_ORPHAN_H
#define SHM_ORPHAN_H

/*
 * Removes every PATH.tmp.PID that nobody has locked and whose process is
 * gone. A file that is locked, or of a living process, stays. Returns how
 * many were removed.
 */
unsigned orphan_sweep(const char *path);

#endif

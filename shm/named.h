/* Files that others may remove or replace while we hold them. Writer's side. */
#ifndef SHM_NAMED_H
#define SHM_NAMED_H

#include <stdbool.h>
#include <sys/stat.h>

/* Does `path` still name the open file `fd`? False, too, when the system does not tell. */
static inline bool
named_still(const char *path, int fd)
{
	struct stat mine, named;

	return fstat(fd, &mine) == 0 && lstat(path, &named) == 0 &&
	    mine.st_ino == named.st_ino && mine.st_dev == named.st_dev;
}

#endif

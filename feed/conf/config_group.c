#include "feed/conf/config_group.h"

#include <errno.h>
#include <grp.h>
#include <stddef.h>

int
config_group_find(const char *name, gid_t *out)
{
	const struct group *group;

	*out = (gid_t)-1;
	if (*name == '\0')
		return 0;
	errno = 0;
	group = getgrnam(name);
	if (group == NULL)
		return errno == EIO || errno == EMFILE || errno == ENFILE || errno == ENOMEM ?
		    -errno : -ENOENT; /* getgrnam(3): other values may mean that there is none */
	*out = group->gr_gid;
	return 0;
}

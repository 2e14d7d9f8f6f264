/*
 * Groups of this system by name. Asks the system's user database, which may
 * read files or wait for the network: at start only, by one thread.
 */
#ifndef FEED_CONF_CONFIG_GROUP_H
#define FEED_CONF_CONFIG_GROUP_H

#include <sys/types.h>

/*
 * Puts the group's id into *out; for "" that is (gid_t)-1: the process's own.
 * Returns 0, -ENOENT when the system has no such group, or -errno when it
 * could not tell; *out then is (gid_t)-1.
 */
int config_group_find(const char *name, gid_t *out);

#endif

/*
 * Files that the HTTP interface has in it: the page at "/", its scripts.
 */
#ifndef FEED_WEB_ASSETS_H
#define FEED_WEB_ASSETS_H

#include <stddef.h>

struct web_asset {
	const char *path; /* "/" ... */
	const char *type; /* media type */
	const char *bytes;
	size_t n;
};

/* The asset of that path, or NULL. */
const struct web_asset *web_asset_find(const char *path, size_t n);

#endif

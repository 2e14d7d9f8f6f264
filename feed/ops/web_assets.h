/*
 * Files that the HTTP interface has in it: the page at "/" (feed/page), its
 * script, and Chart.js. Any thread.
 */
#ifndef FEED_OPS_WEB_ASSETS_H
#define FEED_OPS_WEB_ASSETS_H

#include <stdbool.h>
#include <stddef.h>

struct web_asset {
	const char *type; /* media type */
	const char *bytes;
	size_t n;
};

/* The asset of the path of n bytes, such as "/". False: there is none. */
bool web_asset_find(const char *path, size_t n, struct web_asset *out);

#endif

#include "feed/web_assets.h"

#include <string.h>

static const char index_page[] =
    "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
    "<title>Tickring</title></head><body><h1>Tickring</h1><ul>\n"
    "<li><a href=\"/health\">health</a></li>\n<li><a href=\"/status\">status</a></li>\n"
    "<li><a href=\"/metrics\">metrics</a></li>\n<li><a href=\"/config\">configuration</a></li>\n"
    "<li><a href=\"/livez\">alive?</a></li>\n<li><a href=\"/readyz\">ready?</a></li>\n"
    "</ul></body></html>\n";

static const struct web_asset assets[] = {
	{"/", "text/html; charset=utf-8", index_page, sizeof(index_page) - 1},
};

const struct web_asset *
web_asset_find(const char *path, size_t n)
{
	for (size_t i = 0; i < sizeof(assets) / sizeof(assets[0]); i++)
		if (strlen(assets[i].path) == n && memcmp(assets[i].path, path, n) == 0)
			return &assets[i];
	return NULL;
}

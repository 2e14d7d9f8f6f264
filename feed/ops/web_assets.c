#include "feed/ops/web_assets.h"

#include <string.h>

/*
 * The bytes of a file, taken in by the assembler: NAME and NAME_end. The
 * Makefile knows that the object depends on them, and where CHART_JS is.
 */
#define EMBED(name, file)                                                                          \
	__asm__(".pushsection .rodata\n\t"                                                         \
	        ".global " #name "\n\t.hidden " #name "\n"                                         \
	        #name ":\n\t.incbin \"" file "\"\n\t"                                              \
	        ".global " #name "_end\n\t.hidden " #name "_end\n"                                 \
	        #name "_end:\n\t.byte 0\n\t.popsection");                                          \
	extern const char name[], name##_end[]

EMBED(page_html, "feed/page/index.html");
EMBED(page_css, "feed/page/page.css");
EMBED(page_js, "feed/page/page.js");
EMBED(icon_svg, "feed/page/icon.svg");
EMBED(chart_js, CHART_JS);

static const struct {
	const char *path, *type, *bytes, *end;
} assets[] = {
	{"/", "text/html; charset=utf-8", page_html, page_html_end},
	{"/page.css", "text/css; charset=utf-8", page_css, page_css_end},
	{"/page.js", "text/javascript; charset=utf-8", page_js, page_js_end},
	{"/icon.svg", "image/svg+xml", icon_svg, icon_svg_end},
	{"/chart.js", "text/javascript; charset=utf-8", chart_js, chart_js_end},
};

bool
web_asset_find(const char *path, size_t n, struct web_asset *out)
{
	for (size_t i = 0; i < sizeof(assets) / sizeof(assets[0]); i++)
		if (strlen(assets[i].path) == n && memcmp(assets[i].path, path, n) == 0) {
			*out = (struct web_asset){assets[i].type, assets[i].bytes,
			    (size_t)(assets[i].end - assets[i].bytes)};
			return true;
		}
	return false;
}

#include "tools/exchange-sim/report.h"

#include <stdarg.h>
#include <stdio.h>

static enum report_level shown = REPORT_WARN;

void
report_level_set(enum report_level level)
{
	shown = level;
}

void
report(enum report_level level, const char *format, ...)
{
	static const char *const names[] = {"error", "warning", "info", "debug"};
	char line[512];
	va_list args;

	if (level > shown)
		return;
	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	fprintf(stderr, "exchange-sim: %s: %s\n", names[level], line);
}

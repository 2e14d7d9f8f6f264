#include "feed/app/check.h"

#include "feed/app/precheck.h"
#include "feed/plan/forecast.h"

static void
print_warnings(FILE *err, const struct config_problems *warnings)
{
	for (size_t i = 0; i < warnings->n; i++)
		fprintf(err, "warning: %s\n", warnings->line[i]);
}

/* False: there is no plan, which was said. */
static bool
print_all(FILE *out, FILE *err, const struct config *cfg, const struct config_problems *warnings)
{
	struct forecast forecast;

	if (forecast_make(cfg, &forecast) != 0)
		return false;
	config_print(out, cfg, false);
	fflush(out); /* on a terminal what comes last is read first */
	forecast_print(err, &forecast);
	print_warnings(err, warnings);
	return true;
}

int
check_config(FILE *out, FILE *err, const struct reload_source *source)
{
	struct config_problems problems = {0}, warnings = {0};
	struct config cfg;
	bool good = config_load(source->file, source->overrides, source->n, &cfg, &problems);

	if (good) {
		precheck_files(&cfg, source, &problems);
		precheck_hosts(&cfg, source, &warnings);
		good = problems.n == 0;
	}
	if (good)
		good = print_all(out, err, &cfg, &warnings);
	config_problems_print(err, &problems);
	config_problems_free(&warnings);
	config_problems_free(&problems);
	config_free(&cfg);
	return good ? 0 : 2;
}

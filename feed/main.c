/*
 * feedd: options, configuration, log; then the app.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <tickring/version.h>

#include "feed/app.h"
#include "feed/base/log.h"
#include "feed/conf/config.h"
#include "feed/forecast.h"

enum { EXIT_FINE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

#define OVERRIDES_MAX 256

struct options {
	const char *file;
	const char *override[OVERRIDES_MAX];
	size_t overrides;
	bool check, print;
};

static const char help[] =
    "Usage: feedd [-c FILE] [-s KEY=VALUE]...\n"
    "Keeps connections to the exchange alive and publishes its market data as\n"
    "normalized ticks in shared memory: /dev/shm/NAME.ring, .board and .status.\n"
    "\n"
    "  -c, --config FILE     configuration, JSON with comments (feed.json(5))\n"
    "  -s, --set KEY=VALUE   override one key, such as pool.max_connections=5\n"
    "      --check-config    print the effective configuration, every problem, the plan; end\n"
    "      --print-config    print the effective configuration with help, end\n"
    "  -h, --help            this text\n"
    "  -V, --version         the version\n"
    "\n"
    "Reads the configuration once more on SIGHUP. Ends in good order on SIGINT and\n"
    "SIGTERM. Exit status: 0 ended on request,\n"
    "1 could not start or go on, 2 wrong options or configuration.\n";

static int
wrong_usage(const char *what)
{
	fprintf(stderr, "feedd: %s; try 'feedd --help'\n", what);
	return EXIT_USAGE;
}

/* Returns -1 to go on, or an exit code. */
static int
read_options(int argc, char **argv, struct options *o)
{
	enum { CHECK = 256, PRINT };
	static const struct option table[] = {
		{"config", required_argument, NULL, 'c'},
		{"set", required_argument, NULL, 's'},
		{"check-config", no_argument, NULL, CHECK},
		{"print-config", no_argument, NULL, PRINT},
		{"help", no_argument, NULL, 'h'},
		{"version", no_argument, NULL, 'V'},
		{NULL, 0, NULL, 0},
	};
	int c;

	opterr = 1;
	while ((c = getopt_long(argc, argv, "c:s:hV", table, NULL)) != -1) {
		switch (c) {
		case 'c':
			o->file = optarg;
			break;
		case 's':
			if (o->overrides == OVERRIDES_MAX)
				return wrong_usage("too many --set");
			o->override[o->overrides++] = optarg;
			break;
		case CHECK:
			o->check = true;
			break;
		case PRINT:
			o->print = true;
			break;
		case 'h':
			fputs(help, stdout);
			return EXIT_FINE;
		case 'V':
			puts("feedd " TICKRING_VERSION);
			return EXIT_FINE;
		default:
			fputs("feedd: try 'feedd --help'\n", stderr);
			return EXIT_USAGE;
		}
	}
	return optind < argc ? wrong_usage("takes no arguments beside options") : -1;
}

static int
open_log(const struct config *cfg)
{
	int fd;

	log_set_level(cfg->log.level);
	log_set_format(cfg->log.format);
	if (cfg->log.file[0] == '\0')
		return 0;
	fd = open(cfg->log.file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
	if (fd < 0) {
		fprintf(stderr, "feedd: log.file %s: %s\n", cfg->log.file, strerror(errno));
		return -1;
	}
	log_set_fd(fd);
	return 0;
}

static int
run(struct config *cfg, const struct options *o)
{
	const struct reload_source source = {o->file, o->override, o->overrides};
	int code, rc;

	if (open_log(cfg) != 0)
		return EXIT_FAILED;
	rc = log_start();
	if (rc != 0) {
		fprintf(stderr, "feedd: cannot start the log's thread: %s\n", strerror(-rc));
		return EXIT_FAILED;
	}
	code = app_run(cfg, &source);
	log_stop();
	return code;
}

/* The effective configuration went to stdout, as JSON; the plan is for the eye. */
static int
say_plan(const struct config *cfg)
{
	struct forecast forecast;

	if (forecast_make(cfg, &forecast) != 0)
		return EXIT_USAGE;
	forecast_print(stderr, &forecast);
	return EXIT_FINE;
}

int
main(int argc, char **argv)
{
	struct config_problems problems = {0};
	struct options o = {0};
	struct config cfg;
	int code = read_options(argc, argv, &o);

	if (code >= 0)
		return code;
	code = EXIT_USAGE;
	if (o.check) {
		code = config_check(stdout, stderr, o.file, o.override, o.overrides);
		if (code != EXIT_FINE)
			return code;
	}
	if (!config_load(o.file, o.override, o.overrides, &cfg, &problems)) {
		config_problems_print(stderr, &problems);
	} else if (o.check) {
		code = say_plan(&cfg);
	} else if (o.print) {
		config_print(stdout, &cfg, true);
		code = EXIT_FINE;
	} else {
		code = run(&cfg, &o);
	}
	config_problems_free(&problems);
	config_free(&cfg);
	return code;
}

/*
 * feedd: options, configuration, log; then the app.
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <tickring/version.h>

#include "feed/app/app.h"
#include "feed/app/check.h"
#include "feed/app/precheck.h"
#include "feed/base/log.h"
#include "feed/conf/config.h"
#include "feed/probe/command.h"
#include "feed/replay/replay.h"

enum { EXIT_FINE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

#define OVERRIDES_MAX 256

/* Options without a letter. */
enum { CHECK = 256, PRINT, CAPTURE, REPLAY, SPEED, PROBE, STREAM, TIMEOUT, JSON };

struct options {
	const char *file;
	const char *override[OVERRIDES_MAX];
	size_t overrides;
	bool check, print, replay, probe;
	bool json;        /* of the probe */
	span_t within;    /* likewise: longest time of a step */
	char *stream;     /* override of streams */
	char endpoint[PROBE_OVERRIDES][PROBE_OVERRIDE_MAX]; /* overrides of the one to probe */
	bool paced;       /* --speed was given */
	bool probed;      /* one of the probe's own options was */
	int64_t speed_milli;
	const char *const *files; /* to replay */
	size_t nfiles;
	char *capture; /* override of capture.dir */
};

static const char help[] =
    "Usage: feedd [-c FILE] [-s KEY=VALUE]... [--capture DIR]\n"
    "       feedd --probe [--stream NAME] [--timeout SEC] [--json] [-c FILE] [ENDPOINT]\n"
    "       feedd --replay [--speed X] [-c FILE] [-s KEY=VALUE]... CAPTURE...\n"
    "Keeps connections to the exchange alive and publishes its market data as\n"
    "normalized ticks in shared memory: /dev/shm/NAME.ring, .board and .status.\n"
    "\n"
    "  -c, --config FILE     configuration, JSON with comments (feed.json(5))\n"
    "  -s, --set KEY=VALUE   override one key, such as pool.max_connections=5\n"
    "      --check-config    read it, open what it names; print the effective configuration\n"
    "                        and the plan, or every problem; end\n"
    "      --print-config    print the effective configuration with help, end;\n"
    "                        streams need not be given for that\n"
    "      --capture DIR     write all that is received to files there: capture.dir\n"
    "      --probe           try each endpoint step by step, print what was found, end;\n"
    "                        ENDPOINT, wss://HOST[:PORT][/PATH] or HOST:PORT[@ADDRESS],\n"
    "                        is tried in place of the configured ones\n"
    "      --stream NAME     that the probe subscribes [the first configured one]\n"
    "      --timeout SEC     longest time of each of its steps, 0.1 to 600 [10]\n"
    "      --json            its report for machines\n"
    "      --replay          run such files, in that order, through the same pipeline,\n"
    "                        into feed NAME.replay unless -s feed= says another\n"
    "      --speed X         of the replay: 1 as it was, 0.5, 10 ..., or max [1]\n"
    "  -h, --help            this text\n"
    "  -V, --version         the version\n"
    "\n"
    "Reads the configuration once more on SIGHUP. Ends in good order on SIGINT and\n"
    "SIGTERM. Exit status: 0 ended on request,\n"
    "1 could not start or go on, or a step of the probe failed, 2 wrong options or\n"
    "configuration.\n";

static int
wrong_usage(const char *what)
{
	fprintf(stderr, "feedd: %s (try --help)\n", what);
	return EXIT_USAGE;
}

/* What getopt_long() did not like, in the words of the tools (tools/common/cli.c). */
static int
wrong_option(int key, const char *last)
{
	char what[160];

	if (key == ':')
		snprintf(what, sizeof(what), "option %.100s needs a value", last);
	else if (optopt > 0 && optopt < CHECK && strchr("cshV", optopt) == NULL)
		snprintf(what, sizeof(what), "unknown option -%c", optopt);
	else if (optopt != 0)
		snprintf(what, sizeof(what), "option %.100s takes no value", last);
	else
		snprintf(what, sizeof(what), "unknown option %.100s", last);
	return wrong_usage(what);
}

static bool
add_override(struct options *o, const char *text)
{
	if (o->overrides == OVERRIDES_MAX)
		return false;
	o->override[o->overrides++] = text;
	return true;
}

/* Did somebody say that? */
static bool
overrides(const struct options *o, const char *key)
{
	for (size_t i = 0; i < o->overrides; i++)
		if (strncmp(o->override[i], key, strlen(key)) == 0)
			return true;
	return false;
}

/* A decimal number with up to three decimals, above 0. */
static bool
read_milli(const char *text, int64_t *milli)
{
	char *end;
	int64_t value, part = 100;

	if (!isdigit((unsigned char)*text) || strlen(text) > 12)
		return false;
	value = strtoll(text, &end, 10) * 1000;
	if (*end == '.')
		for (end++; isdigit((unsigned char)*end) && part > 0; end++, part /= 10)
			value += (*end - '0') * part;
	*milli = value;
	return *end == '\0' && value > 0;
}

static bool
read_speed(const char *text, struct options *o)
{
	o->paced = true;
	o->speed_milli = 0;
	return strcmp(text, "max") == 0 || read_milli(text, &o->speed_milli);
}

static bool
read_timeout(const char *text, span_t *within)
{
	int64_t ms = 0;
	bool good = read_milli(text, &ms) && ms >= 100 && ms <= 600000;

	*within = span_ms(ms);
	return good;
}

/* Returns NULL, or what is wrong. */
static const char *
read_probe_option(int option, struct options *o)
{
	o->probed = option != PROBE || o->probed;
	switch (option) {
	case STREAM:
		if (asprintf(&o->stream, "streams=%s", optarg) < 0 || !add_override(o, o->stream))
			return "too many --set";
		break;
	case TIMEOUT:
		if (!read_timeout(optarg, &o->within))
			return "--timeout takes seconds from 0.1 to 600";
		break;
	case JSON:
		o->json = true;
		break;
	default:
		o->probe = true;
		break;
	}
	return NULL;
}

/* The endpoint to probe, and a stream where nobody names one. Returns -1 or an exit code. */
static int
read_probe(struct options *o)
{
	const char *why = "takes one ENDPOINT at most";
	size_t n = 0;

	if (o->nfiles == 1)
		n = probe_overrides(o->files[0], o->endpoint, &why);
	if (o->nfiles > 1 || (o->nfiles == 1 && n == 0)) {
		fprintf(stderr, "feedd: --probe: %s %s\n", o->nfiles == 1 ? o->files[0] : "it",
		    why);
		return EXIT_USAGE;
	}
	for (size_t i = 0; i < n; i++)
		if (!add_override(o, o->endpoint[i]))
			return wrong_usage("too many --set");
	if (o->file == NULL && !overrides(o, "streams=") &&
	    !add_override(o, "streams=" PROBE_STREAM))
		return wrong_usage("too many --set");
	return -1;
}

/* What single options cannot tell. Returns NULL, or what is wrong. */
static const char *
judge_options(const struct options *o)
{
	if (o->check + o->print + o->probe + o->replay > 1)
		return "one of --check-config, --print-config, --probe and --replay at a time";
	if (o->paced && !o->replay)
		return "--speed is for --replay";
	if (o->capture != NULL && o->replay)
		return "--capture does not go with --replay";
	if (o->probed && !o->probe)
		return "--stream, --timeout and --json are for --probe";
	return NULL;
}

/* Returns -1 to go on, or an exit code. */
static int
read_operands(int argc, char **argv, struct options *o)
{
	const char *wrong = judge_options(o);

	if (wrong != NULL)
		return wrong_usage(wrong);
	o->files = (const char *const *)argv + optind;
	o->nfiles = (size_t)(argc - optind);
	if (o->probe)
		return read_probe(o);
	if (!o->replay && o->nfiles > 0)
		return wrong_usage("takes no file without --config FILE or --replay");
	if (o->replay && o->nfiles == 0)
		return wrong_usage("--replay wants captures to replay");
	return -1;
}

/* Returns -1 to go on, or an exit code. */
static int
read_options(int argc, char **argv, struct options *o)
{
	static const struct option table[] = {
		{"config", required_argument, NULL, 'c'},
		{"set", required_argument, NULL, 's'},
		{"check-config", no_argument, NULL, CHECK},
		{"print-config", no_argument, NULL, PRINT},
		{"capture", required_argument, NULL, CAPTURE},
		{"replay", no_argument, NULL, REPLAY},
		{"speed", required_argument, NULL, SPEED},
		{"probe", no_argument, NULL, PROBE},
		{"stream", required_argument, NULL, STREAM},
		{"timeout", required_argument, NULL, TIMEOUT},
		{"json", no_argument, NULL, JSON},
		{"help", no_argument, NULL, 'h'},
		{"version", no_argument, NULL, 'V'},
		{NULL, 0, NULL, 0},
	};
	const char *why;
	int c;

	opterr = 0;
	while ((c = getopt_long(argc, argv, ":c:s:hV", table, NULL)) != -1) {
		switch (c) {
		case 'c':
			o->file = optarg;
			break;
		case 's':
			if (!add_override(o, optarg))
				return wrong_usage("too many --set");
			break;
		case CAPTURE:
			if (asprintf(&o->capture, "capture.dir=%s", optarg) < 0 ||
			    !add_override(o, o->capture))
				return wrong_usage("too many --set");
			break;
		case REPLAY:
			o->replay = true;
			break;
		case SPEED:
			if (!read_speed(optarg, o))
				return wrong_usage("--speed takes a number or max");
			break;
		case PROBE:
		case STREAM:
		case TIMEOUT:
		case JSON:
			why = read_probe_option(c, o);
			if (why != NULL)
				return wrong_usage(why);
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
			return wrong_option(c, argv[optind - 1]);
		}
	}
	return read_operands(argc, argv, o);
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
		fprintf(stderr, "key \"log.file\": value \"%s\" cannot be used: %s\n",
		    cfg->log.file, strerror(errno));
		return -1;
	}
	log_set_fd(fd);
	log_set_path(cfg->log.file);
	return 0;
}

/* What an operator should know before it matters. */
static void
tell_warnings(const struct config *cfg, const struct reload_source *source)
{
	struct config_problems warnings = {0};

	precheck_hosts(cfg, source, &warnings);
	for (size_t i = 0; i < warnings.n; i++)
		LOG_EACH(WARNING, "host_of_other_product", LOG_STR("detail", warnings.line[i]),
		    LOG_THEN("the feed connects there all the same"));
	config_problems_free(&warnings);
}

static int
run(struct config *cfg, const struct options *o, const struct reload_source *source)
{
	const struct replay_cfg replay = {o->files, o->nfiles, o->speed_milli};
	int code, rc;

	if (open_log(cfg) != 0)
		return EXIT_USAGE;
	rc = log_start();
	if (rc != 0) {
		fprintf(stderr, "feedd: cannot start the log's thread: %s\n", strerror(-rc));
		return EXIT_FAILED;
	}
	if (o->replay) {
		code = replay_run(cfg, &replay);
	} else {
		tell_warnings(cfg, source);
		code = app_run(cfg, source);
	}
	log_stop();
	return code;
}

/* The capture knows what it was made with. */
static bool
use_captured_config(struct options *o)
{
	static char path[32];
	int fd = replay_config(o->files[0]);

	if (fd < 0)
		return false;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	o->file = path;
	return true;
}

/* A live feed's readers must not be given the past, unless somebody says so. */
static void
name_replay(struct config *cfg, const struct options *o)
{
	static const char suffix[] = ".replay";
	size_t n = strlen(cfg->feed), most = 64 - (sizeof(suffix) - 1);
	char *name;

	if (overrides(o, "feed="))
		return;
	if (asprintf(&name, "%.*s%s", (int)(n < most ? n : most), cfg->feed, suffix) < 0)
		abort();
	free(cfg->feed);
	cfg->feed = name;
}

/* Reads the configuration, and starts what is asked for if it is right. Returns the exit code. */
static int
load_and_run(const struct options *o)
{
	const struct reload_source source = {o->file, o->override, o->overrides};
	struct config_problems problems = {0};
	struct config cfg;
	bool good = config_load(o->file, o->override, o->overrides, &cfg, &problems);
	int code = EXIT_USAGE;

	if (o->print || o->probe) /* they do without streams */
		good = problems.n + problems.more == problems.unset;
	if (o->replay)
		name_replay(&cfg, o);
	if (good && !o->print && !o->probe && !o->replay) {
		precheck_files(&cfg, &source, &problems);
		good = problems.n == 0;
	}
	if (!good) {
		config_problems_print(stderr, &problems);
	} else if (o->print) {
		config_print(stdout, &cfg, true);
		code = EXIT_FINE;
	} else if (o->probe) {
		code = probe_run(&cfg, &(struct probe_cfg){o->json, o->within});
	} else {
		code = run(&cfg, o, &source);
	}
	config_problems_free(&problems);
	config_free(&cfg);
	return code;
}

static int
act(struct options *o)
{
	if (o->replay && o->file == NULL && !use_captured_config(o))
		return EXIT_USAGE;
	if (o->check)
		return check_config(stdout, stderr,
		    &(struct reload_source){o->file, o->override, o->overrides});
	return load_and_run(o);
}

/*
 * Who was started without standard files gets some: a segment would have their
 * number otherwise, and the log be written into it.
 */
static bool
keep_numbers(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 &&
		    open("/dev/null", fd == STDIN_FILENO ? O_RDONLY : O_WRONLY) != fd)
			return false;
	return true;
}

int
main(int argc, char **argv)
{
	struct options o = {.speed_milli = 1000, .within = span_s(10)};
	int code;

	if (!keep_numbers())
		return EXIT_FAILED;
	code = read_options(argc, argv, &o);
	if (code < 0)
		code = act(&o);
	free(o.capture);
	free(o.stream);
	/* What could not be written was not shown. */
	if ((fflush(stdout) != 0 || ferror(stdout)) && code == EXIT_FINE)
		code = EXIT_FAILED;
	return code;
}

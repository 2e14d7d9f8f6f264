#include "tools/pool-status/options.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include <tickring/status.h>

#include "tools/common/cli.h"
#include "tools/common/clock.h"
#include "tools/common/exits.h"

enum {
	KEY_CHECK = CLI_LONG,
	KEY_ALL,
	KEY_STREAMS,
	KEY_BUDGETS,
	KEY_SETTINGS,
	KEY_WHY,
	KEY_PLAIN,
	KEY_DURATION,
	KEY_INTERVAL
};

static const struct cli_option table[] = {
	{KEY_STREAMS, "streams", NULL, "streams wanted, sent, acknowledged; healing"},
	{KEY_ALL, "all", NULL, "streams: those that were dropped, too"},
	{KEY_BUDGETS, "budgets", NULL, "what is used of the exchange's limits"},
	{KEY_SETTINGS, "settings", NULL, "the configuration in force, and what is not default"},
	{KEY_WHY, "why", "LINE", "the last transitions of that line with their reasons"},
	{KEY_CHECK, "check", NULL, "one row; exit code 1 unless all lines are live"},
	{'f', "follow", NULL, "at each interval: redrawn, or blocks; key: q quit"},
	{'o', "output", "FORMAT", "text, json (one object a line) or prom (Prometheus)"},
	{'n', "count", "N", "follow: stop after N blocks"},
	{KEY_DURATION, "duration", "SECONDS", "follow: stop after that time"},
	{KEY_INTERVAL, "interval", "SECONDS", "of redraws, blocks and rates (default 1)"},
	{KEY_PLAIN, "plain", NULL, "follow: blocks of text instead of redrawing"},
	{'w', "wait", "[SECONDS]", "wait for a missing segment, for ever if no\ntime is given"},
	CLI_HELP,
	CLI_VERSION,
};

static const struct cli cli = {
	.program = "pool-status",
	.usage = "[options] [FEED]",
	.about = "Shows the connections of a feed (default \"feed\": /dev/shm/feed.status), or\n"
             "of a path to a ring file. The last status of a dead feed stays readable.",
	.more = "Exit codes: 0 fine, 1 a problem with the feed, 2 usage, 3 other.\n",
	.options = table,
	.count = sizeof(table) / sizeof(table[0]),
};

static bool
read_output(struct options *o, const char *text)
{
	static const char *const names[] = {"text", "json", "prom"};
	unsigned i;

	if (!cli_read_word(&cli, "output", text, names, 3, &i))
		return false;
	o->output = (enum output)i;
	return true;
}

static bool
read_line(struct options *o, const char *text)
{
	uint64_t line;

	if (!cli_count(text, &line) || line >= TICK_LINES_MAX) {
		cli_wrong(&cli, "--why %s: not a line, 0 to %d", text, TICK_LINES_MAX - 1);
		return false;
	}
	o->mode = MODE_WHY;
	o->line = (int64_t)line;
	return true;
}

/* False: the value is wrong, and that was said. */
static bool
read_value(struct options *o, int key, const char *argument)
{
	switch (key) {
	case 'o':
		return read_output(o, argument);
	case KEY_WHY:
		return read_line(o, argument);
	case 'n':
		return cli_read_number(&cli, "count", argument, &o->count);
	case KEY_DURATION:
		return cli_read_seconds(&cli, "duration", argument, 1, &o->duration_ns);
	case KEY_INTERVAL:
		return cli_read_seconds(
		    &cli, "interval", argument, 10 * NS_PER_MS, &o->interval_ns);
	case 'w':
		o->wait = true;
		return argument == NULL ||
		    cli_read_seconds(&cli, "wait", argument, 1, &o->wait_ns);
	default:
		return false;
	}
}

/* Options without a value; of those that choose what to show the last one counts. */
static bool
read_switch(struct options *o, int key)
{
	switch (key) {
	case KEY_STREAMS:
		o->mode = MODE_STREAMS;
		break;
	case KEY_BUDGETS:
		o->mode = MODE_BUDGETS;
		break;
	case KEY_SETTINGS:
		o->mode = MODE_SETTINGS;
		break;
	case KEY_CHECK:
		o->mode = MODE_CHECK;
		break;
	case KEY_PLAIN:
		o->plain = true;
		break;
	case KEY_ALL:
		o->all = true;
		break;
	case 'f':
		o->follow = true;
		break;
	default:
		return false;
	}
	return true;
}

static int
apart(const char *one, const char *other)
{
	cli_wrong(&cli, "%s does not go with %s", one, other);
	return EXIT_USAGE;
}

/* What single options cannot tell: operands, and what does not go together. */
static int
finish(struct options *o, int argc, char **argv)
{
	if (!cli_read_feed(&cli, argc, argv, &o->feed))
		return EXIT_USAGE;
	if (o->follow && o->mode == MODE_CHECK)
		return apart("--follow", "--check");
	if (o->follow && o->output == OUTPUT_PROM)
		return apart("--follow", "--output prom");
	if (o->all && o->mode != MODE_STREAMS) {
		cli_wrong(&cli, "--all goes with --streams only");
		return EXIT_USAGE;
	}
	if (o->mode == MODE_SETTINGS && o->output == OUTPUT_PROM)
		return apart("--settings", "--output prom");
	if (o->mode == MODE_WHY && o->output == OUTPUT_PROM)
		return apart("--why", "--output prom");
	return -1;
}

int
options_read(struct options *o, int argc, char **argv)
{
	const char *argument;
	int key;

	*o = (struct options){.feed = "feed", .interval_ns = NS_PER_S};
	cli_begin();
	while ((key = cli_next(&cli, argc, argv, &argument)) != CLI_END) {
		if (key == CLI_INVALID)
			return EXIT_USAGE;
		if (key == CLI_DONE)
			return EXIT_FINE;
		if (!read_switch(o, key) && !read_value(o, key, argument))
			return EXIT_USAGE;
	}
	return finish(o, argc, argv);
}

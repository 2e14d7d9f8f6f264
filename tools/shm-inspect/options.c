#include "tools/shm-inspect/options.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "tools/common/cli.h"
#include "tools/common/clock.h"
#include "tools/common/exits.h"

enum {
	KEY_HEAD = CLI_LONG,
	KEY_CHECK,
	KEY_PLAIN,
	KEY_LATENCY,
	KEY_RATE,
	KEY_SPIN,
	KEY_DRAIN,
	KEY_FROM,
	KEY_DURATION,
	KEY_INTERVAL
};

static const struct cli_option table[] = {
	{KEY_HEAD, "head", NULL, "header and directory once (default when stdout\nis no terminal)"},
	{KEY_CHECK, "check", NULL,
	    "one line on the writer; exit code 1 unless it\nis alive, whatever its lines do"},
	{'b', "board", NULL, "top of book of each instrument, once"},
	{'s', "status", NULL, "lines and counters of the feed, once"},
	{'f', "follow", NULL, "ticks as they come"},
	{'l', "live", NULL, "live view (default on a terminal); keys: s sort,\np pause, q quit"},
	{KEY_LATENCY, "latency", NULL, "measure latencies (10 s, or --duration)"},
	{KEY_RATE, "rate", NULL, "measure ticks per second by type (1 s, or as\nlong as told)"},
	{'o', "output", "FORMAT", "text, json (one object a line) or tsv (raw\nintegers)"},
	{'i', "instrument", "SYMBOL",
	    "only these, in upper or lower case; may be\nrepeated, may be a comma list"},
	{'t', "type", "TYPE", "only these types of ticks, as -i; see below"},
	{'n', "count", "N", "follow: stop after N ticks"},
	{KEY_FROM, "from", "WHERE", "newest (default) or oldest tick in the ring"},
	{KEY_DRAIN, "drain", NULL, "follow: stop when everything in the ring is read"},
	{KEY_DURATION, "duration", "SECONDS", "stop after that time"},
	{KEY_INTERVAL, "interval", "SECONDS", "live: time between redraws or blocks (default 1)"},
	{KEY_PLAIN, "plain", NULL, "live: blocks of text instead of redrawing"},
	{KEY_SPIN, "spin", NULL, "never sleep while reading; burns a core"},
	{'w', "wait", "[SECONDS]", "wait for a missing segment, for ever if no time\nis given"},
	CLI_HELP,
	CLI_VERSION,
};

static char more[640]; /* the types, and the exit codes */

static const struct cli cli = {
	.program = "shm-inspect",
	.usage = "[options] [FEED]",
	.about = "Looks at the shared memory of a feed (default \"feed\": /dev/shm/feed.ring,\n"
             ".board and .status), or of a path to a ring file. It never writes to it.",
	.more = more,
	.options = table,
	.count = sizeof(table) / sizeof(table[0]),
};

static void
write_more(void)
{
	size_t n = (size_t)snprintf(more, sizeof(more), "Types:");

	for (unsigned type = TICK_TRADE; type < TICK_TYPE_COUNT && n < sizeof(more); type++)
		n += (size_t)snprintf(more + n, sizeof(more) - n, "%s %s",
		    type % 6 == 1 ? "\n " : "", tick_type_name(type));
	if (n < sizeof(more))
		snprintf(more + n, sizeof(more) - n,
		    "\n\nExit codes: 0 fine, 1 a problem with the feed, 2 usage, 3 other.\n");
}

static bool
read_output(struct options *o, const char *text)
{
	static const char *const names[] = {"text", "json", "tsv"};
	unsigned i;

	if (!cli_read_word(&cli, "output", text, names, 3, &i))
		return false;
	o->output = (enum output)i;
	return true;
}

static bool
read_from(struct options *o, const char *text)
{
	static const char *const names[] = {"newest", "oldest"};
	unsigned i;

	if (!cli_read_word(&cli, "from", text, names, 2, &i))
		return false;
	o->from = i == 0 ? TICK_FROM_NEWEST : TICK_FROM_OLDEST;
	return true;
}

static bool
read_types(struct options *o, const char *text)
{
	char name[32];

	for (;;) {
		size_t n = strcspn(text, ",");
		int type;

		snprintf(name, sizeof(name), "%.*s", (int)n, text);
		type = tick_type_from_name(name);
		if (type < 0 || n >= sizeof(name)) {
			cli_wrong(&cli, "--type %s: there is no such type", name);
			return false;
		}
		o->types |= 1u << type;
		if (text[n] == '\0')
			return true;
		text += n + 1;
	}
}

static bool
read_symbols(struct options *o, char *text)
{
	for (;;) {
		size_t n = strcspn(text, ",");
		bool last = text[n] == '\0';

		if (n == 0 || n > TICK_SYMBOL_MAX) {
			cli_wrong(&cli, "--instrument: a symbol has 1 to %u bytes",
			    TICK_SYMBOL_MAX);
			return false;
		}
		if (o->symbols == OPTIONS_SYMBOLS_MAX) {
			cli_wrong(&cli, "--instrument: over %d symbols", OPTIONS_SYMBOLS_MAX);
			return false;
		}
		text[n] = '\0';
		o->symbol[o->symbols++] = text;
		if (last)
			return true;
		text += n + 1;
	}
}

/* Options that choose what to show; the last one counts. */
static bool
read_mode(struct options *o, int key)
{
	switch (key) {
	case KEY_HEAD:
		o->mode = MODE_HEAD;
		break;
	case KEY_CHECK:
		o->mode = MODE_CHECK;
		break;
	case 'b':
		o->mode = MODE_BOARD;
		break;
	case 's':
		o->mode = MODE_STATUS;
		break;
	case 'f':
		o->mode = MODE_FOLLOW;
		break;
	case 'l':
		o->mode = MODE_LIVE;
		break;
	case KEY_LATENCY:
		o->latency = true;
		o->mode = MODE_MEASURE;
		break;
	case KEY_RATE:
		o->rate = true;
		o->mode = MODE_MEASURE;
		break;
	default:
		return false;
	}
	return true;
}

/* Options with a value. False: it is wrong, and that was said. */
static bool
read_value(struct options *o, int key, const char *argument)
{
	switch (key) {
	case 'o':
		return read_output(o, argument);
	case 'i':
		return read_symbols(o, (char *)(uintptr_t)argument);
	case 't':
		return read_types(o, argument);
	case 'n':
		return cli_read_number(&cli, "count", argument, &o->count);
	case KEY_FROM:
		return read_from(o, argument);
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

static bool
read_switch(struct options *o, int key)
{
	bool *flag = key == KEY_PLAIN ? &o->plain
	    : key == KEY_SPIN         ? &o->spin
	    : key == KEY_DRAIN        ? &o->drain
	                              : NULL;

	if (flag != NULL)
		*flag = true;
	return flag != NULL;
}

int
options_read(struct options *o, int argc, char **argv, bool terminal)
{
	const char *argument;
	bool chosen = false;
	int key;

	memset(o, 0, sizeof(*o));
	o->feed = "feed";
	o->interval_ns = NS_PER_S;
	write_more();
	cli_begin();
	while ((key = cli_next(&cli, argc, argv, &argument)) != CLI_END) {
		if (key == CLI_INVALID)
			return EXIT_USAGE;
		if (key == CLI_DONE)
			return EXIT_FINE;
		if (read_mode(o, key))
			chosen = true;
		else if (!read_switch(o, key) && !read_value(o, key, argument))
			return EXIT_USAGE;
	}
	if (o->mode == MODE_LIVE && o->output != OUTPUT_TEXT) {
		cli_wrong(&cli, "--live is text only; --follow and --status have json and tsv");
		return EXIT_USAGE;
	}
	if (!chosen)
		o->mode = terminal && o->output == OUTPUT_TEXT ? MODE_LIVE : MODE_HEAD;
	if (o->mode == MODE_MEASURE && o->duration_ns == 0)
		o->duration_ns = o->latency ? 10 * NS_PER_S : NS_PER_S;
	return cli_read_feed(&cli, argc, argv, &o->feed) ? -1 : EXIT_USAGE;
}

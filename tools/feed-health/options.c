#include "tools/feed-health/options.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include <tickring/reader.h>

#include "tools/common/cli.h"
#include "tools/common/clock.h"

#define KEY_LIMIT CLI_LONG /* and the ones after it, by enum limit */
#define MIB (INT64_C(1) << 20)
#define LIMIT_TEXT_MAX 64

enum { KEY_READY = KEY_LIMIT + LIMITS };

static const struct cli_option table[] = {
	{'w', "wait", "SECONDS", "wait until the feed is healthy, at most so long"},
	{KEY_READY, "ready", NULL, "only what keeps data from readers counts"},
	{KEY_LIMIT + LIMIT_SCORE, "score", "W,C", "health score, 0 to 1 (0.5,0.3)"},
	{KEY_LIMIT + LIMIT_MESSAGES, "messages", "W,C",
	    "messages a second, not fewer (500,300)"},
	{KEY_LIMIT + LIMIT_MEMORY, "memory", "W,C", "resident MiB, not more (80,95)"},
	{KEY_LIMIT + LIMIT_SUCCESS, "success", "W,C",
	    "% of the attempts to connect, not fewer\n(95,90)"},
	{KEY_LIMIT + LIMIT_PONGS, "pongs", "W,C",
	    "% of PINGs answered in time, not fewer\n(95,90)"},
	{KEY_LIMIT + LIMIT_STALE, "stale", "W,C",
	    "% of the streams of a class, not more\n(1,50)"},
	{KEY_LIMIT + LIMIT_CPU, "cpu", "W", "% of a processor, not more (50)"},
	{KEY_LIMIT + LIMIT_SILENCE, "silence", "W",
	    "seconds without any message (60);\ncritical at five times that"},
	{KEY_LIMIT + LIMIT_LINE_DOWN, "line-down", "W",
	    "seconds that one line of several may be\ndown (60)"},
	CLI_HELP,
	CLI_VERSION,
};

static const struct cli cli = {
	.program = "feed-health",
	.usage = "[options] [FEED]",
	.about = "Says in one line how a feed is (default \"feed\": /dev/shm/feed.status), for\n"
             "cron and monitoring. Needs nothing but the status: feedd may be stopped, dead or\n"
             "have never run. Limits are a warning's and an alarm's; those that are not\n"
             "given are the feed's own, or as in brackets. 0,0 (or 0) does not judge.",
	.more = "Exit codes: 0 ok, 1 warning, 2 critical, 3 unknown or usage.\n",
	.options = table,
	.count = sizeof(table) / sizeof(table[0]),
};

/* How a limit is written: so many of our units are one of the text's. */
static const struct {
	int64_t units;
	bool one;     /* a single value */
	bool falling; /* an alarm lies below its warning */
} forms[LIMITS] = {
	[LIMIT_SCORE] = {1000, false, true},
	[LIMIT_MESSAGES] = {1, false, true},
	[LIMIT_MEMORY] = {MIB, false, false},
	[LIMIT_SUCCESS] = {10, false, true},
	[LIMIT_PONGS] = {10, false, true},
	[LIMIT_STALE] = {10, false, false},
	[LIMIT_CPU] = {10, true, false},
	[LIMIT_SILENCE] = {NS_PER_S, true, false},
	[LIMIT_LINE_DOWN] = {NS_PER_S, true, false},
};

static bool
read_number(const char *text, enum limit limit, int64_t *out)
{
	int64_t billionths;

	if (!cli_seconds(text, &billionths))
		return false;
	*out = (int64_t)((__int128)billionths * forms[limit].units / NS_PER_S);
	return true;
}

/* "W,C" or "W". False: it is neither, or the wrong way round. */
static bool
read_pair(struct options *o, enum limit limit, const char *text)
{
	char first[LIMIT_TEXT_MAX];
	const char *comma = strchrnul(text, ',');
	size_t n = (size_t)(comma - text);

	if (n >= sizeof(first) || (*comma == ',') == forms[limit].one)
		return false;
	memcpy(first, text, n);
	first[n] = '\0';
	if (!read_number(first, limit, &o->alert[limit]))
		return false;
	o->critical[limit] = o->alert[limit];
	if (!forms[limit].one && !read_number(comma + 1, limit, &o->critical[limit]))
		return false;
	o->given |= 1u << limit;
	return forms[limit].falling ? o->alert[limit] >= o->critical[limit]
	                            : o->alert[limit] <= o->critical[limit];
}

static const char *
name_of(int key)
{
	for (unsigned i = 0; i < cli.count; i++)
		if (table[i].key == key)
			return table[i].name;
	return "";
}

/* False: the value is wrong, and that was said. */
static bool
read_value(struct options *o, int key, const char *argument)
{
	if (key == KEY_READY) {
		o->ready = true;
		return true;
	}
	if (key == 'w')
		return cli_read_seconds(&cli, "wait", argument, 0, &o->wait_ns);
	if (read_pair(o, (enum limit)(key - KEY_LIMIT), argument))
		return true;
	cli_wrong(&cli, "--%s %s: not a limit%s", name_of(key), argument,
	    forms[key - KEY_LIMIT].one ? "" : " of a warning and one of an alarm, W,C");
	return false;
}

int
options_read(struct options *o, int argc, char **argv)
{
	const char *argument;
	int key;

	*o = (struct options){.feed = "feed"};
	cli_begin();
	while ((key = cli_next(&cli, argc, argv, &argument)) != CLI_END) {
		if (key == CLI_INVALID)
			return TICK_HEALTH_UNKNOWN;
		if (key == CLI_DONE)
			return TICK_HEALTH_OK;
		if (!read_value(o, key, argument))
			return TICK_HEALTH_UNKNOWN;
	}
	return cli_read_feed(&cli, argc, argv, &o->feed) ? -1 : TICK_HEALTH_UNKNOWN;
}

static bool
is_given(const struct options *o, enum limit limit)
{
	return (o->given & 1u << limit) != 0;
}

/* A limit of a warning takes the place of what is expected, too. */
static void
limit_three(const struct options *o, enum limit limit, int64_t *expected, int64_t *alert,
    int64_t *critical)
{
	if (!is_given(o, limit))
		return;
	*expected = *alert = o->alert[limit];
	*critical = o->critical[limit];
}

void
options_limit(const struct options *o, struct tick_health_limits *l)
{
	int64_t unused;

	limit_three(o, LIMIT_MESSAGES, &l->messages_expected, &l->messages_alert,
	    &l->messages_critical);
	limit_three(o, LIMIT_SUCCESS, &l->success_expected, &l->success_alert,
	    &l->success_critical);
	limit_three(o, LIMIT_PONGS, &l->pongs_expected, &l->pongs_alert, &l->pongs_critical);
	limit_three(o, LIMIT_MEMORY, &unused, &l->memory_alert, &l->memory_critical);
	limit_three(o, LIMIT_STALE, &unused, &l->stale_alert, &l->stale_critical);
	limit_three(o, LIMIT_CPU, &unused, &l->cpu_alert, &unused);
	limit_three(o, LIMIT_SILENCE, &unused, &l->silence_ns, &unused);
	limit_three(o, LIMIT_LINE_DOWN, &unused, &l->line_down_ns, &unused);
	if (is_given(o, LIMIT_SCORE)) {
		l->alert = o->alert[LIMIT_SCORE];
		l->critical = o->critical[LIMIT_SCORE];
		if (l->healthy < l->alert)
			l->healthy = l->alert;
	}
}

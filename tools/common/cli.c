#include "tools/common/cli.h"

#include <getopt.h>
#include <stdarg.h>
#include <string.h>

#include <tickring/version.h>

#include "tools/common/clock.h"

#define OPTIONS_MAX 48
#define SECONDS_MAX INT64_C(1000000000)

static int
has_argument(const struct cli_option *o)
{
	if (o->argument == NULL)
		return no_argument;
	return o->argument[0] == '[' ? optional_argument : required_argument;
}

/* The table in getopt's terms. */
static void
translate(const struct cli *cli, struct option *longs, char *shorts)
{
	unsigned n = cli->count < OPTIONS_MAX ? cli->count : OPTIONS_MAX;

	*shorts++ = ':'; /* a missing argument is told apart from an unknown option */
	for (unsigned i = 0; i < n; i++) {
		const struct cli_option *o = &cli->options[i];
		int has = has_argument(o);

		longs[i] = (struct option){o->name, has, NULL, o->key};
		if (o->key >= CLI_LONG)
			continue;
		*shorts++ = (char)o->key;
		for (int colon = 0; colon < has; colon++)
			*shorts++ = ':';
	}
	longs[n] = (struct option){0};
	*shorts = '\0';
}

static bool
is_key(const struct cli *cli, int key)
{
	for (unsigned i = 0; i < cli->count; i++)
		if (cli->options[i].key == key)
			return true;
	return false;
}

/* Says what getopt did not like. */
static void
complain(const struct cli *cli, int key, const char *last)
{
	bool letter = optopt > 0 && optopt < CLI_LONG;

	if (key == ':')
		cli_wrong(cli, "option %s needs a value", last);
	else if (letter && !is_key(cli, optopt))
		cli_wrong(cli, "unknown option -%c", optopt);
	else if (optopt != 0)
		cli_wrong(cli, "option %s takes no value", last);
	else
		cli_wrong(cli, "unknown option %s", last);
}

void
cli_begin(void)
{
	optind = 0; /* reset, also of what glibc keeps */
}

int
cli_next(const struct cli *cli, int argc, char **argv, const char **argument)
{
	struct option longs[OPTIONS_MAX + 1];
	char shorts[3 * OPTIONS_MAX + 2];
	int key;

	translate(cli, longs, shorts);
	opterr = 0;
	key = getopt_long(argc, argv, shorts, longs, NULL);
	*argument = optarg;
	if (key == 'h') {
		cli_help(cli, stdout);
		return CLI_DONE;
	}
	if (key == 'V') {
		printf("%s %s\n", cli->program, TICKRING_VERSION);
		return CLI_DONE;
	}
	if (key != '?' && key != ':')
		return key;
	complain(cli, key, argv[optind - 1]);
	return CLI_INVALID;
}

/* "-f, --follow" with its argument, in the left column. */
static int
print_option(const struct cli_option *o, FILE *out)
{
	const char *argument = o->argument != NULL ? o->argument : "";
	int n = 2;

	if (o->key < CLI_LONG)
		n += fprintf(out, "  -%c, --%s", o->key, o->name) - 2;
	else
		n += fprintf(out, "      --%s", o->name) - 2;
	if (argument[0] == '[')
		n += fprintf(out, "[=%s", argument + 1);
	else if (argument[0] != '\0')
		n += fprintf(out, " %s", argument);
	return n;
}

void
cli_help(const struct cli *cli, FILE *out)
{
	fprintf(out, "usage: %s %s\n%s\n\n", cli->program, cli->usage, cli->about);
	for (unsigned i = 0; i < cli->count; i++) {
		const char *help = cli->options[i].help;
		int column = print_option(&cli->options[i], out);

		while (help != NULL) {
			const char *end = strchrnul(help, '\n');

			if (column > 28) {
				fputc('\n', out);
				column = 0;
			}
			fprintf(out, "%*s%.*s\n", 30 - column, "", (int)(end - help), help);
			column = 0;
			help = *end == '\0' ? NULL : end + 1;
		}
	}
	if (cli->more != NULL)
		fprintf(out, "\n%s", cli->more);
}

void
cli_wrong(const struct cli *cli, const char *format, ...)
{
	va_list ap;

	fprintf(stderr, "%s: ", cli->program);
	va_start(ap, format);
	vfprintf(stderr, format, ap);
	va_end(ap);
	fputs(" (try --help)\n", stderr);
}

/* A write that failed earlier on leaves only its mark. */
bool
cli_has_shown(void)
{
	return fflush(stdout) == 0 && !ferror(stdout);
}

bool
cli_count(const char *text, uint64_t *out)
{
	uint64_t n = 0;

	if (*text == '\0')
		return false;
	for (; *text != '\0'; text++) {
		if (*text < '0' || *text > '9')
			return false;
		if (__builtin_mul_overflow(n, 10u, &n) ||
		    __builtin_add_overflow(n, (uint64_t)(*text - '0'), &n))
			return false;
	}
	*out = n;
	return true;
}

bool
cli_seconds(const char *text, int64_t *ns)
{
	int64_t whole = 0, unit = NS_PER_S, fraction = 0;
	const char *p = text;

	for (; *p >= '0' && *p <= '9'; p++) {
		whole = whole * 10 + (*p - '0');
		if (whole > SECONDS_MAX)
			return false;
	}
	if (p == text)
		return false;
	if (*p == '.') {
		const char *first = ++p;

		for (; *p >= '0' && *p <= '9' && unit > 1; p++) {
			unit /= 10;
			fraction += (*p - '0') * unit;
		}
		if (p == first)
			return false;
	}
	*ns = whole * NS_PER_S + fraction;
	return *p == '\0';
}

bool
cli_read_count(const struct cli *cli, const char *name, const char *text, uint64_t *out)
{
	if (cli_count(text, out))
		return true;
	cli_wrong(cli, "--%s %s: not a count", name, text);
	return false;
}

bool
cli_read_number(const struct cli *cli, const char *name, const char *text, uint64_t *out)
{
	if (cli_count(text, out) && *out > 0)
		return true;
	cli_wrong(cli, "--%s %s: not a number from 1 on", name, text);
	return false;
}

bool
cli_read_seconds(const struct cli *cli, const char *name, const char *text, int64_t ns_min,
    int64_t *ns)
{
	if (cli_seconds(text, ns) && *ns >= ns_min)
		return true;
	cli_wrong(cli, "--%s %s: not a number of seconds", name, text);
	return false;
}

bool
cli_read_word(const struct cli *cli, const char *name, const char *text,
    const char *const *words, unsigned n, unsigned *out)
{
	char list[128] = "";
	size_t used = 0;

	for (*out = 0; *out < n; (*out)++)
		if (strcmp(text, words[*out]) == 0)
			return true;
	for (unsigned i = 0; i < n && used < sizeof(list); i++)
		used += (size_t)snprintf(list + used, sizeof(list) - used, "%s%s",
		    i == 0 ? "" : i + 1 < n ? ", " : " or ", words[i]);
	cli_wrong(cli, "--%s %s: not %s", name, text, list);
	return false;
}

bool
cli_read_feed(const struct cli *cli, int argc, char **argv, const char **feed)
{
	if (argc - optind > 1) {
		cli_wrong(cli, "one feed at a time, not \"%s\" too", argv[optind + 1]);
		return false;
	}
	if (optind < argc)
		*feed = argv[optind];
	return true;
}

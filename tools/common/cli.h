/*
 * Command line of the tools: one table gives the options and the help text.
 * Long and short options, options after operands, "--" ends the options.
 * An error is one line on stderr that ends with "try --help".
 */
#ifndef TOOLS_COMMON_CLI_H
#define TOOLS_COMMON_CLI_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* Keys of options without a letter start here. */
#define CLI_LONG 256

/* What cli_next() returns besides the keys. */
enum {
	CLI_END = -1,    /* no more options; operands are argv[optind..] */
	CLI_INVALID = -2 /* said so on stderr; exit with EXIT_USAGE */
};

struct cli_option {
	int key;              /* its letter, or CLI_LONG + n */
	const char *name;     /* long name */
	const char *argument; /* NULL: none; "[X]": optional, attached with = or to the letter */
	const char *help;     /* may have several lines */
};

struct cli {
	const char *program;
	const char *usage; /* one line after the program's name */
	const char *about; /* what it is for, printed in the help */
	const struct cli_option *options;
	unsigned count;
};

/* The next option's key; its argument, or NULL, in *argument. */
int cli_next(const struct cli *cli, int argc, char **argv, const char **argument);

/* Prints the help page. */
void cli_help(const struct cli *cli, FILE *out);

/* Says "PROGRAM: text (try --help)" on stderr. */
void cli_wrong(const struct cli *cli, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* A count: decimal digits only. False: it is none, or too large. */
bool cli_count(const char *text, uint64_t *out);

/* Seconds with up to nine decimals ("0.25"), into ns. False: it is none, or above 10^9 s. */
bool cli_seconds(const char *text, int64_t *ns);

#endif

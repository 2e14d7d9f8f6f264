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

/* Keys of the two options that every table has, and that are done when cli_next() returns. */
#define CLI_HELP {'h', "help", NULL, "this text"}
#define CLI_VERSION {'V', "version", NULL, "the version"}

/* What cli_next() returns besides the keys. */
enum {
	CLI_END = -1,     /* no more options; operands are argv[optind..] */
	CLI_INVALID = -2, /* said so on stderr; exit with the code for usage */
	CLI_DONE = -3     /* help or version was printed on stdout; exit with 0 */
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
	const char *more;  /* behind the options in the help: exit codes ... ; whole lines */
	const struct cli_option *options;
	unsigned count;
};

/* Starts over, in case that another command line was read before. */
void cli_begin(void);

/* The next option's key; its argument, or NULL, in *argument. */
int cli_next(const struct cli *cli, int argc, char **argv, const char **argument);

/* Prints the help page. */
void cli_help(const struct cli *cli, FILE *out);

/*
 * Values of the option `name`, whole. False: the text is none, which was said as
 * "PROGRAM: --NAME TEXT: not ... (try --help)".
 */
bool cli_read_count(const struct cli *cli, const char *name, const char *text, uint64_t *out);

/* A count of 1 or more. */
bool cli_read_number(const struct cli *cli, const char *name, const char *text, uint64_t *out);

/* cli_seconds(), of ns_min or more. */
bool cli_read_seconds(const struct cli *cli, const char *name, const char *text, int64_t ns_min,
    int64_t *ns);

/* One of n words; its index into *out. */
bool cli_read_word(const struct cli *cli, const char *name, const char *text,
    const char *const *words, unsigned n, unsigned *out);

/* The one operand that there may be, a feed. False: there are more, which was said. */
bool cli_read_feed(const struct cli *cli, int argc, char **argv, const char **feed);

/* Says "PROGRAM: text (try --help)" on stderr. */
void cli_wrong(const struct cli *cli, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Has all gone out that was written to standard output? What could not, was not shown. */
bool cli_has_shown(void);

/* A count: decimal digits only. False: it is none, or too large. */
bool cli_count(const char *text, uint64_t *out);

/* Seconds with up to nine decimals ("0.25"), into ns. False: it is none, or above 10^9 s. */
bool cli_seconds(const char *text, int64_t *ns);

#endif

/* tick-diff: are the ticks of two feeds the same? docs/man/tick-diff.1 */
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "tools/common/cli.h"
#include "tools/common/exits.h"
#include "tools/common/text.h"
#include "tools/tick-diff/compare.h"

static const struct cli_option options[] = {
	{'p', "prefix", NULL, "the second feed may lack the end of each session"},
	{'n', "show", "N", "print so many differences [10]"},
	CLI_HELP,
	CLI_VERSION,
};

static const struct cli cli = {
	.program = "tick-diff",
	.usage = "[options] FEED FEED",
	.about = "Compares the ticks that two feeds hold in shared memory, such as a feed's and\n"
	         "those of its replay. Not compared: the number of a tick, and mono_ns, the time\n"
	         "at which it was published.",
	.more = "Exit codes: 0 the same, 1 differences, or a ring that is missing, empty or too\n"
	        "small, 2 usage, 3 other.\n",
	.options = options,
	.count = sizeof(options) / sizeof(options[0]),
};

/* Returns -1 to go on, or the exit code. */
static int
read_options(struct compare_cfg *cfg, int argc, char **argv)
{
	const char *argument;
	int key;

	while ((key = cli_next(&cli, argc, argv, &argument)) != CLI_END) {
		switch (key) {
		case 'p':
			cfg->prefix = true;
			break;
		case 'n':
			if (!cli_read_count(&cli, "show", argument, &cfg->show))
				return EXIT_USAGE;
			break;
		case CLI_DONE:
			return EXIT_FINE;
		default:
			return EXIT_USAGE;
		}
	}
	if (argc - optind != COMPARE_SIDES) {
		cli_wrong(&cli, "two feeds are wanted");
		return EXIT_USAGE;
	}
	cfg->feed[0] = argv[optind];
	cfg->feed[1] = argv[optind + 1];
	return -1;
}

/* "tick 7 of a and tick 9 of b: id 1 and 2", or what one of them lacks. */
static void
print_first(const struct compare_cfg *cfg, const struct compare_result *r)
{
	if (r->first.session == 0) {
		printf(r->broken ? "no difference in what could be read\n" : "no difference\n");
		return;
	}
	printf("first difference: session %" PRIu64, r->first.session);
	for (int i = 0; i < COMPARE_SIDES; i++)
		if (r->first.has[i])
			printf(", tick %" PRIu64 " of %s", r->first.tick[i], cfg->feed[i]);
	for (int i = 0; i < COMPARE_SIDES; i++)
		if (!r->first.has[i])
			printf(": %s has no more\n", cfg->feed[i]);
	if (r->first.has[0] && r->first.has[1])
		printf(": %s\n", r->first.words);
}

/* After everything else: what was compared, and what came of it. */
static void
print_summary(const struct compare_cfg *cfg, const struct compare_result *r)
{
	if (!r->compared)
		return; /* why was said */
	printf("compared %s and %s, %" PRIu64 " session%s: ", cfg->feed[0], cfg->feed[1],
	    r->sessions, text_plural(r->sessions));
	if (r->sessions == 0) {
		printf("there are no ticks\n");
		return;
	}
	printf("%" PRIu64 " equal, %" PRIu64 " different, %" PRIu64 " only in %s, %" PRIu64
	       " only in %s\n", r->equal, r->different, r->missing[1], cfg->feed[0],
	    r->missing[0], cfg->feed[1]);
	print_first(cfg, r);
}

int
main(int argc, char **argv)
{
	struct compare_cfg cfg = {.show = 10};
	struct compare_result result;
	int rc = read_options(&cfg, argc, argv);

	if (rc < 0) {
		rc = compare_run(&cfg, &result);
		print_summary(&cfg, &result);
	}
	return rc != EXIT_FINE || cli_has_shown() ? rc : EXIT_OTHER;
}

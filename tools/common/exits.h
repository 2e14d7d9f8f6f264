/* Exit codes, the same in every tool. */
#ifndef TOOLS_COMMON_EXITS_H
#define TOOLS_COMMON_EXITS_H

enum exit_code {
	EXIT_FINE = 0,
	EXIT_FEED = 1,  /* a problem with the feed: no segment, foreign segment, dead writer */
	EXIT_USAGE = 2, /* wrong command line */
	EXIT_OTHER = 3  /* the system refused something */
};

#endif

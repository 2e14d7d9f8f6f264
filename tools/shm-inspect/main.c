/* shm-inspect: looks at the shared memory of a live feed. docs/man/shm-inspect.1 */
#include <unistd.h>

#include "tools/common/cli.h"
#include "tools/common/exits.h"
#include "tools/common/stop.h"
#include "tools/shm-inspect/follow.h"
#include "tools/shm-inspect/head.h"
#include "tools/shm-inspect/live.h"
#include "tools/shm-inspect/measure.h"
#include "tools/shm-inspect/options.h"

static int
run(const struct options *o)
{
	switch (o->mode) {
	case MODE_HEAD:
		return head_run(o);
	case MODE_CHECK:
		return check_run(o);
	case MODE_BOARD:
		return board_run(o);
	case MODE_STATUS:
		return status_run(o);
	case MODE_FOLLOW:
		return follow_run(o);
	case MODE_LIVE:
		return live_run(o);
	case MODE_MEASURE:
		return measure_run(o);
	}
	return EXIT_OTHER;
}

int
main(int argc, char **argv)
{
	struct options o;
	int rc = options_read(&o, argc, argv, isatty(STDOUT_FILENO));

	if (rc < 0) {
		stop_init();
		rc = run(&o);
	}
	return rc != EXIT_FINE || cli_has_shown() ? rc : EXIT_OTHER;
}

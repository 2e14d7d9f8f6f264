/* pool-status: looks at the connections of a feed. docs/man/pool-status.1 */
#include "tools/common/cli.h"
#include "tools/common/exits.h"
#include "tools/common/stop.h"
#include "tools/pool-status/options.h"
#include "tools/pool-status/show.h"

int
main(int argc, char **argv)
{
	struct options o;
	int rc = options_read(&o, argc, argv);

	if (rc < 0) {
		stop_init();
		rc = o.follow ? show_follow(&o) : show_once(&o);
	}
	return rc != EXIT_FINE || cli_has_shown() ? rc : EXIT_OTHER;
}

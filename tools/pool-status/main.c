/* pool-status: looks at the connections of a feed. docs/man/pool-status.1 */
#include <stdio.h>

#include "tools/common/exits.h"
#include "tools/common/stop.h"
#include "tools/pool-status/options.h"
#include "tools/pool-status/show.h"

int
main(int argc, char **argv)
{
	struct options o;
	int rc = options_read(&o, argc, argv);

	if (rc >= 0)
		return rc;
	stop_init();
	rc = o.follow ? show_follow(&o) : show_once(&o);
	/* What could not be written was not shown. */
	if (fflush(stdout) != 0 && rc == EXIT_FINE)
		rc = EXIT_OTHER;
	return rc;
}

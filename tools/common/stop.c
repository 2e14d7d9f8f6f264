#include "tools/common/stop.h"

#include <signal.h>
#include <stddef.h>

static volatile sig_atomic_t asked;
static volatile sig_atomic_t resized;

static void
on_stop(int signo)
{
	(void)signo;
	asked = 1;
}

static void
on_resize(int signo)
{
	(void)signo;
	resized = 1;
}

void
stop_init(void)
{
	struct sigaction sa = {.sa_handler = on_stop};

	sigemptyset(&sa.sa_mask);
	sigaction(SIGINT, &sa, NULL);
	sigaction(SIGTERM, &sa, NULL);
	sigaction(SIGHUP, &sa, NULL);
	sa.sa_handler = on_resize;
	sigaction(SIGWINCH, &sa, NULL);
	sa.sa_handler = SIG_IGN;
	sigaction(SIGPIPE, &sa, NULL);
}

bool
stop_asked(void)
{
	return asked != 0;
}

bool
stop_resized(void)
{
	bool was = resized != 0;

	resized = 0;
	return was;
}

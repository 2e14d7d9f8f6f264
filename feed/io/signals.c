#include "feed/io/signals.h"

#include <stddef.h>

static volatile sig_atomic_t stop_asked, reload_asked;
static struct transport *volatile woken_by_signal;

static void
on_signal(int number)
{
	if (number == SIGHUP)
		reload_asked = 1;
	else
		stop_asked = 1;
	if (woken_by_signal)
		transport_wake(woken_by_signal);
}

void
signals_catch(void)
{
	struct sigaction stop = {.sa_handler = on_signal}, ignore = {.sa_handler = SIG_IGN};

	sigaction(SIGINT, &stop, NULL);
	sigaction(SIGTERM, &stop, NULL);
	sigaction(SIGHUP, &stop, NULL);
	sigaction(SIGPIPE, &ignore, NULL);
}

void
signals_wake(struct transport *transport)
{
	woken_by_signal = transport;
}

bool
signals_stop_asked(void)
{
	return stop_asked != 0;
}

const volatile sig_atomic_t *
signals_stop_flag(void)
{
	return &stop_asked;
}

bool
signals_take_reload(void)
{
	if (reload_asked == 0)
		return false;
	reload_asked = 0; /* never when it was not set: it may have been set since */
	return true;
}

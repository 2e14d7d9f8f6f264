/*
 * exchange-sim: a spot exchange on this machine, for tests, demos and
 * measurements. See docs/man/exchange-sim.1.
 */
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/exchange-sim/capture.h"
#include "tools/exchange-sim/report.h"
#include "tools/exchange-sim/server.h"

static volatile sig_atomic_t stop;
static struct server *server;

static void
on_signal(int signal_number)
{
	(void)signal_number;
	stop = 1;
	if (server != NULL)
		server_interrupt(server);
}

static void
catch_signals(void)
{
	struct sigaction action = {.sa_handler = on_signal};

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	action.sa_handler = SIG_IGN;
	sigaction(SIGPIPE, &action, NULL);
}

/* By rename, so that a reader never finds half a number. */
static int
write_port(const char *path, int port)
{
	char tmp[PATH_MAX];
	FILE *f;
	bool good;

	if (snprintf(tmp, sizeof(tmp), "%s.%ld", path, (long)getpid()) >= (int)sizeof(tmp)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	f = fopen(tmp, "we");
	if (f == NULL)
		return -1;
	good = fprintf(f, "%d\n", port) > 0;
	if (fclose(f) == 0 && good && rename(tmp, path) == 0)
		return 0;
	unlink(tmp);
	return -1;
}

static int
list_streams(const struct capture *c)
{
	for (uint32_t i = 0; i < c->nstreams; i++)
		printf("%.*s\n", (int)c->stream[i].n, c->stream[i].p);
	return fflush(stdout) == 0 ? 0 : 1;
}

static int
serve(const struct options *o, struct exchange *x, const struct cert *cert)
{
	int r = 1;

	server = server_open(x, o, cert);
	if (server == NULL)
		return 1;
	printf("listening on %s port %d\n", o->bind, server_port(server));
	if (o->port_file != NULL && write_port(o->port_file, server_port(server)) != 0) {
		report(REPORT_ERROR, "%s: %s", o->port_file, strerror(errno));
	} else {
		server_run(server, &stop);
		r = 0;
	}
	if (o->port_file != NULL)
		unlink(o->port_file);
	/* A signal must not touch what is being closed. */
	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	server_close(&server);
	return r;
}

/* What floor_init() found wrong. */
static const char *
symbols_error(int error)
{
	switch (error) {
	case -EINVAL:
		return "not a list of symbols";
	case -EEXIST:
		return "a symbol occurs twice";
	case -ERANGE:
		return "too many symbols, or too long a name";
	default:
		return strerror(-error);
	}
}

static int
run(const struct options *o, const struct capture *capture)
{
	struct cert ca = {0}, cert = {0};
	static struct exchange x;
	char error[512];
	int r;

	if (ca_open(&ca, o->dir, error, sizeof(error)) != 0 ||
	    ca_issue(&ca, o->name, o->cert_fault, &cert, error, sizeof(error)) != 0) {
		report(REPORT_ERROR, "%s", error);
		cert_free(&ca);
		return 1;
	}
	r = exchange_init(&x, o, capture);
	if (r < 0) {
		report(REPORT_ERROR, "--symbols %s: %s", o->symbols, symbols_error(r));
		r = r == -ENOMEM ? 1 : 2;
	} else {
		r = serve(o, &x, &cert);
	}
	exchange_fini(&x);
	cert_free(&cert);
	cert_free(&ca);
	return r;
}

int
main(int argc, char **argv)
{
	struct options o;
	struct capture capture;
	char error[512];
	int r;

	setvbuf(stdout, NULL, _IOLBF, 0);
	switch (options_read(&o, argc, argv)) {
	case OPTIONS_WRONG:
		return 2;
	case OPTIONS_EXIT:
		return 0;
	case OPTIONS_RUN:
		break;
	}
	report_level_set(o.log_level);
	catch_signals();
	if (o.replay == NULL)
		return run(&o, NULL);
	if (capture_load(&capture, o.replay, error, sizeof(error)) != 0) {
		report(REPORT_ERROR, "%s", error);
		return 1;
	}
	r = o.list_streams ? list_streams(&capture) : run(&o, &capture);
	capture_free(&capture);
	return r;
}

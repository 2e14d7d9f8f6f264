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
#include "tools/exchange-sim/script.h"
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
write_file(const char *path, const char *text)
{
	char tmp[PATH_MAX];
	FILE *f;
	bool good;

	if (path == NULL)
		return 0;
	if (snprintf(tmp, sizeof(tmp), "%s.%ld", path, (long)getpid()) >= (int)sizeof(tmp)) {
		errno = ENAMETOOLONG;
	} else if ((f = fopen(tmp, "we")) != NULL) {
		good = fputs(text, f) >= 0;
		if (fclose(f) == 0 && good && rename(tmp, path) == 0)
			return 0;
		unlink(tmp);
	}
	report(REPORT_ERROR, "%s: %s", path, strerror(errno));
	return -1;
}

/* Tells the ports: on stdout, and in the files that were asked for. */
static int
tell_ports(const struct options *o)
{
	char text[ENDPOINTS_MAX * (ENDPOINT_NAME_MAX + 8) + 1], control[16];
	size_t n = 0;

	for (uint32_t i = 0; i < o->nendpoints; i++) {
		const struct endpoint *e = &o->endpoint[i];
		const char *blank = o->named ? " " : "", *name = o->named ? e->name : "";

		printf("listening on %s port %u%s%s\n", o->bind, e->port, blank, name);
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%u%s%s\n", e->port, blank, name);
	}
	snprintf(control, sizeof(control), "%d\n", server_control_port(server));
	if (o->control_port >= 0)
		printf("control port %s", control);
	/* The last one appears when all is ready. */
	return write_file(o->control_port_file, control) != 0 ||
	    write_file(o->port_file, text) != 0 ? -1 : 0;
}

static void
remove_files(const struct options *o)
{
	if (o->port_file != NULL)
		unlink(o->port_file);
	if (o->control_port_file != NULL)
		unlink(o->control_port_file);
}

static int
list_streams(const struct capture *c)
{
	for (uint32_t i = 0; i < c->nstreams; i++)
		printf("%.*s\n", (int)c->stream[i].n, c->stream[i].p);
	return fflush(stdout) == 0 ? 0 : 1;
}

static int
serve(struct options *o, struct exchange *x, const struct cert *certs)
{
	int r = 1;

	server = server_open(x, o, certs);
	if (server == NULL)
		return 1;
	if (tell_ports(o) == 0) {
		server_run(server, &stop);
		r = 0;
	}
	remove_files(o);
	/* A signal must not touch what is being closed. */
	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	server_close(&server);
	return r;
}

/* A certificate with each fault; with --cert-fault that one takes the good one's place. */
static int
issue_certs(struct cert *certs, const struct options *o, char *error, size_t cap)
{
	struct cert ca = {0};
	int r = ca_open(&ca, o->dir, error, cap);

	for (int i = CERT_GOOD; r == 0 && i <= CERT_NOT_YET_VALID; i++)
		r = ca_issue(&ca, o->name, i == CERT_GOOD ? o->cert_fault : (enum cert_fault)i,
		    &certs[i], error, cap);
	cert_free(&ca);
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
	case -EDOM:
		return "at least one symbol is wanted";
	case -ERANGE:
		return "too many symbols, or too long a name";
	default:
		return strerror(-error);
	}
}

static int
run(struct options *o, const struct capture *capture)
{
	struct cert certs[CERT_NOT_YET_VALID + 1] = {0};
	static struct exchange x;
	char error[512];
	int r;

	if (issue_certs(certs, o, error, sizeof(error)) != 0) {
		report(REPORT_ERROR, "%s", error);
		return 1;
	}
	r = exchange_init(&x, o, capture);
	if (r < 0) {
		report(REPORT_ERROR, "--symbols %s: %s", o->symbols, symbols_error(r));
		r = r == -ENOMEM ? 1 : 2;
	} else if (o->snapshots != NULL && capture != NULL &&
	    shelf_load(&x.shelf, o->snapshots, o->replay, error, sizeof(error)) < 0) {
		report(REPORT_ERROR, "%s", error);
		r = 2;
	} else if (o->faults != NULL &&
	    script_load(&x, o->faults, server_now(), error, sizeof(error)) < 0) {
		report(REPORT_ERROR, "%s", error);
		r = 2;
	} else {
		r = serve(o, &x, certs);
	}
	exchange_fini(&x);
	for (int i = CERT_GOOD; i <= CERT_NOT_YET_VALID; i++)
		cert_free(&certs[i]);
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

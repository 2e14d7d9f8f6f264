/*
 * The command line of exchange-sim.
 */
#ifndef TOOLS_EXCHANGE_SIM_OPTIONS_H
#define TOOLS_EXCHANGE_SIM_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "tools/exchange-sim/ca.h"
#include "tools/exchange-sim/report.h"
#include "tools/exchange-sim/session.h"

struct options {
	struct endpoint endpoint[ENDPOINTS_MAX];
	uint32_t nendpoints;
	bool named;                /* by --listen */
	const char *port_file;     /* or NULL */
	int64_t control_port;      /* 0: a free one; -1: none */
	const char *control_port_file; /* or NULL */
	const char *faults;        /* file of a script, or NULL */
	bool strict;               /* refuse and ban who connects or sends too often */
	uint32_t connects_max;     /* per five minutes and address */
	int64_t weight_max;        /* of REST requests, per minute */
	span_t ban;
	bool list_faults;
	const char *bind;          /* address */
	const char *dir;           /* of the CA, or NULL */
	const char *name;          /* further host name of the certificate, or NULL */
	enum cert_fault cert_fault;
	const char *symbols;
	enum product product;
	int64_t rate;              /* messages per second */
	uint64_t seed;
	struct session_cfg session;
	const char *replay;        /* file, or NULL */
	const char *snapshots;     /* index of the replay's books, or NULL */
	int64_t speed_milli;       /* 1000: as recorded; 0: as fast as possible */
	bool list_streams;
	bool exit_after_replay;
	uint32_t frames_per_record;
	span_t duration;           /* 0: until a signal */
	enum report_level log_level;
};

enum options_result {
	OPTIONS_RUN,
	OPTIONS_EXIT,  /* --help or --version: done */
	OPTIONS_WRONG, /* one line has been written to stderr */
};

enum options_result options_read(struct options *o, int argc, char **argv);

#endif

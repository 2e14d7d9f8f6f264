/*
 * The whole receive path as a process, against the alternatives: a sender of
 * ready-made messages on one processor, the client under test on another, TLS
 * 1.3 over loopback. Rounds interleave the clients; medians count.
 *
 * Usage: bench_receive [--quick] [--rounds N] [--ms N]
 *     [--modes N,...] [--clients N,...]
 * (modes and clients by their place in the lists, from 0). Writes
 * build/bench/receive.json, and of it, where there is node, charts: into
 * docs/bench when everything was measured, else into build/bench.
 *
 * All of it takes five to six minutes: 5 rounds of up to 8 clients in 7 modes,
 * 0.9 s each and half of that for beginning and end; --quick, one.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/bench/receive/child.h"
#include "tests/bench/receive/client.h"
#include "tests/bench/receive/report.h"

struct options {
	unsigned rounds;
	int64_t ms;
	unsigned modes, clients; /* a bit for each */
	bool whole;              /* nothing is left out or cut short */
};

static struct report report;

/* As one of the clients: --client NAME PORT CA_FILE stamped|plain */
static int
be_client(char **argv)
{
	struct client_cfg cfg = {
		.port = (uint16_t)strtol(argv[3], NULL, 10),
		.ca_file = argv[4],
		.stamped = strcmp(argv[5], "stamped") == 0,
	};

	if (strcmp(argv[2], "lws") == 0)
		return client_lws(&cfg);
	return client_openssl(&cfg, strcmp(argv[2], "openssl-poll") == 0);
}

/* "0,3" as bits. */
static unsigned
bits_of(const char *list)
{
	unsigned bits = 0;
	char *end;

	do {
		bits |= 1u << (strtoul(list, &end, 10) & 31);
		list = end + 1;
	} while (*end == ',');
	return bits;
}

static struct options
options_of(int argc, char **argv)
{
	struct options o = {.rounds = 5, .ms = 900, .modes = ~0u, .clients = ~0u,
	    .whole = argc == 1};

	for (int i = 1; i < argc; i++) {
		const char *next = i + 1 < argc ? argv[i + 1] : "";

		if (strcmp(argv[i], "--quick") == 0) {
			o.rounds = 1;
			o.ms = 200;
		} else if (strcmp(argv[i], "--rounds") == 0) {
			o.rounds = (unsigned)strtol(next, NULL, 10);
		} else if (strcmp(argv[i], "--ms") == 0) {
			o.ms = strtol(next, NULL, 10);
		} else if (strcmp(argv[i], "--modes") == 0) {
			o.modes = bits_of(next);
		} else if (strcmp(argv[i], "--clients") == 0) {
			o.clients = bits_of(next);
		} else {
			continue;
		}
	}
	return o;
}

/* Installs the npm packages into the build folder, once; without them those clients are skipped. */
static void
find_node(struct run_rig *rig)
{
	char script[PATH_MAX], prefix[PATH_MAX - 64], log[128];
	const char *argv[] = {"sh", script, prefix, NULL};
	pid_t pid;

	snprintf(script, sizeof(script), "%s/tests/node/install.sh", rig->root);
	snprintf(prefix, sizeof(prefix), "%s/node", rig->build);
	snprintf(log, sizeof(log), "%s/client.log", rig->folder);
	pid = child_start(argv, log, NULL, rig->sender_cpu);
	if (pid < 0 || !child_end(pid, span_s(120)))
		fprintf(stderr, "npm install does not work: no clients in JavaScript\n");
	else
		snprintf(rig->node, sizeof(rig->node), "%s/node_modules", prefix);
}

/* Charts of what was written. They are extra: without node there are none. */
static void
draw(const struct run_rig *rig, const char *json, bool whole)
{
	char script[PATH_MAX], folder[PATH_MAX], log[128];
	const char *argv[] = {"node", script, json, folder, NULL};
	pid_t pid;

	snprintf(script, sizeof(script), "%s/tests/bench/receive/chart.js", rig->root);
	snprintf(folder, sizeof(folder), "%s/%s", rig->root, whole ? "docs/bench" : "build/bench");
	snprintf(log, sizeof(log), "%s/client.log", rig->folder);
	pid = child_start(argv, log, NULL, rig->sender_cpu);
	if (pid < 0 || !child_end(pid, span_s(30)))
		fprintf(stderr, "no charts: node is not available, or does not take %s\n", json);
	else
		printf("\nCharts: %s\n", folder);
}

static void
run_one(const struct run_rig *rig, const struct options *o, unsigned mode, enum run_client client,
    bool count)
{
	const struct report_mode *m = &report_modes[mode];
	struct run_cfg cfg = {.client = client, .mix = m->mix, .per_record = m->per_record,
	    .pace = m->pace, .warm_ms = 300, .ms = count ? o->ms / 2 : o->ms,
	    .count_syscalls = count};
	struct run_result result;

	if (((o->clients & m->clients) >> client & 1) == 0)
		return;
	run_once(rig, &cfg, &result);
	report_add(&report, mode, &cfg, &result);
}

static void
run_mode(const struct run_rig *rig, const struct options *o, unsigned mode)
{
	for (unsigned round = 0; round < o->rounds; round++)
		for (enum run_client c = 0; c < RUN_CLIENTS; c++)
			run_one(rig, o, mode, c, false);
	for (enum run_client c = 0; c < RUN_CLIENTS && report_modes[mode].syscalls; c++)
		run_one(rig, o, mode, c, true);
	report_print(&report, mode);
}

int
main(int argc, char **argv)
{
	struct run_rig rig = {.sender_cpu = 0, .client_cpu = sysconf(_SC_NPROCESSORS_ONLN) > 1};
	struct options o = options_of(argc, argv);
	int rc;

	if (argc == 6 && strcmp(argv[1], "--client") == 0)
		return be_client(argv);
	if (run_rig_open(&rig) != 0)
		return 1;
	find_node(&rig);
	for (unsigned mode = 0; mode < REPORT_MODES; mode++)
		if ((o.modes >> mode & 1) != 0)
			run_mode(&rig, &o, mode);
	report_print_goals(&report);
	mkdir("build/bench", 0755);
	rc = report_write(&report, "build/bench/receive.json");
	if (rc != 0)
		fprintf(stderr, "build/bench/receive.json: %s\n", strerror(-rc));
	else
		draw(&rig, "build/bench/receive.json", o.whole);
	run_rig_close(&rig);
	return rc != 0;
}

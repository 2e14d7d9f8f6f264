#include "tests/bench/receive/report.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ALL ((1u << RUN_CLIENTS) - 1)
#define LESS (ALL & ~(1u << RUN_OPENSSL_POLL)) /* which differs when saturated only */
#define PAIR (1u << RUN_FEEDD_URING | 1u << RUN_OPENSSL)

const struct report_mode report_modes[REPORT_MODES] = {
	{"full", MARKET_SMALL, 1, 0, ALL, true},
	{"full", MARKET_SMALL, 16, 0, ALL, true},
	{"full-254", MARKET_LARGE, 1, 0, PAIR, false},
	{"1k", MARKET_SMALL, 1, 1000, LESS, false},
	{"10k", MARKET_SMALL, 1, 10000, LESS, true},
	{"50k", MARKET_SMALL, 1, 50000, LESS, false},
	{"100k", MARKET_SMALL, 1, 100000, LESS, false},
};

enum { FULL_1, FULL_16, FULL_254, PACED_1K, PACED_10K };

void
report_add(struct report *r, unsigned mode, const struct run_cfg *cfg,
    const struct run_result *result)
{
	struct report_cell *c = &r->cell[mode][cfg->client];

	if (result->failed) {
		snprintf(c->why, sizeof(c->why), "%s", result->why);
		return;
	}
	if (cfg->count_syscalls) {
		for (unsigned i = 0; i < REPORT_ROUNDS_MAX; i++)
			c->figure[RUN_SYSCALLS][i] = result->figure[RUN_SYSCALLS];
		return;
	}
	if (c->rounds == REPORT_ROUNDS_MAX)
		return;
	for (unsigned f = 0; f < RUN_FIGURES; f++)
		if (f != RUN_SYSCALLS)
			c->figure[f][c->rounds] = result->figure[f];
	c->rounds++;
}

static int
by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static double
median(const struct report_cell *c, enum run_figure f)
{
	double sorted[REPORT_ROUNDS_MAX];
	unsigned n = c->rounds;

	if (n == 0)
		return 0;
	memcpy(sorted, c->figure[f], n * sizeof(sorted[0]));
	qsort(sorted, n, sizeof(sorted[0]), by_value);
	return n % 2 == 1 ? sorted[n / 2] : (sorted[n / 2 - 1] + sorted[n / 2]) / 2;
}

static void
print_cell(const struct report_cell *c, enum run_client client)
{
	if (c->rounds == 0) {
		if (c->why[0] != '\0')
			printf("%-22s %s\n", run_client_name(client), c->why);
		return;
	}
	printf("%-22s %10.0f %8.0f %5.0f %6.0f", run_client_name(client),
	    median(c, RUN_MESSAGES_PER_S), median(c, RUN_CPU_NS), median(c, RUN_BUSY),
	    median(c, RUN_SENDER_BUSY));
	if (median(c, RUN_P99_US) > 0)
		printf(" %9.1f %9.1f", median(c, RUN_P50_US), median(c, RUN_P99_US));
	else
		printf(" %9s %9s", "-", "-");
	if (median(c, RUN_SYSCALLS) > 0)
		printf(" %8.4f", median(c, RUN_SYSCALLS));
	else
		printf(" %8s", "-");
	printf(" %7.1f", median(c, RUN_RSS_MIB));
	if (c->why[0] != '\0')
		printf("  (failed once or more: %s)", c->why);
	printf("\n");
}

void
report_print(const struct report *r, unsigned mode)
{
	const struct report_mode *m = &report_modes[mode];
	struct wares market;

	wares_init(&market, m->mix, 1700000000000);
	if (m->pace > 0)
		printf("\n%u messages/s of %u bytes, one frame per TLS record\n", m->pace,
		    wares_mean_bytes(&market));
	else
		printf("\nAs fast as the client takes them, messages of %u bytes, %u frame%s per "
		    "TLS record\n", wares_mean_bytes(&market), m->per_record,
		    m->per_record == 1 ? "" : "s");
	printf("%-22s %10s %8s %5s %6s %9s %9s %8s %7s\n", "client", "messages/s", "CPU ns",
	    "busy%", "sender", "p50 us", "p99 us", "syscalls", "RSS MiB");
	for (enum run_client c = 0; c < RUN_CLIENTS; c++)
		print_cell(&r->cell[mode][c], c);
	fflush(stdout);
}

static double
figure(const struct report *r, unsigned mode, enum run_client client, enum run_figure f)
{
	return median(&r->cell[mode][client], f);
}

/* `reached` over `base` is to be at least (or at most) `goal`. */
static void
goal(const char *what, double value, double base, double goal, bool at_least)
{
	double ratio = base > 0 ? value / base : 0;

	if (value <= 0 || base <= 0)
		printf("  %-62s not measured\n", what);
	else
		printf("  %-62s %8.3f (%s %.2f) %s\n", what, ratio, at_least ? ">=" : "<=", goal,
		    (at_least ? ratio >= goal : ratio <= goal) ? "reached" : "MISSED");
}

void
report_print_goals(const struct report *r)
{
	enum run_client us = RUN_FEEDD_URING, floor = RUN_OPENSSL;

	printf("\nGoals: feedd (uring) to the client named, in this run\n");
	goal("messages/s to libwebsockets + cJSON, 1 frame per record",
	    figure(r, FULL_1, us, RUN_MESSAGES_PER_S),
	    figure(r, FULL_1, RUN_LWS_CJSON, RUN_MESSAGES_PER_S), 5, true);
	goal("messages/s to OpenSSL alone, 1 frame per record",
	    figure(r, FULL_1, us, RUN_MESSAGES_PER_S),
	    figure(r, FULL_1, floor, RUN_MESSAGES_PER_S), 0.8, true);
	goal("  the same by CPU per message",
	    figure(r, FULL_1, floor, RUN_CPU_NS), figure(r, FULL_1, us, RUN_CPU_NS), 0.8, true);
	goal("messages/s to OpenSSL alone, 16 frames per record",
	    figure(r, FULL_16, us, RUN_MESSAGES_PER_S),
	    figure(r, FULL_16, floor, RUN_MESSAGES_PER_S), 0.6, true);
	goal("  the same by CPU per message",
	    figure(r, FULL_16, floor, RUN_CPU_NS), figure(r, FULL_16, us, RUN_CPU_NS), 0.6, true);
	goal("CPU ns per message of 254 bytes",
	    figure(r, FULL_254, us, RUN_CPU_NS), 1, 1000, false);
	goal("system calls per message, saturated",
	    figure(r, FULL_1, us, RUN_SYSCALLS), 1, 0.05, false);
	goal("CPU per message at 10,000/s to OpenSSL alone",
	    figure(r, PACED_10K, us, RUN_CPU_NS), figure(r, PACED_10K, floor, RUN_CPU_NS),
	    1.1, false);
	goal("p50 at 10,000/s, sleeping, to OpenSSL alone",
	    figure(r, PACED_10K, us, RUN_P50_US), figure(r, PACED_10K, floor, RUN_P50_US),
	    1, false);
	goal("p50 at 10,000/s, busy_poll, to OpenSSL alone",
	    figure(r, PACED_10K, RUN_FEEDD_BUSY, RUN_P50_US),
	    figure(r, PACED_10K, floor, RUN_P50_US), 0.5, false);
}

/* A figure, or null when it was not measured. */
static void
write_figure(FILE *file, const char *key, double value)
{
	if (value > 0)
		fprintf(file, ", \"%s\": %.1f", key, value);
	else
		fprintf(file, ", \"%s\": null", key);
}

static void
write_cell(FILE *file, const struct report_cell *c, enum run_client client, unsigned mode)
{
	fprintf(file, "{\"client\": \"%s\", \"mode\": \"%s\", \"frames_per_record\": %u, "
	    "\"msgs_per_s\": %.0f", run_client_name(client), report_modes[mode].name,
	    report_modes[mode].per_record, median(c, RUN_MESSAGES_PER_S));
	write_figure(file, "cpu_ns_per_msg", median(c, RUN_CPU_NS));
	write_figure(file, "p50_us", median(c, RUN_P50_US));
	write_figure(file, "p99_us", median(c, RUN_P99_US));
	write_figure(file, "rss_mib", median(c, RUN_RSS_MIB));
	fprintf(file, "}");
}

int
report_write(const struct report *r, const char *path)
{
	FILE *file = fopen(path, "w");
	const char *comma = "";

	if (file == NULL)
		return -errno;
	fprintf(file, "[");
	for (unsigned m = 0; m < REPORT_MODES; m++) {
		for (enum run_client k = 0; k < RUN_CLIENTS; k++) {
			if (r->cell[m][k].rounds == 0)
				continue;
			fprintf(file, "%s\n  ", comma);
			write_cell(file, &r->cell[m][k], k, m);
			comma = ",";
		}
	}
	fprintf(file, "\n]\n");
	return fclose(file) == 0 ? 0 : -EIO;
}

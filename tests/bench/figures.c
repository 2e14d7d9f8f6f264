#include "tests/bench/figures.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Bounds between round trips of about 58, 138, 288 and 577 ns, as they were met. */
#define NEAR_NS_MAX 90
#define MIDDLE_NS_MAX 200
#define WIDE_NS_MAX 400

enum band
band_of(double rtt_ns)
{
	if (rtt_ns <= 0)
		return BAND_NONE;
	if (rtt_ns < NEAR_NS_MAX)
		return BAND_NEAR;
	if (rtt_ns < MIDDLE_NS_MAX)
		return BAND_MIDDLE;
	return rtt_ns < WIDE_NS_MAX ? BAND_WIDE : BAND_FAR;
}

const char *
band_name(enum band band)
{
	static const char *const name[] = {"near", "middle", "wide", "far", "all"};

	return name[band];
}

void
figure_add(struct figure *f, double value, double base, double rtt_ns)
{
	if (f->count == FIGURE_SAMPLES_MAX)
		return;
	f->sample[f->count++] = (struct figure_sample){value, base, rtt_ns};
}

static int
by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

enum what { VALUE, RATIO, BUDGET };

static double
number_of(const struct figure_sample *s, enum what what)
{
	if (what == RATIO)
		return s->base > 0 ? s->value / s->base : 0;
	if (what == BUDGET)
		return s->value / (1.1 * s->rtt_ns / 2 + 40);
	return s->value;
}

/* Sorted numbers of the samples in a band; returns how many. */
static size_t
collect(const struct figure *f, enum band band, enum what what, double *out)
{
	size_t n = 0;

	for (size_t i = 0; i < f->count; i++)
		if (band == BAND_NONE || band_of(f->sample[i].rtt_ns) == band)
			out[n++] = number_of(&f->sample[i], what);
	qsort(out, n, sizeof(*out), by_size);
	return n;
}

static double
median(const struct figure *f, enum band band, enum what what)
{
	double sorted[FIGURE_SAMPLES_MAX];
	size_t n = collect(f, band, what, sorted);

	if (n == 0)
		return 0;
	return (sorted[n / 2] + sorted[(n - 1) / 2]) / 2;
}

double
figure_median(const struct figure *f, enum band band)
{
	return median(f, band, VALUE);
}

double
figure_ratio(const struct figure *f, enum band band)
{
	return median(f, band, RATIO);
}

static double
score(const struct figure *f, enum band band)
{
	switch (f->goal_kind) {
	case GOAL_RATIO:
		return median(f, band, RATIO);
	case GOAL_ONE_WAY:
		return median(f, band, BUDGET);
	case GOAL_VALUE:
	case GOAL_VALUE_MIDDLE:
	case GOAL_NONE:
		break;
	}
	return median(f, band, VALUE);
}

static size_t
runs_in(const struct figure *f, enum band band)
{
	double any[FIGURE_SAMPLES_MAX];

	return collect(f, band, VALUE, any);
}

static enum band
judged_band(const struct figure *f)
{
	if (f->goal_kind != GOAL_VALUE_MIDDLE)
		return BAND_NONE;
	for (enum band band = BAND_MIDDLE; band < BAND_COUNT; band++)
		if (runs_in(f, band) > 0)
			return band;
	return BAND_MIDDLE;
}

/* A limit for the middle band that is missed in a wider one says nothing. */
static bool
is_judged(const struct figure *f)
{
	enum band band = judged_band(f);

	if (f->goal_kind == GOAL_NONE || runs_in(f, band) == 0)
		return false;
	return band <= BAND_MIDDLE || band == BAND_NONE || score(f, band) <= f->goal;
}

bool
figure_is_met(const struct figure *f)
{
	return !is_judged(f) || score(f, judged_band(f)) <= f->goal;
}

static const char *
measure_text(const struct figure *f)
{
	switch (f->goal_kind) {
	case GOAL_RATIO:
		return "ratio";
	case GOAL_ONE_WAY:
		return "of 1.1 x half trip + 40 ns";
	case GOAL_VALUE:
	case GOAL_VALUE_MIDDLE:
	case GOAL_NONE:
		break;
	}
	return "value";
}

static void
goal_text(const struct figure *f, char *out, size_t size)
{
	enum band band = judged_band(f);
	const char *verdict = figure_is_met(f) ? "met" : "MISSED";

	if (f->goal_kind == GOAL_NONE) {
		out[0] = '\0';
		return;
	}
	if (!is_judged(f))
		verdict = "no run of the middle band";
	snprintf(out, size, "%s %.4g <= %.4g: %s%s%s", measure_text(f), score(f, band), f->goal,
	    verdict, f->goal_kind == GOAL_VALUE_MIDDLE ? ", band " : "",
	    f->goal_kind == GOAL_VALUE_MIDDLE ? band_name(band) : "");
}

static void
print_row(const struct figure *f, enum band band, const char *remark)
{
	double value[FIGURE_SAMPLES_MAX], ratio = figure_ratio(f, band);
	size_t n = collect(f, band, VALUE, value);
	char beside[48] = "";

	if (n == 0) {
		printf("%-48s  no run counted (%zu dropped)\n", f->what, f->dropped);
		return;
	}
	if (f->base && ratio > 0)
		snprintf(beside, sizeof(beside), "%6.2f x %s", ratio, f->base);
	printf("%-48s %4zu %9.2f %8.2f %9.2f  %-27s %s\n", f->what, n,
	    (value[n / 2] + value[(n - 1) / 2]) / 2, value[n / 10], value[n - 1 - n / 10], beside,
	    remark);
}

void
figures_print(const char *title, const struct figure *f, size_t n)
{
	printf("%-48s %4s %9s %8s %9s  %-27s %s\n", title, "runs", "median", "10 %", "90 %",
	    "beside", "goal");
	for (size_t i = 0; i < n; i++) {
		char goal[96];

		goal_text(&f[i], goal, sizeof(goal));
		print_row(&f[i], BAND_NONE, goal);
	}
}

static bool
is_met_with(enum band band, const struct figure *f, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (runs_in(&f[i], band) > 0)
			return true;
	return false;
}

static void
print_band(enum band band, const struct figure *f, size_t n)
{
	printf("\n%s band\n", band_name(band));
	for (size_t i = 0; i < n; i++) {
		char remark[64] = "";

		if (runs_in(&f[i], band) == 0)
			continue;
		if (f[i].goal_kind == GOAL_ONE_WAY)
			snprintf(remark, sizeof(remark), "%.2f of its limit",
			    median(&f[i], band, BUDGET));
		print_row(&f[i], band, remark);
	}
}

void
figures_print_bands(const struct figure *f, size_t n)
{
	for (enum band band = 0; band < BAND_COUNT; band++)
		if (is_met_with(band, f, n))
			print_band(band, f, n);
}

static void
write_bands(FILE *out, const struct figure *f)
{
	for (enum band band = 0; band < BAND_COUNT; band++) {
		size_t n = runs_in(f, band);

		if (n == 0)
			continue;
		fprintf(out, ",\n  \"%s_%s\": %.3f", f->key, band_name(band),
		    figure_median(f, band));
		fprintf(out, ",\n  \"%s_%s_runs\": %zu", f->key, band_name(band), n);
	}
}

int
figures_write(const char *path, const struct figure *f, size_t n)
{
	FILE *out = fopen(path, "w");

	if (!out) {
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
		return -1;
	}
	fprintf(out, "{\n  \"figures\": %zu", n);
	for (size_t i = 0; i < n; i++) {
		if (f[i].count == 0)
			continue;
		fprintf(out, ",\n  \"%s\": %.3f", f[i].key, figure_median(&f[i], BAND_NONE));
		fprintf(out, ",\n  \"%s_runs\": %zu", f[i].key, f[i].count);
		if (f[i].base)
			fprintf(out, ",\n  \"%s_ratio\": %.3f", f[i].key,
			    figure_ratio(&f[i], BAND_NONE));
		if (f[i].goal_kind != GOAL_NONE)
			fprintf(out, ",\n  \"%s_met\": %s", f[i].key,
			    !is_judged(&f[i]) ? "null" : figure_is_met(&f[i]) ? "true" : "false");
		write_bands(out, &f[i]);
	}
	fprintf(out, "\n}\n");
	if (fclose(out) != 0) {
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
		return -1;
	}
	return 0;
}

static int
by_stamps(const void *a, const void *b)
{
	unsigned x = *(const unsigned *)a, y = *(const unsigned *)b;

	return (x > y) - (x < y);
}

void
stamps_sort(unsigned *stamps, size_t n)
{
	qsort(stamps, n, sizeof(*stamps), by_stamps);
}

double
stamps_quantile(const unsigned *sorted, size_t n, double q)
{
	size_t at = (size_t)((double)n * q);

	if (n == 0)
		return 0;
	return sorted[at < n ? at : n - 1];
}

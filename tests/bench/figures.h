/*
 * Figures of a benchmark: samples of interleaved runs, their medians, each
 * beside a baseline of the same run; a table for people, JSON for scripts.
 */
#ifndef TESTS_BENCH_FIGURES_H
#define TESTS_BENCH_FIGURES_H

#include <stdbool.h>
#include <stddef.h>

#define FIGURE_SAMPLES_MAX 512

/*
 * How far the two cores are apart at the moment, by the ping-pong. On shared
 * machines this jumps; only ratios within one run compare.
 */
enum band { BAND_NEAR, BAND_MIDDLE, BAND_WIDE, BAND_FAR, BAND_COUNT, BAND_NONE = BAND_COUNT };

enum goal_kind {
	GOAL_NONE,
	GOAL_VALUE,        /* median <= goal */
	GOAL_VALUE_MIDDLE, /* the same in the middle band; without such runs in the next wider */
	GOAL_RATIO,        /* median of value / base <= goal */
	GOAL_ONE_WAY       /* median of value / (1.1 x half a round trip + 40 ns) <= 1 */
};

struct figure_sample {
	double value, base, rtt_ns;
};

struct figure {
	const char *key;  /* in JSON */
	const char *what; /* in the table */
	const char *base; /* what the ratio is to, or NULL */
	enum goal_kind goal_kind;
	double goal;
	size_t count, dropped;
	struct figure_sample sample[FIGURE_SAMPLES_MAX];
};

enum band band_of(double rtt_ns);
const char *band_name(enum band band);

/* One sample of a run that counts. base 0: there is none. */
void figure_add(struct figure *f, double value, double base, double rtt_ns);

/* Median of the values in a band (BAND_NONE: of all), 0 when there are none. */
double figure_median(const struct figure *f, enum band band);

/* Median of value / base; 0 when there are none. */
double figure_ratio(const struct figure *f, enum band band);

/* Is the goal met? True also when there is none. */
bool figure_is_met(const struct figure *f);

/* Rows of the table; `title` stands above. Figures without samples say so. */
void figures_print(const char *title, const struct figure *f, size_t n);

/* The same of each band that was met, for figures that depend on it. */
void figures_print_bands(const struct figure *f, size_t n);

/* A flat object of medians and ratios. Returns 0 or -1 with words on stderr. */
int figures_write(const char *path, const struct figure *f, size_t n);

void stamps_sort(unsigned *stamps, size_t n);

/* The q-th part of sorted stamps (0.5: the median); 0 when there are none. */
double stamps_quantile(const unsigned *sorted, size_t n, double q);

#endif

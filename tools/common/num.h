/*
 * Numbers for people. Integers only; nothing here rounds a price. Each writes
 * NUL-terminated text into `out` and returns it. "-" for TICK_ABSENT. Pure.
 */
#ifndef TOOLS_COMMON_NUM_H
#define TOOLS_COMMON_NUM_H

#include <stddef.h>
#include <stdint.h>

/* Enough for each of them. */
#define NUM_MAX 64

/*
 * mantissa x 10^exponent, exactly. Trailing zeros beyond the decimals of
 * `step` (a mantissa of the same exponent; 0: not known, nothing is cut) are
 * cut, digits that count never. An exponent beyond -18..18 gives "MeE".
 */
char *num_decimal(int64_t mantissa, int exponent, int64_t step, char out[NUM_MAX]);

/* A length of time with three digits or more: "850 ns", "12.3 us", "1.25 s", "3 h 20 min". */
char *num_span(int64_t ns, char out[NUM_MAX]);

/* A count in at most five columns below 10^15: "12345", "123k", "4.56M". */
char *num_short(int64_t n, char out[NUM_MAX]);

/* A rate given in thousandths: "0.5", "12.3", "1234", "56.7k". */
char *num_rate(int64_t milli, char out[NUM_MAX]);

/* Wall time, UTC, all nine decimals: "2026-08-01T12:00:00.123456789Z". */
char *num_time(int64_t wall_ns, char out[NUM_MAX]);

/* Time of day, UTC, with six decimals: "12:00:00.123456". */
char *num_time_of_day(int64_t wall_ns, char out[NUM_MAX]);

#endif

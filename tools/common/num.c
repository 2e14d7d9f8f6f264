#include "tools/common/num.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <tickring/reader.h>

#include "tools/common/clock.h"

#define NS_PER_MIN (60 * NS_PER_S)
#define NS_PER_H (60 * NS_PER_MIN)

static char *
absent(char *out)
{
	memcpy(out, "-", 2);
	return out;
}

/* Decimals that a multiple of the step can need. */
static int
decimals(int64_t step, int exponent)
{
	int n = exponent < 0 ? -exponent : 0;

	for (; n > 0 && step % 10 == 0; step /= 10)
		n--;
	return n;
}

char *
num_decimal(int64_t mantissa, int exponent, int64_t step, char out[NUM_MAX])
{
	size_t length = tick_format(mantissa, exponent, out, NUM_MAX);
	char *point;

	if (mantissa == TICK_ABSENT)
		return absent(out);
	if (length == 0) {
		snprintf(out, NUM_MAX, "%" PRId64 "e%d", mantissa, exponent);
		return out;
	}
	point = strchr(out, '.');
	if (point == NULL || step <= 0)
		return out;
	char *least = point + 1 + decimals(step, exponent);
	char *end = out + length;

	while (end > least && end[-1] == '0')
		end--;
	if (end == point + 1)
		end = point;
	*end = '\0';
	return out;
}

/* n / unit with three significant digits, cut, not rounded. */
static char *
scaled(int64_t n, int64_t unit, const char *suffix, char *out)
{
	int64_t whole = n / unit, rest = n % unit;

	if (whole >= 100 || unit == 1)
		snprintf(out, NUM_MAX, "%" PRId64 "%s", whole, suffix);
	else if (whole >= 10)
		snprintf(out, NUM_MAX, "%" PRId64 ".%" PRId64 "%s", whole, rest * 10 / unit,
		    suffix);
	else
		snprintf(out, NUM_MAX, "%" PRId64 ".%02" PRId64 "%s", whole, rest * 100 / unit,
		    suffix);
	return out;
}

char *
num_span(int64_t ns, char out[NUM_MAX])
{
	if (ns == TICK_ABSENT)
		return absent(out);
	if (ns < 0) {
		char positive[NUM_MAX];

		snprintf(out, NUM_MAX, "-%.*s", NUM_MAX - 2, num_span(-ns, positive));
		return out;
	}
	if (ns < 1000)
		scaled(ns, 1, " ns", out);
	else if (ns < 1000000)
		scaled(ns, 1000, " us", out);
	else if (ns < NS_PER_S)
		scaled(ns, 1000000, " ms", out);
	else if (ns < NS_PER_MIN)
		scaled(ns, NS_PER_S, " s", out);
	else if (ns < NS_PER_H)
		snprintf(out, NUM_MAX, "%" PRId64 " min %" PRId64 " s", ns / NS_PER_MIN,
		    ns % NS_PER_MIN / NS_PER_S);
	else if (ns < 48 * NS_PER_H)
		snprintf(out, NUM_MAX, "%" PRId64 " h %" PRId64 " min", ns / NS_PER_H,
		    ns % NS_PER_H / NS_PER_MIN);
	else
		snprintf(out, NUM_MAX, "%" PRId64 " d %" PRId64 " h", ns / (24 * NS_PER_H),
		    ns % (24 * NS_PER_H) / NS_PER_H);
	return out;
}

char *
num_short(int64_t n, char out[NUM_MAX])
{
	static const char *const suffix[] = {"k", "M", "G", "T"};
	int64_t unit = 1000;
	unsigned i = 0;

	if (n == TICK_ABSENT)
		return absent(out);
	if (n < 100000) {
		snprintf(out, NUM_MAX, "%" PRId64, n);
		return out;
	}
	for (; i < 3 && n / unit >= 1000; i++)
		unit *= 1000;
	return scaled(n, unit, suffix[i], out);
}

char *
num_rate(int64_t milli, char out[NUM_MAX])
{
	if (milli < 100000)
		snprintf(out, NUM_MAX, "%" PRId64 ".%" PRId64, milli / 1000, milli % 1000 / 100);
	else if (milli < 10000000)
		snprintf(out, NUM_MAX, "%" PRId64, milli / 1000);
	else
		scaled(milli / 1000, 1000, "k", out);
	return out;
}

/* The calendar of a wall time; the rest of the second in *ns. */
static struct tm
calendar(int64_t wall_ns, int64_t *ns)
{
	time_t seconds = wall_ns / NS_PER_S;
	struct tm tm;

	*ns = wall_ns % NS_PER_S;
	if (*ns < 0) {
		*ns += NS_PER_S;
		seconds--;
	}
	gmtime_r(&seconds, &tm);
	return tm;
}

char *
num_time(int64_t wall_ns, char out[NUM_MAX])
{
	int64_t ns;

	if (wall_ns == TICK_ABSENT)
		return absent(out);
	struct tm tm = calendar(wall_ns, &ns);

	snprintf(out, NUM_MAX, "%04d-%02d-%02dT%02d:%02d:%02d.%09" PRId64 "Z", tm.tm_year + 1900,
	    tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec, ns);
	return out;
}

char *
num_time_of_day(int64_t wall_ns, char out[NUM_MAX])
{
	int64_t ns;

	if (wall_ns == TICK_ABSENT)
		return absent(out);
	struct tm tm = calendar(wall_ns, &ns);

	snprintf(out, NUM_MAX, "%02d:%02d:%02d.%06" PRId64, tm.tm_hour, tm.tm_min, tm.tm_sec,
	    ns / 1000);
	return out;
}

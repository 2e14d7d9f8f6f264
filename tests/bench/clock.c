#include "tests/bench/clock.h"

#include "feed/io/clock.h"

#define CALIBRATE_NS 50000000
#define READS 100000

/* Both clocks at one moment: the closest of some tries. */
static void
read_both(uint64_t *stamp, int64_t *ns)
{
	uint64_t narrowest = UINT64_MAX;

	for (int i = 0; i < 50; i++) {
		uint64_t before = bench_stamp();
		int64_t now = clock_mono().ns;
		uint64_t after = bench_stamp();

		if (after - before < narrowest) {
			narrowest = after - before;
			*stamp = before + narrowest / 2;
			*ns = now;
		}
	}
}

struct bench_clock
bench_clock_calibrate(void)
{
	struct bench_clock clock;
	uint64_t from, to, last = 0;
	int64_t from_ns, to_ns;

	read_both(&from, &from_ns);
	while (clock_mono().ns < from_ns + CALIBRATE_NS)
		;
	read_both(&to, &to_ns);
	clock.ns_per_stamp = (double)(to_ns - from_ns) / (double)(to - from);
	from = bench_stamp();
	for (int i = 0; i < READS; i++)
		last = bench_stamp();
	clock.read_ns = (double)(last - from) * clock.ns_per_stamp / READS;
	return clock;
}

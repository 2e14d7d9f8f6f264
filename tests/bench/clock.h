/*
 * Time stamps of a few nanoseconds for the benchmarks: the processor's counter
 * where it has one that all cores share, calibrated against CLOCK_MONOTONIC.
 */
#ifndef TESTS_BENCH_CLOCK_H
#define TESTS_BENCH_CLOCK_H

#include <stdint.h>
#include <time.h>

struct bench_clock {
	double ns_per_stamp;
	double read_ns; /* what one bench_stamp() costs in a row of them */
};

#if defined(__x86_64__)

static inline uint64_t
bench_stamp(void)
{
	return __builtin_ia32_rdtsc();
}

/* After all loads before it: what was read was there at that time. */
static inline uint64_t
bench_stamp_after_loads(void)
{
	__builtin_ia32_lfence();
	return __builtin_ia32_rdtsc();
}

#elif defined(__aarch64__)

static inline uint64_t
bench_stamp(void)
{
	uint64_t now;

	__asm__ volatile("mrs %0, cntvct_el0" : "=r"(now));
	return now;
}

static inline uint64_t
bench_stamp_after_loads(void)
{
	__asm__ volatile("isb" ::: "memory");
	return bench_stamp();
}

#else
#error "clock.h knows no cycle counter for this machine"
#endif

/* Takes 50 ms. */
struct bench_clock bench_clock_calibrate(void);

#endif

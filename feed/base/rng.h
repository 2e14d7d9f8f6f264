/*
 * Random numbers for jitter and synthetic data: xoshiro256** by Blackman and
 * Vigna, seeded by splitmix64. The same seed gives the same sequence on every
 * machine. Pure. Not for secrets.
 */
#ifndef FEED_BASE_RNG_H
#define FEED_BASE_RNG_H

#include <assert.h>
#include <stdint.h>

/* One owner, no locking. */
struct rng {
	uint64_t s[4];
};

static inline uint64_t
rng_rotate(uint64_t x, int bits)
{
	return x << bits | x >> (64 - bits);
}

/* Any seed is good, 0 included. */
static inline void
rng_seed(struct rng *rng, uint64_t seed)
{
	for (int i = 0; i < 4; i++) {
		uint64_t z = seed += 0x9e3779b97f4a7c15;

		z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
		z = (z ^ z >> 27) * 0x94d049bb133111eb;
		rng->s[i] = z ^ z >> 31;
	}
}

/* All 64 bits are random. */
static inline uint64_t
rng_next(struct rng *rng)
{
	uint64_t *s = rng->s, result = rng_rotate(s[1] * 5, 7) * 9, t = s[1] << 17;

	s[2] ^= s[0];
	s[3] ^= s[1];
	s[1] ^= s[2];
	s[0] ^= s[3];
	s[2] ^= t;
	s[3] = rng_rotate(s[3], 45);
	return result;
}

/* Every number of 0 .. n - 1 is equally likely; n > 0. */
static inline uint64_t
rng_below(struct rng *rng, uint64_t n)
{
	uint64_t reject, x;

	assert(n > 0);
	/* The first 2^64 mod n numbers would favour the small results. */
	reject = -n % n;
	do
		x = rng_next(rng);
	while (x < reject);
	return x % n;
}

/* Every number of low .. high, both included; low <= high. */
static inline int64_t
rng_between(struct rng *rng, int64_t low, int64_t high)
{
	uint64_t span = (uint64_t)high - (uint64_t)low + 1;

	assert(low <= high);
	if (span == 0) /* all 2^64 of them */
		return (int64_t)rng_next(rng);
	return (int64_t)((uint64_t)low + rng_below(rng, span));
}

#endif

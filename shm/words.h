/*
 * Copies between private memory and shared memory, as relaxed atomic 8-byte
 * words: by the C11 memory model nothing else may touch memory that another
 * process writes at the same time. The fences around them are the caller's.
 */
#ifndef SHM_WORDS_H
#define SHM_WORDS_H

#include <stddef.h>
#include <stdint.h>

/* Shared words may alias whatever record stands there. */
typedef uint64_t __attribute__((may_alias)) shm_word;

/* `bytes` is a multiple of 8. */
static inline void
words_store(void *shared, const void *private, size_t bytes)
{
	shm_word *to = shared;
	const shm_word *from = private;

#pragma GCC unroll 16
	for (size_t i = 0; i < bytes / 8; i++)
		__atomic_store_n(&to[i], from[i], __ATOMIC_RELAXED);
}

static inline void
words_load(void *private, const void *shared, size_t bytes)
{
	shm_word *to = private;
	const shm_word *from = shared;

#pragma GCC unroll 16
	for (size_t i = 0; i < bytes / 8; i++)
		to[i] = __atomic_load_n(&from[i], __ATOMIC_RELAXED);
}

/*
 * Asks for the cache lines of `bytes` at `shared`, to be written soon. Waits
 * for nothing and changes nothing; where the processor cannot, it does nothing.
 */
static inline void
words_own(void *shared, size_t bytes)
{
	char *line = shared;

#pragma GCC unroll 4
	for (size_t i = 0; i < bytes; i += 64) {
#if defined(__x86_64__)
		/* Not what __builtin_prefetch() comes to without -mprfchw: a shared copy. */
		__asm__ volatile("prefetchw %0" : : "m"(line[i]));
#else
		__builtin_prefetch(line + i, 1, 3);
#endif
	}
}

/*
 * A seqlock with one writer. The odd mark, then a release fence, so that no
 * payload store is seen before it; the even mark releases the payload.
 */
static inline uint64_t
seqlock_write_begin(uint64_t *seq)
{
	uint64_t now = __atomic_load_n(seq, __ATOMIC_RELAXED);

	now |= 1; /* a writer that died in here left it odd */
	__atomic_store_n(seq, now, __ATOMIC_RELAXED);
	__atomic_thread_fence(__ATOMIC_RELEASE);
	return now;
}

static inline void
seqlock_write_end(uint64_t *seq, uint64_t begun)
{
	__atomic_store_n(seq, begun + 1, __ATOMIC_RELEASE);
}

/*
 * The same for a writer that keeps the (even) sequence of its last write in
 * *mine, 0 at first: it loads the shared word once and never again waits for
 * the line to come back from a reader.
 */
static inline void
seqlock_write(uint64_t *mine, uint64_t *seq, void *shared, const void *private, size_t bytes)
{
	uint64_t even = *mine;

	if (__builtin_expect(even == 0, 0)) /* odd: a writer died in here */
		even = __atomic_load_n(seq, __ATOMIC_RELAXED) & ~(uint64_t)1;
	__atomic_store_n(seq, even + 1, __ATOMIC_RELAXED);
	__atomic_thread_fence(__ATOMIC_RELEASE);
	words_store(shared, private, bytes);
	__atomic_store_n(seq, even + 2, __ATOMIC_RELEASE);
	*mine = even + 2;
}

#define SEQLOCK_ATTEMPTS 64

/* One attempt at a copy: the (even) sequence it belongs to, or 1: it met the writer. */
static inline uint64_t
seqlock_try(const uint64_t *seq, void *private, const void *shared, size_t bytes)
{
	uint64_t before = __atomic_load_n(seq, __ATOMIC_ACQUIRE);

	if (before & 1)
		return 1;
	words_load(private, shared, bytes);
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	return __atomic_load_n(seq, __ATOMIC_RELAXED) == before ? before : 1;
}

/*
 * One consistent copy of `bytes` from `shared`. Returns the (even) sequence
 * it belongs to, or 1 when every attempt met the writer.
 */
static inline uint64_t
seqlock_read(const uint64_t *seq, void *private, const void *shared, size_t bytes)
{
	for (int i = 0; i < SEQLOCK_ATTEMPTS; i++) {
		uint64_t stable = seqlock_try(seq, private, shared, bytes);

		if (stable != 1)
			return stable;
	}
	return 1;
}

#endif

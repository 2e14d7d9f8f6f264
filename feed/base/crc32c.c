#include "feed/base/crc32c.h"

#include <stdbool.h>
#include <string.h>
#if defined(__x86_64__)
#include <cpuid.h>
#include <nmmintrin.h>
#elif defined(__aarch64__) && defined(__ARM_FEATURE_CRC32)
#include <arm_acle.h>
#endif

#define POLYNOMIAL 0x82f63b78u /* 0x1edc6f41, bits reversed */

/* table[k][b]: what byte b does that stands k bytes before the end of a word. */
static uint32_t table[8][256];
#if defined(__x86_64__)
static bool has_instruction;
#endif

/* Before main(), when there is one thread: nobody has to ask whether it was done. */
__attribute__((constructor)) static void
prepare(void)
{
#if defined(__x86_64__)
	unsigned a, b, c, d;

	has_instruction = __get_cpuid(1, &a, &b, &c, &d) && (c & bit_SSE4_2) != 0;
#endif
	for (uint32_t i = 0; i < 256; i++) {
		uint32_t crc = i;

		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? POLYNOMIAL : 0);
		table[0][i] = crc;
	}
	for (uint32_t i = 0; i < 256; i++)
		for (int k = 1; k < 8; k++)
			table[k][i] = table[k - 1][i] >> 8 ^ table[0][table[k - 1][i] & 0xff];
}

static uint32_t
by_byte(uint32_t crc, const unsigned char *p, size_t n)
{
	for (; n > 0; n--)
		crc = crc >> 8 ^ table[0][(crc ^ *p++) & 0xff];
	return crc;
}

uint32_t
crc32c_portable(uint32_t crc, const void *bytes, size_t n)
{
	const unsigned char *p = bytes;

	crc = ~crc;
	for (; n >= 8; n -= 8, p += 8) {
		uint32_t low = crc ^ (p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 |
		    (uint32_t)p[3] << 24);

		crc = table[7][low & 0xff] ^ table[6][low >> 8 & 0xff] ^
		    table[5][low >> 16 & 0xff] ^ table[4][low >> 24] ^ table[3][p[4]] ^
		    table[2][p[5]] ^ table[1][p[6]] ^ table[0][p[7]];
	}
	return ~by_byte(crc, p, n);
}

#if defined(__x86_64__)

__attribute__((target("sse4.2"))) static uint32_t
by_instruction(uint32_t crc, const unsigned char *p, size_t n)
{
	uint64_t sum = ~crc & 0xffffffffu, word;

	for (; n >= 8; n -= 8, p += 8) {
		memcpy(&word, p, sizeof(word));
		sum = _mm_crc32_u64(sum, word);
	}
	for (; n > 0; n--)
		sum = _mm_crc32_u8((uint32_t)sum, *p++);
	return ~(uint32_t)sum;
}

#elif defined(__aarch64__) && defined(__ARM_FEATURE_CRC32)

static uint32_t
by_instruction(uint32_t crc, const unsigned char *p, size_t n)
{
	uint64_t word;

	crc = ~crc;
	for (; n >= 8; n -= 8, p += 8) {
		memcpy(&word, p, sizeof(word));
		crc = __crc32cd(crc, word);
	}
	return ~by_byte(crc, p, n);
}

#endif

uint32_t
crc32c(uint32_t crc, const void *p, size_t n)
{
#if defined(__x86_64__)
	return has_instruction ? by_instruction(crc, p, n) : crc32c_portable(crc, p, n);
#elif defined(__aarch64__) && defined(__ARM_FEATURE_CRC32)
	return by_instruction(crc, p, n);
#else
	return crc32c_portable(crc, p, n);
#endif
}

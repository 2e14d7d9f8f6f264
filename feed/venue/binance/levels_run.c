#include "feed/venue/binance/levels_run.h"

#ifdef __x86_64__
#include <cpuid.h>
#endif

#include "feed/venue/binance/pair.h"
#include "feed/venue/binance/scan.h"

/* `"],["` and `"]]`, the first byte lowest: what follows a usual level. */
#define LEVEL_AND_NEXT UINT64_C(0x225b2c5d22)
#define LEVEL_AND_END UINT64_C(0x5d5d22)

/* How the places of both numbers are found, and how they are read there. */
typedef bool find_fn(const char *p, struct pair_place *price, struct pair_place *qty);
typedef bool read_fn(
    struct pair_place first, struct pair_place second, struct fixed *a, struct fixed *b);

static inline __attribute__((always_inline)) const char *
run(struct levels *levels, const char *p, const char *end, find_fn *find, read_fn *read)
{
	struct event_level *level = levels->level + levels->count;
	struct event_level *last = levels->level + levels->room;

	if (p[0] != '[' || p[1] != '"')
		return p;
	while (p < end && level < last) {
		struct pair_place price, qty;
		const char *close;
		uint64_t behind;

		if (!find(p + 2, &price, &qty))
			break;
		close = qty.p + qty.whole + qty.rest;
		behind = scan_load(close);
		if ((behind & 0xffffffffff) != LEVEL_AND_NEXT &&
		    (behind & 0xffffff) != LEVEL_AND_END)
			break;
		if (!read(price, qty, &level->price, &level->qty))
			break;
		level++;
		if ((behind & 0xffffff) == LEVEL_AND_END) {
			p = close + 2;
			break;
		}
		p = close + 3;
	}
	levels->count = (uint32_t)(level - levels->level);
	return p;
}

const char *
levels_run_portable(struct levels *levels, const char *p, const char *end)
{
	return run(levels, p, end, pair_find_both_portable, pair_read_portable);
}

#ifdef __x86_64__

const char *
levels_run_sse2(struct levels *levels, const char *p, const char *end)
{
	return run(levels, p, end, pair_find_both_sse2, pair_read_sse2);
}

levels_run_fn *levels_run = levels_run_sse2;

/* Which parts of the register file the system saves. */
static uint32_t
saved_registers(void)
{
	uint32_t low, high;

	__asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
	return low;
}

bool
levels_run_has_avx512(void)
{
	/* CPUID leaf 7: BMI1, BMI2, AVX512F, BW, VL in EBX; VBMI, VBMI2 in ECX. */
	const uint32_t b7 = 1u << 3 | 1u << 8 | 1u << 16 | 1u << 30 | 1u << 31;
	const uint32_t c7 = 1u << 1 | 1u << 6;
	/* SSE, AVX, mask registers, upper halves, upper 16 registers. */
	const uint32_t saved = 1u << 1 | 1u << 2 | 1u << 5 | 1u << 6 | 1u << 7;
	const uint32_t osxsave = 1u << 27;
	uint32_t a, b, c, d;

	if (!__get_cpuid(1, &a, &b, &c, &d) || (c & osxsave) == 0 ||
	    (saved_registers() & saved) != saved)
		return false;
	return __get_cpuid_count(7, 0, &a, &b, &c, &d) && (b & b7) == b7 && (c & c7) == c7;
}

static void __attribute__((constructor))
choose(void)
{
	if (levels_run_has_avx512())
		levels_run = levels_run_avx512;
}

#else

levels_run_fn *levels_run = levels_run_portable;

bool
levels_run_has_avx512(void)
{
	return false;
}

#endif

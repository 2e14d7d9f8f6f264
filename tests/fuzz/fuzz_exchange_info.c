/*
 * Any bytes as an exchangeInfo body: no crash, no endless list, nothing
 * decided by what lies behind the body, and what comes out is usable.
 */
#include <stdint.h>

#include "feed/base/utf8.h"
#include "feed/venue/binance/exchange_info.h"
#include "feed/venue/binance/scan.h"
#include "tests/fuzz/fuzz.h"

/* Reads all of it with nothing but `pad` behind it; returns a sum of what came. */
static uint64_t
sum_of(const uint8_t *data, size_t size, int pad)
{
	struct bytes copy = fuzz_copy(data, size, pad, SCAN_AHEAD);
	enum exchange_info_result result;
	struct exchange_symbol symbol;
	struct exchange_info info;
	uint64_t sum = 0;
	size_t count = 0;

	exchange_info_begin(&info, copy);
	do {
		result = exchange_info_next(&info, &symbol);
		sum = sum * 31 + result;
		require(count++ <= size);
		if (result != EXCHANGE_INFO_SYMBOL)
			continue;
		require(symbol.name.n > 0 && symbol.name.n <= TICK_SYMBOL_MAX);
		require(utf8_is_valid(symbol.name.p, symbol.name.n));
		require(symbol.price_exponent >= FIXED_EXPONENT_MIN && symbol.price_exponent <= 0);
		require(symbol.qty_exponent >= FIXED_EXPONENT_MIN && symbol.qty_exponent <= 0);
		require(symbol.price_step >= 0 && symbol.qty_step >= 0);
		for (size_t i = 0; i < symbol.name.n; i++)
			sum = sum * 31 + (uint8_t)symbol.name.p[i];
		sum = sum * 31 + (uint64_t)symbol.price_step;
	} while (result == EXCHANGE_INFO_SYMBOL || result == EXCHANGE_INFO_UNUSABLE);
	require(exchange_info_next(&info, &symbol) == result);
	fuzz_free(copy);
	return sum;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint64_t sum = sum_of(data, size, 0);

	require(sum_of(data, size, '"') == sum);
	require(sum_of(data, size, '}') == sum);
	require(sum_of(data, size, '7') == sum);
	return 0;
}

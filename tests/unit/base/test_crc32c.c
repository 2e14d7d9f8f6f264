#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "feed/base/crc32c.h"

/* RFC 3720 appendix B.4 and the check value of the CRC catalogue. */
static void
known_texts_have_their_known_checksums(void **state)
{
	unsigned char bytes[32] = {0};

	(void)state;
	assert_int_equal(crc32c(0, "", 0), 0);
	assert_int_equal(crc32c(0, "123456789", 9), 0xe3069283);
	assert_int_equal(crc32c(0, bytes, 32), 0x8a9136aa);
	memset(bytes, 0xff, 32);
	assert_int_equal(crc32c(0, bytes, 32), 0x62a8ab43);
	for (int i = 0; i < 32; i++)
		bytes[i] = (unsigned char)i;
	assert_int_equal(crc32c(0, bytes, 32), 0x46dd794e);
}

static void
table_and_instruction_agree_at_every_length_and_place(void **state)
{
	unsigned char bytes[300];
	uint32_t seed = 1;

	(void)state;
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (unsigned char)((seed = seed * 1664525 + 1013904223) >> 24);
	for (size_t from = 0; from < 9; from++)
		for (size_t n = 0; n < 256; n++)
			assert_int_equal(crc32c(seed, bytes + from, n),
			    crc32c_portable(seed, bytes + from, n));
}

static void
a_text_in_pieces_has_the_checksum_of_the_whole(void **state)
{
	static const char text[] = "the quick brown fox jumps over the lazy dog, twice and again";
	uint32_t whole = crc32c(0, text, sizeof(text));

	(void)state;
	for (size_t cut = 0; cut <= sizeof(text); cut++) {
		uint32_t first = crc32c(0, text, cut);

		assert_int_equal(crc32c(first, text + cut, sizeof(text) - cut), whole);
		assert_int_equal(crc32c_portable(first, text + cut, sizeof(text) - cut), whole);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_texts_have_their_known_checksums),
		cmocka_unit_test(table_and_instruction_agree_at_every_length_and_place),
		cmocka_unit_test(a_text_in_pieces_has_the_checksum_of_the_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* The file with the token that changes by HTTP have to show. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <stdio.h>
#include <unistd.h>

#include "feed/ops/token.h"

/* Reads such a file. */
static int
read_of(const char *bytes, size_t n, char token[TOKEN_MAX + 1])
{
	int fd = memfd_create("token", MFD_CLOEXEC), rc;
	char path[64], why[TOKEN_WHY_MAX] = "";

	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, n), n);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	rc = token_read(path, token, why);
	close(fd);
	assert_int_equal(rc == 0, why[0] == '\0');
	return rc;
}

static void
a_line_of_enough_characters_is_a_token(void **state)
{
	char token[TOKEN_MAX + 1], longest[TOKEN_MAX + 2];

	(void)state;
	assert_int_equal(read_of("0123456789abcdef", 16, token), 0);
	assert_string_equal(token, "0123456789abcdef");
	assert_int_equal(read_of("0123456789abcde~ \r\n\n", 20, token), 0);
	assert_string_equal(token, "0123456789abcde~");
	memset(longest, '!', sizeof(longest));
	assert_int_equal(read_of(longest, TOKEN_MAX, token), 0);
	assert_int_equal(strlen(token), TOKEN_MAX);
	longest[TOKEN_MAX] = '\n';
	assert_int_equal(read_of(longest, TOKEN_MAX + 1, token), 0);
}

static void
what_is_too_short_or_too_long_is_none(void **state)
{
	char token[TOKEN_MAX + 1], longer[TOKEN_MAX + 1];

	(void)state;
	assert_int_equal(read_of("", 0, token), -EINVAL);
	assert_int_equal(read_of("0123456789abcde\n", 16, token), -EINVAL);
	memset(longer, '!', sizeof(longer));
	assert_int_equal(read_of(longer, sizeof(longer), token), -EINVAL);
}

/* "head -c 32 /dev/urandom >token" makes such a file: at its first NUL the token would end. */
static void
bytes_that_no_header_can_bring_are_none(void **state)
{
	static const char *const files[] = {
		"a\0bcdefghijklmnopqrstuvwxyz", "\0abcdefghijklmnopqrstuvwxyz",
		"abcdefghijkl\nnopqrstuvwxyzab", "abcdefghijklmn pqrstuvwxyzab",
		"abcdefghijklmn\x7fpqrstuvwxyza", "abcdefghijklmn\xc3\xa4pqrstuvwxyz",
		"abcdefghijklmnopqrstuvwxyz\t!"};
	char token[TOKEN_MAX + 1];

	(void)state;
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		assert_int_equal(read_of(files[i], 27, token), -EINVAL);
		for (size_t at = 0; at < sizeof(token); at++)
			assert_int_equal(token[at], 0); /* nothing of it stays */
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_of_enough_characters_is_a_token),
		cmocka_unit_test(what_is_too_short_or_too_long_is_none),
		cmocka_unit_test(bytes_that_no_header_can_bring_are_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

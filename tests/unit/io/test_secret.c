#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "feed/io/secret.h"

#define VARIABLE "TICKRING_TEST_SECRET"

static char name[64];
static char why[SECRET_WHY_MAX];
static struct secret *secret;

static int
begin(void **state)
{
	(void)state;
	snprintf(name, sizeof(name), "/tmp/tickring-secret.XXXXXX");
	close(mkstemp(name));
	unsetenv(VARIABLE);
	why[0] = '\0';
	return 0;
}

static int
end(void **state)
{
	(void)state;
	secret_close(&secret);
	unlink(name);
	return 0;
}

/* The file as it is to be; returns what comes of it. */
static int
open_file(const char *text, size_t n, mode_t mode)
{
	int fd = open(name, O_WRONLY | O_TRUNC);

	assert_int_equal(write(fd, text, n), n);
	assert_int_equal(fchmod(fd, mode), 0);
	close(fd);
	return secret_open(&secret, name, VARIABLE, why);
}

static void
the_first_line_of_a_file_is_the_secret(void **state)
{
	(void)state;
	assert_int_equal(open_file("abc-DEF=42\nmore\n", 16, 0400), 0);
	assert_string_equal(secret_text(secret), "abc-DEF=42");
	secret_close(&secret);
	assert_null(secret);
	assert_null(secret_text(secret));
	secret_close(&secret);
}

static void
a_variable_is_taken_and_forgotten(void **state)
{
	char *value;

	(void)state;
	setenv(VARIABLE, "s3cr3t", 1);
	value = getenv(VARIABLE);
	assert_int_equal(secret_open(&secret, "", VARIABLE, why), 0);
	assert_string_equal(secret_text(secret), "s3cr3t");
	assert_null(getenv(VARIABLE));
	assert_memory_equal(value, "\0\0\0\0\0\0", 6);
	secret_close(&secret);
	assert_int_equal(secret_open(&secret, "", VARIABLE, why), -ENOENT);
	assert_null(secret);
}

static void
a_file_goes_before_the_variable(void **state)
{
	(void)state;
	setenv(VARIABLE, "other", 1);
	assert_int_equal(open_file("key", 3, 0600), 0);
	assert_string_equal(secret_text(secret), "key");
}

static void
what_is_no_secret_is_refused_without_showing_it(void **state)
{
	char text[SECRET_MAX + 2];

	(void)state;
	memset(text, 'k', sizeof(text));
	assert_int_equal(open_file(text, SECRET_MAX, 0600), 0);
	secret_close(&secret);
	assert_int_equal(open_file(text, SECRET_MAX + 1, 0600), -EINVAL);
	assert_non_null(strstr(why, "longer"));
	assert_null(strstr(why, "kkk"));
	assert_int_equal(open_file("", 0, 0600), -EINVAL);
	assert_non_null(strstr(why, "empty"));
	assert_int_equal(open_file("a b", 3, 0600), -EINVAL);
	assert_int_equal(open_file("a\x80", 2, 0600), -EINVAL);
	assert_int_equal(open_file("key", 3, 0640), -EACCES);
	assert_non_null(strstr(why, "640"));
	unlink(name);
	assert_int_equal(secret_open(&secret, name, VARIABLE, why), -EINVAL);
	assert_non_null(strstr(why, name));
	assert_null(secret);
}

int
main(void)
{
#define TEST(test) cmocka_unit_test_setup_teardown(test, begin, end)
	const struct CMUnitTest tests[] = {
		TEST(the_first_line_of_a_file_is_the_secret),
		TEST(a_variable_is_taken_and_forgotten),
		TEST(a_file_goes_before_the_variable),
		TEST(what_is_no_secret_is_refused_without_showing_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Host names, numeric addresses and ports as they are written. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>

#include "feed/base/host.h"

static void
a_numeric_address_is_told_from_a_name(void **state)
{
	(void)state;
	assert_true(host_is_numeric("192.0.2.7"));
	assert_true(host_is_numeric("2001:db8::1"));
	assert_false(host_is_numeric("[2001:db8::1]"));
	assert_false(host_is_numeric("192.0.2"));
	assert_false(host_is_numeric("192.0.2.7.example"));
	assert_false(host_is_numeric("localhost"));
	assert_false(host_is_numeric(""));
}

static void
loopback_is_this_machine_and_nothing_else(void **state)
{
	(void)state;
	assert_true(host_is_loopback("localhost"));
	assert_true(host_is_loopback("127.0.0.1"));
	assert_true(host_is_loopback("127.8.9.1"));
	assert_true(host_is_loopback("::1"));
	assert_true(host_is_loopback("0:0:0:0:0:0:0:1"));
	assert_false(host_is_loopback("128.0.0.1"));
	assert_false(host_is_loopback("::"));
	assert_false(host_is_loopback("127.0.0.1.example.com"));
	assert_false(host_is_loopback("localhost.example.com"));
}

static void
an_address_of_either_family_becomes_a_socket_address(void **state)
{
	struct sockaddr_storage out;
	const struct sockaddr_in *v4 = (const struct sockaddr_in *)&out;
	const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)&out;

	(void)state;
	assert_int_equal(host_address(&out, "192.0.2.7", 9443), sizeof(*v4));
	assert_int_equal(v4->sin_family, AF_INET);
	assert_int_equal(v4->sin_port, htons(9443));
	assert_int_equal(v4->sin_addr.s_addr, htonl(0xc0000207));
	assert_int_equal(host_address(&out, "::1", 443), sizeof(*v6));
	assert_int_equal(v6->sin6_family, AF_INET6);
	assert_int_equal(v6->sin6_port, htons(443));
	assert_true(IN6_IS_ADDR_LOOPBACK(&v6->sin6_addr));
	assert_int_equal(host_address(&out, "stream.example.com", 443), 0);
}

static void
a_port_is_one_to_five_digits_of_no_more_than_65535(void **state)
{
	(void)state;
	assert_int_equal(host_port(BYTES_LIT("0")), 0);
	assert_int_equal(host_port(BYTES_LIT("9443")), 9443);
	assert_int_equal(host_port(BYTES_LIT("00443")), 443);
	assert_int_equal(host_port(BYTES_LIT("65535")), 65535);
	assert_int_equal(host_port(BYTES_LIT("65536")), -1);
	assert_int_equal(host_port(BYTES_LIT("000443")), -1);
	assert_int_equal(host_port(BYTES_LIT("")), -1);
	assert_int_equal(host_port(BYTES_LIT("+1")), -1);
	assert_int_equal(host_port(BYTES_LIT("44 3")), -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_numeric_address_is_told_from_a_name),
		cmocka_unit_test(loopback_is_this_machine_and_nothing_else),
		cmocka_unit_test(an_address_of_either_family_becomes_a_socket_address),
		cmocka_unit_test(a_port_is_one_to_five_digits_of_no_more_than_65535),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

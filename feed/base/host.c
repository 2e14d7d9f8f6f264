#include "feed/base/host.h"

#include <arpa/inet.h>
#include <string.h>

#define PORT_DIGITS_MAX 5

bool
host_is_numeric(const char *host)
{
	struct sockaddr_storage scratch;

	return host_address(&scratch, host, 0) != 0;
}

bool
host_is_loopback(const char *host)
{
	struct in6_addr v6;
	struct in_addr v4;

	if (strcmp(host, "localhost") == 0)
		return true;
	if (inet_pton(AF_INET, host, &v4) == 1)
		return ntohl(v4.s_addr) >> 24 == IN_LOOPBACKNET;
	return inet_pton(AF_INET6, host, &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
}

socklen_t
host_address(struct sockaddr_storage *out, const char *host, uint16_t port)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)out;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)out;

	memset(out, 0, sizeof(*out));
	if (inet_pton(AF_INET, host, &v4->sin_addr) == 1) {
		v4->sin_family = AF_INET;
		v4->sin_port = htons(port);
		return sizeof(*v4);
	}
	if (inet_pton(AF_INET6, host, &v6->sin6_addr) != 1)
		return 0;
	v6->sin6_family = AF_INET6;
	v6->sin6_port = htons(port);
	return sizeof(*v6);
}

int32_t
host_port(struct bytes digits)
{
	int32_t port = 0;

	if (digits.n == 0 || digits.n > PORT_DIGITS_MAX)
		return -1;
	for (size_t i = 0; i < digits.n; i++) {
		if (digits.p[i] < '0' || digits.p[i] > '9')
			return -1;
		port = port * 10 + (digits.p[i] - '0');
	}
	return port <= UINT16_MAX ? port : -1;
}

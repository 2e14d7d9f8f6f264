#include "feed/ops/token.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* A header brings nothing else; at a NUL a token of random bytes would end. */
static bool
is_text(const char *token, size_t n)
{
	while (n > 0 && token[n - 1] > ' ' && token[n - 1] <= '~')
		n--;
	return n == 0;
}

int
token_read(const char *file, char token[TOKEN_MAX + 1], char *why)
{
	int fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK), error;
	char more;
	ssize_t n;

	token[0] = '\0';
	n = fd < 0 ? -1 : read(fd, token, TOKEN_MAX);
	error = errno;
	if (n == TOKEN_MAX && read(fd, &more, 1) == 1 && more != '\n')
		n = 0; /* cut off, it would be another one */
	if (fd >= 0)
		close(fd);
	if (n < 0) {
		snprintf(why, TOKEN_WHY_MAX, "%s", strerror(error));
		return -error;
	}
	while (n > 0 && (token[n - 1] == '\n' || token[n - 1] == '\r' || token[n - 1] == ' '))
		n--;
	token[n] = '\0';
	if (n >= TOKEN_MIN && is_text(token, (size_t)n))
		return 0;
	snprintf(why, TOKEN_WHY_MAX, "it holds no token of %d to %d visible characters",
	    TOKEN_MIN, TOKEN_MAX);
	explicit_bzero(token, TOKEN_MAX + 1);
	return -EINVAL;
}

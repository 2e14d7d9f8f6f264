#include "feed/io/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

struct secret {
	char text[SECRET_MAX + 2]; /* one byte more than fits tells that it is too long */
};

static struct secret *
secret_new(void)
{
	struct secret *s = mmap(NULL, sizeof(*s), PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (s == MAP_FAILED)
		return NULL;
	/* Where a limit forbids to lock, it may be swapped: no reason to do without. */
	(void)!mlock(s, sizeof(*s));
	(void)!madvise(s, sizeof(*s), MADV_DONTDUMP);
	return s;
}

/* Is it one line of visible ASCII? Cuts the end of the line. */
static int
check(struct secret *s, char *why, const char *from)
{
	char *text = s->text;
	size_t n;

	text[strcspn(text, "\r\n")] = '\0';
	n = strlen(text);
	if (n > 0 && n <= SECRET_MAX) {
		while (n > 0 && text[n - 1] > ' ' && text[n - 1] < 0x7f)
			n--;
		if (n == 0)
			return 0;
		snprintf(why, SECRET_WHY_MAX, "%.100s: holds blanks or other than ASCII", from);
	} else {
		snprintf(why, SECRET_WHY_MAX, "%.100s: is %s", from,
		    n == 0 ? "empty" : "longer than 1024 bytes");
	}
	return -EINVAL;
}

static int
read_all(int fd, struct secret *s)
{
	size_t n = 0;
	ssize_t got = 1;

	while (n < SECRET_MAX + 1 && got > 0) {
		got = read(fd, s->text + n, SECRET_MAX + 1 - n);
		if (got < 0)
			return -errno;
		n += (size_t)got;
	}
	return 0;
}

static int
read_file(struct secret *s, const char *file, char *why)
{
	struct stat st;
	int fd = open(file, O_RDONLY | O_CLOEXEC | O_NOCTTY), rc;

	rc = fd < 0 || fstat(fd, &st) != 0 ? -errno : 0;
	if (rc == 0 && (st.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
		snprintf(why, SECRET_WHY_MAX,
		    "%.100s: others may read it: mode %03o, wanted 600 or 400", file,
		    (unsigned)(st.st_mode & 0777));
		close(fd);
		return -EACCES;
	}
	if (rc == 0)
		rc = read_all(fd, s);
	if (fd >= 0)
		close(fd);
	if (rc == 0)
		return check(s, why, file);
	snprintf(why, SECRET_WHY_MAX, "%.100s: %s", file, strerror(-rc));
	return rc;
}

static int
read_variable(struct secret *s, const char *variable, char *value, char *why)
{
	size_t n = strlen(value);
	int rc = -EINVAL;

	if (n <= SECRET_MAX) {
		memcpy(s->text, value, n);
		rc = check(s, why, variable);
	} else {
		snprintf(why, SECRET_WHY_MAX, "%.100s: is longer than 1024 bytes", variable);
	}
	explicit_bzero(value, n);
	unsetenv(variable);
	return rc;
}

int
secret_open(struct secret **out, const char *file, const char *variable, char *why)
{
	char *value = getenv(variable);
	int rc;

	*out = NULL;
	if (file[0] == '\0' && value == NULL)
		return -ENOENT;
	*out = secret_new();
	if (*out == NULL) {
		snprintf(why, SECRET_WHY_MAX, "out of memory");
		return -ENOMEM;
	}
	rc = file[0] != '\0' ? read_file(*out, file, why)
			     : read_variable(*out, variable, value, why);
	if (rc != 0)
		secret_close(out);
	return rc == -ENOENT ? -EINVAL : rc; /* a file that was named is to be there */
}

int
secret_open_credentials(struct secret **out, const char *file, size_t bytes_max, char *why)
{
	int rc = secret_open(out, file, "", why);

	if (rc != 0)
		return rc;
	if (strchr((*out)->text, ':') != NULL && strlen((*out)->text) <= bytes_max)
		return 0;
	secret_close(out);
	snprintf(why, SECRET_WHY_MAX, "%.100s: is not USER:PASSWORD of at most %zu bytes", file,
	    bytes_max);
	return -EINVAL;
}

const char *
secret_text(const struct secret *secret)
{
	return secret != NULL ? secret->text : NULL;
}

void
secret_close(struct secret **secret)
{
	if (*secret == NULL)
		return;
	explicit_bzero(*secret, sizeof(**secret));
	munmap(*secret, sizeof(**secret));
	*secret = NULL;
}

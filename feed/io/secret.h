/*
 * A secret of one line, such as an API key: read from a file or from the
 * environment, kept in a page of memory of its own that is locked, left out of
 * core dumps, and wiped at the end. Nobody logs it, and nobody copies it but
 * into what is sent, which is wiped after that. One thread.
 */
#ifndef FEED_IO_SECRET_H
#define FEED_IO_SECRET_H

#include <stddef.h>

#define SECRET_MAX 1024 /* bytes */
#define SECRET_WHY_MAX 200

struct secret;

/*
 * Reads the secret: the first line of `file`, or, where that is "", the
 * environment's variable `variable`, which is wiped and removed. Returns 0;
 * -ENOENT when neither is given (*out is NULL); or, with words in
 * why[SECRET_WHY_MAX] that do not hold the secret: what the system said to
 * opening or reading the file, -EACCES (others than its owner may read the
 * file), -EINVAL (empty, too long, or with other characters than visible
 * ASCII), -ENOMEM.
 */
int secret_open(struct secret **out, const char *file, const char *variable, char *why);

/*
 * Reads USER:PASSWORD from `file`, at most bytes_max long. Returns as
 * secret_open(), and -EINVAL when it has not that form.
 */
int secret_open_credentials(struct secret **out, const char *file, size_t bytes_max, char *why);

/* The text, NUL-terminated; NULL for no secret. It lives until secret_close(). */
const char *secret_text(const struct secret *secret);

/* Wipes and frees it, nulls the pointer; NULL is fine. */
void secret_close(struct secret **secret);

#endif

/*
 * The token that a change by HTTP has to show: one line of a file, which is
 * read anew each time, so that it can be changed. Any thread.
 */
#ifndef FEED_OPS_TOKEN_H
#define FEED_OPS_TOKEN_H

#define TOKEN_MIN 16
#define TOKEN_MAX 512
#define TOKEN_WHY_MAX 100

/*
 * Reads it, without blanks at its end. Returns 0, or -errno of reading the
 * file, or -EINVAL: shorter than TOKEN_MIN, longer than TOKEN_MAX, or not of
 * visible ASCII; `why` (TOKEN_WHY_MAX bytes) then says it in words, without a
 * part of the token, and nothing of it stays in `token`.
 */
int token_read(const char *file, char token[TOKEN_MAX + 1], char *why);

#endif

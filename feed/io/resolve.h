/*
 * Turns host names into addresses without holding up the feed thread:
 * getaddrinfo() blocks for seconds when a name server is silent, so helper
 * threads call it. One starts with the first question, another when all are
 * busy: a zone whose servers are silent must not hold up the host to fail over to.
 *
 * One thread asks, takes and closes. Questions are few (one per line and
 * attempt) and bounded; those for the same host are answered together.
 */
#ifndef FEED_IO_RESOLVE_H
#define FEED_IO_RESOLVE_H

#include <stdbool.h>
#include <stdint.h>

#define RESOLVE_ADDRESSES_MAX 8
#define RESOLVE_ADDRESS_SIZE 46 /* INET6_ADDRSTRLEN */
#define RESOLVE_HOST_SIZE 256
#define RESOLVE_WHY_SIZE 64
#define RESOLVE_QUESTIONS_MAX 128
#define RESOLVE_THREADS_MAX 4

struct resolve_answer {
	unsigned line;   /* as asked */
	uint32_t ticket; /* as asked: late answers are told apart */
	unsigned count;  /* 0: not resolved, why says it */
	char address[RESOLVE_ADDRESSES_MAX][RESOLVE_ADDRESS_SIZE]; /* in getaddrinfo()'s order */
	char why[RESOLVE_WHY_SIZE];
};

struct resolve;

/*
 * `notify` is called by a helper thread when answers are there; it must be
 * short and thread-safe. Returns 0 or -ENOMEM.
 */
int resolve_open(struct resolve **out, void (*notify)(void *context), void *context);

/*
 * Never waits for a lookup that hangs: it is left to end by itself, `notify`
 * is not called any more. Nulls the pointer; NULL is fine.
 */
void resolve_close(struct resolve **resolve);

/* Returns 0, -EAGAIN (too many open questions, or no thread), -EINVAL (host too long). */
int resolve_ask(struct resolve *resolve, unsigned line, uint32_t ticket, const char *host);

/*
 * The address number `turn`, round and round, of those that can be reached
 * from `source` (a numeric address of the same family; "": from any). NULL
 * when there is none.
 */
const char *resolve_pick(const struct resolve_answer *answer, unsigned turn, const char *source);

/* Takes the oldest answer. Returns false when there is none. */
bool resolve_take(struct resolve *resolve, struct resolve_answer *out);

#endif

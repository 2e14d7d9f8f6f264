/*
 * What is left in the rings of two feeds that were told of the same market at
 * the same time, one of them in binary. Uses cmocka's assertions.
 */
#ifndef TESTS_SYSTEM_RING_CONTENT_H
#define TESTS_SYSTEM_RING_CONTENT_H

/*
 * Trades, quotes, diffs and partial books of both rings are the same, tick by
 * tick, within the ids that both have. Each kind has to be there. Not compared:
 * what depends on when it was received, and the times of quotes and books of
 * which only binary messages tell.
 */
void ring_content_expect_same(const char *binary, const char *text);

#endif

/* A book of std::map, for bench_book.c to compare with. */
#ifndef TESTS_BENCH_BOOK_MAP_H
#define TESTS_BENCH_BOOK_MAP_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct book_maps;

/* So many books, empty. */
struct book_maps *book_maps_new(uint32_t books);
void book_maps_free(struct book_maps *maps);
void book_maps_clear(struct book_maps *maps);

/* Quantity 0: the level is gone. side: 0 bids, 1 asks. */
void book_maps_set(struct book_maps *maps, uint32_t book, int side, int64_t price, int64_t qty);

/* Adds all levels up, so that results can be compared. */
uint64_t book_maps_sum(const struct book_maps *maps);

#ifdef __cplusplus
}
#endif

#endif

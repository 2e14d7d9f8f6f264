#include "tests/bench/book_map.h"

#include <map>
#include <vector>

struct book_maps {
	struct sides {
		std::map<int64_t, int64_t> side[2];
	};

	explicit book_maps(uint32_t books) : book(books) {}

	std::vector<sides> book;
};

struct book_maps *
book_maps_new(uint32_t books)
{
	return new book_maps(books);
}

void
book_maps_free(struct book_maps *maps)
{
	delete maps;
}

void
book_maps_clear(struct book_maps *maps)
{
	for (auto &b : maps->book)
		for (auto &side : b.side)
			side.clear();
}

void
book_maps_set(struct book_maps *maps, uint32_t book, int side, int64_t price, int64_t qty)
{
	auto &levels = maps->book[book].side[side];

	if (qty != 0)
		levels[price] = qty;
	else
		levels.erase(price);
}

uint64_t
book_maps_sum(const struct book_maps *maps)
{
	uint64_t sum = 0;

	for (const auto &b : maps->book)
		for (const auto &side : b.side)
			for (const auto &level : side)
				sum += (uint64_t)level.first * 31 + (uint64_t)level.second;
	return sum;
}

#include "feed/pipeline/listing.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "feed/venue/binance/exchange_info.h"
#include "feed/venue/binance/scan.h"

#define ROOM_FIRST 1024

static int
compare_symbols(const char *a, size_t na, const char *b, size_t nb)
{
	int order = memcmp(a, b, na < nb ? na : nb);

	if (order != 0)
		return order;
	return na < nb ? -1 : na > nb;
}

static int
compare_listed(const void *a, const void *b)
{
	const struct listed *x = a, *y = b;

	return compare_symbols(x->symbol, x->symbol_bytes, y->symbol, y->symbol_bytes);
}

static struct listed
listed_of(const struct exchange_symbol *from)
{
	struct listed out = {
		.symbol_bytes = (uint8_t)from->name.n,
		.trading = (uint8_t)from->trading,
		.price_exponent = (int8_t)from->price_exponent,
		.qty_exponent = (int8_t)from->qty_exponent,
		.price_step = from->price_step,
		.qty_step = from->qty_step,
	};

	memcpy(out.symbol, from->name.p, from->name.n);
	return out;
}

/* Room for one more. Returns 0 or -ENOMEM; the list stays either way. */
static int
make_room(struct listing **list, size_t *room)
{
	struct listing *more;

	if (*list && (*list)->n < *room)
		return 0;
	*room = *list ? *room * 2 : ROOM_FIRST;
	more = realloc(*list, sizeof(*more) + *room * sizeof(more->item[0]));
	if (!more)
		return -ENOMEM;
	if (!*list)
		*more = (struct listing){0};
	*list = more;
	return 0;
}

/* `body` is readable for SCAN_AHEAD bytes behind its end. */
static int
read_all(struct listing **list, struct bytes body)
{
	struct exchange_symbol symbol;
	struct exchange_info info;
	size_t room = 0;
	int rc = make_room(list, &room);

	exchange_info_begin(&info, body);
	while (rc == 0) {
		switch (exchange_info_next(&info, &symbol)) {
		case EXCHANGE_INFO_SYMBOL:
			rc = make_room(list, &room);
			if (rc == 0)
				(*list)->item[(*list)->n++] = listed_of(&symbol);
			break;
		case EXCHANGE_INFO_UNUSABLE:
			(*list)->unusable++;
			break;
		case EXCHANGE_INFO_END:
			return 0;
		case EXCHANGE_INFO_MALFORMED:
			return -EBADMSG;
		}
	}
	return rc;
}

int
listing_read(struct listing **out, struct bytes body)
{
	char *copy = calloc(1, body.n + SCAN_AHEAD);
	struct listing *list = NULL;
	int rc = -ENOMEM;

	*out = NULL;
	if (copy) {
		if (body.n > 0)
			memcpy(copy, body.p, body.n);
		rc = read_all(&list, (struct bytes){copy, body.n});
	}
	free(copy);
	if (rc != 0) {
		free(list);
		return rc;
	}
	qsort(list->item, list->n, sizeof(list->item[0]), compare_listed);
	*out = list;
	return 0;
}

const struct listed *
listing_find(const struct listing *listing, struct bytes symbol)
{
	size_t low = 0, high = listing ? listing->n : 0;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct listed *at = &listing->item[middle];
		int order = compare_symbols(symbol.p, symbol.n, at->symbol, at->symbol_bytes);

		if (order == 0)
			return at;
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

size_t
listing_lost(const struct listing *before, const struct listing *now)
{
	size_t lost = 0;

	/* Both in the order of symbols. */
	for (size_t i = 0, k = 0; i < before->n; i++) {
		while (k < now->n && compare_listed(&now->item[k], &before->item[i]) < 0)
			k++;
		lost += k == now->n || compare_listed(&now->item[k], &before->item[i]) != 0;
	}
	return lost;
}

int64_t
listing_step(int64_t step, int exponent, int wanted)
{
	struct fixed from = {.mantissa = step, .exponent = exponent};
	int64_t to;

	return fixed_rescale(from, wanted, &to) == FIXED_OK ? to : 0;
}

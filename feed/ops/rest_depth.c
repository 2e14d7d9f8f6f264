#include "feed/ops/rest_depth.h"

#include <stdlib.h>
#include <string.h>

#include "feed/venue/binance/depth_snapshot.h"
#include "feed/venue/binance/scan.h"

static struct rest_snapshot *
pack(const struct rest_depth *q, const struct depth_snapshot *d)
{
	size_t n = (size_t)d->nbids + d->nasks;
	struct rest_snapshot *s = malloc(sizeof(*s) + n * sizeof(s->level[0]));

	if (!s)
		return NULL;
	memcpy(s->level, d->bids, d->nbids * sizeof(s->level[0]));
	memcpy(s->level + d->nbids, d->asks, d->nasks * sizeof(s->level[0]));
	s->instrument = q->instrument;
	s->snapshot = (struct booksync_snapshot){
		.id = d->last_update_id,
		.exch_ns = d->exch_ns,
		.bids = s->level,
		.asks = s->level + d->nbids,
		.nbids = d->nbids,
		.nasks = d->nasks,
		.limit = q->limit,
	};
	return s;
}

const char *
rest_depth_read(struct rest_depth *q, struct bytes body, struct rest_snapshot **out)
{
	static const char *const words[] = {
		[DEPTH_SNAPSHOT_MALFORMED] = "the snapshot is malformed",
		[DEPTH_SNAPSHOT_UNFIT] = "a value is not exact at the instrument's exponents",
		[DEPTH_SNAPSHOT_TOO_MANY] = "more levels than were asked for",
		[DEPTH_SNAPSHOT_REFUSED] = "refused by the exchange",
	};
	struct depth_snapshot d = {
		.price_exponent = q->of->price_exponent,
		.qty_exponent = q->of->qty_exponent,
		.bids = q->room,
		.asks = q->room + REST_DEPTH_MAX,
		.room = REST_DEPTH_MAX,
	};
	enum depth_snapshot_result result;
	char *copy = calloc(1, body.n + SCAN_AHEAD);

	*out = NULL;
	q->code = 0;
	if (!copy)
		return "no memory";
	if (body.n > 0)
		memcpy(copy, body.p, body.n);
	result = depth_snapshot_parse(&d, (struct bytes){copy, body.n});
	free(copy);
	if (result == DEPTH_SNAPSHOT_REFUSED)
		q->code = d.code;
	if (result != DEPTH_SNAPSHOT_OK)
		return words[result];
	*out = pack(q, &d);
	return *out != NULL ? NULL : "no memory";
}

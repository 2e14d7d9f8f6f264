#include "feed/ops/backfill.h"

#include <errno.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "feed/base/log.h"
#include "feed/io/clock.h"
#include "feed/io/secret.h"
#include "feed/ops/rest_impl.h"
#include "feed/plan/choice.h"
#include "feed/venue/binance/scan.h"
#include "feed/venue/binance/trades_page.h"

#define PAGE_MAX 1000       /* trades; the exchange gives no more */
#define PAGE_BYTES_MAX (1u << 20)
#define PART_MAX 250        /* trades that the feed thread publishes at once */
#define ATTEMPTS_MAX 4      /* in a row that bring nothing */
#define AGAIN_FIRST_S 1     /* after the first of them; doubling */
#define BEHIND_MS 20        /* the feed thread has no room for a part */

/* A gap that waits; the first one is being asked for. */
struct wanted {
	uint64_t ticket;
	uint32_t instrument;
	bool aggregate;
	int64_t first, last;
	int64_t next; /* not answered yet */
	uint64_t filled;
	const struct tick_instrument *entry;
	mono_t since;
};

struct backfill {
	struct rest *rest;
	struct limits_past aggregates, trades;
	span_t age_max;
	struct secret *key; /* NULL: none */
	struct wanted *wanted; /* a ring */
	uint32_t head, n, room;
	bool busy;          /* a request is under way */
	unsigned attempts;
	mono_t not_before;
	int64_t asked;      /* elements that the request may bring */
	struct past_trade page[PAGE_MAX];
	uint32_t trades_n, sent; /* of the page, for the feed thread */
	int64_t known;      /* what the answer holds goes up to it; below `next`: nothing to send */
	_Atomic uint64_t requests, refused;
};

static struct wanted *
head(struct backfill *b)
{
	return &b->wanted[b->head];
}

static const struct limits_past *
limits_of(const struct backfill *b, const struct wanted *w)
{
	return w->aggregate ? &b->aggregates : &b->trades;
}

/* ---- to the feed thread --------------------------------------------------------- */

static void
tell_end(const struct wanted *w, mono_t now)
{
	uint64_t ids = (uint64_t)(w->last - w->first) + 1;
	char symbol[TICK_SYMBOL_MAX + 1];

	snprintf(symbol, sizeof(symbol), "%.*s", w->entry->symbol_bytes, w->entry->symbol);
	LOG(INFO, "backfilled", LOG_STR("symbol", symbol),
	    LOG_STR("ids", w->aggregate ? "aggTrade" : "trade"), LOG_I64("first", w->first),
	    LOG_I64("last", w->last), LOG_U64("filled", w->filled),
	    LOG_U64("missing", ids - w->filled),
	    LOG_I64("ms", mono_diff(now, w->since).ns / 1000000));
}

/* The next part of what is known. False: the feed thread has no room for it now. */
static bool
send_part(struct backfill *b, struct wanted *w)
{
	uint32_t left = b->trades_n - b->sent, n = left < PART_MAX ? left : PART_MAX;
	struct ops_order order = {.kind = OPS_FILL};
	struct rest_fill *fill = malloc(sizeof(*fill) + n * sizeof(fill->trade[0]));

	if (fill == NULL)
		return false;
	memcpy(fill->trade, b->page + b->sent, n * sizeof(fill->trade[0]));
	fill->fill = (struct pipeline_fill){.ticket = w->ticket, .instrument = w->instrument,
	    .trades = n, .last = left > PART_MAX ? fill->trade[PART_MAX - 1].id : b->known,
	    .trade = fill->trade};
	order.object = fill;
	if (!ops_order(rest_ops(b->rest), &order)) {
		free(fill);
		return false;
	}
	b->sent += n;
	w->filled += n;
	w->next = fill->fill.last + 1;
	return true;
}

/* Everything that is known. False: not all of it went. */
static bool
send_known(struct backfill *b, mono_t now)
{
	struct wanted *w = head(b);

	while (b->n > 0 && b->known >= w->next)
		if (!send_part(b, w))
			return false;
	if (b->n > 0 && w->next > w->last) {
		tell_end(w, now);
		b->head = (b->head + 1) % b->room;
		b->n--;
		b->attempts = 0;
		b->not_before = MONO_ZERO;
		b->known = INT64_MIN;
	}
	return true;
}

/* Up to that id, there are no others than those on the page. */
static void
learn(struct backfill *b, int64_t known, mono_t now)
{
	b->known = known < head(b)->last ? known : head(b)->last;
	b->sent = 0;
	send_known(b, now);
}

static void
give_up(struct backfill *b, mono_t now)
{
	b->trades_n = 0;
	learn(b, INT64_MAX, now);
}

/* Nothing of use came: again after a while, or never. */
static void
try_again(struct backfill *b, mono_t now)
{
	if (++b->attempts >= ATTEMPTS_MAX)
		give_up(b, now);
	else
		b->not_before = mono_add(now, span_s(AGAIN_FIRST_S << (b->attempts - 1)));
}

/* ---- answers ---------------------------------------------------------------------- */

static enum trades_page_result
read_page(struct backfill *b, const struct wanted *w, struct bytes body, struct trades_page *page)
{
	enum trades_page_result result;
	char *copy = calloc(1, body.n + SCAN_AHEAD);

	*page = (struct trades_page){
		.aggregate = w->aggregate,
		.price_exponent = w->entry->price_exponent,
		.qty_exponent = w->entry->qty_exponent,
		.first = w->next,
		.last = w->last,
		.trade = b->page,
		.elements_max = (uint32_t)b->asked,
	};
	if (copy == NULL)
		return TRADES_PAGE_MALFORMED;
	if (body.n > 0)
		memcpy(copy, body.p, body.n);
	result = trades_page_parse(page, (struct bytes){copy, body.n});
	free(copy);
	b->trades_n = result == TRADES_PAGE_OK ? page->trades : 0;
	return result;
}

static void
refuse_page(struct backfill *b, const char *why, mono_t now)
{
	atomic_fetch_add_explicit(&b->refused, 1, memory_order_relaxed);
	LOG(WARNING, "backfill_refused", LOG_STR("detail", why),
	    LOG_THEN(b->attempts + 1 < ATTEMPTS_MAX ? "asked again after a while"
	                                            : "the ids stay missing"));
	try_again(b, now);
}

static void
take_page(struct backfill *b, struct bytes body, mono_t now)
{
	struct wanted *w = head(b);
	struct trades_page page;

	switch (read_page(b, w, body, &page)) {
	case TRADES_PAGE_MALFORMED:
		refuse_page(b, "the page is malformed", now);
		return;
	case TRADES_PAGE_TOO_MANY:
		refuse_page(b, "more trades than were asked for", now);
		return;
	case TRADES_PAGE_REFUSED:
		refuse_page(b, "refused by the exchange", now);
		return;
	case TRADES_PAGE_OK:
		break;
	}
	/* Its database may be behind the streams: what is not there yet may come. */
	if (page.highest < w->next) {
		try_again(b, now);
		return;
	}
	b->attempts = 0;
	if (page.elements < page.elements_max)
		b->not_before = mono_add(now, span_s(AGAIN_FIRST_S));
	learn(b, page.highest, now);
}

static void
on_page(void *context, const struct http_answer *a)
{
	struct backfill *b = context;
	struct wanted *w = head(b);
	const struct snapsched_answer answer = rest_answer(a);
	mono_t now = clock_mono();
	enum snapsched_verdict verdict = snapsched_on_other(
	    rest_schedule(b->rest), limits_of(b, w)->weight, &answer, now);

	b->busy = false;
	rest_tell_verdict(b->rest, verdict, a, "past trades", now);
	if (verdict != SNAPSCHED_FINE)
		atomic_fetch_add_explicit(&b->refused, 1, memory_order_relaxed);
	switch (verdict) {
	case SNAPSCHED_FINE:
		take_page(b, a->body, now);
		break;
	case SNAPSCHED_NETWORK:
	case SNAPSCHED_SERVER:
		try_again(b, now);
		break;
	case SNAPSCHED_REFUSED: /* a symbol or a key that it does not know */
		give_up(b, now);
		break;
	case SNAPSCHED_RATE_LIMITED:
	case SNAPSCHED_BANNED:
	case SNAPSCHED_FORBIDDEN:
	case SNAPSCHED_BLOCKED: /* all requests pause */
	case SNAPSCHED_VERDICTS:
		break;
	}
	rest_pump(b->rest);
}

/* ---- requests --------------------------------------------------------------------- */

static void
ask(struct backfill *b, mono_t now)
{
	const struct snapsched_answer none = {.used = -1, .retry_after = {-1}};
	const struct rest_base *base = rest_base_of(b->rest);
	struct wanted *w = head(b);
	const struct limits_past *limits = limits_of(b, w);
	const char *key = w->aggregate ? NULL : secret_text(b->key);
	char path[HTTP_PATH_MAX];
	size_t n;

	b->asked = w->last - w->next + 1;
	if (b->asked > limits->page_max)
		b->asked = limits->page_max;
	rest_symbol_path(path, w->aggregate ? base->aggregates : base->trades, w->entry);
	n = strlen(path);
	snprintf(path + n, sizeof(path) - n, "&fromId=%" PRId64 "&limit=%" PRId64, w->next,
	    b->asked);
	atomic_fetch_add_explicit(&b->requests, 1, memory_order_relaxed);
	b->busy = rest_get(b->rest, path, key, PAGE_BYTES_MAX, on_page, b) == 0;
	if (b->busy)
		return;
	snapsched_on_other(rest_schedule(b->rest), limits->weight, &none, now);
	try_again(b, now);
}

/* Is there no use in asking for the first one? */
static bool
is_hopeless(const struct backfill *b, const struct wanted *w, mono_t now)
{
	const struct limits_past *limits = limits_of(b, w);

	return limits->page_max == 0 || (limits->needs_key && !w->aggregate && b->key == NULL) ||
	    mono_due(mono_add(w->since, b->age_max), now);
}

void
backfill_pump(struct backfill *b, mono_t now)
{
	if (b == NULL)
		return;
	while (!b->busy && b->n > 0 && send_known(b, now) && b->n > 0) {
		struct wanted *w = head(b);

		if (is_hopeless(b, w, now))
			give_up(b, now);
		else if (!mono_due(b->not_before, now) ||
		    !snapsched_take_spare(rest_schedule(b->rest), limits_of(b, w)->weight, now))
			return;
		else
			ask(b, now);
	}
}

mono_t
backfill_deadline(const struct backfill *b, mono_t now)
{
	const struct wanted *w;
	mono_t at, end;

	if (b == NULL || b->busy || b->n == 0)
		return MONO_NEVER;
	w = &b->wanted[b->head];
	if (b->known >= w->next)
		return mono_add(now, span_ms(BEHIND_MS));
	at = snapsched_spare_deadline(rest_schedule(b->rest), limits_of(b, w)->weight, now);
	if (mono_before(at, b->not_before))
		at = b->not_before;
	end = mono_add(w->since, b->age_max);
	return mono_min(at, end);
}

void
backfill_on_gap(struct backfill *b, const struct ops_note *note, mono_t now)
{
	if (b == NULL || b->n == b->room)
		return;
	b->wanted[(b->head + b->n) % b->room] = (struct wanted){
		.ticket = (uint64_t)note->value[0],
		.instrument = note->number,
		.aggregate = note->value[1] != 0,
		.first = note->value[2],
		.last = note->value[3],
		.next = note->value[2],
		.entry = note->object,
		.since = now,
	};
	b->n++;
}

struct backfill_counts
backfill_counts(const struct backfill *b)
{
	if (b == NULL)
		return (struct backfill_counts){0};
	return (struct backfill_counts){
		.requests = atomic_load_explicit(&b->requests, memory_order_relaxed),
		.refused = atomic_load_explicit(&b->refused, memory_order_relaxed),
	};
}

/* ---- start and end ---------------------------------------------------------------- */

/* Trades by their own ids may need a key; without one the feed goes on. */
static int
find_key(struct backfill *b, const struct config *cfg)
{
	char why[SECRET_WHY_MAX] = "";
	int rc = secret_open(&b->key, cfg->endpoint.api_key_file, CHOICE_KEY_VARIABLE, why);

	if (rc == -ENOENT && b->trades.needs_key)
		LOG(WARNING, "no_api_key", LOG_STR("request", rest_base_of(b->rest)->trades),
		    LOG_THEN("gaps of @trade streams stay, those of @aggTrade are filled"));
	if (rc == 0 || rc == -ENOENT)
		return 0;
	LOG(ERROR, "api_key_refused", LOG_STR("detail", why), LOG_ERRNO("error", rc),
	    LOG_THEN("the feed does not start"));
	return rc;
}

int
backfill_open(struct backfill **out, struct rest *rest, const struct config *cfg)
{
	struct gaps_cfg gaps;
	struct backfill *b;
	int rc;

	*out = NULL;
	if (!rest_plan_gaps(cfg, &gaps))
		return 0;
	b = calloc(1, sizeof(*b));
	if (b == NULL)
		return -ENOMEM;
	*out = b;
	b->rest = rest;
	b->aggregates = rest_plan_past(cfg, true);
	b->trades = rest_plan_past(cfg, false);
	b->age_max = span_ms(cfg->backfill.age_max_ms);
	b->known = INT64_MIN;
	b->not_before = MONO_ZERO;
	b->room = gaps.gaps_max;
	b->wanted = calloc(b->room, sizeof(*b->wanted));
	rc = b->wanted == NULL ? -ENOMEM : find_key(b, cfg);
	if (rc != 0)
		backfill_close(out);
	return rc;
}

void
backfill_close(struct backfill **backfill)
{
	struct backfill *b = *backfill;

	*backfill = NULL;
	if (b == NULL)
		return;
	secret_close(&b->key);
	free(b->wanted);
	free(b);
}

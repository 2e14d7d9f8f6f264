#include "tools/exchange-sim/rest.h"

#include <stdlib.h>
#include <string.h>

/* exchangeInfo of 4096 symbols is the largest */
#define BODY_MAX (4 << 20)
#define DEPTH_LIMIT 100 /* default */
#define DEPTH_MAX 5000
#define PAST_LIMIT 500 /* default */

bool
rest_init(struct rest *r, struct floor *floor)
{
	*r = (struct rest){.floor = floor, .body = {.p = malloc(BODY_MAX), .cap = BODY_MAX}};
	return r->body.p != NULL;
}

void
rest_fini(struct rest *r)
{
	free(r->body.p);
	*r = (struct rest){0};
}

static int
error(struct text *t, int code, const char *msg)
{
	t->n = 0;
	text_lit(t, "{\"code\":");
	text_int(t, code);
	text_lit(t, ",\"msg\":");
	text_json(t, bytes_of(msg));
	text_lit(t, "}");
	return 400;
}

static void
put_time(struct text *t, wall_t now)
{
	text_lit(t, "\"serverTime\":");
	text_int(t, now.ns / 1000000);
}

/* The symbol named in the query. NULL, with *status and an error body, else. */
static struct market *
asked_symbol(struct rest *r, const struct http_request *q, int *status)
{
	struct bytes value;
	struct market *m;
	char name[64];
	long n;

	if (!http_query(q->query, "symbol", &value) || value.n == 0) {
		*status = error(&r->body, -1102, "Mandatory parameter 'symbol' was not sent, "
		    "was empty/null, or malformed.");
		return NULL;
	}
	n = http_decode(value, name, sizeof(name));
	if (n > 0 && r->floor != NULL) {
		m = floor_market(r->floor, (struct bytes){name, (size_t)n});
		if (m != NULL)
			return m;
	}
	*status = error(&r->body, -1121, "Invalid symbol.");
	return NULL;
}

/* Reads a parameter, if it is there. False, with an error body: it is no number. */
static bool
asked_number(struct rest *r, const struct http_request *q, const char *name, int64_t *out)
{
	struct bytes value;
	int64_t number = 0;
	bool good = true;

	if (!http_query(q->query, name, &value))
		return true;
	for (size_t i = 0; i < value.n && good; i++) {
		good = value.p[i] >= '0' && value.p[i] <= '9' && i < 18;
		number = number * 10 + value.p[i] - '0';
	}
	if (!good || value.n == 0) {
		error(&r->body, -1100, "Illegal characters found in a parameter; legal range is "
		    "'^[0-9]{1,20}$'.");
		return false;
	}
	*out = number;
	return true;
}

/* Binance: weight of GET /api/v3/depth (2026-08) */
static int
depth_weight(int limit)
{
	return limit <= 100 ? 5 : limit <= 500 ? 25 : limit <= 1000 ? 50 : 250;
}

/* A book that was recorded. Empty: none of that symbol. */
static struct bytes
recorded_book(struct rest *r, const struct http_request *q)
{
	struct bytes value;
	char name[64];
	long n = 0;

	if (r->shelf != NULL && http_query(q->query, "symbol", &value))
		n = http_decode(value, name, sizeof(name));
	return n > 0 ? shelf_take(r->shelf, (struct bytes){name, (size_t)n}, r->now) : BYTES_NONE;
}

/* Is a fault of that kind in force for the symbol? */
static bool
is_struck(const struct rest *r, enum fault_kind kind, const struct instrument *what)
{
	char name[sizeof(what->name) + 1]; /* and "@" */
	struct fault_target target = {0};
	size_t n = 0;

	if (!faults_any(r->faults, kind))
		return false;
	for (; n < sizeof(what->name) && what->name[n] != '\0'; n++)
		name[n] = what->name[n] >= 'A' && what->name[n] <= 'Z'
		    ? (char)(what->name[n] - 'A' + 'a') : what->name[n];
	name[n++] = '@';
	target.stream = (struct bytes){name, n};
	return faults_find(r->faults, kind, &target) != NULL;
}

static int
answer_depth(struct rest *r, const struct http_request *q, wall_t now)
{
	struct bytes value;
	struct market *m;
	int64_t asked = 0;
	int limit, status;

	if (!asked_number(r, q, "limit", &asked))
		return 400;
	limit = asked <= 0 ? DEPTH_LIMIT : asked > DEPTH_MAX ? DEPTH_MAX : (int)asked;
	r->used += depth_weight(limit);
	value = recorded_book(r, q);
	if (value.n > 0) {
		text_add(&r->body, value.p, value.n);
		return 200;
	}
	m = asked_symbol(r, q, &status);
	if (m == NULL)
		return status;
	if (is_struck(r, FAULT_UNLISTED, &m->what))
		return error(&r->body, -1121, "Invalid symbol.");
	message_snapshot(&r->body, m, limit, now);
	return 200;
}

static void
put_symbol(struct rest *r, const struct instrument *what, bool *first)
{
	if (is_struck(r, FAULT_UNLISTED, what))
		return;
	if (!*first)
		text_lit(&r->body, ",");
	*first = false;
	message_symbol_info(&r->body, what, is_struck(r, FAULT_HALT, what));
}

static int
answer_info(struct rest *r, const struct http_request *q, wall_t now)
{
	struct market *m = NULL;
	struct bytes value;
	bool first = true;
	int status;
	uint32_t n = r->floor != NULL ? r->floor->nsymbols : 0;

	r->used += 20;
	if (http_query(q->query, "symbol", &value)) {
		m = asked_symbol(r, q, &status);
		if (m == NULL)
			return status;
	}
	text_lit(&r->body, "{\"timezone\":\"UTC\",");
	put_time(&r->body, now);
	text_lit(&r->body, ",\"rateLimits\":[{\"rateLimitType\":\"REQUEST_WEIGHT\","
			   "\"interval\":\"MINUTE\",\"intervalNum\":1,\"limit\":6000}],"
			   "\"exchangeFilters\":[],\"symbols\":[");
	if (m != NULL)
		put_symbol(r, &m->what, &first);
	for (uint32_t i = 0; m == NULL && i < n; i++)
		put_symbol(r, &r->floor->symbol[i].what, &first);
	text_lit(&r->body, "]}");
	return 200;
}

/* ---- past trades ------------------------------------------------------------ */

/* What a request for past trades asks for. */
struct past_question {
	const struct market *m;
	int64_t from; /* -1: the newest */
	int64_t limit;
};

/* Reads it. Returns 200, or the status of the error that is in the body. */
static int
asked_past(struct rest *r, const struct http_request *q, int64_t limit_max,
    struct past_question *out)
{
	int status = 200;

	*out = (struct past_question){.from = -1, .limit = PAST_LIMIT};
	out->m = asked_symbol(r, q, &status);
	if (out->m == NULL)
		return status;
	if (!asked_number(r, q, "limit", &out->limit) ||
	    !asked_number(r, q, "fromId", &out->from))
		return 400;
	if (out->limit < 1 || out->limit > limit_max)
		return error(&r->body, -1130, "Data sent for parameter 'limit' is not valid.");
	return 200;
}

static int
answer_aggregates(struct rest *r, const struct http_request *q, wall_t now)
{
	bool spot = r->floor == NULL || r->floor->product == PRODUCT_SPOT;
	struct past_question asked;
	struct past_aggregate a;
	int status = asked_past(r, q, 1000, &asked);
	int64_t id;

	(void)now;
	r->used += spot ? 4 : 20; /* Binance (2026-11) */
	if (status != 200)
		return status;
	if (asked.from < 0)
		asked.from = asked.m->agg_id - asked.limit + 1;
	text_lit(&r->body, "[");
	id = past_first_of(&asked.m->past, asked.from);
	while (!is_struck(r, FAULT_FORGET, &asked.m->what) && asked.limit-- > 0 &&
	    past_aggregate(&asked.m->past, id, &a)) {
		if (r->body.n > 1)
			text_lit(&r->body, ",");
		message_past_aggregate(&r->body, asked.m, &a);
		id = a.last_id + 1;
	}
	text_lit(&r->body, "]");
	return 200;
}

/* Futures want a key for single trades of the past. Returns 200, or 401 with an error. */
static int
check_key(struct rest *r, const struct http_request *q)
{
	if (r->floor == NULL || r->floor->product == PRODUCT_SPOT)
		return 200;
	if (q->api_key.n == 0) {
		error(&r->body, -2014, "API-key format invalid.");
		return 401;
	}
	if (r->api_key != NULL && !bytes_equal(q->api_key, bytes_of(r->api_key))) {
		error(&r->body, -2015, "Invalid API-key, IP, or permissions for action.");
		return 401;
	}
	return 200;
}

static int
answer_trades(struct rest *r, const struct http_request *q, wall_t now)
{
	bool spot = r->floor == NULL || r->floor->product == PRODUCT_SPOT;
	const struct past_trade_kept *t;
	struct past_question asked;
	int status = check_key(r, q);
	int64_t oldest;

	(void)now;
	r->used += spot ? 25 : 200; /* Binance (2026-11) */
	if (status == 200)
		status = asked_past(r, q, spot ? 1000 : 500, &asked);
	if (status != 200)
		return status;
	if (asked.from < 0)
		asked.from = asked.m->trade_id - asked.limit + 1;
	oldest = asked.m->past.last_id - asked.m->past.n + 1;
	if (asked.from < oldest)
		asked.from = oldest;
	text_lit(&r->body, "[");
	while (!is_struck(r, FAULT_FORGET, &asked.m->what) && asked.limit-- > 0 &&
	    (t = past_find(&asked.m->past, asked.from++)) != NULL) {
		if (r->body.n > 1)
			text_lit(&r->body, ",");
		message_past_trade(&r->body, asked.m, t);
	}
	text_lit(&r->body, "]");
	return 200;
}

static int
answer_time(struct rest *r, const struct http_request *q, wall_t now)
{
	(void)q;
	r->used += 1;
	text_lit(&r->body, "{");
	put_time(&r->body, now);
	text_lit(&r->body, "}");
	return 200;
}

static int
answer_ping(struct rest *r, const struct http_request *q, wall_t now)
{
	(void)q;
	(void)now;
	r->used += 1;
	text_lit(&r->body, "{}");
	return 200;
}

static const struct {
	const char *path; /* behind the product's prefix */
	int (*answer)(struct rest *r, const struct http_request *q, wall_t now);
} paths[] = {
	{"/depth", answer_depth},
	{"/exchangeInfo", answer_info},
	{"/aggTrades", answer_aggregates},
	{"/historicalTrades", answer_trades},
	{"/time", answer_time},
	{"/ping", answer_ping},
};

/* Cuts the product's prefix off; a replay's product is not known. */
static struct bytes
path_within(const struct rest *r, struct bytes path)
{
	static const char *const prefixes[] = {[PRODUCT_SPOT] = "/api/v3",
		[PRODUCT_USDM] = "/fapi/v1", [PRODUCT_COINM] = "/dapi/v1"};
	size_t n;

	for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
		n = strlen(prefixes[i]);
		if ((r->floor == NULL || r->floor->product == i) && path.n >= n &&
		    memcmp(path.p, prefixes[i], n) == 0)
			return (struct bytes){path.p + n, path.n - n};
	}
	return BYTES_NONE;
}

static int64_t
seconds_until(int64_t then_ns, wall_t now)
{
	return (then_ns - now.ns + 999999999) / 1000000000;
}

/*
 * Too much weight in this minute: 429 until it ends, then 418 for who goes on
 * (Binance, 2026-08). Returns the status instead of `status`, *retry_after_s with it.
 */
static int
limited(struct rest *r, int status, wall_t now, int64_t *retry_after_s)
{
	*retry_after_s = 0;
	if (r->weight_max == 0)
		return status;
	if (now.ns < r->banned_until.ns) {
		*retry_after_s = seconds_until(r->banned_until.ns, now);
	} else if (r->used > r->weight_max && ++r->refusals > REST_PATIENCE) {
		r->banned_until.ns = now.ns + r->ban.ns;
		r->tally->bans++;
		*retry_after_s = seconds_until(r->banned_until.ns, now);
	} else if (r->used > r->weight_max) {
		*retry_after_s = seconds_until((r->minute + 1) * INT64_C(60000000000), now);
	}
	if (*retry_after_s == 0)
		return status;
	error(&r->body, -1003, "Too much request weight used.");
	status = now.ns < r->banned_until.ns ? 418 : 429;
	tally_code(&r->tally->refused, status);
	return status;
}

void
rest_answer(struct rest *r, const struct http_request *q, wall_t now, struct text *reply)
{
	int64_t minute = now.ns / INT64_C(60000000000);
	char headers[128];
	struct text h = {.p = headers, .cap = sizeof(headers)};
	int64_t retry_after_s;
	int status = 404;

	if (minute != r->minute)
		r->used = r->refusals = 0;
	r->minute = minute;
	r->body.n = 0;
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		if (!bytes_equal(path_within(r, q->path), bytes_of(paths[i].path)))
			continue;
		if (bytes_equal(q->method, BYTES_LIT("GET"))) {
			status = paths[i].answer(r, q, now);
		} else {
			error(&r->body, -1000, "Method not allowed.");
			status = 405;
		}
	}
	if (status == 404)
		error(&r->body, -1000, "Not found.");
	status = limited(r, status, now, &retry_after_s);
	if (retry_after_s > 0) {
		text_lit(&h, "Retry-After: ");
		text_int(&h, retry_after_s);
		text_lit(&h, "\r\n");
	}
	text_lit(&h, "X-MBX-USED-WEIGHT: ");
	text_int(&h, r->used);
	text_lit(&h, "\r\nX-MBX-USED-WEIGHT-1M: ");
	text_int(&h, r->used);
	text_lit(&h, "\r\n");
	http_response(reply, status, q->keep_alive, text_bytes(&h), text_bytes(&r->body));
}

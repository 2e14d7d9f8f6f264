#include "tools/exchange-sim/origin.h"

#include <cjson/cJSON.h>
#include <string.h>

/* Event types whose stream is "<symbol>@<suffix>". */
static const struct {
	const char *event, *suffix;
} suffixes[] = {
	{"depthUpdate", "depth"},
	{"24hrMiniTicker", "miniTicker"},
	{"24hrTicker", "ticker"},
	{"1hTicker", "ticker_1h"},
	{"4hTicker", "ticker_4h"},
	{"1dTicker", "ticker_1d"},
	{"markPriceUpdate", "markPrice"},
	{"indexPriceUpdate", "indexPrice"},
	{"assetIndexUpdate", "assetIndex"},
};

static const char *
suffix_of(const char *event)
{
	for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++)
		if (strcmp(event, suffixes[i].event) == 0)
			return suffixes[i].suffix;
	return event; /* trade, aggTrade, bookTicker, ... are their own suffix */
}

static const char *
string_in(const cJSON *object, const char *key)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);

	return cJSON_IsString(item) ? item->valuestring : NULL;
}

static void
put_lower(struct text *t, const char *s)
{
	for (; *s != '\0'; s++) {
		char c = (char)(*s >= 'A' && *s <= 'Z' ? *s - 'A' + 'a' : *s);

		text_add(t, &c, 1);
	}
}

static void
put(struct text *t, const char *s)
{
	text_add(t, s, strlen(s));
}

/* "<symbol>@kline_<interval>", "<pair>_<type>@continuousKline_<interval>" */
static bool
kline_origin(const cJSON *m, const char *event, struct text *name)
{
	const cJSON *k = cJSON_GetObjectItemCaseSensitive(m, "k");
	const char *interval = string_in(k, "i"), *symbol = string_in(m, "s");
	const char *pair = string_in(m, "ps"), *type = string_in(m, "ct");

	if (interval == NULL)
		return false;
	if (strcmp(event, "kline") == 0) {
		if (symbol == NULL)
			return false;
		put_lower(name, symbol);
		put(name, "@kline_");
	} else {
		if (pair == NULL || type == NULL)
			return false;
		put_lower(name, pair);
		put(name, "_");
		put_lower(name, type);
		put(name, "@continuousKline_");
	}
	put(name, interval);
	return true;
}

static bool
event_origin(const cJSON *m, const char *event, struct text *name)
{
	const cJSON *order = cJSON_GetObjectItemCaseSensitive(m, "o");
	const char *symbol = string_in(m, "s");

	if (strcmp(event, "serverShutdown") == 0)
		return false;
	if (strcmp(event, "kline") == 0 || strcmp(event, "continuous_kline") == 0)
		return kline_origin(m, event, name);
	if (strcmp(event, "contractInfo") == 0) {
		put(name, "!contractInfo");
		return true;
	}
	if (strcmp(event, "forceOrder") == 0)
		symbol = string_in(order, "s");
	if (strcmp(event, "indexPriceUpdate") == 0)
		symbol = string_in(m, "i");
	if (symbol == NULL)
		return false;
	put_lower(name, symbol);
	put(name, "@");
	put(name, suffix_of(event));
	return true;
}

static bool
object_origin(const cJSON *m, struct text *name)
{
	const char *event = string_in(m, "e"), *symbol = string_in(m, "s");

	if (event != NULL)
		return event_origin(m, event, name);
	/* Spot's bookTicker has no type: only its keys tell. */
	if (symbol == NULL || string_in(m, "b") == NULL || string_in(m, "B") == NULL ||
	    string_in(m, "a") == NULL || string_in(m, "A") == NULL)
		return false;
	put_lower(name, symbol);
	put(name, "@bookTicker");
	return true;
}

/* "!ticker@arr": all symbols in one array */
static bool
array_origin(const cJSON *array, struct text *name)
{
	const char *event = string_in(cJSON_GetArrayItem(array, 0), "e");

	if (event == NULL)
		return false;
	put(name, "!");
	put(name, suffix_of(event));
	put(name, "@arr");
	return true;
}

/* The envelope as the exchange writes it: {"stream":"<name>","data": */
static bool
envelope_origin(struct bytes m, struct bytes *stream)
{
	static const char open[] = "{\"stream\":\"";
	size_t n = sizeof(open) - 1;
	const char *end;

	if (m.n <= n || memcmp(m.p, open, n) != 0)
		return false;
	end = memchr(m.p + n, '"', m.n - n);
	if (end == NULL || memchr(m.p + n, '\\', (size_t)(end - m.p) - n) != NULL)
		return false;
	*stream = (struct bytes){m.p + n, (size_t)(end - m.p) - n};
	return true;
}

bool
origin_of(struct bytes message, struct text *name)
{
	struct bytes stream;
	const cJSON *inner;
	cJSON *json;
	bool found = false;

	name->n = 0;
	name->full = false;
	if (envelope_origin(message, &stream)) {
		text_add(name, stream.p, stream.n);
	} else {
		json = cJSON_ParseWithLength(message.p, message.n);
		inner = cJSON_GetObjectItemCaseSensitive(json, "stream");
		if (cJSON_IsString(inner))
			put(name, inner->valuestring);
		else if (cJSON_IsArray(json))
			found = array_origin(json, name);
		else
			found = cJSON_IsObject(json) && object_origin(json, name);
		if (!found && !cJSON_IsString(inner))
			name->n = 0;
		cJSON_Delete(json);
	}
	return name->n > 0 && !name->full &&
	    !bytes_equal(text_bytes(name), BYTES_LIT("!serverShutdown"));
}

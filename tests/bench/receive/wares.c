#include "tests/bench/receive/wares.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#define ID_DIGITS 10
#define FIRST_ID "1000000000"
#define PRICE_DIGITS 12
#define STAMP_BASE MARKET_STAMP_ROUND /* its thirteenth digit: always the same length */

static const char *const symbols[MARKET_INSTRUMENTS][2] = {{"btcusdt", "BTCUSDT"},
	{"ethusdt", "ETHUSDT"}, {"solusdt", "SOLUSDT"}, {"bnbusdt", "BNBUSDT"},
	{"xrpusdt", "XRPUSDT"}, {"adausdt", "ADAUSDT"}, {"dogeusdt", "DOGEUSDT"},
	{"linkusdt", "LINKUSDT"}};

/* Puts the header before the text and finds what will be patched. */
static void
add_form(struct wares *m, const char *text, const char *const id_keys[2], const char *price_key)
{
	struct wares_form *f = &m->form[m->forms++];
	size_t n = strlen(text), head = n < 126 ? 2 : 4;
	const char *at;

	assert(m->forms <= MARKET_FORMS_MAX && head + n < sizeof(f->frame));
	f->frame[0] = (char)0x81;
	f->frame[1] = (char)(n < 126 ? n : 126);
	if (head == 4) {
		f->frame[2] = (char)(n >> 8);
		f->frame[3] = (char)n;
	}
	memcpy(f->frame + head, text, n + 1);
	f->n = head + n;
	for (unsigned i = 0; i < 2 && id_keys[i] != NULL; i++) {
		at = strstr(f->frame + head, id_keys[i]);
		assert(at != NULL);
		f->id_at[f->ids++] = (unsigned)(at - f->frame + (long)strlen(id_keys[i]));
	}
	at = strstr(f->frame + head, price_key);
	assert(at != NULL);
	f->price_at = (unsigned)(at - f->frame + (long)strlen(price_key));
}

static void
add_trade(struct wares *m, const char *const symbol[2], int64_t ms)
{
	char text[MARKET_FRAME_MAX];

	snprintf(text, sizeof(text),
	    "{\"stream\":\"%s@trade\",\"data\":{\"e\":\"trade\",\"E\":%lld,\"s\":\"%s\","
	    "\"t\":" FIRST_ID ",\"p\":\"1000.00000000\",\"q\":\"0.50000000\",\"T\":%lld,"
	    "\"m\":true,\"M\":true}}",
	    symbol[0], (long long)ms, symbol[1], (long long)ms);
	add_form(m, text, (const char *const[2]){"\"t\":"}, "\"p\":\"");
}

static void
add_quote(struct wares *m, const char *const symbol[2])
{
	char text[MARKET_FRAME_MAX];

	snprintf(text, sizeof(text),
	    "{\"stream\":\"%s@bookTicker\",\"data\":{\"u\":" FIRST_ID ",\"s\":\"%s\","
	    "\"b\":\"1000.00000000\",\"B\":\"12.50000000\",\"a\":\"2000.00000000\","
	    "\"A\":\"3.25000000\"}}",
	    symbol[0], symbol[1]);
	add_form(m, text, (const char *const[2]){"\"u\":"}, "\"b\":\"");
}

static void
add_depth(struct wares *m, const char *const symbol[2], int64_t ms, unsigned levels)
{
	char text[MARKET_FRAME_MAX];
	size_t n = (size_t)snprintf(text, sizeof(text),
	    "{\"stream\":\"%s@depth@100ms\",\"data\":{\"e\":\"depthUpdate\",\"E\":%lld,"
	    "\"s\":\"%s\",\"U\":" FIRST_ID ",\"u\":" FIRST_ID ",\"b\":[",
	    symbol[0], (long long)ms, symbol[1]);

	for (unsigned i = 0; i < levels / 2; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n,
		    "%s[\"%u.00000000\",\"1.5%u000000\"]", i > 0 ? "," : "", 1000 - i, i);
	n += (size_t)snprintf(text + n, sizeof(text) - n, "],\"a\":[");
	for (unsigned i = 0; i < levels / 2; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n,
		    "%s[\"%u.00000000\",\"0.2%u000000\"]", i > 0 ? "," : "", 2000 + i, i);
	snprintf(text + n, sizeof(text) - n, "]}}");
	add_form(m, text, (const char *const[2]){"\"U\":", "\"u\":"}, "\"b\":[[\"");
}

void
wares_init(struct wares *m, enum wares_mix mix, int64_t exch_ms)
{
	*m = (struct wares){0};
	for (unsigned i = 0; i < MARKET_INSTRUMENTS; i++) {
		add_quote(m, symbols[i]);
		if (mix == MARKET_LARGE) {
			add_depth(m, symbols[i], exch_ms, 8);
			continue;
		}
		add_trade(m, symbols[i], exch_ms);
		if (i % 2 == 0)
			add_depth(m, symbols[i], exch_ms, 2);
	}
}

/* Adds one to a number of ten digits where it stands. */
static void
count_on(char *id)
{
	for (int i = ID_DIGITS - 1; i >= 0; i--) {
		if (id[i]++ != '9')
			return;
		id[i] = '0';
	}
}

static struct wares_form *
next_form(struct wares *m)
{
	struct wares_form *f = &m->form[m->next];

	m->next = m->next + 1 == m->forms ? 0 : m->next + 1;
	for (unsigned i = 0; i < f->ids; i++)
		count_on(f->frame + f->id_at[i]);
	return f;
}

struct bytes
wares_next(struct wares *m)
{
	struct wares_form *f = next_form(m);

	return (struct bytes){f->frame, f->n};
}

struct bytes
wares_next_stamped(struct wares *m, mono_t now)
{
	struct wares_form *f = next_form(m);
	int64_t rest = STAMP_BASE + now.ns % MARKET_STAMP_ROUND;

	for (int i = PRICE_DIGITS; i >= 0; i--) {
		if (i == 4)
			continue; /* the point */
		f->frame[f->price_at + (unsigned)i] = (char)('0' + rest % 10);
		rest /= 10;
	}
	return (struct bytes){f->frame, f->n};
}

unsigned
wares_mean_bytes(const struct wares *m)
{
	size_t sum = 0;

	for (unsigned i = 0; i < m->forms; i++)
		sum += m->form[i].n - (m->form[i].n < 128 ? 2 : 4);
	return (unsigned)(sum / m->forms);
}

const char *
wares_streams(void)
{
	static const char *const kinds[] = {"trade", "bookTicker", "depth@100ms"};
	static char text[2048];
	size_t n = 0;

	for (unsigned i = 0; n == 0 || i < 3 * MARKET_INSTRUMENTS; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%s\"%s@%s\"", n > 0 ? "," : "",
		    symbols[i / 3][0], kinds[i % 3]);
	return text;
}

span_t
wares_age(int64_t price, mono_t now)
{
	int64_t ns = (now.ns - (price - STAMP_BASE)) % MARKET_STAMP_ROUND;

	/* A clock that lags behind the sender's by a moment is no age of 100 seconds. */
	return span_ns(ns > MARKET_STAMP_ROUND / 2 ? ns - MARKET_STAMP_ROUND : ns);
}

int64_t
wares_price(struct bytes message)
{
	const char *end = message.p + message.n;
	int64_t value = 0;

	for (const char *p = message.p; p + PRICE_DIGITS + 3 < end; p++) {
		if (p[0] != '"' || p[1] != '1' || p[5] != '.' || p[PRICE_DIGITS + 2] != '"')
			continue;
		for (int i = 1; i <= PRICE_DIGITS + 1; i++)
			if (i != 5)
				value = value * 10 + (p[i] - '0');
		return value;
	}
	return -1;
}

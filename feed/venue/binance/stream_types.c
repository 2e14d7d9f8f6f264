#include "feed/venue/binance/stream_types.h"

#include <stdint.h>
#include <string.h>

#define FUTURES (STREAM_USDM | STREAM_COINM)
#define ALL (STREAM_SPOT | FUTURES | STREAM_OPTIONS)

enum form { OF_SYMBOL, OF_ALL };

/*
 * Binance, 2026-08, the pages of each product; what they leave out and the
 * exchange serves all the same is here as well: trades of futures, and their
 * depth at 0 ms. A type that ends with '_' takes an interval.
 */
static const struct row {
	const char *type;
	unsigned markets;
	enum form form;
	const char *options; /* separated by blanks; a leading blank: none is needed */
} rows[] = {
	{"trade", ALL, OF_SYMBOL, " "},
	{"aggTrade", STREAM_SPOT | FUTURES, OF_SYMBOL, " "},
	{"blockTrade", STREAM_SPOT, OF_SYMBOL, " "},
	{"bookTicker", ALL, OF_SYMBOL, " "},
	{"bookTicker", FUTURES, OF_ALL, " "},
	{"bestBidAsk", STREAM_SBE, OF_SYMBOL, " "},
	{"depth", STREAM_SPOT, OF_SYMBOL, " 100ms 1000ms"},
	{"depth", FUTURES | STREAM_OPTIONS, OF_SYMBOL, " 0ms 100ms 250ms 500ms 1000ms"},
	{"depth5", STREAM_SPOT, OF_SYMBOL, " 100ms 1000ms"},
	{"depth10", STREAM_SPOT, OF_SYMBOL, " 100ms 1000ms"},
	{"depth20", STREAM_SPOT, OF_SYMBOL, " 100ms 1000ms"},
	{"depth5", FUTURES | STREAM_OPTIONS, OF_SYMBOL, " 0ms 100ms 250ms 500ms 1000ms"},
	{"depth10", FUTURES | STREAM_OPTIONS, OF_SYMBOL, " 0ms 100ms 250ms 500ms 1000ms"},
	{"depth20", FUTURES | STREAM_OPTIONS, OF_SYMBOL, " 0ms 100ms 250ms 500ms 1000ms"},
	{"rpiDepth", STREAM_USDM, OF_SYMBOL, " 500ms"},
	{"kline_", STREAM_SPOT, OF_SYMBOL, " +08:00"},
	{"kline_", FUTURES | STREAM_OPTIONS, OF_SYMBOL, " "},
	{"continuousKline_", FUTURES, OF_SYMBOL, " "},
	{"indexPriceKline_", STREAM_COINM, OF_SYMBOL, " "},
	{"markPriceKline_", STREAM_COINM, OF_SYMBOL, " "},
	{"miniTicker", STREAM_SPOT | FUTURES, OF_SYMBOL, " "},
	{"miniTicker", STREAM_SPOT | FUTURES, OF_ALL, "arr"},
	{"ticker", ALL, OF_SYMBOL, " "},
	{"ticker", STREAM_SPOT | FUTURES, OF_ALL, "arr"},
	{"ticker_1h", STREAM_SPOT, OF_SYMBOL, " "},
	{"ticker_4h", STREAM_SPOT, OF_SYMBOL, " "},
	{"ticker_1d", STREAM_SPOT, OF_SYMBOL, " "},
	{"ticker_1h", STREAM_SPOT, OF_ALL, "arr"},
	{"ticker_4h", STREAM_SPOT, OF_ALL, "arr"},
	{"ticker_1d", STREAM_SPOT, OF_ALL, "arr"},
	{"avgPrice", STREAM_SPOT, OF_SYMBOL, " "},
	{"referencePrice", STREAM_SPOT, OF_SYMBOL, " "},
	{"markPrice", FUTURES | STREAM_OPTIONS, OF_SYMBOL, " 1s"},
	{"markPrice", FUTURES, OF_ALL, "arr arr@1s"},
	{"indexPrice", STREAM_COINM, OF_SYMBOL, " 1s"},
	{"indexPrice", STREAM_COINM, OF_ALL, "arr arr@1s"},
	{"compositeIndex", STREAM_USDM, OF_SYMBOL, " "},
	{"forceOrder", FUTURES, OF_SYMBOL, " "},
	{"forceOrder", FUTURES, OF_ALL, "arr"},
	{"contractInfo", FUTURES, OF_ALL, " "},
	{"assetIndex", STREAM_USDM, OF_SYMBOL, " "},
	{"assetIndex", STREAM_USDM, OF_ALL, "arr"},
};

#define ROWS (sizeof(rows) / sizeof(rows[0]))

static const char intervals[] = "1s 1m 3m 5m 15m 30m 1h 2h 4h 6h 8h 12h 1d 3d 1w 1M";

/* ---- words ------------------------------------------------------------------ */

/* Is it one of the words, which are separated by blanks? A leading blank: "" is one. */
static bool
is_word(struct bytes text, const char *words)
{
	for (const char *end; ; words = end + 1) {
		end = strchr(words, ' ');
		if (bytes_equal(text, (struct bytes){words,
		        end != NULL ? (size_t)(end - words) : strlen(words)}))
			return true;
		if (end == NULL)
			return false;
	}
}

static bool
is_of_row(const struct row *row, struct bytes type)
{
	size_t n = strlen(row->type);

	if (row->type[n - 1] != '_')
		return bytes_equal(type, bytes_of(row->type));
	return type.n > n && memcmp(type.p, row->type, n) == 0 &&
	    is_word((struct bytes){type.p + n, type.n - n}, intervals);
}

/* Where SBE is, so is spot: the text streams serve who has no key. */
static unsigned
widened(unsigned markets)
{
	return (markets & STREAM_SBE) != 0 ? markets | STREAM_SPOT : markets;
}

/* ---- checking --------------------------------------------------------------- */

enum stream_type_fault
stream_type_check(const struct stream_name *name, unsigned markets)
{
	enum stream_type_fault fault = STREAM_TYPE_UNKNOWN;
	enum form form = name->symbol.n > 0 ? OF_SYMBOL : OF_ALL;

	markets = widened(markets);
	for (size_t i = 0; i < ROWS; i++) {
		const struct row *row = &rows[i];

		if (!is_of_row(row, name->type))
			continue;
		if ((row->markets & markets) == 0) {
			if (fault == STREAM_TYPE_UNKNOWN)
				fault = STREAM_TYPE_ABSENT;
		} else if (row->form != form) {
			if (fault != STREAM_TYPE_OPTION)
				fault = STREAM_TYPE_FORM;
		} else if (is_word(name->option, row->options)) {
			return STREAM_TYPE_FINE;
		} else {
			fault = STREAM_TYPE_OPTION;
		}
	}
	return fault;
}

/* ---- suggesting ------------------------------------------------------------- */

#define TYPE_MAX 40 /* of a suggestion; the longest real ones have 19 */

static char
lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/*
 * Letters to change, add or take away, each at 3; another case costs less, and
 * another length a little more: depth7 is rather depth5 than depth.
 */
static size_t
distance(struct bytes a, const char *b, size_t nb)
{
	size_t row[TYPE_MAX + 1], diagonal, above, best;

	for (size_t j = 0; j <= a.n; j++)
		row[j] = 4 * j;
	for (size_t i = 1; i <= nb; i++) {
		diagonal = row[0];
		row[0] = 4 * i;
		for (size_t j = 1; j <= a.n; j++) {
			above = row[j];
			best = diagonal + (a.p[j - 1] == b[i - 1] ? 0
			    : lower(a.p[j - 1]) == lower(b[i - 1]) ? 1 : 3);
			best = best < above + 4 ? best : above + 4;
			row[j] = best < row[j - 1] + 4 ? best : row[j - 1] + 4;
			diagonal = above;
		}
	}
	return row[a.n];
}

/* The row's type, with that interval if it takes one. Returns its length. */
static size_t
type_of_row(const struct row *row, const char *interval, size_t n, char *out)
{
	size_t length = strlen(row->type);

	memcpy(out, row->type, length);
	if (row->type[length - 1] != '_')
		return length;
	memcpy(out + length, interval, n);
	return length + n;
}

/* Where a name's type begins; what is behind the type stays in *rest. */
static struct bytes
find_type(struct bytes name, size_t *start, struct bytes *rest)
{
	const char *at = name.n > 0 && name.p[0] == '!' ? name.p : memchr(name.p, '@', name.n);
	const char *end = name.p + name.n, *next;

	*start = at == NULL ? name.n : (size_t)(at + 1 - name.p);
	next = memchr(name.p + *start, '@', name.n - *start);
	next = next != NULL ? next : end;
	*rest = (struct bytes){next, (size_t)(end - next)};
	return (struct bytes){name.p + *start, (size_t)(next - name.p) - *start};
}

struct nearest {
	size_t distance;
	char type[TYPE_MAX];
	size_t n; /* 0: nothing is near */
};

/* The row as it is, or with every interval. */
static void
try_row(struct nearest *nearest, const struct row *row, struct bytes type)
{
	const char *interval = intervals, *end;
	char text[TYPE_MAX];
	size_t n, d;

	do {
		end = strchr(interval, ' ');
		n = type_of_row(row, interval,
		    end != NULL ? (size_t)(end - interval) : strlen(interval), text);
		d = distance(type, text, n);
		/* The case of an interval means something: 1m is no 1M. */
		if (d < nearest->distance) {
			nearest->distance = d;
			nearest->n = n;
			memcpy(nearest->type, text, n);
		}
		interval = end != NULL ? end + 1 : NULL;
	} while (interval != NULL && row->type[strlen(row->type) - 1] == '_');
}

bool
stream_type_suggest(struct bytes name, unsigned markets, char *out)
{
	struct nearest nearest = {0};
	struct stream_name parts;
	struct bytes type, rest;
	size_t start;

	type = find_type(name, &start, &rest);
	if (type.n == 0 || type.n > TYPE_MAX)
		return false;
	/* A third of the letters may differ; one always, and two of four (changed places). */
	nearest.distance = 4 * (type.n / 3 > 0 ? type.n / 3 : 1) + (type.n < 4 ? 1 : 3);
	markets = widened(markets);
	for (size_t i = 0; i < ROWS; i++)
		if ((rows[i].markets & markets) != 0 &&
		    rows[i].form == (name.p[0] == '!' ? OF_ALL : OF_SYMBOL))
			try_row(&nearest, &rows[i], type);
	if (nearest.n == 0 || start + nearest.n + rest.n > STREAM_NAME_MAX)
		return false;
	memcpy(out, name.p, start);
	memcpy(out + start, nearest.type, nearest.n);
	memcpy(out + start + nearest.n, rest.p, rest.n);
	out[start + nearest.n + rest.n] = '\0';
	return stream_parse(bytes_of(out), &parts) == STREAM_FINE &&
	    stream_type_check(&parts, markets) == STREAM_TYPE_FINE;
}

/* ---- listing ---------------------------------------------------------------- */

static void
append(char *out, struct bytes text)
{
	size_t n = strlen(out);

	if (text.n == 0 || n + text.n + 3 > STREAM_TYPES_TEXT_MAX)
		return;
	if (n > 0) {
		memcpy(out + n, ", ", 2);
		n += 2;
	}
	memcpy(out + n, text.p, text.n);
	out[n + text.n] = '\0';
}

static void
append_options(char *out, const char *words)
{
	for (const char *end; words != NULL; words = end != NULL ? end + 1 : NULL) {
		end = strchr(words, ' ');
		append(out, (struct bytes){words,
		    end != NULL ? (size_t)(end - words) : strlen(words)});
	}
}

void
stream_type_list(const struct stream_name *name, enum stream_type_fault fault, unsigned markets,
    char *out)
{
	enum form form = name->symbol.n > 0 ? OF_SYMBOL : OF_ALL;

	out[0] = '\0';
	markets = widened(markets);
	for (size_t i = 0; i < ROWS; i++) {
		const struct row *row = &rows[i];

		if ((row->markets & markets) == 0)
			continue;
		if (fault == STREAM_TYPE_OPTION && row->form == form && is_of_row(row, name->type))
			append_options(out, row->options);
		else if (fault != STREAM_TYPE_OPTION && row->form == OF_SYMBOL)
			append(out, bytes_of(row->type));
	}
}

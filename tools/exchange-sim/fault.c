#include "tools/exchange-sim/fault.h"

#include <fnmatch.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "tools/exchange-sim/ca.h"

enum {
	CONN = 1,
	ENDPOINT = 2,
	STREAM = 4,
	COUNT = 8,
	MS = 16,
	CODE = 32,
	REASON = 64,
	STATUS = 128,
	RETRY_AFTER = 256,
	ON = 512,
	KIND = 1024,
	AFTER = 2048,
	BYTES = 4096,
	FACTOR = 8192,
	TEXT = 16384,
	FOR = 32768,
	EVERY = 65536,
	PROBABILITY = 131072,
};

static const struct {
	const char *name;
	enum fault_phase phase;
	uint32_t keys;
	uint32_t count;
	const char *help;
} kinds[] = {
#define FAULT(constant, name, phase, keys, count, help) \
	{name, FAULT_##phase, keys, count, help},
#include "tools/exchange-sim/fault.def"
#undef FAULT
};

/* How a value is read, and into which type. */
enum value {
	VALUE_COUNT,   /* uint64_t */
	VALUE_INT,     /* int */
	VALUE_SIZE,    /* uint32_t */
	VALUE_SECONDS, /* span_t, three places */
	VALUE_MS,      /* span_t, whole milliseconds, may be negative */
	VALUE_MILLI,   /* int64_t, thousandths */
	VALUE_MILLION, /* uint32_t, millionths of a number up to 1 */
	VALUE_TEXT,    /* char[] */
	VALUE_KIND,    /* int, by the fault's list */
	VALUE_ON,      /* enum fault_on */
};

#define AT(field) offsetof(struct fault, field)
#define YEAR_MS INT64_C(31536000000)

static const struct key {
	const char *name;
	uint32_t bit;
	enum value value;
	size_t offset;
	int64_t min, max; /* of numbers; texts: max is their room */
} keys[] = {
	{"conn", CONN, VALUE_COUNT, AT(conn), 1, INT64_MAX},
	{"endpoint", ENDPOINT, VALUE_TEXT, AT(endpoint), 1, FAULT_NAME_MAX},
	{"stream", STREAM, VALUE_TEXT, AT(stream), 1, STREAM_NAME_MAX + 1},
	{"count", COUNT, VALUE_COUNT, AT(count), 0, INT64_MAX},
	{"for", FOR, VALUE_SECONDS, AT(lasts), 1, YEAR_MS},
	{"every", EVERY, VALUE_SECONDS, AT(every), 1, YEAR_MS},
	{"probability", PROBABILITY, VALUE_MILLION, AT(per_million), 0, 1000000},
	{"ms", MS, VALUE_MS, AT(ms), -YEAR_MS, YEAR_MS},
	{"code", CODE, VALUE_INT, AT(code), -2000000, 2000000},
	{"reason", REASON, VALUE_TEXT, AT(text), 0, 124},
	{"status", STATUS, VALUE_INT, AT(status), 300, 599},
	{"retry-after", RETRY_AFTER, VALUE_INT, AT(retry_after_s), 1, 31536000},
	{"on", ON, VALUE_ON, AT(on), 0, 0},
	{"kind", KIND, VALUE_KIND, AT(choice), 0, 0},
	{"after", AFTER, VALUE_SECONDS, AT(after), 0, YEAR_MS},
	{"bytes", BYTES, VALUE_SIZE, AT(bytes), 1, 64 << 20},
	{"factor", FACTOR, VALUE_MILLI, AT(factor_milli), 1, 1000000},
	{"text", TEXT, VALUE_TEXT, AT(text), 1, FAULT_TEXT_MAX},
};

#define KEYS (sizeof(keys) / sizeof(keys[0]))

static const char *const inject_kinds[] = {"truncated", "malformed", "oversize", "fragmented",
	"unknown", "binary", "empty", "bad-utf8", "masked", "reserved", "text", NULL};
static const char *const envelope_kinds[] = {"auto", "raw", "combined", "api", NULL};
static const char *const cert_kinds[] = {
	"none", "wrong-host", "self-signed", "expired", "not-yet-valid", NULL};
static const char *const on_kinds[] = {"upgrade", "rest", "both", NULL};

const char *
fault_name(enum fault_kind kind)
{
	return kinds[kind].name;
}

enum fault_phase
fault_phase(enum fault_kind kind)
{
	return kinds[kind].phase;
}

/* The keys a fault may have. */
static uint32_t
keys_of(enum fault_kind kind)
{
	return kinds[kind].keys | PROBABILITY | (kinds[kind].phase == FAULT_ONCE ? EVERY : FOR);
}

void
fault_print_list(void)
{
	for (int i = 0; i < FAULT_KINDS; i++) {
		printf("%-13s %s\n%14s", kinds[i].name, kinds[i].help, "");
		for (size_t k = 0; k < KEYS; k++)
			if (keys_of((enum fault_kind)i) & keys[k].bit)
				printf("%s= ", keys[k].name);
		printf("\n");
	}
}

bool
fault_wants_stream(const struct fault *f, struct bytes name)
{
	char text[STREAM_NAME_MAX + 1];

	if (f->stream[0] == '\0')
		return true;
	if (name.n > STREAM_NAME_MAX)
		return false;
	memcpy(text, name.p, name.n);
	text[name.n] = '\0';
	return fnmatch(f->stream, text, 0) == 0;
}

/* Whole units and up to `places` decimals, as an integer of the last place. */
static bool
read_decimal(const char *s, int places, int64_t *out)
{
	bool negative = *s == '-', point = false;
	int digits = 0;

	*out = 0;
	for (s += negative; *s != '\0'; s++) {
		if (*s == '.' && !point && digits > 0 && places > 0) {
			point = true;
			continue;
		}
		if (*s < '0' || *s > '9' || (point && places-- == 0) || ++digits > 17)
			return false;
		*out = *out * 10 + (*s - '0');
	}
	for (; places > 0; places--)
		if (__builtin_mul_overflow(*out, 10, out))
			return false;
	if (negative)
		*out = -*out;
	return digits > 0;
}

static bool
read_choice(const char *s, const char *const *list, int *out)
{
	for (*out = 0; list[*out] != NULL; (*out)++)
		if (strcmp(s, list[*out]) == 0)
			return true;
	return false;
}

static const char *const *
kinds_of(enum fault_kind kind)
{
	if (kind == FAULT_INJECT)
		return inject_kinds;
	return kind == FAULT_CERT ? cert_kinds : envelope_kinds;
}

static bool
read_number(const struct key *k, const char *s, void *field)
{
	int places = k->value == VALUE_MILLION ? 6
	    : k->value == VALUE_SECONDS || k->value == VALUE_MILLI ? 3 : 0;
	int64_t n;

	if (!read_decimal(s, places, &n) || n < k->min || n > k->max)
		return false;
	if (k->value == VALUE_COUNT)
		*(uint64_t *)field = (uint64_t)n;
	else if (k->value == VALUE_INT)
		*(int *)field = (int)n;
	else if (k->value == VALUE_SIZE || k->value == VALUE_MILLION)
		*(uint32_t *)field = (uint32_t)n;
	else if (k->value == VALUE_MILLI)
		*(int64_t *)field = n;
	else
		*(span_t *)field = span_ms(n);
	return true;
}

static bool
read_value(const struct key *k, const char *s, struct fault *f)
{
	void *field = (char *)f + k->offset;
	size_t n = strlen(s);
	int choice;

	switch (k->value) {
	case VALUE_TEXT:
		if (n < (size_t)k->min || n >= (size_t)k->max)
			return false;
		memcpy(field, s, n + 1);
		return true;
	case VALUE_KIND:
		return read_choice(s, kinds_of(f->kind), field);
	case VALUE_ON:
		if (!read_choice(s, on_kinds, &choice))
			return false;
		f->on = (enum fault_on)choice;
		return true;
	case VALUE_COUNT:
	case VALUE_INT:
	case VALUE_SIZE:
	case VALUE_SECONDS:
	case VALUE_MS:
	case VALUE_MILLI:
	case VALUE_MILLION:
		break;
	}
	return read_number(k, s, field);
}

/*
 * Cuts the next word off the line into out[cap], without its quotation marks.
 * 1, 0 at the line's end, -1 when it is too long or a mark is missing.
 */
static int
next_word(struct bytes *line, char *out, size_t cap)
{
	char quote = '\0';
	size_t n = 0;

	while (line->n > 0 && (*line->p == ' ' || *line->p == '\t' || *line->p == '\r')) {
		line->p++;
		line->n--;
	}
	if (line->n == 0 || *line->p == '#')
		return 0;
	for (; line->n > 0; line->p++, line->n--) {
		char c = *line->p;

		if (quote != '\0' ? c == quote : c == '"' || c == '\'') {
			quote = quote != '\0' ? '\0' : c;
			continue;
		}
		if (quote == '\0' && (c == ' ' || c == '\t' || c == '\r'))
			break;
		if (c == '\0' || n + 1 >= cap)
			return -1;
		out[n++] = c;
	}
	out[n] = '\0';
	return quote == '\0' ? 1 : -1;
}

static const struct key *
key_named(const char *name, size_t n)
{
	for (size_t i = 0; i < KEYS; i++)
		if (strlen(keys[i].name) == n && memcmp(keys[i].name, name, n) == 0)
			return &keys[i];
	return NULL;
}

static bool
read_pair(const char *word, struct fault *f, uint32_t *seen, char *error, size_t cap)
{
	const char *equals = strchr(word, '=');
	const struct key *k = equals ? key_named(word, (size_t)(equals - word)) : NULL;

	if (k == NULL) {
		snprintf(error, cap, "\"%.64s\": KEY=VALUE expected, of the known keys", word);
		return false;
	}
	if ((keys_of(f->kind) & k->bit) == 0) {
		snprintf(error, cap, "%s: a \"%s\" has no such key", k->name, fault_name(f->kind));
		return false;
	}
	if (*seen & k->bit) {
		snprintf(error, cap, "%s: given twice", k->name);
		return false;
	}
	*seen |= k->bit;
	if (read_value(k, equals + 1, f))
		return true;
	snprintf(error, cap, "%s: invalid value \"%.64s\"", k->name, equals + 1);
	return false;
}

/* What a fault is when its line says nothing. */
static void
set_defaults(struct fault *f)
{
	f->count = kinds[f->kind].count;
	f->per_million = 1000000;
	f->ms = span_s(1);
	f->after = span_s(1);
	f->code = f->kind == FAULT_REJECT ? 2 : 1001;
	f->status = 503;
	f->on = FAULT_ON_UPGRADE;
	f->factor_milli = 10000;
	f->bytes = f->kind == FAULT_INJECT ? (1 << 20) + 1 : f->kind == FAULT_DRIBBLE ? 1 : 16;
	f->choice = f->kind == FAULT_CERT ? CERT_WRONG_HOST : 0;
}

/* What no single key can tell. NULL, or what is wrong. */
static const char *
check(const struct fault *f, uint32_t seen)
{
	bool text = f->kind == FAULT_INJECT && f->choice == INJECT_TEXT;

	if (f->kind == FAULT_FREEZE && f->lasts.ns == 0)
		return "for: a \"freeze\" needs an end";
	if ((f->kind == FAULT_STALL_STREAM || f->kind == FAULT_MUTE || f->kind == FAULT_HALT ||
		f->kind == FAULT_UNLISTED) && f->stream[0] == '\0')
		return "stream: is missing";
	if (f->kind == FAULT_CLOSE && (f->code < 1000 || f->code > 4999))
		return "code: 1000 to 4999 expected";
	if (f->kind != FAULT_CLOCK && f->ms.ns < 0)
		return "ms: must not be negative";
	if (text != ((seen & TEXT) != 0))
		return "text: belongs to kind=text, and kind=text needs it";
	/* Each message would have to be repeated until it is cleared. */
	if (fault_phase(f->kind) == FAULT_ONCE && f->every.ns == 0 && f->count > 1)
		return "count: more than one needs every=";
	return NULL;
}

int
fault_parse(struct bytes line, struct fault *out, char *error, size_t cap)
{
	char word[FAULT_TEXT_MAX + 64];
	uint32_t seen = 0;
	const char *wrong;
	int64_t in_ms;
	int r, kind = 0;

	*out = (struct fault){0};
	r = next_word(&line, word, sizeof(word));
	if (r == 0)
		return 0;
	if (r < 0 || !read_decimal(word, 3, &in_ms) || in_ms < 0 || in_ms > YEAR_MS) {
		snprintf(error, cap, "the line must begin with a time in seconds");
		return -1;
	}
	if (next_word(&line, word, sizeof(word)) != 1) {
		snprintf(error, cap, "a fault's name is missing");
		return -1;
	}
	while (kind < FAULT_KINDS && strcmp(word, kinds[kind].name) != 0)
		kind++;
	if (kind == FAULT_KINDS) {
		snprintf(error, cap, "\"%.64s\": no such fault (see --list-faults)", word);
		return -1;
	}
	out->kind = (enum fault_kind)kind;
	out->in = span_ms(in_ms);
	set_defaults(out);
	while ((r = next_word(&line, word, sizeof(word))) == 1)
		if (!read_pair(word, out, &seen, error, cap))
			return -1;
	/* Repetition without a number goes on until it is cleared. */
	if (out->every.ns > 0 && (seen & COUNT) == 0)
		out->count = 0;
	wrong = r < 0 ? "a value is too long, or its quotation mark is missing" : check(out, seen);
	if (wrong == NULL)
		return 1;
	snprintf(error, cap, "%s", wrong);
	return -1;
}

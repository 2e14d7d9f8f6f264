#include "tests/json_layout.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#define MEMBERS_MAX 64
#define NEST_MAX 4 /* of what nobody knows; 32 are allowed in all */

/* Without `rng`: the plain layout. */
struct writer {
	struct json_random *out;
	struct rng *rng;
};

static bool
one_in(const struct writer *w, uint64_t n)
{
	return w->rng != NULL && rng_below(w->rng, n) == 0;
}

static void
put(struct writer *w, const char *text, size_t n)
{
	assert(w->out->n + n < JSON_RANDOM_MAX / 2); /* a test's own fault */
	memcpy(w->out->text + w->out->n, text, n);
	w->out->n += n;
}

static void
put_space(struct writer *w)
{
	while (one_in(w, 5))
		put(w, &" \t\r\n"[rng_below(w->rng, 4)], 1);
}

static void
put_mark(struct writer *w, char mark)
{
	put_space(w);
	put(w, &mark, 1);
	put_space(w);
}

/* Takes one code point off the front; what is not UTF-8 comes byte by byte. */
static uint32_t
code_point(const char **p, size_t *n)
{
	const unsigned char *u = (const unsigned char *)*p;
	uint32_t code = u[0];

	*n = u[0] < 0xc0 ? 1 : u[0] < 0xe0 ? 2 : u[0] < 0xf0 ? 3 : 4;
	if (*n > 1)
		code &= 0x7fu >> *n;
	for (size_t i = 1; i < *n; i++)
		code = code << 6 | (u[i] & 0x3f);
	*p += *n;
	return code;
}

static void
put_escape(struct writer *w, uint32_t code)
{
	char text[16];

	if (code == '/' && one_in(w, 2)) {
		put(w, "\\/", 2);
		return;
	}
	if (code >= 0x10000) {
		put_escape(w, 0xd800 + ((code - 0x10000) >> 10));
		put_escape(w, 0xdc00 + ((code - 0x10000) & 0x3ff));
		return;
	}
	if (one_in(w, 2))
		snprintf(text, sizeof(text), "\\u%04x", (unsigned)code);
	else
		snprintf(text, sizeof(text), "\\u%04X", (unsigned)code);
	put(w, text, strlen(text));
}

static void
put_text(struct writer *w, const char *text)
{
	bool escaped = one_in(w, 6);

	put(w, "\"", 1);
	while (*text != '\0') {
		const char *from = text;
		size_t n;
		uint32_t code = code_point(&text, &n);

		if (code < ' ' || code == '"' || code == '\\' || (escaped && one_in(w, 3)))
			put_escape(w, code);
		else
			put(w, from, n);
	}
	put(w, "\"", 1);
}

/* ---- what nobody knows ----------------------------------------------------- */

static void put_stranger(struct writer *w, unsigned depth);

/* Members and elements: names that mean something elsewhere mean nothing in here. */
static void
put_strangers(struct writer *w, unsigned depth, bool object)
{
	static const char *const keys[] = {"e", "E", "s", "u", "b", "a", "stream", "data", "k",
		"", "result", "id", "zz"};
	size_t n = rng_below(w->rng, 4);

	put_mark(w, object ? '{' : '[');
	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			put_mark(w, ',');
		if (object) {
			put_text(w, keys[rng_below(w->rng, sizeof(keys) / sizeof(keys[0]))]);
			put_mark(w, ':');
		}
		put_stranger(w, depth + 1);
	}
	put_mark(w, object ? '}' : ']');
}

static void
put_stranger(struct writer *w, unsigned depth)
{
	static const char *const plain[] = {"0", "-1", "1.5e-7", "123456789012345678901234567890",
		"-0.0E+3", "true", "false", "null", "\"\"", "\"trade\"", "\"\\\\\\\"\\n\"",
		"\"{[,:]}\"", "\"\xe5\xb8\x81\"", "\"\\ud83d\\ude00\"", "[]", "{}",
		"[[\"1\",\"2\"]]"};
	size_t which = rng_below(w->rng, sizeof(plain) / sizeof(plain[0]) + 8);

	if (which < sizeof(plain) / sizeof(plain[0]))
		put(w, plain[which], strlen(plain[which]));
	else if (depth < NEST_MAX)
		put_strangers(w, depth, which % 2 == 0);
	else
		put(w, "7", 1);
}

static void
put_strange_member(struct writer *w)
{
	static const char *const keys[] = {"zz", "Z", "ee", "\xe5\xb8\x81", "a b", "unknown_key",
		"stream_", "Data", "\"", "\\", "a_key_that_is_longer_than_any_of_theirs", "?"};

	put_text(w, keys[rng_below(w->rng, sizeof(keys) / sizeof(keys[0]))]);
	put_mark(w, ':');
	put_stranger(w, 0);
}

/* ---- what there is ---------------------------------------------------------- */

static void put_value(struct writer *w, const cJSON *value);

static void
shuffle(const cJSON **member, size_t n, struct rng *rng)
{
	for (size_t i = n; i > 1; i--) {
		size_t other = rng_below(rng, i);
		const cJSON *kept = member[i - 1];

		member[i - 1] = member[other];
		member[other] = kept;
	}
}

static void
put_object(struct writer *w, const cJSON *object)
{
	const cJSON *member[MEMBERS_MAX], *each;
	bool first = true;
	size_t n = 0;

	cJSON_ArrayForEach(each, object) {
		assert(n < MEMBERS_MAX);
		member[n++] = each;
	}
	if (one_in(w, 2) || one_in(w, 2))
		shuffle(member, n, w->rng);
	put_mark(w, '{');
	for (size_t i = 0; i <= n; i++) {
		while (one_in(w, 8)) {
			if (!first)
				put_mark(w, ',');
			put_strange_member(w);
			first = false;
		}
		if (i == n)
			break;
		if (!first)
			put_mark(w, ',');
		put_text(w, member[i]->string);
		put_mark(w, ':');
		put_value(w, member[i]);
		first = false;
	}
	put_mark(w, '}');
}

static void
put_array(struct writer *w, const cJSON *array)
{
	const cJSON *each;

	put_mark(w, '[');
	cJSON_ArrayForEach(each, array) {
		put_value(w, each);
		if (each->next != NULL)
			put_mark(w, ',');
	}
	put_mark(w, ']');
}

static void
put_value(struct writer *w, const cJSON *value)
{
	char text[32];

	if (cJSON_IsObject(value)) {
		put_object(w, value);
	} else if (cJSON_IsArray(value)) {
		put_array(w, value);
	} else if (cJSON_IsString(value)) {
		put_text(w, value->valuestring);
	} else if (cJSON_IsNumber(value)) {
		put(w, text, (size_t)snprintf(text, sizeof(text), "%.17g", value->valuedouble));
	} else {
		const char *word = cJSON_IsNull(value) ? "null"
		    : cJSON_IsTrue(value)	       ? "true"
						       : "false";

		put(w, word, strlen(word));
	}
}

static void
written(struct json_random *out, const cJSON *tree, struct rng *rng)
{
	struct writer w = {out, rng};

	out->n = 0;
	out->usual = false;
	put_value(&w, tree);
	while (out->n > 0 && strchr(" \t\r\n", out->text[out->n - 1]) != NULL)
		out->n--;
}

void
json_layout_plain(struct json_random *out, const cJSON *tree)
{
	written(out, tree, NULL);
}

void
json_layout_random(struct json_random *out, const cJSON *tree, struct rng *rng)
{
	written(out, tree, rng);
}

/* ---- other values ------------------------------------------------------------ */

static bool
is_decimal(const char *text)
{
	text += *text == '-';
	return *text != '\0' && strspn(text, "0123456789.") == strlen(text);
}

static void
vary_decimal(cJSON *value, struct rng *rng)
{
	size_t whole = 1 + rng_below(rng, 9), fraction = rng_below(rng, 10), n = 0;
	char text[32];

	if (value->valuestring[0] == '-')
		text[n++] = '-';
	for (size_t i = 0; i < whole + fraction; i++) {
		if (i == whole)
			text[n++] = '.';
		text[n++] = (char)('0' + rng_below(rng, 10));
	}
	text[n] = '\0';
	cJSON_SetValuestring(value, text);
}

/* Times stay times of as many digits; small, broken and negative numbers what they are. */
static void
vary_number(cJSON *value, struct rng *rng)
{
	double number = value->valuedouble;

	if (number >= 1e12)
		cJSON_SetNumberHelper(value, 1e12 + (double)rng_below(rng, 8000000000000));
	else if (number > 0 && number == (double)(int64_t)number)
		cJSON_SetNumberHelper(value,
		    (double)rng_below(rng, UINT64_C(1) << (1 + rng_below(rng, 53))));
}

/* Symbols may be UTF-8. */
static void
vary_symbol(cJSON *value, struct rng *rng)
{
	static const char *const names[] = {"\xe5\xb8\x81\xe5\xae\x89USDT", "A/B",
		"\xf0\x9f\x98\x80USDT", "1000SATS\xc3\xa9"};

	size_t which = rng_below(rng, 4 * sizeof(names) / sizeof(names[0]));

	if (which < sizeof(names) / sizeof(names[0]))
		cJSON_SetValuestring(value, names[which]);
}

/* An error's code is an int. */
static bool
varies(const cJSON *value)
{
	return value->string == NULL || strcmp(value->string, "code") != 0;
}

void
json_layout_vary(cJSON *tree, struct rng *rng)
{
	cJSON *each;

	cJSON_ArrayForEach(each, tree) {
		if (cJSON_IsString(each) && is_decimal(each->valuestring))
			vary_decimal(each, rng);
		else if (cJSON_IsString(each) && each->string && strcmp(each->string, "s") == 0)
			vary_symbol(each, rng);
		else if (cJSON_IsNumber(each) && varies(each))
			vary_number(each, rng);
		json_layout_vary(each, rng);
	}
}

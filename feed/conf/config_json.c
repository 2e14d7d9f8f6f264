#include "feed/conf/config_json.h"

#include <assert.h>
#include <ctype.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "feed/base/utf8.h"

struct scan {
	const char *p, *end;
	struct config_origin at; /* of p */
	struct json_document *doc;
	struct config_problems *problems;
	bool good; /* no error so far */
};

static bool read_value(struct scan *s, const char *path, int depth, bool element, bool keep);

/* Always false, for `return refuse(...)`. */
#define refuse(s, ...)                                                                             \
	(config_problem((s)->problems, (s)->at, __VA_ARGS__), (s)->good = false)

static void
step(struct scan *s)
{
	if (*s->p++ == '\n' && s->at.line > 0)
		s->at.line++;
}

static bool
ahead(const struct scan *s, const char *text)
{
	size_t n = strlen(text);

	return (size_t)(s->end - s->p) >= n && memcmp(s->p, text, n) == 0;
}

static bool
ahead_any(const struct scan *s, const char *set)
{
	return s->p < s->end && *s->p != '\0' && strchr(set, *s->p) != NULL;
}

/* Blank space and comments. Returns false at a comment without an end. */
static bool
skip_space(struct scan *s)
{
	for (;;) {
		if (ahead_any(s, " \t\r\n")) {
			step(s);
		} else if (ahead(s, "//")) {
			while (s->p < s->end && *s->p != '\n')
				step(s);
		} else if (ahead(s, "/*")) {
			if (memmem(s->p + 2, (size_t)(s->end - s->p) - 2, "*/", 2) == NULL)
				return refuse(s, "the comment that begins here has no end");
			for (step(s), step(s); !ahead(s, "*/"); step(s))
				;
			step(s);
			step(s);
		} else {
			return true;
		}
	}
}

/* Says what stands where something else was wanted. Always false. */
static bool
refuse_here(struct scan *s, const char *wanted)
{
	int n = 0;

	if (s->p == s->end)
		return refuse(s, "the text ends where %s is wanted", wanted);
	while (n < 32 && n < s->end - s->p && (isalnum((unsigned char)s->p[n]) || s->p[n] == '_'))
		n++;
	if (n > 0)
		return refuse(s, "unexpected \"%.*s\" where %s is wanted%s", n, s->p, wanted,
		    isalpha((unsigned char)*s->p) ? " (text stands in double quotes)" : "");
	if (isprint((unsigned char)*s->p))
		return refuse(s, "unexpected '%c' where %s is wanted", *s->p, wanted);
	return refuse(s, "unexpected byte 0x%02x where %s is wanted", (unsigned char)*s->p, wanted);
}

static char *
copy_of(const char *p, size_t n)
{
	char *copy = strndup(p, n);

	assert(copy != NULL);
	return copy;
}

static struct json_value *
keep_value(struct scan *s, enum json_kind kind, const char *path, bool element)
{
	struct json_document *doc = s->doc;
	struct json_value *v;

	/* The room doubles whenever the count is a power of two. */
	if ((doc->n & (doc->n - 1)) == 0) {
		doc->value = reallocarray(doc->value, doc->n == 0 ? 1 : doc->n * 2, sizeof(*v));
		assert(doc->value != NULL);
	}
	v = &doc->value[doc->n++];
	*v = (struct json_value){.kind = kind,
	    .element = element,
	    .path = copy_of(path, strlen(path)),
	    .text = NULL,
	    .at = s->at};
	return v;
}

static bool
read_hex4(struct scan *s, uint32_t *code)
{
	*code = 0;
	for (int i = 0; i < 4; i++, s->p++) {
		if (s->p == s->end || !isxdigit((unsigned char)*s->p))
			return refuse(s, "\\u wants four hexadecimal digits");
		*code = *code * 16 + (uint32_t)(isdigit((unsigned char)*s->p) ?
			*s->p - '0' : (*s->p | 0x20) - 'a' + 10);
	}
	return true;
}

/* After a backslash. */
static bool
read_escape(struct scan *s, FILE *text)
{
	static const char names[] = "\"\\/bfnrt", values[] = "\"\\/\b\f\n\r\t";
	uint32_t code, low;
	char utf8[4];
	size_t n;

	if (ahead_any(s, names)) {
		fputc(values[strchr(names, *s->p++) - names], text);
		return true;
	}
	if (!ahead(s, "u"))
		return refuse(s, "a backslash in text wants one of \" \\ / b f n r t u after it");
	s->p++;
	if (!read_hex4(s, &code))
		return false;
	if (code >= 0xd800 && code < 0xdc00 && ahead(s, "\\u")) {
		s->p += 2;
		if (!read_hex4(s, &low))
			return false;
		if (low < 0xdc00 || low > 0xdfff)
			return refuse(s, "\\u%04x is half a character", code);
		code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
	}
	if (code == 0 || (code >= 0xd800 && code < 0xe000))
		return refuse(s, code == 0 ? "\\u%04x is not allowed in text" :
					     "\\u%04x is half a character", code);
	n = utf8_put(code, utf8);
	fwrite(utf8, 1, n, text);
	return true;
}

static bool
read_text(struct scan *s, FILE *text)
{
	size_t n;

	for (s->p++; !ahead(s, "\""); s->p += n) {
		if (s->p == s->end || *s->p == '\n')
			return refuse(s, "the text has no closing quote in its line");
		if (*s->p == '\\') {
			s->p++;
			n = 0;
			if (!read_escape(s, text))
				return false;
			continue;
		}
		n = utf8_length(s->p, (size_t)(s->end - s->p));
		if (n == 0 || (unsigned char)*s->p < 0x20)
			return refuse(s, "text with byte 0x%02x, which is no UTF-8 or must be "
					 "written as an escape", (unsigned char)*s->p);
		fwrite(s->p, 1, n, text);
	}
	s->p++;
	return true;
}

/* *text is the caller's to free, also after an error. */
static bool
read_string(struct scan *s, char **text)
{
	size_t size = 0;
	FILE *f = open_memstream(text, &size);
	bool good;

	assert(f != NULL);
	good = read_text(s, f);
	fclose(f);
	assert(*text != NULL);
	return good;
}

static size_t
digits(const char *p, const char *end)
{
	size_t n = 0;

	while (p + n < end && isdigit((unsigned char)p[n]))
		n++;
	return n;
}

/* Length of the JSON number at s->p, or 0. */
static size_t
number_length(const struct scan *s)
{
	const char *p = s->p + ahead(s, "-");
	size_t n = digits(p, s->end);

	if (n == 0 || (n > 1 && *p == '0'))
		return 0;
	p += n;
	if (p < s->end && *p == '.') {
		n = digits(p + 1, s->end);
		if (n == 0)
			return 0;
		p += 1 + n;
	}
	if (p < s->end && (*p | 0x20) == 'e') {
		p++;
		if (p < s->end && (*p == '-' || *p == '+'))
			p++;
		n = digits(p, s->end);
		if (n == 0)
			return 0;
		p += n;
	}
	return (size_t)(p - s->p);
}

/* The length of the scalar at s->p that is no string, or 0. */
static size_t
scalar_length(const struct scan *s, enum json_kind *kind)
{
	const char *const word[] = {"true", "false", "null"};
	size_t n = 0;

	*kind = JSON_NUMBER;
	if (ahead_any(s, "-0123456789"))
		n = number_length(s);
	for (size_t i = 0; i < 3 && n == 0; i++) {
		if (ahead(s, word[i])) {
			*kind = i < 2 ? JSON_BOOL : JSON_NULL;
			n = strlen(word[i]);
		}
	}
	if (n < (size_t)(s->end - s->p) && (isalnum((unsigned char)s->p[n]) || s->p[n] == '.'))
		return 0; /* truex, 01, 1.2.3 */
	return n;
}

/* A member of an object: "name": value. */
static bool
read_member(struct scan *s, const char *path, int depth, bool keep)
{
	char *name = NULL, *child = NULL;
	bool good;

	if (!ahead(s, "\""))
		return refuse_here(s, "a key in double quotes");
	good = read_string(s, &name);
	good = good && skip_space(s);
	if (good && !ahead(s, ":"))
		good = refuse_here(s, "':' after a key");
	if (good) {
		s->p++;
		if (asprintf(&child, "%s%s%s", path, *path == '\0' ? "" : ".", name) < 0)
			assert(!"out of memory");
		good = skip_space(s) && read_value(s, child, depth, false, keep);
	}
	free(child);
	free(name);
	return good;
}

/* The inside of an object or array, after its opening bracket. */
static bool
read_members(struct scan *s, const char *path, int depth, bool object, bool keep)
{
	const char *close = object ? "}" : "]";
	bool good;

	if (!skip_space(s))
		return false;
	while (!ahead(s, close)) {
		good = object ? read_member(s, path, depth, keep) :
				read_value(s, path, depth, true, keep);
		if (!good || !skip_space(s))
			return false;
		if (ahead(s, ",")) {
			struct config_origin comma = s->at;

			s->p++;
			if (!skip_space(s))
				return false;
			if (ahead(s, close)) {
				config_problem(s->problems, comma,
				    "comma before the closing '%s': remove it", close);
				s->good = false;
			}
		} else if (ahead(s, "\"")) {
			refuse(s, "a comma is missing before this");
		} else if (!ahead(s, close)) {
			return refuse_here(s, object ? "',' or '}'" : "',' or ']'");
		}
	}
	s->p++;
	return true;
}

static bool
read_value(struct scan *s, const char *path, int depth, bool element, bool keep)
{
	enum json_kind kind;
	char *text = NULL;
	bool good = true;
	size_t n;

	if (ahead_any(s, "{[")) {
		bool object = *s->p == '{';

		if (depth == JSON_DEPTH_MAX)
			return refuse(s, "nested deeper than %d", JSON_DEPTH_MAX);
		if (keep)
			keep_value(s, object ? JSON_OBJECT : JSON_ARRAY, path, element)->text =
			    copy_of("", 0);
		s->p++;
		return read_members(s, path, depth + 1, object, keep && !element);
	}
	if (ahead(s, "\"")) {
		kind = JSON_STRING;
		good = read_string(s, &text);
	} else {
		n = scalar_length(s, &kind);
		if (n == 0)
			return refuse_here(s, "a value");
		text = copy_of(s->p, n);
		s->p += n;
	}
	if (good && keep)
		keep_value(s, kind, path, element)->text = text;
	else
		free(text);
	return good;
}

bool
json_read(struct bytes text, struct config_origin start, const char *path,
    struct json_document *doc, struct config_problems *problems)
{
	struct scan s = {text.p, text.p + text.n, start, doc, problems, true};

	if (ahead(&s, "\xef\xbb\xbf")) /* byte order mark */
		s.p += 3;
	if (!skip_space(&s) || !read_value(&s, path, 0, false, true) || !skip_space(&s))
		return false;
	if (s.p != s.end)
		return refuse_here(&s, "the end of the text");
	return s.good;
}

void
json_free(struct json_document *doc)
{
	for (size_t i = 0; i < doc->n; i++) {
		free(doc->value[i].path);
		free(doc->value[i].text);
	}
	free(doc->value);
	memset(doc, 0, sizeof(*doc));
}

void
json_show(const struct json_value *value, char *out)
{
	const char *quote = value->kind == JSON_STRING ? "\"" : "";
	size_t n = strlen(value->text), shown = 0, at, len;

	if (value->kind == JSON_ARRAY || value->kind == JSON_OBJECT) {
		snprintf(out, JSON_SHOW_MAX, "%s", value->kind == JSON_ARRAY ? "[...]" : "{...}");
		return;
	}
	at = (size_t)snprintf(out, JSON_SHOW_MAX, "%s", quote);
	while (shown < n && at < JSON_SHOW_MAX - 16) {
		len = utf8_length(value->text + shown, n - shown);
		if ((unsigned char)value->text[shown] < 0x20 || value->text[shown] == 0x7f) {
			at += (size_t)snprintf(out + at, JSON_SHOW_MAX - at, "\\u%04x",
			    value->text[shown]);
			shown++;
			continue;
		}
		memcpy(out + at, value->text + shown, len);
		at += len;
		shown += len;
	}
	snprintf(out + at, JSON_SHOW_MAX - at, "%s%s", shown < n ? "..." : "", quote);
}

/*
 * Reads JSON with comments into a flat list of values with their paths and
 * lines. Not cJSON: an error must name the line, a key given twice must be
 * seen, and an integer must stay exact beyond 2^53.
 *
 * JSON by RFC 8259, UTF-8, plus comments in the forms of C and C++. A comma
 * before a closing bracket is refused. Any thread.
 */
#ifndef FEED_CONF_CONFIG_JSON_H
#define FEED_CONF_CONFIG_JSON_H

#include <stdbool.h>
#include <stddef.h>

#include "feed/base/bytes.h"
#include "feed/conf/config_problem.h"

#define JSON_DEPTH_MAX 16   /* nested objects and arrays */
#define JSON_SHOW_MAX 96    /* room that json_show() needs, NUL included */

enum json_kind { JSON_NULL, JSON_BOOL, JSON_NUMBER, JSON_STRING, JSON_ARRAY, JSON_OBJECT };

struct json_value {
	enum json_kind kind;
	bool element; /* of the array before it, whose path it has */
	char *path;   /* names joined by dots */
	char *text;   /* decoded string; other scalars as written; else "" */
	struct config_origin at;
};

/*
 * An object or array comes before its members; objects and arrays inside
 * arrays come without theirs. Owns its values; a zeroed one is empty.
 */
struct json_document {
	struct json_value *value;
	size_t n;
};

/*
 * Reads `text` and adds its values to *doc, the outermost with `path`.
 * `start` says where the text begins; a start.line of 0 counts no lines.
 * Returns false when there was an error of syntax; reading goes on after a
 * missing comma or one too many, and stops after any other.
 */
bool json_read(struct bytes text, struct config_origin start, const char *path,
    struct json_document *doc, struct config_problems *problems);

void json_free(struct json_document *doc);

/* The value for an error message, quoted and shortened, in out[JSON_SHOW_MAX]. */
void json_show(const struct json_value *value, char *out);

#endif

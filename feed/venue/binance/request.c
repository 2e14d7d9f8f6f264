#include "feed/venue/binance/request.h"

#include <string.h>

#define ID_DIGITS_MAX 20 /* -9223372036854775808 */

/* Appends as long as there is room; `full` remembers that there was none. */
struct text {
	char *p;
	size_t n, cap;
	bool full;
};

static void
put(struct text *text, const char *p, size_t n)
{
	if (text->full || n > text->cap - text->n) {
		text->full = true;
		return;
	}
	memcpy(text->p + text->n, p, n);
	text->n += n;
}

#define PUT_LIT(text, s) put((text), (s), sizeof(s) - 1)

/* What RFC 8259 wants escaped; everything else may stand as it is in UTF-8. */
static size_t
escaped_bytes(unsigned char c)
{
	if (c == '"' || c == '\\')
		return 2;
	return c < 0x20 ? 6 : 1;
}

static void
put_string(struct text *text, struct bytes s)
{
	static const char hex[] = "0123456789abcdef";
	char escape[6] = {'\\', 'u', '0', '0', '0', '0'};
	unsigned char c;

	PUT_LIT(text, "\"");
	for (size_t i = 0; i < s.n; i++) {
		c = (unsigned char)s.p[i];
		if (c < 0x20) {
			escape[4] = hex[c >> 4];
			escape[5] = hex[c & 15];
			put(text, escape, sizeof(escape));
			continue;
		}
		if (c == '"' || c == '\\')
			PUT_LIT(text, "\\");
		put(text, &s.p[i], 1);
	}
	PUT_LIT(text, "\"");
}

static void
put_int(struct text *text, int64_t value)
{
	uint64_t left = value < 0 ? -(uint64_t)value : (uint64_t)value;
	char digits[ID_DIGITS_MAX];
	size_t at = sizeof(digits);

	do {
		digits[--at] = (char)('0' + left % 10);
		left /= 10;
	} while (left != 0);
	if (value < 0)
		digits[--at] = '-';
	put(text, digits + at, sizeof(digits) - at);
}

size_t
request_stream_bytes(struct bytes name)
{
	size_t n = sizeof("\"\",") - 1;

	for (size_t i = 0; i < name.n; i++)
		n += escaped_bytes((unsigned char)name.p[i]);
	return n;
}

size_t
request_format(char *out, size_t cap, enum request_method method, int64_t id,
    const struct bytes *names, size_t n)
{
	static const struct bytes method_name[REQUEST_METHODS] = {
		[REQUEST_METHOD_SUBSCRIBE] = {"SUBSCRIBE", 9},
		[REQUEST_METHOD_UNSUBSCRIBE] = {"UNSUBSCRIBE", 11},
		[REQUEST_METHOD_LIST] = {"LIST_SUBSCRIPTIONS", 18},
	};
	struct text text = {
		.p = out,
		.cap = cap < REQUEST_BYTES_MAX ? cap : REQUEST_BYTES_MAX,
	};

	if ((n == 0) != (method == REQUEST_METHOD_LIST))
		return 0;
	PUT_LIT(&text, "{\"method\":\"");
	put(&text, method_name[method].p, method_name[method].n);
	PUT_LIT(&text, "\"");
	for (size_t i = 0; i < n; i++) {
		if (i == 0)
			PUT_LIT(&text, ",\"params\":[");
		else
			PUT_LIT(&text, ",");
		put_string(&text, names[i]);
	}
	if (n > 0)
		PUT_LIT(&text, "]");
	PUT_LIT(&text, ",\"id\":");
	put_int(&text, id);
	PUT_LIT(&text, "}");
	return text.full ? 0 : text.n;
}

#include "feed/venue/binance/scan.h"

const char *
scan_space(const char *p, const char *end)
{
	while (p < end && (*p == ' ' || *p == '\t' || *p == '\n' || *p == '\r'))
		p++;
	return p;
}

/* Value of one hexadecimal digit, or -1. */
static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
		return (c | 0x20) - 'a' + 10;
	return -1;
}

/* Reads the four digits of \uXXXX; -1 when they are not there. */
static int
hex_unit(const char *p, const char *end)
{
	int unit = 0;

	if (end - p < 4)
		return -1;
	for (int i = 0; i < 4; i++) {
		int digit = hex_digit(p[i]);

		if (digit < 0)
			return -1;
		unit = unit * 16 + digit;
	}
	return unit;
}

/*
 * Reads one escape from behind its backslash: the character goes to *code.
 * Half a surrogate pair is no character and refused.
 */
static const char *
scan_escape(const char *p, const char *end, uint32_t *code)
{
	static const char letters[] = "\"\\/bfnrt", meant[] = "\"\\/\b\f\n\r\t";
	const char *letter;
	int high, low;

	if (p >= end)
		return NULL;
	if (*p != 'u') {
		letter = memchr(letters, *p, sizeof(letters) - 1);
		if (letter == NULL)
			return NULL;
		*code = (unsigned char)meant[letter - letters];
		return p + 1;
	}
	high = hex_unit(p + 1, end);
	if (high < 0 || (high >= 0xdc00 && high <= 0xdfff))
		return NULL;
	p += 5;
	*code = (uint32_t)high;
	if (high < 0xd800 || high > 0xdfff)
		return p;
	if (end - p < 6 || p[0] != '\\' || p[1] != 'u')
		return NULL;
	low = hex_unit(p + 2, end);
	if (low < 0xdc00 || low > 0xdfff)
		return NULL;
	*code = 0x10000 + (((uint32_t)high - 0xd800) << 10) + ((uint32_t)low - 0xdc00);
	return p + 6;
}

const char *
scan_string_rest(const char *p, const char *end)
{
	uint32_t code;

	for (;;) {
		p = scan_plain(p, end);
		if (p >= end || (unsigned char)*p < 0x20)
			return NULL;
		if (*p == '"')
			return p;
		p = scan_escape(p + 1, end, &code);
		if (p == NULL)
			return NULL;
	}
}

/* Writes one character as UTF-8. Returns its length, 0 when there is no room. */
static size_t
utf8_write(uint32_t code, char *out, size_t room)
{
	size_t n = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
	static const unsigned char lead[] = {0, 0, 0xc0, 0xe0, 0xf0};

	if (n > room)
		return 0;
	for (size_t i = n; i-- > 1; code >>= 6)
		out[i] = (char)(0x80 | (code & 0x3f));
	out[0] = (char)(lead[n] | code);
	return n;
}

bool
scan_unescape(struct bytes raw, char *out, size_t room, size_t *length)
{
	const char *p = raw.p, *end = raw.p + raw.n;
	size_t n = 0;

	while (p < end) {
		uint32_t code;
		size_t wrote;

		if (*p != '\\') {
			if (n == room)
				return false;
			out[n++] = *p++;
			continue;
		}
		p = scan_escape(p + 1, end, &code);
		if (p == NULL || code == 0)
			return false;
		wrote = utf8_write(code, out + n, room - n);
		if (wrote == 0)
			return false;
		n += wrote;
	}
	*length = n;
	return true;
}

/* Skips at least one digit; NULL when there is none. */
static const char *
scan_digit_run(const char *p, const char *end)
{
	const char *start = p;

	while (p < end && *p >= '0' && *p <= '9')
		p++;
	return p > start ? p : NULL;
}

const char *
scan_number(const char *p, const char *end)
{
	const char *start;

	if (p < end && *p == '-')
		p++;
	start = p;
	p = scan_digit_run(p, end);
	if (p == NULL || (*start == '0' && p > start + 1))
		return NULL;
	if (p < end && *p == '.') {
		p = scan_digit_run(p + 1, end);
		if (p == NULL)
			return NULL;
	}
	if (p < end && (*p == 'e' || *p == 'E')) {
		p++;
		if (p < end && (*p == '+' || *p == '-'))
			p++;
		p = scan_digit_run(p, end);
	}
	return p;
}

/* Skips `word`; NULL when something else is there. */
static const char *
scan_word(const char *p, const char *end, const char *word, size_t n)
{
	return (size_t)(end - p) >= n && memcmp(p, word, n) == 0 ? p + n : NULL;
}

/* Skips the key of an object's member and its colon, with white space around. */
static const char *
scan_member_key(const char *p, const char *end)
{
	p = scan_space(p, end);
	if (p >= end || *p != '"')
		return NULL;
	p = scan_string_rest(p + 1, end);
	if (p == NULL)
		return NULL;
	p = scan_space(p + 1, end);
	return p < end && *p == ':' ? p + 1 : NULL;
}

/* Skips the elements of an array or the members of an object up to `close`. */
static const char *
scan_elements(const char *p, const char *end, int depth, char close)
{
	p = scan_space(p, end);
	if (p < end && *p == close)
		return p + 1;
	for (;;) {
		if (close == '}' && (p = scan_member_key(p, end)) == NULL)
			return NULL;
		p = scan_value(scan_space(p, end), end, depth);
		if (p == NULL)
			return NULL;
		p = scan_space(p, end);
		if (p >= end)
			return NULL;
		if (*p == close)
			return p + 1;
		if (*p++ != ',')
			return NULL;
	}
}

const char *
scan_value(const char *p, const char *end, int depth)
{
	if (p >= end)
		return NULL;
	switch (*p) {
	case '"':
		p = scan_string_rest(p + 1, end);
		return p == NULL ? NULL : p + 1;
	case '{':
	case '[':
		if (depth >= SCAN_DEPTH_MAX)
			return NULL;
		return scan_elements(p + 1, end, depth + 1, *p == '{' ? '}' : ']');
	case 't':
		return scan_word(p, end, "true", 4);
	case 'f':
		return scan_word(p, end, "false", 5);
	case 'n':
		return scan_word(p, end, "null", 4);
	default:
		return scan_number(p, end);
	}
}

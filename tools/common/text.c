#include "tools/common/text.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

/* Unicode 15, East Asian Width W and F: the ranges that names of instruments may use. */
static const struct {
	uint32_t first, last;
} wide[] = {
	{0x1100, 0x115f}, {0x2e80, 0x303e}, {0x3041, 0xa4cf}, {0xac00, 0xd7a3}, {0xf900, 0xfaff},
	{0xfe30, 0xfe6f}, {0xff00, 0xff60}, {0xffe0, 0xffe6}, {0x1f300, 0x1f64f},
	{0x1f680, 0x1f6ff}, {0x1f900, 0x1f9ff}, {0x20000, 0x3fffd},
}, combining[] = {
	{0x0300, 0x036f}, {0x200b, 0x200f}, {0x20d0, 0x20ff}, {0xfe00, 0xfe0f},
};

/* Length of the UTF-8 character at s, 0 when it is none; its code in *code. */
static size_t
character(const unsigned char *s, size_t n, uint32_t *code)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	size_t length = s[0] < 0x80 ? 1 : s[0] >= 0xf0 ? 4 : s[0] >= 0xe0 ? 3 : 2;

	if (length == 1) {
		*code = s[0];
		return 1;
	}
	if (s[0] < 0xc2 || s[0] > 0xf4 || length > n)
		return 0;
	*code = s[0] & (0xffu >> (length + 1));
	for (size_t i = 1; i < length; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		*code = *code << 6 | (s[i] & 0x3f);
	}
	if (*code < least[length] || *code > 0x10ffff || (*code >= 0xd800 && *code <= 0xdfff))
		return 0;
	return length;
}

size_t
text_clean(const char *s, size_t n, char *out, size_t size)
{
	size_t used = 0;

	assert(size > 0);
	n = strnlen(s, n);
	for (size_t i = 0; i < n && used + 1 < size;) {
		uint32_t code = 0;
		size_t length = character((const unsigned char *)s + i, n - i, &code);

		if (length == 0 || code < 0x20 || (code >= 0x7f && code < 0xa0)) {
			out[used++] = '?';
			i += length == 0 ? 1 : length;
			continue;
		}
		if (used + length >= size)
			break;
		memcpy(out + used, s + i, length);
		used += length;
		i += length;
	}
	out[used] = '\0';
	return used;
}

static int
columns_of(uint32_t code)
{
	for (size_t i = 0; i < sizeof(combining) / sizeof(combining[0]); i++)
		if (code >= combining[i].first && code <= combining[i].last)
			return 0;
	for (size_t i = 0; i < sizeof(wide) / sizeof(wide[0]); i++)
		if (code >= wide[i].first && code <= wide[i].last)
			return 2;
	return 1;
}

/* Bytes of the beginning that takes at most `limit` columns; the columns in *taken. */
static size_t
measure(const char *s, int limit, int *taken)
{
	size_t n = strlen(s), i = 0;

	*taken = 0;
	while (i < n) {
		uint32_t code = 0;
		size_t length = character((const unsigned char *)s + i, n - i, &code);
		int columns = length == 0 ? 1 : columns_of(code);

		if (*taken + columns > limit)
			break;
		*taken += columns;
		i += length == 0 ? 1 : length;
	}
	return i;
}

int
text_columns(const char *s)
{
	int taken;

	measure(s, INT32_MAX, &taken);
	return taken;
}

size_t
text_fit(const char *s, int columns)
{
	int taken;

	return measure(s, columns, &taken);
}

void
text_pad(FILE *out, const char *s, int columns)
{
	int blanks = (columns < 0 ? -columns : columns) - text_columns(s);

	if (blanks < 0)
		blanks = 0;
	if (columns >= 0)
		fprintf(out, "%*s%s", blanks, "", s);
	else
		fprintf(out, "%s%*s", s, blanks, "");
}

void
text_json(FILE *out, const char *s)
{
	fputc('"', out);
	for (; *s != '\0'; s++) {
		if (*s == '"' || *s == '\\')
			fputc('\\', out);
		fputc(*s, out);
	}
	fputc('"', out);
}

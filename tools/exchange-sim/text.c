#include "tools/exchange-sim/text.h"

#include <string.h>

void
text_add(struct text *t, const char *p, size_t n)
{
	if (n > t->cap - t->n) {
		t->full = true;
		return;
	}
	if (n == 0)
		return; /* and p may be NULL */
	memcpy(t->p + t->n, p, n);
	t->n += n;
}

/* Writes `value` right-aligned, ending before `end`; returns where it starts. */
static char *
digits_before(char *end, uint64_t value)
{
	do {
		*--end = (char)('0' + value % 10);
		value /= 10;
	} while (value != 0);
	return end;
}

void
text_int(struct text *t, int64_t value)
{
	char buf[24], *end = buf + sizeof(buf), *p;

	p = digits_before(end, value < 0 ? -(uint64_t)value : (uint64_t)value);
	if (value < 0)
		*--p = '-';
	text_add(t, p, (size_t)(end - p));
}

void
text_decimal(struct text *t, int64_t units)
{
	char buf[32], *end = buf + sizeof(buf), *p = end;
	uint64_t value = units < 0 ? -(uint64_t)units : (uint64_t)units;
	uint64_t fraction = value % UNITS_PER_ONE;

	*--p = '"';
	for (int i = 0; i < 8; i++) {
		*--p = (char)('0' + fraction % 10);
		fraction /= 10;
	}
	*--p = '.';
	p = digits_before(p, value / UNITS_PER_ONE);
	if (units < 0)
		*--p = '-';
	*--p = '"';
	text_add(t, p, (size_t)(end - p));
}

void
text_json(struct text *t, struct bytes s)
{
	static const char hex[] = "0123456789abcdef";

	text_lit(t, "\"");
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];
		char escaped[6] = {'\\', 'u', '0', '0', hex[c >> 4], hex[c & 15]};

		if (c == '"' || c == '\\') {
			text_lit(t, "\\");
			text_add(t, s.p + i, 1);
		} else if (c < 0x20) {
			text_add(t, escaped, sizeof(escaped));
		} else {
			text_add(t, s.p + i, 1);
		}
	}
	text_lit(t, "\"");
}

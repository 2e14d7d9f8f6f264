#include "feed/ops/quoted.h"

void
quoted_put(FILE *out, const char *text, size_t room)
{
	fputc('"', out);
	for (size_t i = 0; i < room && text[i] != '\0'; i++) {
		if (text[i] == '"' || text[i] == '\\')
			fputc('\\', out);
		fputc(text[i] < ' ' || text[i] > '~' ? '?' : text[i], out);
	}
	fputc('"', out);
}

#include "tools/exchange-sim/endpoint.h"

#include <string.h>

/* Digits up to `max`, ended by a comma or the end. */
static bool
read_number(const char **at, uint32_t max, uint32_t *out)
{
	const char *p = *at;

	for (*out = 0; *p >= '0' && *p <= '9'; p++) {
		*out = *out * 10 + (uint32_t)(*p - '0');
		if (*out > max)
			return false;
	}
	if (p == *at || (*p != '\0' && *p != ','))
		return false;
	*at = *p == ',' ? p + 1 : p;
	return true;
}

static bool
begins(const char **at, const char *word)
{
	size_t n = strlen(word);

	if (strncmp(*at, word, n) != 0)
		return false;
	*at += n;
	return true;
}

/* A word, and the comma behind it. */
static bool
takes_word(const char **at, const char *word)
{
	const char *p = *at;

	if (!begins(&p, word) || (*p != '\0' && *p != ','))
		return false;
	*at = *p == ',' ? p + 1 : p;
	return true;
}

bool
endpoint_parse(const char *text, struct endpoint *out)
{
	size_t n = strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				"0123456789-_.");
	uint32_t number;

	*out = (struct endpoint){0};
	if (n == 0 || n >= sizeof(out->name) || text[n] != '=')
		return false;
	memcpy(out->name, text, n);
	text += n + 1;
	if (!read_number(&text, 65535, &number))
		return false;
	out->port = (uint16_t)number;
	while (*text != '\0') {
		bool delay;

		if (takes_word(&text, "sbe")) {
			out->binary = true;
			continue;
		}
		delay = begins(&text, "delay=");

		if ((!delay && !begins(&text, "jitter=")) || !read_number(&text, 600000, &number))
			return false;
		*(delay ? &out->delay : &out->jitter) = span_ms(number);
	}
	return true;
}

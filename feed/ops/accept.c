#include "feed/ops/accept.h"

#include <string.h>
#include <strings.h>

#include "feed/base/bytes.h"

#define QUALITY_MAX 1000 /* q=1, the default */

/* Cuts off the next part before `mark`, without the blanks around it. */
static struct bytes
cut(struct bytes *rest, char mark)
{
	const char *end = rest->n > 0 ? memchr(rest->p, mark, rest->n) : NULL;
	struct bytes part = {rest->p, end != NULL ? (size_t)(end - rest->p) : rest->n};
	size_t gone = part.n + (end != NULL);

	*rest = (struct bytes){rest->p + gone, rest->n - gone};
	while (part.n > 0 && (part.p[0] == ' ' || part.p[0] == '\t')) {
		part.p++;
		part.n--;
	}
	while (part.n > 0 && (part.p[part.n - 1] == ' ' || part.p[part.n - 1] == '\t'))
		part.n--;
	return part;
}

static bool
is(struct bytes a, const char *text)
{
	return a.n == strlen(text) && strncasecmp(a.p, text, a.n) == 0;
}

static bool
begins(struct bytes a, const char *text)
{
	return a.n >= strlen(text) && strncasecmp(a.p, text, strlen(text)) == 0;
}

/* "0.75" is 750. What is no such number is 0. */
static int
quality(struct bytes text)
{
	int value = 0, unit = QUALITY_MAX;

	for (size_t i = 0; i < text.n && unit > 0; i++) {
		if (i == 1 && text.p[i] == '.')
			continue;
		if (text.p[i] < '0' || text.p[i] > '9')
			return 0;
		value += (text.p[i] - '0') * unit;
		unit /= 10;
	}
	return value > QUALITY_MAX ? 0 : value;
}

bool
accept_wants_openmetrics(const char *accept)
{
	struct bytes rest = {accept, strlen(accept)};
	int text = 0, open = 0;

	while (rest.n > 0) {
		struct bytes range = cut(&rest, ','), type = cut(&range, ';');
		bool draft = false; /* of OpenMetrics, whose counters are others */
		int q = QUALITY_MAX;

		while (range.n > 0) {
			struct bytes parameter = cut(&range, ';');

			if (begins(parameter, "q="))
				q = quality((struct bytes){parameter.p + 2, parameter.n - 2});
			else if (begins(parameter, "version=0.0.1"))
				draft = true;
		}
		if (is(type, "text/plain") && q > text)
			text = q;
		if (is(type, "application/openmetrics-text") && !draft && q > open)
			open = q;
	}
	return open > 0 && open >= text;
}

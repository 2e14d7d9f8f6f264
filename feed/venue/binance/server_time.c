#include "feed/venue/binance/server_time.h"

#include <string.h>

bool
server_time_parse(struct bytes body, int64_t *ns, int64_t *unit)
{
	static const char key[] = "\"serverTime\":";
	const char *at = memmem(body.p, body.n, key, sizeof(key) - 1);
	const char *end = body.p + body.n;
	int64_t value = 0;
	int digits = 0;

	if (at == NULL)
		return false;
	for (at += sizeof(key) - 1; at < end && *at == ' '; at++)
		;
	for (; at < end && *at >= '0' && *at <= '9' && digits < 17; at++, digits++)
		value = value * 10 + (*at - '0');
	if (digits != 13 && digits != 16)
		return false;
	*unit = digits == 13 ? 1000000 : 1000;
	*ns = value * *unit;
	return true;
}

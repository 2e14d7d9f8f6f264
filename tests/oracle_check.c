#include "tests/oracle_check.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

void
check_differ(struct check *c, const char *key, const char *what)
{
	if (!c->differs)
		snprintf(c->why, ORACLE_WHY_MAX, "%s: %s", key, what);
	c->differs = true;
}

const cJSON *
check_item(const cJSON *object, const char *key)
{
	return cJSON_GetObjectItemCaseSensitive(object, key);
}

void
check_text(struct check *c, const cJSON *object, const char *key, struct bytes ours)
{
	const cJSON *theirs = check_item(object, key);

	if (!cJSON_IsString(theirs) || !bytes_equal(bytes_of(theirs->valuestring), ours))
		check_differ(c, key, "text differs");
}

void
check_integer(struct check *c, const cJSON *object, const char *key, int64_t ours)
{
	const cJSON *theirs = check_item(object, key);

	if (!cJSON_IsNumber(theirs) || theirs->valuedouble != (double)ours)
		check_differ(c, key, "integer differs");
	else if (fabs(theirs->valuedouble) < 9007199254740992.0 &&
	    (int64_t)theirs->valuedouble != ours)
		check_differ(c, key, "integer differs exactly");
}

void
check_optional_integer(struct check *c, const cJSON *object, const char *key, int64_t ours)
{
	if (check_item(object, key) != NULL)
		check_integer(c, object, key, ours);
	else if (ours != VENUE_NO_ID)
		check_differ(c, key, "an id out of nowhere");
}

void
check_time(struct check *c, const cJSON *object, const char *key, int64_t ours)
{
	const cJSON *theirs = check_item(object, key);
	int64_t unit;

	if (theirs == NULL) {
		if (ours != VENUE_NO_TIME)
			check_differ(c, key, "a time out of nowhere");
		return;
	}
	unit = cJSON_IsNumber(theirs) && theirs->valuedouble < 1e13 ? 1000000 : 1000;
	if (!cJSON_IsNumber(theirs) || ours % unit != 0 ||
	    theirs->valuedouble != (double)(ours / unit))
		check_differ(c, key, "time differs");
}

void
check_flag(struct check *c, const cJSON *object, const char *key, bool ours)
{
	const cJSON *theirs = check_item(object, key);

	if (!cJSON_IsBool(theirs) || cJSON_IsTrue(theirs) != ours)
		check_differ(c, key, "flag differs");
}

/* A decimal in its shortest form: digits without zeros at either end, and a power of ten. */
struct plain {
	bool negative;
	char digits[512];
	long power;
};

static bool
plain_of(const char *text, struct plain *out)
{
	size_t n = 0;
	bool point = false;

	*out = (struct plain){0};
	out->negative = *text == '-';
	for (text += out->negative; *text != '\0'; text++) {
		if (*text == '.') {
			point = true;
			continue;
		}
		if (*text < '0' || *text > '9' || n + 1 >= sizeof(out->digits))
			return false;
		out->power -= point;
		if (n > 0 || *text != '0')
			out->digits[n++] = *text;
	}
	while (n > 0 && out->digits[n - 1] == '0') {
		out->digits[--n] = '\0';
		out->power++;
	}
	if (n == 0) {
		out->power = 0;
		out->negative = false;
	}
	return true;
}

bool
check_same_decimal(const cJSON *theirs, struct fixed ours)
{
	struct plain a, b;
	char text[32];

	snprintf(text, sizeof(text), "%" PRId64, ours.mantissa);
	if (!cJSON_IsString(theirs) || !plain_of(theirs->valuestring, &a) || !plain_of(text, &b))
		return false;
	if (b.digits[0] != '\0')
		b.power += ours.exponent;
	return a.negative == b.negative && a.power == b.power && strcmp(a.digits, b.digits) == 0;
}

void
check_decimal(struct check *c, const cJSON *object, const char *key, struct fixed ours)
{
	if (!check_same_decimal(check_item(object, key), ours))
		check_differ(c, key, "decimal differs");
}

void
check_candle(struct check *c)
{
	const struct event *e = c->event;
	const cJSON *k = check_item(c->payload, "k");

	check_time(c, k, "T", e->trade_ns);
	check_time(c, k, "t", e->u.kline.start_ns);
	check_integer(c, k, "L", e->id);
	check_integer(c, k, "f", e->first_id);
	check_integer(c, k, "n", e->u.kline.trades);
	check_decimal(c, k, "o", e->u.kline.open);
	check_decimal(c, k, "h", e->u.kline.high);
	check_decimal(c, k, "l", e->u.kline.low);
	check_decimal(c, k, "c", e->u.kline.close);
	check_decimal(c, k, "v", e->u.kline.volume);
	check_decimal(c, k, "V", e->u.kline.taker_volume);
	check_text(c, k, "i", e->u.kline.interval);
	check_flag(c, k, "x", e->u.kline.closed);
}

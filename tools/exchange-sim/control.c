#include "tools/exchange-sim/control.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <string.h>

#include "tools/exchange-sim/report.h"

#define ID_TEXT_MAX 36

/* Binance: web-socket-streams.md, error messages (2026-08) */
#define E_VARIANTS \
	"expected one of `SUBSCRIBE`, `UNSUBSCRIBE`, `LIST_SUBSCRIPTIONS`, " \
	"`SET_PROPERTY`, `GET_PROPERTY`"
#define E_PROPERTY "Unknown property"
#define E_BOOLEAN "Invalid value type: expected Boolean"
#define E_NAME "Invalid request: property name must be a string"
#define E_ID "Invalid request: request ID must be an unsigned integer"
#define E_MANY "Invalid request: too many parameters"
#define E_METHOD "Invalid request: missing field `method`"
#define E_OBJECT "Invalid request: expected a JSON object"
#define E_STREAM "Invalid request: invalid stream"
#define E_PARAMS "Invalid request: params must be an array of strings"
#define E_STREAMS "Invalid request: too many streams"
#define E_MEMORY "Invalid request: out of memory"
#define E_REJECTED "Invalid request: rejected" /* by a fault, unless it says more */

struct error {
	int code;
	const char *msg; /* NULL: no error */
};

struct answer {
	struct text result;   /* JSON text; empty stands for null */
	struct error error;
	char variant[256];    /* the text of an unknown method's error */
};

/*
 * The id's text in the request, which a double might not hold: int64. cJSON
 * keeps no positions, so a number is looked for where the key "id" ends.
 */
static bool
integer_id(struct bytes request, struct bytes *out)
{
	int depth = 0;
	bool in_string = false;
	size_t i, start = 0;

	for (i = 0; i < request.n; i++) {
		char c = request.p[i];

		if (in_string && c == '\\') {
			i++;
		} else if (c == '"') {
			in_string = !in_string;
			if (in_string)
				start = i;
			else if (depth == 1 && i - start == 3 &&
			    memcmp(request.p + start, "\"id", 3) == 0)
				break;
		} else if (!in_string) {
			depth += (c == '{' || c == '[') - (c == '}' || c == ']');
		}
	}
	for (i++; i < request.n && strchr(" \t\r\n:", request.p[i]) != NULL; i++)
		;
	*out = (struct bytes){request.p + i, 0};
	while (i + out->n < request.n && strchr("-0123456789", out->p[out->n]) != NULL)
		out->n++;
	/* Not followed by a fraction or an exponent, and within 64 bits. */
	if (out->n == 0 || out->n > 20 || i + out->n >= request.n ||
	    strchr(".eE", out->p[out->n]) != NULL)
		return false;
	return true;
}

static bool
fits_int64(struct bytes digits)
{
	bool negative = digits.n > 0 && digits.p[0] == '-';
	int64_t value = 0;

	for (size_t i = negative; i < digits.n; i++) {
		int digit = digits.p[i] - '0';

		if (__builtin_mul_overflow(value, (int64_t)10, &value) ||
		    __builtin_sub_overflow(value, (int64_t)digit, &value))
			return false;
	}
	return negative || value != INT64_MIN;
}

/* Writes the id as it goes into the reply. False when it is no valid one. */
static bool
take_id(struct text *t, const cJSON *id, struct bytes request)
{
	struct bytes digits;

	if (id == NULL || cJSON_IsNull(id)) {
		text_lit(t, "null");
		return true;
	}
	if (cJSON_IsNumber(id)) {
		if (!integer_id(request, &digits) || !fits_int64(digits))
			return false;
		text_add(t, digits.p, digits.n);
		return true;
	}
	if (!cJSON_IsString(id) || strlen(id->valuestring) > ID_TEXT_MAX)
		return false;
	for (const char *c = id->valuestring; *c != '\0'; c++) {
		if (!((*c >= '0' && *c <= '9') || (*c >= 'a' && *c <= 'z') ||
		    (*c >= 'A' && *c <= 'Z') || *c == '-' || *c == '_'))
			return false;
	}
	text_json(t, bytes_of(id->valuestring));
	return true;
}

/* Are the params a list of stream names? */
static struct error
check_names(const cJSON *params)
{
	const cJSON *item;

	if (!cJSON_IsArray(params))
		return (struct error){2, E_PARAMS};
	for (item = params->child; item != NULL; item = item->next) {
		if (!cJSON_IsString(item))
			return (struct error){2, E_PARAMS};
		if (!stream_name_valid(bytes_of(item->valuestring)))
			return (struct error){2, E_STREAM};
	}
	return (struct error){0, NULL};
}

/* A subscription has been made: is it to stay silent? */
static void
mute_by_fault(struct session *s, struct bytes name)
{
	struct fault_target target = session_target(s);

	target.stream = name;
	if (faults_hit(s->desk->faults, FAULT_ACK_SILENT, &target) != NULL)
		session_mute(s, name);
}

static void
subscribe(struct session *s, const cJSON *params, struct answer *a)
{
	const cJSON *item;
	uint32_t before = s->nstreams;

	a->error = check_names(params);
	if (a->error.msg != NULL)
		return;
	for (item = params->child; item != NULL; item = item->next) {
		struct bytes name = bytes_of(item->valuestring);

		if (session_has(s, name))
			continue;
		if (s->nstreams == s->desk->cfg.streams_max)
			a->error = (struct error){2, E_STREAMS};
		else if (!session_subscribe(s, name))
			a->error = (struct error){2, E_MEMORY};
		if (a->error.msg == NULL) {
			mute_by_fault(s, name);
			continue;
		}
		/* All or nothing. */
		while (s->nstreams > before) {
			struct stream *last = s->stream[s->nstreams - 1];

			session_unsubscribe(s, (struct bytes){last->name, last->name_n});
		}
		return;
	}
}

static void
unsubscribe(struct session *s, const cJSON *params, struct answer *a)
{
	const cJSON *item;

	a->error = check_names(params);
	if (a->error.msg != NULL)
		return;
	for (item = params->child; item != NULL; item = item->next)
		session_unsubscribe(s, bytes_of(item->valuestring));
}

static void
list(struct session *s, const cJSON *params, struct answer *a)
{
	if (params != NULL && cJSON_GetArraySize(params) > 0) {
		a->error = (struct error){2, E_MANY};
		return;
	}
	text_lit(&a->result, "[");
	for (uint32_t i = 0; i < s->nstreams; i++) {
		if (i > 0)
			text_lit(&a->result, ",");
		text_json(&a->result, (struct bytes){s->stream[i]->name, s->stream[i]->name_n});
	}
	text_lit(&a->result, "]");
}

/* The property's name, checked; `n` parameters are expected. */
static struct error
check_property(const cJSON *params, int n)
{
	const cJSON *name = cJSON_GetArrayItem(params, 0);

	if (!cJSON_IsArray(params) || !cJSON_IsString(name))
		return (struct error){2, E_NAME};
	if (strcmp(name->valuestring, "combined") != 0)
		return (struct error){0, E_PROPERTY};
	if (cJSON_GetArraySize(params) > n)
		return (struct error){2, E_MANY};
	return (struct error){0, NULL};
}

static void
set_property(struct session *s, const cJSON *params, struct answer *a)
{
	const cJSON *value;

	a->error = check_property(params, 2);
	if (a->error.msg != NULL)
		return;
	value = cJSON_GetArrayItem(params, 1);
	if (!cJSON_IsBool(value))
		a->error = (struct error){1, E_BOOLEAN};
	else
		s->combined = cJSON_IsTrue(value);
}

static void
get_property(struct session *s, const cJSON *params, struct answer *a)
{
	a->error = check_property(params, 1);
	if (a->error.msg != NULL)
		return;
	if (s->combined)
		text_lit(&a->result, "true");
	else
		text_lit(&a->result, "false");
}

static const struct {
	const char *name;
	void (*obey)(struct session *s, const cJSON *params, struct answer *a);
} methods[] = {
	{"SUBSCRIBE", subscribe},
	{"UNSUBSCRIBE", unsubscribe},
	{"LIST_SUBSCRIPTIONS", list},
	{"SET_PROPERTY", set_property},
	{"GET_PROPERTY", get_property},
};

static void
obey(struct session *s, const cJSON *request, struct answer *a)
{
	const cJSON *method = cJSON_GetObjectItemCaseSensitive(request, "method");
	const cJSON *params = cJSON_GetObjectItemCaseSensitive(request, "params");

	if (!cJSON_IsObject(request)) {
		a->error = (struct error){2, E_OBJECT};
		return;
	}
	if (!cJSON_IsString(method)) {
		a->error = (struct error){2, E_METHOD};
		return;
	}
	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
		if (strcmp(method->valuestring, methods[i].name) == 0) {
			methods[i].obey(s, params, a);
			return;
		}
	}
	snprintf(a->variant, sizeof(a->variant),
	    "Invalid request: unknown variant `%.64s`, " E_VARIANTS, method->valuestring);
	a->error = (struct error){2, a->variant};
}

static void
put_error(struct text *t, struct error e)
{
	text_lit(t, "{\"code\":");
	text_int(t, e.code);
	text_lit(t, ",\"msg\":");
	text_json(t, bytes_of(e.msg));
	text_lit(t, ",\"id\":");
}

/* Where parsing stopped, as the exchange tells it: lines and columns from 1. */
static void
tell_place(struct answer *a, struct bytes request, const char *at)
{
	size_t line = 1, column = 1;

	for (const char *c = request.p; at != NULL && c < at && c < request.p + request.n; c++) {
		column++;
		if (*c == '\n') {
			line++;
			column = 1;
		}
	}
	snprintf(a->variant, sizeof(a->variant),
	    "Invalid JSON: expected value at line %zu column %zu", line, column);
	a->error = (struct error){3, a->variant};
}

/* The fault "reject": an error instead of obedience. */
static bool
rejected(struct session *s, struct answer *a)
{
	struct fault_target target = session_target(s);
	const struct fault *f = faults_hit(s->desk->faults, FAULT_REJECT, &target);

	if (f == NULL)
		return false;
	snprintf(a->variant, sizeof(a->variant), "%.200s", f->text[0] ? f->text : E_REJECTED);
	a->error = (struct error){f->code, a->variant};
	return true;
}

/* Sends the reply, unless a fault has it come late or never. */
static void
reply(struct session *s, struct bytes text, mono_t now)
{
	struct fault_target target = session_target(s);
	const struct fault *f;

	if (faults_hit(s->desk->faults, FAULT_ACK_NEVER, &target) != NULL)
		return;
	f = faults_hit(s->desk->faults, FAULT_ACK_LATE, &target);
	if (f != NULL)
		session_send_later(s, text, mono_add(now, f->ms));
	else if (!session_send(s, text))
		session_close(s, 1008, "Client is too slow", now);
}

/* {"result":...,"id":...} or {"code":...,"msg":...,"id":...} */
static void
put_answer(struct text *t, const struct answer *a, const struct text *id)
{
	if (a->error.msg != NULL) {
		put_error(t, a->error);
	} else {
		text_lit(t, "{\"result\":");
		if (a->result.n == 0)
			text_lit(t, "null");
		text_add(t, a->result.p, a->result.n);
		text_lit(t, ",\"id\":");
	}
	if (id->n == 0)
		text_lit(t, "null");
	text_add(t, id->p, id->n);
	text_lit(t, "}");
}

void
control_request(struct session *s, struct bytes request, mono_t now)
{
	/* The longest list: every stream the longest name. Static: one thread. */
	static char result[2048 * (STREAM_NAME_MAX + 3) + 2];
	char text[WIRE_REQUEST_MAX + 1], id_text[2 * ID_TEXT_MAX + 8];
	struct text id = {.p = id_text, .cap = sizeof(id_text)}, *t = &s->desk->scratch;
	struct answer a = {.result = {.p = result, .cap = sizeof(result)}};
	struct fault_target target = session_target(s);
	const char *end = NULL;
	cJSON *json;

	if (faults_hit(s->desk->faults, FAULT_IGNORE, &target) != NULL)
		return;
	memcpy(text, request.p, request.n);
	text[request.n] = '\0';
	request.p = text;
	json = cJSON_ParseWithLengthOpts(text, request.n + 1, &end, true);
	if (json == NULL)
		tell_place(&a, request, end);
	else if (!take_id(&id, cJSON_GetObjectItemCaseSensitive(json, "id"), request))
		a.error = (struct error){2, E_ID};
	else if (!rejected(s, &a))
		obey(s, json, &a);
	s->desk->tally.request_errors += a.error.msg != NULL;
	t->n = 0;
	put_answer(t, &a, &id);
	report(REPORT_DEBUG, "connection %llu: %.300s", (unsigned long long)s->number, text);
	reply(s, text_bytes(t), now);
	cJSON_Delete(json);
}

#include <cJSON.h>
#include <libwebsockets.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "feed/io/clock.h"
#include "tests/bench/receive/client.h"

struct state {
	const struct client_cfg *cfg;
	struct client_tally tally;
	bool asked, over;
	size_t n;
	double sum; /* of prices: what is decoded is used */
	char message[65536];
};

/* The first price of any of the messages, as text. */
static const char *
first_price(const cJSON *data)
{
	const cJSON *at = cJSON_GetObjectItemCaseSensitive(data, "p");

	if (at == NULL)
		at = cJSON_GetObjectItemCaseSensitive(data, "b");
	if (cJSON_IsArray(at))
		at = cJSON_GetArrayItem(cJSON_GetArrayItem(at, 0), 0);
	return cJSON_GetStringValue(at);
}

static int64_t
units_of(const char *price)
{
	int64_t units = 0;

	for (; *price != '\0'; price++)
		if (*price != '.')
			units = units * 10 + (*price - '0');
	return units;
}

/* Every value of the message as a number, as a handler of the data would take them. */
static double
sum_of(const cJSON *value)
{
	const cJSON *child;
	double sum = 0;

	if (cJSON_IsString(value))
		return strtod(value->valuestring, NULL);
	if (cJSON_IsNumber(value))
		return value->valuedouble;
	cJSON_ArrayForEach(child, value)
		sum += sum_of(child);
	return sum;
}

static void
on_message(struct state *s)
{
	cJSON *root = cJSON_ParseWithLength(s->message, s->n);
	const cJSON *data = cJSON_GetObjectItemCaseSensitive(root, "data");
	const char *price;

	s->tally.messages++;
	s->n = 0;
	if (data != NULL) {
		s->sum += sum_of(data);
		price = first_price(data);
		if (s->cfg->stamped && price != NULL)
			client_tally_age(&s->tally, units_of(price), clock_mono());
	}
	cJSON_Delete(root);
}

static int
ask(struct state *s, struct lws *wsi)
{
	static unsigned char out[LWS_PRE + 4096];
	size_t n = strlen(client_request());

	if (s->asked || n > sizeof(out) - LWS_PRE)
		return 0;
	s->asked = true;
	memcpy(out + LWS_PRE, client_request(), n);
	return lws_write(wsi, out + LWS_PRE, n, LWS_WRITE_TEXT) < 0 ? -1 : 0;
}

static int
on_event(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t n)
{
	struct state *s = lws_context_user(lws_get_context(wsi));

	(void)user;
	switch (reason) {
	case LWS_CALLBACK_CLIENT_ESTABLISHED:
		lws_callback_on_writable(wsi);
		break;
	case LWS_CALLBACK_CLIENT_WRITEABLE:
		return ask(s, wsi);
	case LWS_CALLBACK_CLIENT_RECEIVE:
		if (n > sizeof(s->message) - s->n)
			return -1;
		memcpy(s->message + s->n, in, n);
		s->n += n;
		if (lws_is_final_fragment(wsi) && lws_remaining_packet_payload(wsi) == 0)
			on_message(s);
		break;
	case LWS_CALLBACK_CLIENT_CONNECTION_ERROR:
	case LWS_CALLBACK_CLIENT_CLOSED:
		s->over = true;
		lws_cancel_service(lws_get_context(wsi));
		break;
	default:
		break;
	}
	return 0;
}

int
client_lws(const struct client_cfg *cfg)
{
	static const struct lws_protocols protocols[] = {
		{.name = "bench", .callback = on_event, .rx_buffer_size = 65536},
		{.name = NULL},
	};
	struct state *s = calloc(1, sizeof(*s));
	struct lws_context_creation_info info = {.port = CONTEXT_PORT_NO_LISTEN,
	    .protocols = protocols, .options = LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT,
	    .client_ssl_ca_filepath = cfg->ca_file, .user = s};
	struct lws_client_connect_info dial = {.address = "127.0.0.1", .port = cfg->port,
	    .path = "/stream", .host = "localhost", .origin = "localhost",
	    .ssl_connection = LCCSCF_USE_SSL};

	if (s == NULL)
		return 1;
	s->cfg = cfg;
	lws_set_log_level(LLL_ERR, NULL);
	dial.context = lws_create_context(&info);
	if (dial.context == NULL || lws_client_connect_via_info(&dial) == NULL)
		return 1;
	while (!s->over && lws_service(dial.context, 0) >= 0)
		continue;
	client_tally_print(&s->tally);
	fprintf(stderr, "sum %g\n", s->sum);
	return 0;
}

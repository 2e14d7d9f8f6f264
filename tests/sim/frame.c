#include "tests/sim/frame.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "tests/sim/market.h"
#include "tests/sim/sim.h"

static bool
make_data(const struct agenda_item *item, struct frame_bytes *out)
{
	struct sim_record *r = market_record(&sim.stream[item->a], (uint64_t)item->b);

	if (r == NULL)
		return false;
	out->n = market_format(out->text, FRAME_MAX, (unsigned)item->a, r);
	if (item->c)
		out->n /= 2;
	else
		r->brought = true;
	return true;
}

static size_t
format_list(char *text, const struct agenda_item *item)
{
	const char *comma = "";
	int n = snprintf(text, FRAME_MAX, "{\"result\":[");

	for (unsigned i = 0; i < sim.nstreams; i++) {
		if ((item->b >> i & 1) == 0)
			continue;
		n += snprintf(text + n, FRAME_MAX - (size_t)n, "%s\"%s\"", comma,
		    sim.stream[i].name);
		comma = ",";
	}
	n += snprintf(text + n, FRAME_MAX - (size_t)n, "],\"id\":%" PRId64 "}", item->a);
	return (size_t)n;
}

/* Messages that no exchange sends, or that say nothing to us. */
static size_t
format_nonsense(char *text, const struct agenda_item *item)
{
	static const char *const nonsense[] = {
		"", "{", "[]", "null", "{\"e\":\"trade\",\"E\":1,\"s\":\"S0USDT\"}",
		"{\"e\":\"somethingNew\",\"E\":1}", "{\"result\":null,\"id\":987654321}",
		("{\"e\":\"trade\",\"E\":1,\"s\":\"S0USDT\",\"t\":-5,\"p\":\"1\","
		 "\"q\":\"1\",\"T\":1,\"m\":true,\"M\":true}"),
	};

	return (size_t)snprintf(text, FRAME_MAX, "%s", nonsense[item->a]);
}

bool
frame_make(const struct agenda_item *item, struct frame_bytes *out)
{
	/* Decoders may look at what lies behind the end. */
	memset(out, 0, sizeof(*out));
	switch (item->kind) {
	case AGENDA_DATA:
		return make_data(item, out);
	case AGENDA_REPLY:
		out->n = (size_t)snprintf(out->text, FRAME_MAX,
		    "{\"result\":null,\"id\":%" PRId64 "}", item->a);
		return true;
	case AGENDA_REFUSAL:
		out->n = (size_t)snprintf(out->text, FRAME_MAX,
		    "{\"code\":2,\"msg\":\"Invalid request\",\"id\":%" PRId64 "}", item->a);
		return true;
	case AGENDA_LIST:
		out->n = format_list(out->text, item);
		return true;
	case AGENDA_ANNOUNCE:
		out->n = (size_t)snprintf(out->text, FRAME_MAX,
		    "{\"e\":\"serverShutdown\",\"E\":%" PRId64 "}", market_ms(sim.now));
		return true;
	case AGENDA_NONSENSE:
		out->n = format_nonsense(out->text, item);
		out->payload = item->a == 3 ? TRANSPORT_BINARY : TRANSPORT_TEXT;
		return true;
	default:
		return false;
	}
}

#include "tools/exchange-sim/state.h"

#include <string.h>

static void
put_key(struct text *t, const char *key)
{
	if (t->n > 0 && t->p[t->n - 1] != '{')
		text_lit(t, ",");
	text_json(t, bytes_of(key));
	text_lit(t, ":");
}

static void
put_number(struct text *t, const char *key, uint64_t value)
{
	put_key(t, key);
	text_int(t, (int64_t)value);
}

static void
put_string(struct text *t, const char *key, const char *value)
{
	put_key(t, key);
	text_json(t, bytes_of(value));
}

static void
put_bool(struct text *t, const char *key, bool value)
{
	put_key(t, key);
	if (value)
		text_lit(t, "true");
	else
		text_lit(t, "false");
}

static uint64_t
milliseconds(mono_t from, mono_t to)
{
	return mono_before(from, to) ? (uint64_t)(mono_diff(to, from).ns / 1000000) : 0;
}

static void
put_subscriptions(struct text *t, const struct session *s)
{
	put_key(t, "subscriptions");
	text_lit(t, "[");
	for (uint32_t i = 0; i < s->nstreams; i++) {
		if (i > 0)
			text_lit(t, ",");
		text_json(t, (struct bytes){s->stream[i]->name, s->stream[i]->name_n});
	}
	text_lit(t, "]");
}

static void
put_connection(struct text *t, const struct session *s, bool names, mono_t now)
{
	static const char *const states[] = {"http", "open", "closing", "over"};

	text_lit(t, "{");
	put_number(t, "id", s->number);
	put_string(t, "endpoint", s->endpoint != NULL ? s->endpoint->name : "");
	put_string(t, "peer", s->peer);
	put_string(t, "state", states[s->state]);
	put_number(t, "age_ms", milliseconds(s->born, now));
	put_bool(t, "combined", s->combined);
	put_number(t, "streams", s->nstreams);
	put_number(t, "mute_streams", s->nmute);
	if (names)
		put_subscriptions(t, s);
	put_number(t, "messages_sent", s->sent);
	put_number(t, "requests", s->requests);
	put_number(t, "pings_received", s->got_pings);
	put_number(t, "pongs_received", s->got_pongs);
	put_number(t, "pings_sent", s->npings);
	put_number(t, "pings_answered", s->answered);
	put_number(t, "messages_in_last_second", limiter_count(&s->limiter, now));
	put_number(t, "peak_messages_per_second", s->peak_messages);
	put_number(t, "bytes_waiting", outq_used(&s->out));
	text_lit(t, "}");
}

static void
put_codes(struct text *t, const char *key, const struct tally_codes *codes)
{
	put_key(t, key);
	text_lit(t, "{");
	for (int i = 0; i < TALLY_CODES && codes->n[i] > 0; i++) {
		if (i > 0)
			text_lit(t, ",");
		text_lit(t, "\"");
		text_int(t, codes->code[i]);
		text_lit(t, "\":");
		text_int(t, (int64_t)codes->n[i]);
	}
	text_lit(t, "}");
}

static void
put_totals(struct text *t, const struct tally *total)
{
	put_key(t, "totals");
	text_lit(t, "{");
	put_number(t, "connections", total->connections);
	put_number(t, "upgrades", total->upgrades);
	put_number(t, "rest_requests", total->rest);
	put_number(t, "requests", total->requests);
	put_number(t, "request_errors", total->request_errors);
	put_number(t, "requests_too_long", total->requests_too_long);
	put_number(t, "misrouted", total->misrouted);
	put_number(t, "closed_over_rate", total->over_rate);
	put_number(t, "closed_pong_timeout", total->pong_timeouts);
	put_number(t, "closed_too_slow", total->too_slow);
	put_number(t, "cut", total->cut);
	put_number(t, "bans", total->bans);
	put_number(t, "peak_messages_per_second", total->peak_messages);
	put_number(t, "peak_connects_per_5_minutes", total->peak_connects);
	put_number(t, "peak_streams_per_connection", total->peak_streams);
	put_codes(t, "refused", &total->refused);
	put_codes(t, "closed", &total->closed);
	text_lit(t, "}");
}

static void
put_endpoints(struct text *t, const struct exchange *x)
{
	put_key(t, "endpoints");
	text_lit(t, "[");
	for (uint32_t i = 0; i < x->nendpoints; i++) {
		if (i > 0)
			text_lit(t, ",");
		text_lit(t, "{");
		put_string(t, "name", x->endpoint[i].name);
		put_number(t, "port", x->endpoint[i].port);
		put_bool(t, "open", !exchange_refuses(x, &x->endpoint[i]));
		text_lit(t, "}");
	}
	text_lit(t, "]");
}

/* Those that are planned or in force, and how often each kind has acted. */
static void
put_faults(struct text *t, const struct exchange *x, mono_t now)
{
	put_key(t, "faults");
	text_lit(t, "[");
	for (uint32_t i = 0; i < x->faults.n; i++) {
		const struct fault_entry *e = &x->faults.entry[i];

		if (i > 0)
			text_lit(t, ",");
		text_lit(t, "{");
		put_number(t, "id", e->id);
		put_string(t, "name", fault_name(e->what.kind));
		put_bool(t, "in_force", e->in_force);
		if (!e->in_force)
			put_number(t, "begins_in_ms", milliseconds(now, e->at));
		if (!mono_is_never(e->ends))
			put_number(t, "ends_in_ms", milliseconds(now, e->ends));
		text_lit(t, "}");
	}
	text_lit(t, "]");
	put_key(t, "hits");
	text_lit(t, "{");
	for (int i = 0; i < FAULT_KINDS; i++)
		if (x->faults.hits[i] > 0)
			put_number(t, fault_name((enum fault_kind)i), x->faults.hits[i]);
	text_lit(t, "}");
}

void
state_put(struct text *t, const struct exchange *x, bool names, mono_t now)
{
	text_lit(t, "{");
	put_endpoints(t, x);
	put_totals(t, &x->desk.tally);
	put_faults(t, x, now);
	put_key(t, "connections");
	text_lit(t, "[");
	for (const struct session *s = x->sessions; s != NULL; s = s->next) {
		if (s != x->sessions)
			text_lit(t, ",");
		put_connection(t, s, names, now);
	}
	text_lit(t, "]}\n");
}

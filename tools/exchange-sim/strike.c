#include "tools/exchange-sim/strike.h"

#include <string.h>

#include "tools/exchange-sim/inject.h"

static bool
concerns(const struct fault *f, const struct session *s)
{
	bool cuts = f->kind == FAULT_RST || f->kind == FAULT_FIN;

	if (s->state != SESSION_OPEN && !(cuts && s->state != SESSION_OVER))
		return false;
	if (f->conn != 0 && f->conn != s->number)
		return false;
	return f->endpoint[0] == '\0' ||
	    (s->endpoint != NULL && strcmp(f->endpoint, s->endpoint->name) == 0);
}

/* Mutes the subscriptions of matching names. False when there are none. */
static bool
mute(struct session *s, const struct fault *f)
{
	bool any = false;

	for (uint32_t i = 0; i < s->nstreams; i++) {
		struct bytes name = {s->stream[i]->name, s->stream[i]->name_n};

		if (!fault_wants_stream(f, name))
			continue;
		session_mute(s, name);
		any = true;
	}
	return any;
}

/* Does it to one. False when there was nothing to do. */
static bool
strike_one(struct session *s, const struct fault *f, mono_t now, wall_t wall)
{
	switch (f->kind) {
	case FAULT_MUTE:
		return mute(s, f);
	case FAULT_RST:
		session_cut(s, SESSION_CUT_RST);
		return true;
	case FAULT_FIN:
		session_cut(s, SESSION_CUT_FIN);
		return true;
	case FAULT_CLOSE:
		session_close(s, f->code, f->text, now);
		return true;
	case FAULT_EXPIRE:
		session_close(s, 1001, "Connection is too old", now);
		return true;
	case FAULT_SHUTDOWN:
		inject_shutdown(s, (enum fault_envelope)f->choice, wall);
		s->shut_at = mono_add(now, f->after);
		session_due(s, s->shut_at);
		return true;
	case FAULT_INJECT:
		inject(s, f);
		return true;
	default:
		return false; /* is not of this phase */
	}
}

uint32_t
strike(struct session *first, const struct fault *f, mono_t now, wall_t wall)
{
	uint32_t n = 0;

	for (struct session *s = first; s != NULL; s = s->next)
		n += concerns(f, s) && strike_one(s, f, now, wall);
	return n;
}

#include "tools/exchange-sim/panel.h"

#include <stdlib.h>

#include "tools/exchange-sim/console.h"

void
panel_init(struct panel *p)
{
	outq_init(&p->in, CONSOLE_REQUEST_MAX);
	outq_init(&p->out, 2 * CONSOLE_REPLY_MAX);
	p->closes = false;
}

void
panel_fini(struct panel *p)
{
	outq_fini(&p->in);
	outq_fini(&p->out);
}

bool
panel_on_bytes(struct panel *p, struct exchange *x, struct bytes in, mono_t now)
{
	struct text reply = {.p = malloc(CONSOLE_REPLY_MAX), .cap = CONSOLE_REPLY_MAX};
	bool good = reply.p != NULL && outq_add(&p->in, in, BYTES_NONE);
	size_t used = 1;

	while (good && used > 0 && !p->closes && outq_used(&p->in) > 0) {
		reply.n = 0;
		used = console_answer(x, (struct bytes){(const char *)p->in.p + p->in.head,
		    outq_used(&p->in)}, now, &reply, &p->closes);
		outq_drop(&p->in, used);
		good = outq_add(&p->out, text_bytes(&reply), BYTES_NONE);
	}
	free(reply.p);
	return good;
}

bool
panel_take(const struct panel *p, size_t max, struct bytes *piece)
{
	size_t n = outq_used(&p->out);

	*piece = (struct bytes){(const char *)p->out.p + p->out.head, n < max ? n : max};
	return n > 0;
}

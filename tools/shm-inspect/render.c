#include "tools/shm-inspect/render.h"

#include <string.h>

void
sheet_init(struct sheet *s, FILE *out, enum output output)
{
	static const struct render *const renders[] = {
		[OUTPUT_TEXT] = &render_text,
		[OUTPUT_JSON] = &render_json,
		[OUTPUT_TSV] = &render_tsv,
	};

	memset(s, 0, sizeof(*s));
	s->out = out;
	s->render = renders[output];
}

void
sheet_record(struct sheet *s, const struct record *r)
{
	s->render->record(s, r);
	s->kind = r->kind;
}

void
sheet_end(struct sheet *s)
{
	s->render->end(s);
	s->kind = NULL;
}

void
sheet_tick_begin(struct sheet *s)
{
	s->render->tick_begin(s->out);
}

void
sheet_tick(struct sheet *s, const struct tick_line *line)
{
	s->render->tick(s->out, line);
}

void
sheet_note(struct sheet *s, const struct note *note)
{
	s->render->note(s->out, note);
}

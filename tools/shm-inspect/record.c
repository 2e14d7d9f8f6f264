#include "tools/shm-inspect/record.h"

#include <assert.h>

void
record_begin(struct record *r, const char *kind, bool table)
{
	r->kind = kind;
	r->table = table;
	r->count = 0;
}

static struct field *
add(struct record *r, const char *name, enum field_kind kind, int64_t value)
{
	struct field *f = &r->field[r->count];

	assert(r->count < RECORD_FIELDS_MAX);
	r->count++;
	*f = (struct field){.name = name, .kind = kind, .value = value};
	return f;
}

void
record_text(struct record *r, const char *name, const char *text)
{
	add(r, name, FIELD_TEXT, 0)->text = text;
}

void
record_int(struct record *r, const char *name, int64_t value)
{
	add(r, name, FIELD_INT, value);
}

void
record_tenths(struct record *r, const char *name, int64_t tenths)
{
	add(r, name, FIELD_TENTHS, tenths);
}

void
record_decimal(struct record *r, const char *name, int64_t mantissa, int exponent, int64_t step)
{
	struct field *f = add(r, name, FIELD_DECIMAL, mantissa);

	f->exponent = exponent;
	f->step = step;
}

void
record_time(struct record *r, const char *name, int64_t wall_ns)
{
	add(r, name, FIELD_TIME, wall_ns);
}

void
record_span(struct record *r, const char *name, int64_t ns)
{
	add(r, name, FIELD_SPAN, ns);
}

#include "tools/exchange-sim/faults.h"

#include <assert.h>
#include <string.h>

static_assert(FAULT_KINDS <= 64, "one bit per kind");

void
faults_init(struct faults *f, uint64_t seed)
{
	memset(f, 0, sizeof(*f));
	f->seed = seed;
	f->random.state = seed;
}

static void
note_kinds(struct faults *f)
{
	f->kinds = 0;
	for (uint32_t i = 0; i < f->n; i++)
		if (f->entry[i].in_force)
			f->kinds |= UINT64_C(1) << f->entry[i].what.kind;
}

uint32_t
faults_add(struct faults *f, const struct fault *what, mono_t now)
{
	struct fault_entry *e;

	if (f->n == FAULTS_MAX)
		return 0;
	e = &f->entry[f->n++];
	*e = (struct fault_entry){.what = *what, .id = ++f->last_id,
		.at = mono_add(now, what->in), .ends = MONO_NEVER,
		.left = what->count > 0 ? what->count : UINT64_MAX};
	if (what->lasts.ns > 0)
		e->ends = mono_add(e->at, what->lasts);
	return e->id;
}

static void
drop(struct faults *f, uint32_t i)
{
	f->n--;
	memmove(&f->entry[i], &f->entry[i + 1], (f->n - i) * sizeof(f->entry[0]));
	note_kinds(f);
}

bool
faults_remove(struct faults *f, uint32_t id)
{
	for (uint32_t i = 0; i < f->n; i++) {
		if (f->entry[i].id != id)
			continue;
		drop(f, i);
		return true;
	}
	return false;
}

void
faults_clear(struct faults *f)
{
	f->n = 0;
	f->kinds = 0;
}

static bool
is_lucky(struct faults *f, const struct fault *what)
{
	return what->per_million >= 1000000 ||
	    random_below(&f->random, 1000000) < what->per_million;
}

/* A fault of the ONCE phase is due: is it to act? Plans its next time. */
static bool
fire(struct faults *f, struct fault_entry *e)
{
	e->at = e->what.every.ns > 0 ? mono_add(e->at, e->what.every) : MONO_NEVER;
	if (!is_lucky(f, &e->what))
		return false;
	if (e->left != UINT64_MAX)
		e->left--;
	return true;
}

bool
faults_advance(struct faults *f, mono_t now, struct fault *out)
{
	for (uint32_t i = 0; i < f->n;) {
		struct fault_entry *e = &f->entry[i];
		bool once = fault_phase(e->what.kind) == FAULT_ONCE;

		if (e->left == 0 || mono_due(e->ends, now) || mono_is_never(e->at)) {
			drop(f, i);
			continue;
		}
		if (once && mono_due(e->at, now)) {
			if (fire(f, e)) {
				*out = e->what;
				return true;
			}
			continue;
		}
		if (!once && !e->in_force && mono_due(e->at, now)) {
			e->in_force = true;
			f->hits[e->what.kind] += fault_phase(e->what.kind) == FAULT_LINE;
			note_kinds(f);
		}
		i++;
	}
	return false;
}

mono_t
faults_deadline(const struct faults *f)
{
	mono_t due = MONO_NEVER;

	for (uint32_t i = 0; i < f->n; i++) {
		const struct fault_entry *e = &f->entry[i];

		due = mono_min(due, e->in_force ? e->ends : e->at);
	}
	return due;
}

/* The same for a fault and a connection every time it is asked. */
static bool
line_is_lucky(const struct faults *f, const struct fault_entry *e, uint64_t conn)
{
	struct random dice = {f->seed ^ (uint64_t)e->id << 40 ^ conn};

	random_next(&dice);
	return e->what.per_million >= 1000000 ||
	    random_below(&dice, 1000000) < e->what.per_million;
}

static bool
concerns(const struct fault_entry *e, enum fault_kind kind, const struct fault_target *t)
{
	const struct fault *what = &e->what;

	if (what->kind != kind || !e->in_force || e->left == 0)
		return false;
	if (what->conn != 0 && what->conn != t->conn)
		return false;
	if (what->endpoint[0] != '\0' &&
	    (t->endpoint == NULL || strcmp(what->endpoint, t->endpoint) != 0))
		return false;
	return fault_wants_stream(what, t->stream);
}

const struct fault_entry *
faults_find(const struct faults *f, enum fault_kind kind, const struct fault_target *target)
{
	if (!faults_any(f, kind))
		return NULL;
	for (uint32_t i = 0; i < f->n; i++) {
		const struct fault_entry *e = &f->entry[i];

		if (concerns(e, kind, target) && line_is_lucky(f, e, target->conn))
			return e;
	}
	return NULL;
}

const struct fault *
faults_hit(struct faults *f, enum fault_kind kind, const struct fault_target *target)
{
	if (!faults_any(f, kind))
		return NULL;
	for (uint32_t i = 0; i < f->n; i++) {
		struct fault_entry *e = &f->entry[i];
		bool line = fault_phase(kind) == FAULT_LINE;

		if (!concerns(e, kind, target))
			continue;
		if (line ? !line_is_lucky(f, e, target->conn) : !is_lucky(f, &e->what))
			continue;
		if (e->left != UINT64_MAX)
			e->left--;
		f->hits[kind] += !line;
		return &e->what;
	}
	return NULL;
}

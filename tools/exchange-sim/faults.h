/*
 * The faults that are planned or in force, on any clock. Owns them; one thread;
 * the time is always an argument. Reads nothing and touches nobody: whoever does
 * something that a fault may spoil asks faults_hit(), and faults that act by
 * themselves come out of faults_advance().
 */
#ifndef TOOLS_EXCHANGE_SIM_FAULTS_H
#define TOOLS_EXCHANGE_SIM_FAULTS_H

#include "tools/exchange-sim/fault.h"
#include "tools/exchange-sim/random.h"

#define FAULTS_MAX 512

/* One of them. */
struct fault_entry {
	struct fault what;
	uint32_t id;
	mono_t at;       /* begins, or acts next */
	mono_t ends;
	bool in_force;
	uint64_t left;   /* occasions; UINT64_MAX: without end */
};

struct faults {
	struct fault_entry entry[FAULTS_MAX];
	uint32_t n;
	uint32_t last_id;
	uint64_t kinds;             /* bit i: a fault of kind i is in force */
	uint64_t seed;
	struct random random;
	/*
	 * Since the start: connections struck (ONCE, counted by whoever strikes),
	 * occasions spoiled (EACH), times it came into force (LINE).
	 */
	uint64_t hits[FAULT_KINDS];
};

/* Whom an occasion concerns. */
struct fault_target {
	uint64_t conn;         /* 0: no connection yet */
	const char *endpoint;  /* name, or NULL */
	struct bytes stream;   /* empty: no stream */
};

void faults_init(struct faults *f, uint64_t seed);

/* Plans a fault, counted from `now`. Its id, or 0 when there are too many. */
uint32_t faults_add(struct faults *f, const struct fault *what, mono_t now);

/* Forgets one by its id (false: there is none), or all of them. */
bool faults_remove(struct faults *f, uint32_t id);
void faults_clear(struct faults *f);

/*
 * Lets faults begin and end. Returns true, and what acts now in *out, as often
 * as there is one; then false.
 */
bool faults_advance(struct faults *f, mono_t now, struct fault *out);

/* When faults_advance() has something to do. */
mono_t faults_deadline(const struct faults *f);

/*
 * The fault of this kind that spoils this occasion, or NULL; counted when there
 * is one. `f` may be NULL: no faults. Valid until the next call of any function.
 */
const struct fault *faults_hit(
    struct faults *f, enum fault_kind kind, const struct fault_target *target);

/* The same without counting, with the time when it ends; for faults of a LINE. */
const struct fault_entry *faults_find(
    const struct faults *f, enum fault_kind kind, const struct fault_target *target);

/* Cheap: may there be one? */
static inline bool
faults_any(const struct faults *f, enum fault_kind kind)
{
	return f != NULL && (f->kinds & UINT64_C(1) << kind) != 0;
}

#endif

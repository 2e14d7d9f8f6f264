#include "tools/pool-status/verdict.h"

void
verdict_take(struct verdict *v, const struct tick_status *status, int outcome, int64_t wall_ns,
    int64_t mono_ns)
{
	const struct tick_health *h = &v->health;

	tick_health_judge(&v->health, status, outcome, wall_ns, mono_ns, NULL);
	v->row = (struct verdict_row){
		.word = tick_health_level_name(h->level),
		.level = h->level,
		.score = h->score,
		.ready = h->ready,
		.reasons = h->reasons,
	};
	v->reasons = (unsigned)h->reasons;
	for (unsigned i = 0; i < v->reasons; i++)
		v->reason[i] = (struct reason_row){
			.level = tick_health_level_name(h->reason[i].level),
			.label = tick_health_label(h->reason[i].what),
			.text = reason_words(&h->reason[i], v->text[i]),
			.of = h->reason[i].of < 0 ? TICK_ABSENT : h->reason[i].of,
			.value = h->reason[i].value,
			.limit = h->reason[i].limit,
		};
}

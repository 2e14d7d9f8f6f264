#include "tests/bench/paced.h"

#include "tests/bench/figures.h"

void
paced_init(struct paced *p, const struct bench_clock *clock, unsigned rate, unsigned millis)
{
	uint32_t messages = rate / 1000 * millis;

	p->every = (uint64_t)(1e9 / rate / clock->ns_per_stamp);
	p->messages = messages < PACED_MESSAGES_MAX ? messages : PACED_MESSAGES_MAX;
	p->sent_all = 0;
	p->received = 0;
}

struct paced_result
paced_result(struct paced *p, const struct bench_clock *clock)
{
	uint32_t warm = p->messages / PACED_WARM_PART;
	uint32_t received = p->received > warm ? p->received - warm : 0;
	uint32_t sent = p->messages - warm;
	double ns = clock->ns_per_stamp;
	struct paced_result r = {.missing = p->messages - p->received};

	stamps_sort(p->latency + warm, received);
	stamps_sort(p->call + warm, sent);
	r.p50_ns = stamps_quantile(p->latency + warm, received, 0.5) * ns;
	r.p99_ns = stamps_quantile(p->latency + warm, received, 0.99) * ns;
	r.p999_ns = stamps_quantile(p->latency + warm, received, 0.999) * ns;
	r.max_ns = stamps_quantile(p->latency + warm, received, 1) * ns;
	r.call_p50_ns = stamps_quantile(p->call + warm, sent, 0.5) * ns - clock->read_ns;
	if (r.call_p50_ns < 0)
		r.call_p50_ns = 0;
	return r;
}

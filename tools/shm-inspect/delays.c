#include "tools/shm-inspect/delays.h"

#include "tools/common/clock.h"

#define MEASURE_EVERY_NS (100 * NS_PER_MS)

void
delays_clear(struct delays *d)
{
	quantile_clear(&d->publish);
	quantile_clear(&d->read);
}

void
delays_on_tick(struct delays *d, const struct tick *tick)
{
	int64_t now, read, publish;

	if (tick->type == TICK_FEED_EVENT || (tick->flags & TICK_FLAG_REPLAY))
		return;
	now = clock_mono_ns();
	if (d->measured_ns == 0 || now - d->measured_ns >= MEASURE_EVERY_NS) {
		d->wall_minus_mono_ns = clock_wall_minus_mono_ns();
		d->measured_ns = now;
	}
	read = clock_between_ns(now, tick->mono_ns);
	publish = clock_between_ns(tick->mono_ns, clock_between_ns(tick->recv_ns,
	    d->wall_minus_mono_ns));
	if (read != TICK_ABSENT)
		quantile_add(&d->read, read);
	if (publish != TICK_ABSENT)
		quantile_add(&d->publish, publish);
}

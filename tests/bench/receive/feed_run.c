#include "tests/bench/receive/feed_run.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <tickring/status.h>

#include "feed/base/hist.h"
#include "feed/io/clock.h"
#include "tests/bench/receive/wares.h"

#define SETTLE_WITHIN_S 5

static void __attribute__((format(printf, 3, 4)))
put(struct feed_run *f, unsigned *n, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(f->text[*n], sizeof(f->text[0]), format, args);
	va_end(args);
	f->argv[*n] = f->text[*n];
	++*n;
}

void
feed_run_arguments(struct feed_run *f, const struct run_rig *rig, enum run_client client,
    uint16_t port)
{
	static const char *const fixed[] = {"endpoint.host=localhost", "endpoint.address=127.0.0.1",
	    "pool.initial_connections=1", "pool.max_connections=1", "status_interval_ms=100"};
	unsigned n = 0;

	snprintf(f->feed, sizeof(f->feed), "bench-receive-%ld", (long)getpid());
	put(f, &n, "%s/feedd", rig->build);
	for (unsigned i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++) {
		put(f, &n, "--set");
		put(f, &n, "%s", fixed[i]);
	}
	put(f, &n, "--set");
	put(f, &n, "feed=%s", f->feed);
	put(f, &n, "--set");
	put(f, &n, "streams=[%s]", wares_streams());
	put(f, &n, "--set");
	put(f, &n, "endpoint.port=%u", port);
	put(f, &n, "--set");
	put(f, &n, "endpoint.ca_file=%s/ca.pem", rig->folder);
	put(f, &n, "--set");
	put(f, &n, "transport=%s", client == RUN_FEEDD_LWS ? "lws" : "uring");
	put(f, &n, "--set");
	put(f, &n, "busy_poll=%s", client == RUN_FEEDD_BUSY ? "true" : "false");
	f->argv[n] = NULL;
}

static bool
all_published(const struct tick_status *s, uint64_t sent, char *why)
{
	const uint64_t *c = s->counter;
	uint64_t published = c[TICK_COUNTER_TRADES] + c[TICK_COUNTER_QUOTES] +
	    c[TICK_COUNTER_DEPTHS];

	if (published == sent && c[TICK_COUNTER_GAPS] == 0)
		return true;
	snprintf(why, 256, "%llu sent, %llu published, %llu gaps, %llu duplicates, %llu malformed",
	    (unsigned long long)sent, (unsigned long long)published,
	    (unsigned long long)c[TICK_COUNTER_GAPS],
	    (unsigned long long)c[TICK_COUNTER_DUPLICATES],
	    (unsigned long long)c[TICK_COUNTER_MALFORMED]);
	return false;
}

bool
feed_run_settle(const struct feed_run *f, uint64_t sent, uint64_t replies, char *why)
{
	mono_t limit = mono_add(clock_mono(), span_s(SETTLE_WITHIN_S));
	struct tick_status_reader *reader;
	struct tick_status s = {0};
	bool all = false;

	if (tick_status_open(&reader, f->feed) != 0) {
		snprintf(why, 256, "feedd has no status segment");
		return false;
	}
	while (!all && !mono_due(limit, clock_mono())) {
		all = tick_status_read(reader, &s) == 0 &&
		    s.counter[TICK_COUNTER_MESSAGES] == sent + replies;
		usleep(10000);
	}
	tick_status_close(&reader);
	return all_published(&s, sent, why) && all;
}

void
feed_run_ages(const struct feed_run *f, int64_t *p50, int64_t *p99)
{
	struct hist age = {0};
	struct tick_reader *reader;
	struct tick t;
	uint64_t warm;
	int rc;

	if (tick_reader_open(&reader, f->feed, TICK_FROM_OLDEST) != 0)
		return;
	/* A fast run has overwritten its beginning; what is left is a slow one's. */
	warm = tick_reader_lag(reader) / 4;
	while ((rc = tick_reader_next(reader, &t)) == TICK_MORE || rc == TICK_E_OVERRUN) {
		bool first = (t.flags & TICK_FLAG_FIRST) != 0;

		if (warm > 0)
			warm--;
		else if (rc == TICK_MORE && first && t.type != TICK_FEED_EVENT)
			hist_record(&age, wares_age(t.v[0], (mono_t){t.mono_ns}));
	}
	tick_reader_close(&reader);
	*p50 = hist_percentile(&age, 500000).ns;
	*p99 = hist_percentile(&age, 990000).ns;
}

void
feed_run_clean(const struct feed_run *f)
{
	static const char *const suffix[] = {"ring", "board", "status", "bell", "lock"};
	char path[128];

	for (unsigned i = 0; i < sizeof(suffix) / sizeof(suffix[0]); i++) {
		snprintf(path, sizeof(path), "/dev/shm/%s.%s", f->feed, suffix[i]);
		unlink(path);
	}
}

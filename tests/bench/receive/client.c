#include "tests/bench/receive/client.h"

#include <stdio.h>

#include "feed/io/clock.h"
#include "tests/bench/receive/wares.h"

void
client_tally_age(struct client_tally *t, int64_t price, mono_t now)
{
	if (t->first.ns == 0)
		t->first = now;
	if (mono_diff(now, t->first).ns > span_ms(CLIENT_WARM_MS).ns)
		hist_record(&t->age, wares_age(price, now));
}

void
client_tally_print(const struct client_tally *t)
{
	printf("messages %llu p50 %lld p99 %lld\n", (unsigned long long)t->messages,
	    (long long)hist_percentile(&t->age, 500000).ns,
	    (long long)hist_percentile(&t->age, 990000).ns);
	fflush(stdout);
}

const char *
client_request(void)
{
	static char text[4096];

	snprintf(text, sizeof(text), "{\"method\":\"SUBSCRIBE\",\"params\":[%s],\"id\":1}",
	    wares_streams());
	return text;
}

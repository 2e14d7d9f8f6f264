#include <stdio.h>
#include <tickring/reader.h>

static void
print_quote(const struct tick_reader *reader, const struct tick *t)
{
	const struct tick_instrument *i = tick_reader_instrument(reader, t->instrument);
	char bid[48], ask[48];

	tick_format(t->quote.bid_px, i->price_exponent, bid, sizeof(bid));
	tick_format(t->quote.ask_px, i->price_exponent, ask, sizeof(ask));
	printf("%.*s %s / %s\n", i->symbol_bytes, i->symbol, bid, ask);
}

int
main(int argc, char **argv)
{
	const char *feed = argc > 1 ? argv[1] : "feed";
	struct tick_reader *reader;
	struct tick t;
	int outcome = tick_reader_open(&reader, feed, TICK_FROM_NEWEST);

	if (outcome != 0)
		return fprintf(stderr, "%s: %s\n", feed, tick_outcome_text(outcome)), 1;
	for (;;) {
		outcome = tick_reader_wait(reader, -1);
		if (outcome == TICK_MORE)
			outcome = tick_reader_next(reader, &t);
		if (outcome == TICK_MORE && t.type == TICK_QUOTE)
			print_quote(reader, &t);
		if (outcome < 0)
			fprintf(stderr, "%s; %llu ticks lost so far\n", tick_outcome_text(outcome),
			    (unsigned long long)tick_reader_stats(reader).lost);
		if (outcome == TICK_E_REPLACED)
			tick_reader_reattach(reader);
	}
}

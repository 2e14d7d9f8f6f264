/*
 * Nanoseconds per message: ours, simdjson on-demand and cJSON's tree, over all
 * recorded messages (or made-up ones where there are none), as they came
 * ("mix") and each type by itself. The decoders take turns within a round;
 * medians over the rounds, in CPU time of this thread. Before that, ours and
 * simdjson have to read the same out of every message.
 *
 * Messages are decoded some hundred at a time, after these were brought into
 * the cache: in a feed they come from decryption and lie there already.
 *
 *	bench_decode [ROUNDS]
 *
 * Writes build/bench/decode.json: [{"decoder", "type", "ns_per_msg"}, ...].
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include <cJSON.h>

#include "feed/venue/binance/json.h"
#include "tests/bench/decode_mix.h"
#include "tests/bench/decode_rival.h"
#include "tests/decode_oracle.h"

#define JSON_PATH "build/bench/decode.json"
#define ROUNDS_MAX 101
#define BLOCK_BYTES ((size_t)256 << 10) /* in a cache of the second level */

enum decoder { OURS, SIMDJSON, CJSON, DECODERS };

static const char *const decoder_name[DECODERS] = {"tickring", "simdjson", "cJSON"};

/* Messages of one type; the last one is all messages in their order. */
enum type { TRADES, AGG_TRADES, QUOTES, DEPTHS, PARTIALS, KLINES, OTHERS, MIX, TYPES };

static const char *const type_name[TYPES] = {"trade", "aggTrade", "bookTicker", "depthUpdate",
	"partialDepth", "kline", "other", "mix"};

struct group {
	struct decode_message *message;
	size_t count, bytes;
	double ns[DECODERS][ROUNDS_MAX];
};

static struct group group[TYPES];
static struct event_scratch scratch, scratch_rival;

/* Keeps the compiler from leaving out what nobody looks at. */
static volatile unsigned long sink;

/* What the rival knows by its type; a continuous kline is none of these. */
static enum type
type_of(const struct event *event, struct bytes text)
{
	switch (event->kind) {
	case EVENT_TRADE:
		return TRADES;
	case EVENT_AGG_TRADE:
		return AGG_TRADES;
	case EVENT_QUOTE:
		return QUOTES;
	case EVENT_DEPTH:
		return DEPTHS;
	case EVENT_PARTIAL_DEPTH:
		return PARTIALS;
	case EVENT_KLINE:
		return memmem(text.p, text.n, "continuous_kline", 16) == NULL ? KLINES : OTHERS;
	default:
		return OTHERS;
	}
}

static void
add(enum type type, const struct decode_message *message)
{
	struct group *g = &group[type];

	g->message[g->count++] = *message;
	g->bytes += message->text.n;
}

/* Sorts the messages by type; false: the two do not read the same. */
static bool
sort_out(const struct decode_mix *mix)
{
	for (int t = 0; t < TYPES; t++)
		group[t].message = malloc((mix->count + 1) * sizeof(group[t].message[0]));
	for (size_t i = 0; i < mix->count; i++) {
		const struct decode_message *message = &mix->message[i];
		struct bytes text = message->text;
		struct event ours, theirs;
		enum type type;

		if (json_decode(text, &scratch, &ours) != DECODE_OK) {
			fprintf(stderr, "refused: %.*s\n", (int)text.n, text.p);
			return false;
		}
		type = type_of(&ours, text);
		if (type != OTHERS && (!rival_simdjson(text, message->product, &scratch_rival,
		    &theirs) ||
		    !events_equal(&ours, &theirs))) {
			fprintf(stderr, "simdjson differs: %.*s\n", (int)text.n, text.p);
			return false;
		}
		add(type, message);
		/* The others are no events: simdjson would have nothing to look for. */
		if (type != OTHERS)
			add(MIX, message);
	}
	return true;
}

static unsigned long
decode_one(enum decoder decoder, const struct decode_message *message)
{
	struct bytes text = message->text;
	struct event event;

	switch (decoder) {
	case OURS:
		return json_decode(text, &scratch, &event) == DECODE_OK ?
		    (unsigned long)event.kind + (unsigned long)event.id : 0;
	case SIMDJSON:
		return rival_simdjson(text, message->product, &scratch, &event) ?
		    (unsigned long)event.kind + (unsigned long)event.id : 0;
	default:
		return rival_cjson(text);
	}
}

bool
rival_cjson(struct bytes text)
{
	cJSON *root = cJSON_ParseWithLength(text.p, text.n);

	cJSON_Delete(root);
	return root != NULL;
}

static double
cpu_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

/* Reads a byte of each cache line. */
static void
warm(struct bytes text)
{
	unsigned long sum = 0;

	for (size_t i = 0; i < text.n; i += 64)
		sum += (unsigned char)text.p[i];
	sink += sum;
}

/* The messages from `first` on that make a block, brought into the cache; where it ends. */
static size_t
block(const struct group *g, size_t first)
{
	size_t bytes = 0, i = first;

	for (; i < g->count && bytes < BLOCK_BYTES; i++) {
		warm(g->message[i].text);
		bytes += g->message[i].text.n;
	}
	return i;
}

/* Returns ns per message. Small groups are read again and again, so that a pass takes a while. */
static double
pass(enum decoder decoder, const struct group *g)
{
	size_t times = 1 + 2000 / g->count;
	unsigned long sum = 0;
	double ns = 0;

	for (size_t first = 0, end; first < g->count; first = end) {
		double start;

		end = block(g, first);
		start = cpu_ns();
		for (size_t again = 0; again < times; again++)
			for (size_t i = first; i < end; i++)
				sum += decode_one(decoder, &g->message[i]);
		ns += cpu_ns() - start;
	}
	sink += sum;
	return ns / (double)(times * g->count);
}

static int
by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double
median(double *ns, int rounds)
{
	qsort(ns, (size_t)rounds, sizeof(ns[0]), by_size);
	return ns[rounds / 2];
}

static void
report(int rounds, FILE *json)
{
	const char *separator = "[";

	printf("%-13s %8s %6s %9s %9s %9s   times: simdjson cJSON\n", "type", "messages",
	    "bytes", decoder_name[OURS], decoder_name[SIMDJSON], decoder_name[CJSON]);
	for (int t = 0; t < TYPES; t++) {
		struct group *g = &group[t];
		double ns[DECODERS];

		if (g->count == 0)
			continue;
		for (int d = 0; d < DECODERS; d++) {
			ns[d] = t == OTHERS && d == SIMDJSON ? 0 : median(g->ns[d], rounds);
			if (json == NULL || ns[d] <= 0)
				continue;
			fprintf(json, "%s\n  {\"decoder\": \"%s\", \"type\": \"%s\", "
			    "\"ns_per_msg\": %.1f}", separator, decoder_name[d], type_name[t],
			    ns[d]);
			separator = ",";
		}
		printf("%-13s %8zu %6.0f %9.1f %9.1f %9.1f %16.2f %5.1f\n", type_name[t],
		    g->count, (double)g->bytes / (double)g->count, ns[OURS], ns[SIMDJSON],
		    ns[CJSON], ns[SIMDJSON] / ns[OURS], ns[CJSON] / ns[OURS]);
	}
	if (json != NULL)
		fprintf(json, "\n]\n");
}

int
main(int argc, char **argv)
{
	int rounds = argc > 1 ? (int)strtol(argv[1], NULL, 10) : 9;
	struct decode_mix mix;
	FILE *json;

	if (rounds < 1 || rounds > ROUNDS_MAX) {
		fprintf(stderr, "bench_decode: rounds: 1 to %d\n", ROUNDS_MAX);
		return 2;
	}
	decode_mix_load(&mix);
	if (!sort_out(&mix))
		return 1;
	for (int round = 0; round < rounds; round++)
		for (int t = 0; t < TYPES; t++)
			for (int d = 0; d < DECODERS && group[t].count > 0; d++)
				group[t].ns[d][round] = pass((enum decoder)d, &group[t]);

	if ((mkdir("build", 0777) != 0 && errno != EEXIST) ||
	    (mkdir("build/bench", 0777) != 0 && errno != EEXIST) ||
	    (json = fopen(JSON_PATH, "w")) == NULL) {
		fprintf(stderr, "bench_decode: %s: %s\n", JSON_PATH, strerror(errno));
		return 1;
	}
	printf("%s messages, ns per message, medians of %d rounds, simdjson by %s\n",
	    mix.recorded ? "recorded" : "made-up", rounds, rival_simdjson_kernel());
	report(rounds, json);
	if (fclose(json) != 0) {
		fprintf(stderr, "bench_decode: %s: %s\n", JSON_PATH, strerror(errno));
		return 1;
	}
	return 0;
}

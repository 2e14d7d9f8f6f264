/*
 * Nanoseconds per message over all recorded messages, ours and cJSON's tree:
 * rounds alternate, the fastest of each counts. Usage: bench_decode [ROUNDS]
 */
#include <stdio.h>
#include <stdlib.h>

#include <cJSON.h>

#include "feed/io/clock.h"
#include "feed/venue/binance/json.h"
#include "tests/captures.h"

#define MESSAGES_MAX (1 << 19)

static struct captures captures;
static struct capture capture[CAPTURES_MAX];
static struct bytes message[MESSAGES_MAX];
static struct event_scratch scratch;
static size_t messages, total_bytes;

static void
load(void)
{
	for (size_t i = 0; i < captures.count; i++) {
		struct capture_message next;

		capture_open(&capture[i], &captures, i);
		while (messages < MESSAGES_MAX && capture_next(&capture[i], &next)) {
			message[messages++] = next.text;
			total_bytes += next.text.n;
		}
	}
}

/* One pass of ours. Returns ns per message; the kinds' sum defeats the optimizer. */
static double
round_ours(unsigned long *sum)
{
	mono_t start = clock_mono();

	for (size_t i = 0; i < messages; i++) {
		struct event event;

		if (json_decode(message[i], &scratch, &event) == DECODE_OK)
			*sum += (unsigned long)event.kind + (unsigned long)event.id;
	}
	return (double)mono_diff(clock_mono(), start).ns / (double)messages;
}

static double
round_cjson(unsigned long *sum)
{
	mono_t start = clock_mono();

	for (size_t i = 0; i < messages; i++) {
		cJSON *root = cJSON_ParseWithLength(message[i].p, message[i].n);

		*sum += root != NULL;
		cJSON_Delete(root);
	}
	return (double)mono_diff(clock_mono(), start).ns / (double)messages;
}

int
main(int argc, char **argv)
{
	int rounds = argc > 1 ? (int)strtol(argv[1], NULL, 10) : 5;
	double ours = 1e12, cjson = 1e12;
	unsigned long sum = 0;

	if (!captures_find(&captures))
		return 0;
	load();
	for (int i = 0; i < rounds; i++) {
		double a = round_ours(&sum), b = round_cjson(&sum);

		ours = a < ours ? a : ours;
		cjson = b < cjson ? b : cjson;
	}
	printf("%zu messages, %.0f bytes each: ours %.1f ns, cJSON %.1f ns (x %.1f) [%lx]\n",
	    messages, (double)total_bytes / (double)messages, ours, cjson, cjson / ours, sum);
	return 0;
}

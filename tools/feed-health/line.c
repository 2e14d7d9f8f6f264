#include "tools/feed-health/line.h"

#include <inttypes.h>
#include <string.h>

#include "tools/common/clock.h"
#include "tools/common/reason.h"
#include "tools/common/text.h"

#define REASONS_SHOWN 3
#define FEED_MAX 256

static const char *const words[TICK_HEALTH_LEVELS] = {"OK", "WARNING", "CRITICAL", "UNKNOWN"};

/* ---- text -------------------------------------------------------------------- */

/* What is wrong; of a feed that is well, how well. Notes are told when nothing else is. */
static void
print_reasons(FILE *out, const struct tick_health *h)
{
	int64_t wrong = 0, shown;
	char text[REASON_MAX];

	while (wrong < h->reasons && h->reason[wrong].level != TICK_HEALTH_OK)
		wrong++;
	if (wrong == 0)
		wrong = h->reasons;
	shown = wrong < REASONS_SHOWN ? wrong : REASONS_SHOWN;
	for (int64_t i = 0; i < shown; i++) {
		fputs(i > 0 ? "; " : ", ", out);
		fputs(reason_words(&h->reason[i], text), out);
	}
	if (wrong > shown)
		fprintf(out, "; and %" PRId64 " more", wrong - shown);
}

/* ---- performance data -------------------------------------------------------- */

/* " label=value" with limits below which (":" after them) or above which it is bad. */
static void
print_limits(FILE *out, int64_t alert, int64_t critical, const char *below)
{
	if (critical > 0)
		fprintf(out, ";%" PRId64 "%s;%" PRId64 "%s;0", alert, below, critical, below);
	else
		fputs(";;;0", out);
}

static void
print_permille(FILE *out, const char *label, int64_t permille, int64_t alert, int64_t critical,
    const char *below)
{
	if (permille < 0)
		return;
	fprintf(out, " %s=%" PRId64 ".%d%%", label, permille / 10, (int)(permille % 10));
	print_limits(out, alert / 10, critical / 10, below);
	fputs(";100", out);
}

static void
print_seconds(FILE *out, const char *label, int64_t ns)
{
	if (ns >= 0)
		fprintf(out, " %s=%" PRId64 ".%03ds;;;0", label, ns / NS_PER_S,
		    (int)(ns / NS_PER_MS % 1000));
}

static void
print_data(FILE *out, const struct tick_health *h, const struct tick_health_limits *l)
{
	fprintf(out, " | score=%" PRId64, h->score);
	print_limits(out, l->alert, l->critical, ":");
	fputs(";1000", out);
	print_seconds(out, "age", h->age_ns);
	if (!h->alive) {
		fputc('\n', out);
		return;
	}
	fprintf(out, " lines_live=%" PRId64 ";;;0;%" PRId64, h->lines_live, h->lines);
	fprintf(out, " streams_stale=%" PRId64 ";;;0;%" PRId64, h->streams_stale, h->streams);
	fprintf(out, " messages=%" PRId64, h->messages_per_s);
	print_limits(out, l->messages_alert, l->messages_critical, ":");
	print_permille(out, "connections", h->connection_permille, l->alert, l->critical, ":");
	print_permille(out, "success", h->success_permille, l->success_alert,
	    l->success_critical, ":");
	print_permille(out, "pongs", h->heartbeat_permille, l->pongs_alert, l->pongs_critical,
	    ":");
	if (h->memory_bytes >= 0) {
		fprintf(out, " memory=%" PRId64 "B", h->memory_bytes);
		print_limits(out, l->memory_alert, l->memory_critical, "");
	}
	print_permille(out, "cpu", h->cpu_permille, 0, 0, "");
	print_seconds(out, "silence", h->silence_ns);
	fputc('\n', out);
}

void
line_print(FILE *out, const char *feed, const struct probe *p)
{
	const struct tick_health *h = &p->health;
	char clean[FEED_MAX + 1];

	text_clean(feed, strnlen(feed, FEED_MAX), clean, sizeof(clean));
	/* What stands behind a bar is performance data. */
	for (char *bar = clean; (bar = strchr(bar, '|')) != NULL;)
		*bar = '?';
	fprintf(out, "FEED %s: %s", words[p->level], clean);
	if (h->alive)
		fprintf(out, ", score %" PRId64 ".%03d, %" PRId64 " of %" PRId64
		    " line%s live, %" PRId64 " message%s/s", h->score / 1000,
		    (int)(h->score % 1000), h->lines_live, h->lines,
		    text_plural((uint64_t)h->lines), h->messages_per_s,
		    text_plural((uint64_t)h->messages_per_s));
	print_reasons(out, h);
	print_data(out, h, &p->limits);
}

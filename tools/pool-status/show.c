#include "tools/pool-status/show.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/common/clock.h"
#include "tools/common/exits.h"
#include "tools/common/num.h"
#include "tools/common/stop.h"
#include "tools/common/term.h"
#include "tools/common/text.h"
#include "tools/pool-status/render.h"
#include "tools/pool-status/source.h"

#define NAP_NS (100 * NS_PER_MS) /* longest sleep: a signal may come just before one */

/* Static: too large for a stack. */
static struct source source;
static struct figures figures;

static void
put(FILE *out, const struct options *o)
{
	static void (*const renders[])(FILE *, const struct report *) = {
		[OUTPUT_TEXT] = render_text,
		[OUTPUT_JSON] = render_json,
		[OUTPUT_PROM] = render_prom,
	};
	char feed[256];
	size_t n = strlen(o->feed);
	struct report report;

	text_clean(o->feed, n < sizeof(feed) ? n : sizeof(feed) - 1, feed, sizeof(feed));
	report_compose(&report, &figures, feed, o->mode);
	renders[o->output](out, &report);
}

/* False: there is no such line. */
static bool
take(const struct options *o)
{
	struct reading reading = source_reading(&source);

	reading.streams.all = o->all;
	figures_take(&figures, &reading);
	return o->mode != MODE_WHY || figures_why(&figures, &reading, o->line);
}

static int
no_such_line(const struct options *o)
{
	fprintf(stderr, "pool-status: feed \"%s\" has %u line%s, no line %" PRId64 "\n",
	    o->feed, figures.lines, text_plural(figures.lines), o->line);
	return EXIT_FEED;
}

static bool
shows_rates(const struct options *o)
{
	return o->mode == MODE_POOL || o->mode == MODE_STREAMS;
}

/* Sleeps until `end` (monotonic) or until a signal asks to stop. */
static void
sleep_until(int64_t end)
{
	int64_t left;

	while (!stop_asked() && (left = end - clock_mono_ns()) > 0)
		clock_sleep_ns(left < NAP_NS ? left : NAP_NS);
}

int
show_once(const struct options *o)
{
	int rc = source_open(&source, o);

	if (rc >= 0)
		return rc;
	/* A rate takes a second read; one that fails costs the rate only. */
	if (shows_rates(o) && source.health == TICK_END) {
		sleep_until(clock_mono_ns() + o->interval_ns);
		source_read(&source);
	}
	if (take(o))
		put(stdout, o);
	else
		rc = no_such_line(o);
	source_close(&source);
	if (rc >= 0)
		return rc;
	return o->mode == MODE_CHECK && !figures_fine(&figures) ? EXIT_FEED : EXIT_FINE;
}

/* The text as far as it has room on the terminal. */
static void
paint(const char *text)
{
	char *fitting = NULL;
	int columns, rows;
	size_t n = 0;
	FILE *out = open_memstream(&fitting, &n);

	if (out == NULL)
		return;
	term_size(&columns, &rows);
	for (int row = 0; row < rows && *text != '\0'; row++) {
		size_t length = strcspn(text, "\n");
		char *line = strndup(text, length);

		if (line != NULL)
			fprintf(out, "%.*s\n", (int)text_fit(line, columns), line);
		free(line);
		text += length + (text[length] == '\n');
	}
	fclose(out);
	term_paint(fitting, n);
	free(fitting);
}

static void
draw_screen(const struct options *o)
{
	char *text = NULL, time[NUM_MAX];
	size_t n = 0;
	FILE *out = open_memstream(&text, &n);

	if (out == NULL)
		return;
	fprintf(out, "pool of %s at %.8s UTC, q quits\n\n", o->feed,
	    num_time_of_day(clock_wall_ns(), time));
	put(out, o);
	fclose(out);
	paint(text);
	free(text);
}

/* False: nobody reads any more. */
static bool
draw_block(const struct options *o)
{
	char time[NUM_MAX];

	if (o->output == OUTPUT_TEXT)
		printf("[%.8s UTC]\n", num_time_of_day(clock_wall_ns(), time));
	put(stdout, o);
	if (o->output == OUTPUT_TEXT)
		fputc('\n', stdout);
	return fflush(stdout) == 0;
}

/* Waits for the time, redraws when the terminal changed. False: end it. */
static bool
rest_until(const struct options *o, int64_t end, bool screen)
{
	int64_t left;

	if (!screen)
		sleep_until(end);
	while (screen && !stop_asked() && (left = end - clock_mono_ns()) > 0) {
		int key = term_key(left < NAP_NS ? left : NAP_NS);

		if (key == 'q' || key == 'Q' || key == -1)
			return false;
		if (stop_resized())
			draw_screen(o);
	}
	return !stop_asked();
}

/* One round: what could not be read anew is shown as it was, its age tells. */
static bool
round_of(const struct options *o, bool screen)
{
	take(o); /* a line may go while it is followed: its note tells */
	if (!screen)
		return draw_block(o);
	draw_screen(o);
	return true;
}

int
show_follow(const struct options *o)
{
	int64_t begun, due, end;
	int rc = source_open(&source, o);
	bool screen;

	if (rc >= 0)
		return rc;
	if (!take(o)) {
		source_close(&source);
		return no_such_line(o);
	}
	begun = due = clock_mono_ns();
	end = o->duration_ns > 0 ? begun + o->duration_ns : INT64_MAX;
	screen = o->output == OUTPUT_TEXT && !o->plain && term_take();
	for (uint64_t n = 1; round_of(o, screen); n++) {
		due += o->interval_ns;
		if (n == o->count || due > end)
			break;
		if (!rest_until(o, due, screen))
			break;
		if (clock_mono_ns() - due > o->interval_ns) /* stopped for long: no burst */
			due = clock_mono_ns();
		source_read(&source);
	}
	term_restore();
	source_close(&source);
	return EXIT_FINE;
}

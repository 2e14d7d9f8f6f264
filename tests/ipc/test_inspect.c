/*
 * The binary against a live writer. This process is the writer; it drives the
 * tool by what it publishes and waits for what the tool prints.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <tickring/reasons.h>

#include "shm/board_writer.h"
#include "shm/status_writer.h"
#include "tests/shm_fixture.h"
#include "tools/common/clock.h"

#define SLOTS 4096
#define WAIT_MS_MAX 20000

struct world {
	struct shm_fixture f;
	struct ring ring;
};

/* A running tool and what it printed so far. */
struct tool {
	pid_t pid;
	int out;
	size_t used;
	char text[1 << 22];
};

static void
publish_event(struct ring *r, enum tick_reason reason)
{
	struct ring_tick t = {
		.meta = ring_meta(TICK_NO_INSTRUMENT, TICK_FEED_EVENT, 0, 0),
		.exch_ns = TICK_ABSENT,
		.recv_ns = clock_wall_ns(),
		.v = {reason, r->header->epoch, TICK_ABSENT, TICK_ABSENT},
		.id = TICK_ABSENT,
		.first_id = TICK_ABSENT,
		.trade_ns = TICK_ABSENT,
		.mono_ns = clock_mono_ns(),
	};

	ring_publish(r, &t);
}

static void
publish_trade(struct ring *r, int64_t id)
{
	struct ring_tick t = {
		.meta = ring_meta(0, TICK_TRADE, 0, 0),
		.exch_ns = clock_wall_ns(),
		.recv_ns = clock_wall_ns(),
		.v = {100 + id, 5, TICK_ABSENT, 0},
		.id = id,
		.first_id = TICK_ABSENT,
		.trade_ns = TICK_ABSENT,
		.mono_ns = clock_mono_ns(),
	};

	ring_publish(r, &t);
}

static int
setup(void **state)
{
	static struct world w;
	struct tick_instrument i = {.venue = TICK_VENUE_BINANCE_SPOT, .symbol_bytes = 7,
	    .price_exponent = -2, .qty_exponent = -3, .symbol = "BTCUSDT"};

	memset(&w, 0, sizeof(w));
	shm_fixture_init(&w.f);
	shm_fixture_ring(&w.f, &w.ring, SLOTS);
	ring_add(&w.ring, &i);
	publish_event(&w.ring, TICK_REASON_START);
	*state = &w;
	return 0;
}

static int
teardown(void **state)
{
	struct world *w = *state;

	if (w->ring.header != NULL)
		ring_close(&w->ring, false);
	shm_fixture_fini(&w->f);
	return 0;
}

/* Starts the tool with "more" words as arguments and then the feed. */
static void
start(struct tool *t, const struct world *w, const char *arguments)
{
	const char *build = getenv("TICKRING_BUILD");
	char command[1024];
	int ends[2];

	assert_non_null(build);
	assert_int_equal(pipe(ends), 0);
	snprintf(command, sizeof(command), "exec '%s/shm-inspect' %s '%s' 2>&1", build, arguments,
	    w->f.feed);
	t->pid = fork();
	if (t->pid == 0) {
		dup2(ends[1], STDOUT_FILENO);
		close(ends[0]);
		close(ends[1]);
		execl("/bin/sh", "sh", "-c", command, (char *)NULL);
		_exit(127);
	}
	close(ends[1]);
	t->out = ends[0];
	t->used = 0;
	t->text[0] = '\0';
}

/* Reads once. False: the tool closed its output, or gave none for too long. */
static bool
read_more(struct tool *t, int wait_ms)
{
	struct pollfd pfd = {.fd = t->out, .events = POLLIN};
	ssize_t n;

	if (poll(&pfd, 1, wait_ms) <= 0)
		return false;
	n = read(t->out, t->text + t->used, sizeof(t->text) - 1 - t->used);
	if (n <= 0)
		return false;
	t->used += (size_t)n;
	t->text[t->used] = '\0';
	return true;
}

/* Waits until the tool printed this. */
static void
expect(struct tool *t, const char *text)
{
	while (strstr(t->text, text) == NULL)
		if (!read_more(t, WAIT_MS_MAX)) {
			print_error("no \"%s\" in:\n%s\n", text, t->text);
			kill(t->pid, SIGKILL);
			fail();
		}
}

/* Reads the rest; the exit code. */
static int
finish(struct tool *t)
{
	int status;

	while (read_more(t, WAIT_MS_MAX))
		continue;
	close(t->out);
	assert_int_equal(waitpid(t->pid, &status, 0), t->pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void
the_header_and_the_directory_are_shown(void **state)
{
	struct world *w = *state;
	static struct tool t;

	start(&t, w, "");
	assert_int_equal(finish(&t), 0);
	expect(&t, "writer            alive");
	expect(&t, "ticks_published   1\n");
	expect(&t, "BTCUSDT  binance-spot");
	start(&t, w, "-i btcUSDt");
	assert_int_equal(finish(&t), 0);
	expect(&t, "BTCUSDT  binance-spot");
	start(&t, w, "-i NOPE");
	assert_int_equal(finish(&t), 1);
	expect(&t, "has no instrument \"NOPE\"");
}

static void
check_tells_the_living_from_the_dead(void **state)
{
	struct world *w = *state;
	static struct tool t;

	start(&t, w, "--check");
	assert_int_equal(finish(&t), 0);
	ring_close(&w->ring, false);
	w->ring.header = NULL;
	start(&t, w, "--check");
	assert_int_equal(finish(&t), 1);
	expect(&t, "dead");
	start(&t, w, "--board");
	assert_int_equal(finish(&t), 1);
	start(&t, w, "--live -o json");
	assert_int_equal(finish(&t), 2);
	start(&t, w, "--no-such-option");
	assert_int_equal(finish(&t), 2);
	expect(&t, "try --help");
}

static void
check_shows_the_lines_of_the_status(void **state)
{
	struct world *w = *state;
	static struct tick_status status;
	struct status_cfg cfg = {.directory = w->f.directory, .feed = "t", .group = (gid_t)-1,
	    .heartbeat_every_ns = 3000000000};
	struct status_writer writer;
	char why[SEGMENT_WHY_MAX];
	static struct tool t;

	start(&t, w, "--check");
	assert_int_equal(finish(&t), 0);
	expect(&t, "-      the writer is fine");
	assert_int_equal(status_open(&writer, &cfg, why), 0);
	status.lines = 3;
	status.at_mono_ns = clock_mono_ns();
	status_publish(&writer, &status);
	start(&t, w, "--check");
	assert_int_equal(finish(&t), 0);
	expect(&t, "0/3 live  the writer is fine");
	start(&t, w, "--check -o json");
	assert_int_equal(finish(&t), 0);
	expect(&t, "\"lines_live\":0,\"lines\":3,");
	status_close(&writer, false);
}

/* The files as they stay behind: instrument 0 live on the board, no process. */
static void
after_a_kill_nothing_is_shown_as_live(void **state)
{
	struct world *w = *state;
	struct board_cfg cfg = {.directory = w->f.directory, .feed = "t", .group = (gid_t)-1,
	    .instruments_max = 64, .heartbeat_every_ns = 3000000000};
	struct tick_data data = {.state = TICK_DATA_LIVE};
	char why[SEGMENT_WHY_MAX];
	static struct tool t;
	struct board board;

	assert_int_equal(board_open(&board, &cfg, why), 0);
	board_data(&board, 0, &data);
	start(&t, w, "--board");
	assert_int_equal(finish(&t), 0);
	expect(&t, "BTCUSDT  live ");
	ring_close(&w->ring, false);
	w->ring.header = NULL;
	start(&t, w, "--board");
	assert_int_equal(finish(&t), 0);
	expect(&t, "BTCUSDT  stale (writer dead) ");
	start(&t, w, "--board -o json");
	assert_int_equal(finish(&t), 0);
	expect(&t, "\"data\":\"stale\"");
	expect(&t, "\"writer\":\"dead\"");
	board_close(&board, false);
}

static void
every_tick_in_the_ring_is_drained_exactly(void **state)
{
	struct world *w = *state;
	static struct tool t;
	char *at, *line, *rest;
	int64_t next = 0;

	for (int64_t id = 0; id < 300; id++)
		publish_trade(&w->ring, id);
	start(&t, w, "-f --from oldest --drain -t trade -i btcusdt -o tsv");
	assert_int_equal(finish(&t), 0);
	rest = t.text;
	assert_non_null(strsep(&rest, "\n"));
	while ((line = strsep(&rest, "\n")) != NULL && *line != '\0') {
		char wanted[128];

		snprintf(wanted, sizeof(wanted),
		    "trade\tBTCUSDT\t%lld\t%lld\t-\t-\t%lld\t5\t-\t0\t",
		    (long long)next + 1, (long long)next, (long long)next + 100);
		at = strstr(line, wanted);
		assert_ptr_equal(at, line);
		next++;
	}
	assert_int_equal(next, 300);
}

static void
a_dead_writer_and_its_restart_are_told_in_order(void **state)
{
	struct world *w = *state;
	static struct tool t;

	start(&t, w, "-f --from oldest -n 4 -o json");
	expect(&t, "\"reason\":\"start\"");
	publish_trade(&w->ring, 1);
	expect(&t, "\"price\":\"1.01\",\"qty\":\"0.005\"");
	ring_close(&w->ring, false);
	expect(&t, "\"event\":\"dead\"");
	shm_fixture_ring(&w->f, &w->ring, SLOTS);
	publish_event(&w->ring, TICK_REASON_RESTART);
	expect(&t, "{\"event\":\"restarted\",\"lost\":0,\"epoch\":2");
	publish_trade(&w->ring, 2);
	assert_int_equal(finish(&t), 0);
	expect(&t, "\"price\":\"1.02\"");
}

static void
a_damaged_ring_is_told_once_and_read_on(void **state)
{
	struct world *w = *state;
	static struct tool t;

	for (int64_t id = 0; id < 300; id++)
		publish_trade(&w->ring, id);
	__atomic_store_n(&w->ring.slots[101].seq, 0, __ATOMIC_RELEASE); /* trade 100 */
	start(&t, w, "-f --from oldest --drain -t trade -i btcusdt -o tsv");
	assert_int_equal(finish(&t), 0);
	expect(&t, "# damaged\tlost=1\t");
	assert_null(strstr(t.text, "# damaged\t") ? strstr(strstr(t.text, "# damaged\t") + 1,
	    "# damaged\t") : t.text);
	assert_null(strstr(t.text, "trade\tBTCUSDT\t101\t"));
	expect(&t, "trade\tBTCUSDT\t102\t");
	expect(&t, "trade\tBTCUSDT\t300\t");
}

static void
a_replaced_segment_is_read_from_its_beginning(void **state)
{
	struct world *w = *state;
	static struct tool t;

	start(&t, w, "-f --from oldest -n 2 -t trade");
	publish_trade(&w->ring, 1);
	expect(&t, "1.01");
	ring_close(&w->ring, true);
	shm_fixture_ring(&w->f, &w->ring, 2 * SLOTS);
	publish_event(&w->ring, TICK_REASON_START);
	expect(&t, "the segment was replaced, reading the new one");
	publish_trade(&w->ring, 2);
	assert_int_equal(finish(&t), 0);
	expect(&t, "trade");
	/* Once, although standard output is no terminal: both streams end in t.text. */
	assert_null(strstr(strstr(t.text, "segment was replaced") + 1, "segment was replaced"));
}

static void
a_reader_that_was_stopped_is_told_what_it_lost(void **state)
{
	struct world *w = *state;
	static struct tool t;
	unsigned long long received = 0, lost = 0;
	const char *note, *p;

	start(&t, w, "-f --from oldest -o tsv -t trade");
	publish_trade(&w->ring, 0);
	expect(&t, "trade\tBTCUSDT\t1\t0\t");
	kill(t.pid, SIGSTOP);
	for (int64_t id = 1; id < 2 * SLOTS; id++)
		publish_trade(&w->ring, id);
	publish_trade(&w->ring, 888888);
	kill(t.pid, SIGCONT);
	expect(&t, "\t888888\t");
	kill(t.pid, SIGTERM);
	assert_int_equal(finish(&t), 0);
	note = strstr(t.text, "# overrun\tlost=");
	assert_non_null(note);
	assert_int_equal(sscanf(note, "# overrun\tlost=%llu\t", &lost), 1);
	for (p = t.text; (p = strstr(p, "trade\tBTCUSDT")) != NULL; p++)
		received++;
	assert_int_equal(received + lost, 2 * SLOTS + 1);
	assert_null(strstr(t.text, "-- ")); /* the words of a text, which was not asked for */
}

static void
a_live_block_names_the_feed_and_ends_with_a_summary(void **state)
{
	struct world *w = *state;
	static struct tool t;

	start(&t, w, "--live --plain --interval 0.05");
	expect(&t, "status of feed");
	expect(&t, "going on without");
	for (int64_t id = 0; strstr(t.text, "1.") == NULL; id++) {
		publish_trade(&w->ring, id % 10);
		ring_idle(&w->ring, clock_mono_ns());
		read_more(&t, 10);
	}
	expect(&t, "writer alive");
	kill(t.pid, SIGTERM);
	assert_int_equal(finish(&t), 0);
	expect(&t, "summary: ticks=");
	expect(&t, "lost=0 decode_errors=- gaps=0 instruments=1\n");
}

static void
a_missing_feed_is_waited_for_only_when_asked(void **state)
{
	struct world *w = *state;
	static struct tool t;

	ring_close(&w->ring, true);
	w->ring.header = NULL;
	start(&t, w, "");
	assert_int_equal(finish(&t), 1);
	expect(&t, "there is no such segment");
	start(&t, w, "--wait=0.05 -f");
	assert_int_equal(finish(&t), 1);
	start(&t, w, "--wait -f --from oldest -n 1");
	expect(&t, "waiting for feed");
	shm_fixture_ring(&w->f, &w->ring, SLOTS);
	publish_event(&w->ring, TICK_REASON_START);
	assert_int_equal(finish(&t), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_header_and_the_directory_are_shown),
		TEST(check_tells_the_living_from_the_dead),
		TEST(check_shows_the_lines_of_the_status),
		TEST(after_a_kill_nothing_is_shown_as_live),
		TEST(every_tick_in_the_ring_is_drained_exactly),
		TEST(a_dead_writer_and_its_restart_are_told_in_order),
		TEST(a_damaged_ring_is_told_once_and_read_on),
		TEST(a_replaced_segment_is_read_from_its_beginning),
		TEST(a_reader_that_was_stopped_is_told_what_it_lost),
		TEST(a_live_block_names_the_feed_and_ends_with_a_summary),
		TEST(a_missing_feed_is_waited_for_only_when_asked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

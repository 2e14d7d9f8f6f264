/*
 * Damaged segments under the reader's library, and under the writer that
 * takes them over: sound images of ring, board and status, changed as the
 * input says, before they are opened and again while they are mapped. No
 * crash, no read outside, no endless loop, and the reader's account adds up.
 *
 * The input is a list of changes of 8 bytes: which file, what to do, where,
 * with what; a change with the top bit of its first byte is done after opening.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <tickring/board.h>
#include <tickring/health.h>
#include <tickring/reader.h>
#include <tickring/status.h>

#include "shm/board_writer.h"
#include "shm/ring.h"
#include "shm/status_writer.h"
#include "tests/fuzz/fuzz.h"

#define FILES 3
#define IMAGE_MAX (2 << 20) /* the rows of streams take one half */
#define SLOTS 16
#define READS 300

enum { RING, BOARD, STATUS };

static const char *const suffixes[FILES] = {"ring", "board", "status"};
static char folder[] = "/tmp/tickring-fuzz-XXXXXX";
static char path[FILES][64], feed[64];
static uint8_t image[FILES][IMAGE_MAX];
static size_t bytes[FILES];

static void
remove_all(void)
{
	for (int i = 0; i < FILES; i++)
		unlink(path[i]);
	rmdir(folder);
}

/* ---- sound images -------------------------------------------------------------- */

static struct ring_cfg
ring_cfg(void)
{
	return (struct ring_cfg){.directory = folder, .feed = "f", .group = (gid_t)-1,
	    .slots = SLOTS, .instruments_max = 4, .heartbeat_every_ns = 100000000};
}

static struct board_cfg
board_cfg(void)
{
	return (struct board_cfg){.directory = folder, .feed = "f", .group = (gid_t)-1,
	    .instruments_max = 4, .depth = 3, .heartbeat_every_ns = 100000000};
}

static struct status_cfg
status_cfg(void)
{
	return (struct status_cfg){.directory = folder, .feed = "f", .group = (gid_t)-1,
	    .heartbeat_every_ns = 100000000};
}

static void
publish(struct ring *r, int64_t n)
{
	struct ring_tick t = {.meta = ring_meta(0, TICK_TRADE, 0, 0)};

	for (t.id = 0; t.id < n; t.id++)
		ring_publish(r, &t);
}

static void
fill_ring(char *why)
{
	struct tick_instrument i = {.venue = 1, .symbol_bytes = 7, .symbol = "BTCUSDT"};
	struct ring_cfg cfg = ring_cfg();
	struct ring r;

	must(ring_open(&r, &cfg, why) == 0, why);
	ring_add(&r, &i);
	publish(&r, 3 * SLOTS + 5);
	ring_close(&r, false);
}

static void
fill_board(char *why)
{
	const struct tick_level levels[3] = {{1, 2}, {3, 4}, {5, 6}};
	struct tick_book book = {.bids = 3, .asks = 2};
	struct board_cfg cfg = board_cfg();
	struct board b;

	must(board_open(&b, &cfg, why) == 0, why);
	for (uint32_t i = 0; i < 3; i++) {
		board_quote(&b, i, &(struct tick_quote){.id = i});
		board_data(&b, i, &(struct tick_data){.state = TICK_DATA_LIVE});
		board_book(&b, i, &book, levels, levels);
	}
	board_close(&b, false);
}

static void
fill_status(char *why)
{
	static const struct tick_status status = {.lines = 2, .at_mono_ns = 1};
	struct status_cfg cfg = status_cfg();
	struct status_writer s;

	must(status_open(&s, &cfg, why) == 0, why);
	status_publish(&s, &status);
	status_close(&s, false);
}

static void
make_images(void)
{
	char why[SEGMENT_WHY_MAX];

	must(mkdtemp(folder) != NULL, "mkdtemp");
	atexit(remove_all);
	snprintf(feed, sizeof(feed), "%s/f", folder);
	fill_ring(why);
	fill_board(why);
	fill_status(why);
	for (int i = 0; i < FILES; i++) {
		ssize_t got;
		int fd;

		snprintf(path[i], sizeof(path[i]), "%s/f.%s", folder, suffixes[i]);
		fd = open(path[i], O_RDONLY);
		got = read(fd, image[i], IMAGE_MAX);
		must(got > 4096 && got < IMAGE_MAX, "image");
		bytes[i] = (size_t)got;
		close(fd);
	}
}

/* ---- changes ------------------------------------------------------------------- */

struct change {
	uint8_t file, what;
	uint16_t where;
	uint32_t with;
};

/* The words that matter lie in the first lines; the rest is reached by the high offsets. */
static size_t
place(const struct change *c, size_t size, size_t width)
{
	size_t at = c->where < 0x8000 ? c->where % 704 : (size_t)(c->where - 0x8000) * 8;

	return at + width <= size ? at : at % (size - width + 1);
}

static void
apply(const struct change *c, uint8_t *file, size_t size)
{
	uint64_t word;

	if (size < 8)
		return;
	switch (c->what % 5) {
	case 0: /* one bit */
		file[place(c, size, 1)] ^= (uint8_t)(1u << c->with % 8);
		break;
	case 1: /* one word, by its low or its high half */
		memcpy(&word, file + place(c, size, 8), 8);
		word = c->with & 1 ? word ^ (uint64_t)c->with << 31 : word + (int32_t)c->with;
		memcpy(file + place(c, size, 8), &word, 8);
		break;
	case 2:
		memset(file + place(c, size, 8), (int)c->with, 8);
		break;
	case 3: { /* a range of zeros */
		size_t at = place(c, size, 1), n = c->with % 8192;

		memset(file + at, 0, n < size - at ? n : size - at);
		break;
	}
	default:
		memcpy(file + place(c, size, 4), &c->with, 4);
		break;
	}
}

/* Returns the size that the changes leave the file. */
static size_t
change_file(int which, const uint8_t *data, size_t size, bool late, uint8_t *file)
{
	size_t length = bytes[which];
	struct change c;

	for (; size >= sizeof(c); data += sizeof(c), size -= sizeof(c)) {
		memcpy(&c, data, sizeof(c));
		if ((c.file & 0x7f) % FILES != which || (c.file >> 7) != late)
			continue;
		if (c.what == 0xff && !late)
			length = c.with % (2 * bytes[which]);
		else
			apply(&c, file, bytes[which]);
	}
	return length;
}

static void
write_files(const uint8_t *data, size_t size, bool late)
{
	static uint8_t file[FILES][IMAGE_MAX];

	for (int i = 0; i < FILES; i++) {
		int fd = open(path[i], O_WRONLY | O_CREAT | (late ? 0 : O_TRUNC), 0600);
		size_t length;

		if (!late)
			memcpy(file[i], image[i], bytes[i]);
		length = change_file(i, data, size, late, file[i]);
		must(fd >= 0, path[i]);
		if (late) { /* never beyond its end: cutting a mapped file is another matter */
			off_t end = lseek(fd, 0, SEEK_END);

			length = (size_t)end < bytes[i] ? (size_t)end : bytes[i];
		}
		must(pwrite(fd, file[i], length < bytes[i] ? length : bytes[i], 0) >= 0, "pwrite");
		must(late || ftruncate(fd, (off_t)length) == 0, "ftruncate");
		close(fd);
	}
}

/* ---- reading ------------------------------------------------------------------- */

static void
read_ring(struct tick_reader *r)
{
	struct tick_reader_stats s;
	const struct tick *t;
	struct tick copy;

	for (int i = 0; i < READS; i++) {
		if (i % 3 == 0 && tick_reader_peek(r, &t) == TICK_MORE && tick_reader_valid(r))
			tick_reader_advance(r);
		if (tick_reader_next(r, &copy) == TICK_E_REPLACED)
			break;
	}
	for (uint32_t id = 0; id < tick_reader_instruments(r); id++)
		must(tick_reader_instrument(r, id) != NULL, "instrument");
	tick_reader_find(r, "BTCUSDT");
	tick_reader_seek(r, 20);
	tick_reader_lag(r);
	s = tick_reader_stats(r);
	must(s.received + s.lost + s.skipped == s.next - s.start, "account");
	must(s.received <= 2 * READS, "received");
}

static void
read_board(const struct tick_board *b)
{
	struct tick_level bids[8], asks[8];
	struct tick_last_trade trade;
	struct tick_quote quote;
	struct tick_data data;
	struct tick_book book;

	for (uint32_t i = 0; i < 6; i++) {
		tick_board_quote(b, i, &quote);
		tick_board_trade(b, i, &trade);
		tick_board_data(b, i, &data);
		if (tick_board_book(b, i, &book, bids, asks, 8) == 0)
			must(book.bids <= 8 && book.asks <= 8, "book");
	}
	tick_board_quote(b, UINT32_MAX, &quote);
	tick_board_check(b);
}

/* A writer comes, whatever it finds; it must be able to write, or refuse in words. */
static void
take_over(void)
{
	char why[SEGMENT_WHY_MAX] = "";
	struct ring_cfg rc = ring_cfg();
	struct board_cfg bc = board_cfg();
	struct board b;
	struct ring r;

	if (ring_open(&r, &rc, why) == 0) {
		must(r.next < UINT64_C(1) << 62, "next");
		publish(&r, 3);
		ring_close(&r, false);
	} else {
		must(why[0] != 0, "why");
	}
	if (board_open(&b, &bc, why) == 0)
		board_close(&b, false);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct tick_status_reader *status;
	struct tick_reader *ring;
	struct tick_board *board;
	struct tick_status copy;
	struct tick_health health;

	if (bytes[RING] == 0)
		make_images();
	write_files(data, size, false);
	tick_reader_open(&ring, feed, size & 1 ? TICK_FROM_OLDEST : TICK_FROM_NEWEST);
	tick_board_open(&board, feed);
	tick_status_open(&status, feed);
	if (ring)
		read_ring(ring);
	write_files(data, size, true);
	if (ring)
		read_ring(ring);
	if (board)
		read_board(board);
	if (status && tick_status_read(status, &copy) == 0) {
		must(tick_status_check(status) != TICK_MORE, "status");
		tick_health_judge(&health, &copy, TICK_END, INT64_MAX / 2, copy.at_mono_ns, NULL);
		must(health.score >= 0 && health.score <= TICK_HEALTH_MAX, "score");
	}
	take_over();
	if (ring && tick_reader_reattach(ring) == 0)
		read_ring(ring);
	tick_reader_close(&ring);
	tick_board_close(&board);
	tick_status_close(&status);
	/* A replaced file is a new one: the next input starts from the images. */
	return 0;
}

#include "feed/io/tape.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "feed/base/crc32c.h"
#include "feed/io/tape_impl.h"

/* While something is on its way to the disk, it is looked after so often. */
#define LOOK_EVERY_MS 10

#define PATIENCE_US 1000 /* at the end only */

#define ROOM (TAPE_BLOCK_BYTES - sizeof(struct tape_block_header))
#define PIECE_MAX (ROOM - sizeof(struct tape_piece))

struct tape {
	struct tape_cfg cfg; /* strings not kept */
	struct tape_queue queue;
	struct tape_writer *writer;
	struct tape_files *files;
	struct tape_counts counts;
	uint64_t session, number; /* of the block that is being filled */

	int fd;
	uint32_t file;
	uint64_t offset;          /* of the next block in the file */
	mono_t file_since;
	bool beginning;           /* the preamble is being added */
	int old_fd;               /* the file before, until its last block is done; -1: none */
	uint32_t old_file;
	unsigned old_until;       /* number of the first block of the file after it */
	char path[TAPE_PATH_MAX];

	unsigned filling;         /* number of the block that is being filled */
	unsigned seen;            /* blocks before it were seen to be done */
	bool open;                /* there is such a block */
	uint32_t crc, pieces, records;
	size_t n;                 /* bytes of its records */
	struct tape_piece first;
	mono_t latest;            /* time of the last record */
	mono_t look_at;           /* something is on its way to the disk; else never */
};

static size_t
aligned(size_t n)
{
	return (n + TAPE_ALIGN - 1) / TAPE_ALIGN * TAPE_ALIGN;
}

/* ---- blocks ------------------------------------------------------------------- */

/* Sees what became of blocks, and lets go of a file that is complete. */
static void
look(struct tape *c)
{
	unsigned done;

	c->writer->ops->poke(c->writer);
	done = atomic_load_explicit(&c->queue.done, memory_order_acquire);
	for (; c->seen != done; c->seen++) {
		struct tape_block *b = tape_queue_at(&c->queue, c->seen);

		if (b->error == 0)
			continue;
		c->counts.errors++;
		c->counts.error = b->error;
		c->counts.dropped += b->records;
		c->counts.records -= b->records;
	}
	if (c->old_fd >= 0 && (int)(c->seen - c->old_until) >= 0 &&
	    tape_files_finish(c->files, c->old_fd, c->old_file))
		c->old_fd = -1;
}

static char *
records_of(struct tape *c)
{
	return tape_queue_at(&c->queue, c->filling)->bytes + sizeof(struct tape_block_header);
}

/* Makes sure that there is a block to fill. False: all are on their way. */
static bool
open_block(struct tape *c)
{
	if (c->open)
		return true;
	if (c->filling - c->seen == c->queue.blocks)
		look(c);
	if (c->filling - c->seen == c->queue.blocks)
		return false;
	c->open = true;
	c->crc = 0;
	c->pieces = 0;
	c->records = 0;
	c->n = 0;
	return true;
}

static void
seal(struct tape *c)
{
	struct tape_block *b = tape_queue_at(&c->queue, c->filling);
	struct tape_block_header h = {
		.magic = TAPE_MAGIC,
		.version = TAPE_VERSION,
		.header_bytes = sizeof(h),
		.bytes = (uint32_t)c->n,
		.session = c->session,
		.number = c->number,
		.pieces = c->pieces,
		.file = c->file,
		.dropped = c->counts.dropped,
		.wall_ns = c->first.wall_ns,
		.mono_ns = c->first.mono_ns,
	};

	h.crc = crc32c(c->crc, &h, sizeof(h));
	memcpy(b->bytes, &h, sizeof(h));
	b->n = sizeof(h) + c->n;
	b->fd = c->fd;
	b->offset = c->offset;
	b->records = c->records;
	b->error = 0;
	c->offset += b->n;
	c->number++;
	c->filling++;
	c->open = false;
	atomic_store_explicit(&c->queue.sealed, c->filling, memory_order_release);
	c->look_at = mono_add(c->latest, span_ms(LOOK_EVERY_MS));
	look(c);
}

/* ---- files -------------------------------------------------------------------- */

static bool
wants_next_file(const struct tape *c, mono_t now)
{
	if (c->beginning || c->old_fd >= 0)
		return false;
	return c->offset >= (uint64_t)c->cfg.file_bytes ||
	    mono_due(mono_add(c->file_since, c->cfg.file_age), now);
}

static void
begin_file(struct tape *c, int fd, uint32_t number, wall_t now, mono_t mono)
{
	c->fd = fd;
	c->file = number;
	c->offset = 0;
	c->file_since = mono;
	c->counts.files++;
	tape_files_path(c->files, number, c->path, sizeof(c->path));
	if (c->cfg.preamble == NULL)
		return;
	c->beginning = true;
	c->cfg.preamble(c->cfg.context, c, now, mono);
	c->beginning = false;
}

/* Between two blocks. Goes on in the old file as long as the new one is not ready. */
static void
turn_over(struct tape *c, wall_t now, mono_t mono)
{
	uint32_t number;
	int fd;

	if (!wants_next_file(c, mono))
		return;
	fd = tape_files_next(c->files, &number);
	c->counts.no_file = fd < 0 ? tape_files_error(c->files) : 0;
	if (fd < 0)
		return;
	c->old_fd = c->fd;
	c->old_file = c->file;
	c->old_until = c->filling;
	begin_file(c, fd, number, now, mono);
	look(c);
}

/* ---- records ------------------------------------------------------------------ */

/* Into the block at hand, which has room for it. */
static void
put_piece(struct tape *c, const struct tape_record *r, struct bytes part, bool more)
{
	struct tape_piece piece = {
		.bytes = (uint32_t)part.n,
		.kind = (uint8_t)r->kind,
		.line = r->line,
		.flags = (uint8_t)(r->flags | (more ? TAPE_FLAG_MORE : 0)),
		.wall_ns = r->wall.ns,
		.mono_ns = r->mono.ns,
	};
	size_t whole = sizeof(piece) + aligned(part.n);
	char *to = records_of(c) + c->n;

	memcpy(to, &piece, sizeof(piece));
	if (part.n % TAPE_ALIGN != 0)
		memset(to + whole - TAPE_ALIGN, 0, TAPE_ALIGN);
	if (part.n > 0)
		memcpy(to + sizeof(piece), part.p, part.n);
	c->crc = crc32c(c->crc, to, whole);
	if (c->pieces++ == 0)
		c->first = piece;
	c->n += whole;
	c->latest = r->mono;
}

/* Does it fit into the block at hand, if there is one with something in it? */
static bool
fits(const struct tape *c, size_t n)
{
	return !c->open || c->n == 0 ||
	    c->n + sizeof(struct tape_piece) + aligned(n) <= ROOM;
}

/* Is there room for all of it? Leaves a block open in which it may begin. */
static bool
has_room(struct tape *c, size_t n)
{
	size_t whole = sizeof(struct tape_piece) + aligned(n);
	unsigned blocks;

	if (!open_block(c))
		return false;
	if (whole <= ROOM)
		return true;
	/* In pieces, each of a block of its own. */
	blocks = (unsigned)((n + PIECE_MAX - 1) / PIECE_MAX);
	if (c->filling - c->seen + blocks > c->queue.blocks)
		look(c);
	return c->filling - c->seen + blocks <= c->queue.blocks;
}

bool
tape_add(struct tape *c, const struct tape_record *r)
{
	struct bytes left = r->payload;
	size_t n;

	if (!fits(c, left.n)) {
		seal(c);
		turn_over(c, r->wall, r->mono);
	}
	if (!fits(c, left.n))
		seal(c); /* what a new file begins with */
	if (!has_room(c, left.n)) {
		c->counts.dropped++;
		return false;
	}
	c->counts.records++;
	c->counts.bytes += left.n;
	for (;;) {
		n = left.n < PIECE_MAX ? left.n : PIECE_MAX;
		put_piece(c, r, (struct bytes){left.p, n}, n < left.n);
		left = (struct bytes){left.p + n, left.n - n};
		if (left.n == 0)
			break;
		seal(c);
		open_block(c); /* has_room() counted it */
	}
	c->records++;
	return true;
}

void
tape_on_time(struct tape *c, mono_t now)
{
	look(c);
	c->look_at = c->seen == c->filling && c->old_fd < 0
	    ? MONO_NEVER
	    : mono_add(now, span_ms(LOOK_EVERY_MS));
	if (c->open && c->n > 0 &&
	    mono_due(mono_add((mono_t){c->first.mono_ns}, c->cfg.flush_every), now)) {
		wall_t wall = {c->first.wall_ns + now.ns - c->first.mono_ns};

		seal(c);
		turn_over(c, wall, now);
	}
}

mono_t
tape_deadline(const struct tape *c)
{
	mono_t due = c->look_at;

	if (c->open && c->n > 0)
		due = mono_min(due, mono_add((mono_t){c->first.mono_ns}, c->cfg.flush_every));
	return due;
}

struct tape_counts
tape_counts(const struct tape *c)
{
	return c->counts;
}

const char *
tape_writer_name(const struct tape *c)
{
	return c->writer->ops->name;
}

const char *
tape_path(const struct tape *c)
{
	return c->path;
}

/* ---- life --------------------------------------------------------------------- */

static int
make_queue(struct tape_queue *q, int64_t bytes, char *why)
{
	int64_t blocks = bytes / TAPE_BLOCK_BYTES;

	if (blocks < TAPE_BUFFERS_MIN || blocks > TAPE_BUFFERS_MAX) {
		snprintf(why, TAPE_WHY_MAX, "buffers of %lld bytes make %lld blocks of %d",
		    (long long)bytes, (long long)blocks, TAPE_BLOCK_BYTES);
		return -EINVAL;
	}
	q->blocks = (unsigned)blocks;
	q->block = calloc(q->blocks, sizeof(*q->block));
	q->memory = mmap(NULL, (size_t)q->blocks * TAPE_BLOCK_BYTES, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (q->memory == MAP_FAILED)
		q->memory = NULL;
	if (q->block == NULL || q->memory == NULL) {
		snprintf(why, TAPE_WHY_MAX, "out of memory for the buffers");
		return -ENOMEM;
	}
	for (unsigned i = 0; i < q->blocks; i++)
		q->block[i].bytes = q->memory + (size_t)i * TAPE_BLOCK_BYTES;
	return 0;
}

static int
open_writer(struct tape *c, const char *name, char *why)
{
	static const struct tape_writer_ops *const writers[] = {
		&tape_uring_ops, &tape_thread_ops};
	char refused[TAPE_WHY_MAX] = "";
	bool any = strcmp(name, "auto") == 0;
	int rc = -EINVAL;

	snprintf(why, TAPE_WHY_MAX, "no writer is called \"%.40s\"", name);
	for (size_t i = 0; i < sizeof(writers) / sizeof(writers[0]); i++) {
		if (!any && strcmp(name, writers[i]->name) != 0)
			continue;
		rc = writers[i]->open(&c->writer, &c->queue, c->cfg.cpu, why);
		if (rc == 0) {
			c->writer->ops = writers[i];
			c->writer->queue = &c->queue;
			snprintf(why, TAPE_WHY_MAX, "%s", refused);
			return 0;
		}
		snprintf(refused, sizeof(refused), "%s", why);
	}
	return rc;
}

int
tape_open(struct tape **out, const struct tape_cfg *cfg, wall_t now, mono_t mono, char *why)
{
	struct tape *c = calloc(1, sizeof(*c));
	uint32_t number;
	int rc, fd;

	snprintf(why, TAPE_WHY_MAX, "out of memory for the capture");
	if (c == NULL)
		return -ENOMEM;
	c->cfg = *cfg;
	c->fd = -1;
	c->old_fd = -1;
	c->look_at = MONO_NEVER;
	c->session = (uint64_t)now.ns;
	rc = make_queue(&c->queue, cfg->buffer_bytes, why);
	if (rc == 0)
		rc = tape_files_open(&c->files, cfg, c->session, why);
	if (rc == 0)
		rc = open_writer(c, cfg->writer, why);
	c->cfg.dir = c->cfg.name = c->cfg.writer = NULL;
	if (rc != 0) {
		tape_close(&c);
		return rc;
	}
	fd = tape_files_next(c->files, &number);
	*out = c;
	begin_file(c, fd, number, now, mono);
	return 0;
}

void
tape_close(struct tape **capture)
{
	struct tape *c = *capture;

	if (c == NULL)
		return;
	*capture = NULL;
	if (c->open && c->n > 0)
		seal(c);
	if (c->writer != NULL)
		c->writer->ops->close(c->writer);
	while (c->old_fd >= 0 && !tape_files_finish(c->files, c->old_fd, c->old_file))
		usleep(PATIENCE_US);
	while (c->fd >= 0 && !tape_files_finish(c->files, c->fd, c->file))
		usleep(PATIENCE_US);
	tape_files_close(&c->files);
	if (c->queue.memory != NULL)
		munmap(c->queue.memory, (size_t)c->queue.blocks * TAPE_BLOCK_BYTES);
	free(c->queue.block);
	free(c);
}

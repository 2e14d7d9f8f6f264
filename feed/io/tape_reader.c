#include "feed/io/tape_reader.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

#include "feed/base/crc32c.h"

#define BUFFER (4 * TAPE_BLOCK_BYTES)
#define ZSTD_MAGIC "\x28\xb5\x2f\xfd"

struct tape_reader {
	int fd;
	ZSTD_DCtx *zstd; /* NULL: not compressed */
	char *packed;    /* as it lies in the file */
	ZSTD_inBuffer in;
	size_t packed_room;
	bool unfinished; /* the compressed frame goes on */

	char *bytes;     /* BUFFER and padding: [at, end) is there */
	size_t at, end;
	bool eof;
	uint64_t skipped;

	struct tape_block_header block, previous;
	bool has_previous, gap, torn, failed;
	size_t left;     /* bytes of the block's records still to come, at `at` */

	char *joined;    /* a record of several pieces */
	size_t joined_n, joined_room;
	bool joining;
	char error[TAPE_WHY_MAX];
};

/* ---- bytes -------------------------------------------------------------------- */

static bool
fail(struct tape_reader *r, const char *what)
{
	r->failed = true;
	r->eof = true;
	snprintf(r->error, sizeof(r->error), "%s", what);
	return false;
}

/* Up to n bytes of the file; 0 at its end or when it cannot be read. */
static size_t
read_some(struct tape_reader *r, char *to, size_t n)
{
	ssize_t got;

	do
		got = read(r->fd, to, n);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		fail(r, strerror(errno));
	return got > 0 ? (size_t)got : 0;
}

static size_t
unpack_some(struct tape_reader *r, char *to, size_t n)
{
	ZSTD_outBuffer out = {to, n, 0};
	size_t rc;

	while (out.pos == 0 && !r->eof) {
		if (r->in.pos == r->in.size) {
			r->in = (ZSTD_inBuffer){
				r->packed, read_some(r, r->packed, r->packed_room), 0};
			if (r->in.size == 0) {
				r->torn = r->unfinished;
				return 0;
			}
		}
		rc = ZSTD_decompressStream(r->zstd, &out, &r->in);
		if (ZSTD_isError(rc)) {
			fail(r, ZSTD_getErrorName(rc));
			return out.pos;
		}
		r->unfinished = rc != 0;
	}
	return out.pos;
}

/* Are there n bytes at `at`? Reads on for it. */
static bool
want(struct tape_reader *r, size_t n)
{
	size_t got;

	while (r->end - r->at < n && !r->eof) {
		if (r->at > 0) {
			memmove(r->bytes, r->bytes + r->at, r->end - r->at);
			r->end -= r->at;
			r->at = 0;
		}
		got = r->zstd != NULL ? unpack_some(r, r->bytes + r->end, BUFFER - r->end)
		                      : read_some(r, r->bytes + r->end, BUFFER - r->end);
		r->end += got;
		r->eof = r->eof || got == 0;
	}
	return r->end - r->at >= n;
}

/* ---- blocks ------------------------------------------------------------------- */

static bool
is_sound(const struct tape_block_header *h)
{
	return h->magic == TAPE_MAGIC && h->version == TAPE_VERSION &&
	    h->header_bytes == sizeof(*h) && h->bytes % TAPE_ALIGN == 0 &&
	    h->bytes <= TAPE_BLOCK_BYTES - sizeof(*h);
}

/* A whole block at `at`? Its header is then in *h. */
static bool
is_block(struct tape_reader *r, struct tape_block_header *h)
{
	struct tape_block_header blank;
	uint32_t crc;

	if (!want(r, sizeof(*h)))
		return false;
	memcpy(h, r->bytes + r->at, sizeof(*h));
	if (!is_sound(h) || !want(r, sizeof(*h) + h->bytes))
		return false;
	blank = *h;
	blank.crc = 0;
	crc = crc32c(0, r->bytes + r->at + sizeof(*h), h->bytes);
	return crc32c(crc, &blank, sizeof(blank)) == h->crc;
}

static bool
follows(const struct tape_block_header *h, const struct tape_block_header *previous)
{
	return h->session != previous->session ||
	    (h->number == previous->number + 1 && h->dropped == previous->dropped);
}

/* Goes to the next good block. False: there is none. */
static bool
next_block(struct tape_reader *r)
{
	struct tape_block_header h;
	bool skipped = false;

	while (!is_block(r, &h)) {
		size_t n = r->end - r->at < TAPE_ALIGN ? r->end - r->at : TAPE_ALIGN;

		if (n == 0)
			return false;
		r->at += n;
		r->skipped += n;
		skipped = true;
		r->torn = true; /* unless a block follows */
	}
	r->torn = false;
	r->block = h;
	r->gap = skipped || (r->has_previous && !follows(&h, &r->previous));
	r->joining = r->joining && !r->gap;
	r->previous = h;
	r->has_previous = true;
	r->at += sizeof(h);
	r->left = h.bytes;
	return true;
}

/* ---- records ------------------------------------------------------------------ */

/* A part of a record that is longer than a block. False: too long, or no memory. */
static bool
join(struct tape_reader *r, struct bytes part)
{
	size_t room = r->joined_n + part.n + TAPE_PADDING;
	char *bigger;

	if (room > TAPE_RECORD_MAX)
		return false;
	if (room > r->joined_room) {
		bigger = realloc(r->joined, 2 * room);
		if (bigger == NULL)
			return false;
		r->joined = bigger;
		r->joined_room = 2 * room;
	}
	if (part.n > 0)
		memcpy(r->joined + r->joined_n, part.p, part.n);
	r->joined_n += part.n;
	return true;
}

/* The block's next piece. False: what is left of the block is none. */
static bool
take_piece(struct tape_reader *r, struct tape_piece *piece, struct bytes *part)
{
	size_t whole;

	if (r->left < sizeof(*piece))
		return false;
	memcpy(piece, r->bytes + r->at, sizeof(*piece));
	if (piece->bytes > r->left - sizeof(*piece))
		return false;
	whole = sizeof(*piece) +
	    (piece->bytes + TAPE_ALIGN - 1) / TAPE_ALIGN * TAPE_ALIGN;
	if (whole > r->left || piece->kind == 0 || piece->kind >= TAPE_KINDS)
		return false;
	*part = (struct bytes){r->bytes + r->at + sizeof(*piece), piece->bytes};
	r->at += whole;
	r->left -= whole;
	return true;
}

/* Puts the piece to those before it. Returns whether a record is whole now. */
static bool
complete(struct tape_reader *r, const struct tape_piece *piece, struct bytes part,
    struct tape_record *out)
{
	bool more = (piece->flags & TAPE_FLAG_MORE) != 0;

	if (more || r->joining) {
		if (!r->joining)
			r->joined_n = 0;
		r->joining = true;
		if (!join(r, part)) {
			r->joining = false;
			r->gap = true;
			return false;
		}
		part = (struct bytes){r->joined, r->joined_n};
	}
	if (more)
		return false;
	r->joining = false;
	*out = (struct tape_record){
		.kind = (enum tape_kind)piece->kind,
		.line = piece->line,
		.flags = piece->flags,
		.wall = {piece->wall_ns},
		.mono = {piece->mono_ns},
		.payload = part,
	};
	return true;
}

enum tape_outcome
tape_reader_next(struct tape_reader *r, struct tape_record *out)
{
	struct tape_piece piece;
	struct bytes part;

	for (;;) {
		if (r->left == 0 && !next_block(r)) {
			if (r->failed)
				return TAPE_FAILED;
			return r->torn || r->joining ? TAPE_TORN : TAPE_END;
		}
		if (r->gap) {
			r->gap = false;
			return TAPE_GAP;
		}
		if (r->left == 0)
			continue; /* an empty block */
		if (!take_piece(r, &piece, &part)) {
			/* The checksum is right, the content is not: no writer of ours. */
			r->at += r->left;
			r->skipped += r->left;
			r->left = 0;
			r->joining = false;
			return TAPE_GAP;
		}
		if (complete(r, &piece, part, out))
			return TAPE_RECORD;
	}
}

/* ---- life --------------------------------------------------------------------- */

int
tape_reader_open(struct tape_reader **out, const char *path,
    const struct tape_block_header *after)
{
	struct tape_reader *r = calloc(1, sizeof(*r));
	int rc = -ENOMEM;

	*out = r;
	if (r == NULL)
		return rc;
	r->fd = open(path, O_RDONLY | O_CLOEXEC);
	if (r->fd < 0) {
		rc = -errno;
		tape_reader_close(out);
		return rc;
	}
	if (after != NULL) {
		r->previous = *after;
		r->has_previous = true;
	}
	r->bytes = calloc(1, BUFFER + TAPE_PADDING);
	r->packed_room = ZSTD_DStreamInSize();
	r->packed = malloc(r->packed_room);
	if (r->bytes == NULL || r->packed == NULL) {
		tape_reader_close(out);
		return rc;
	}
	if (want(r, sizeof(ZSTD_MAGIC) - 1) && memcmp(r->bytes, ZSTD_MAGIC, 4) == 0) {
		lseek(r->fd, 0, SEEK_SET);
		r->end = 0;
		r->eof = false;
		r->zstd = ZSTD_createDCtx();
		if (r->zstd == NULL) {
			tape_reader_close(out);
			return rc;
		}
	}
	return 0;
}

void
tape_reader_close(struct tape_reader **reader)
{
	struct tape_reader *r = *reader;

	if (r == NULL)
		return;
	*reader = NULL;
	if (r->fd >= 0)
		close(r->fd);
	ZSTD_freeDCtx(r->zstd);
	free(r->packed);
	free(r->bytes);
	free(r->joined);
	free(r);
}

const struct tape_block_header *
tape_reader_block(const struct tape_reader *r)
{
	return &r->block;
}

uint64_t
tape_reader_skipped(const struct tape_reader *r)
{
	return r->skipped;
}

const char *
tape_reader_error(const struct tape_reader *r)
{
	return r->error;
}

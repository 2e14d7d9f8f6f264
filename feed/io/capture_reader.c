#include "feed/io/capture_reader.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

#include "feed/base/crc32c.h"

#define BUFFER (4 * CAPTURE_BLOCK_BYTES)
#define ZSTD_MAGIC "\x28\xb5\x2f\xfd"

struct capture_reader {
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

	struct capture_block_header block, previous;
	bool has_previous, gap, torn, failed;
	size_t left;     /* bytes of the block's records still to come, at `at` */

	char *joined;    /* a record of several pieces */
	size_t joined_n, joined_room;
	bool joining;
	char error[CAPTURE_WHY_MAX];
};

/* ---- bytes -------------------------------------------------------------------- */

static bool
fail(struct capture_reader *r, const char *what)
{
	r->failed = true;
	r->eof = true;
	snprintf(r->error, sizeof(r->error), "%s", what);
	return false;
}

/* Up to n bytes of the file; 0 at its end or when it cannot be read. */
static size_t
read_some(struct capture_reader *r, char *to, size_t n)
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
unpack_some(struct capture_reader *r, char *to, size_t n)
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
want(struct capture_reader *r, size_t n)
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
is_sound(const struct capture_block_header *h)
{
	return h->magic == CAPTURE_MAGIC && h->version == CAPTURE_VERSION &&
	    h->header_bytes == sizeof(*h) && h->bytes % CAPTURE_ALIGN == 0 &&
	    h->bytes <= CAPTURE_BLOCK_BYTES - sizeof(*h);
}

/* A whole block at `at`? Its header is then in *h. */
static bool
is_block(struct capture_reader *r, struct capture_block_header *h)
{
	struct capture_block_header blank;
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
follows(const struct capture_block_header *h, const struct capture_block_header *previous)
{
	return h->session != previous->session ||
	    (h->number == previous->number + 1 && h->dropped == previous->dropped);
}

/* Goes to the next good block. False: there is none. */
static bool
next_block(struct capture_reader *r)
{
	struct capture_block_header h;
	bool skipped = false;

	while (!is_block(r, &h)) {
		size_t n = r->end - r->at < CAPTURE_ALIGN ? r->end - r->at : CAPTURE_ALIGN;

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
join(struct capture_reader *r, struct bytes part)
{
	size_t room = r->joined_n + part.n + CAPTURE_PADDING;
	char *bigger;

	if (room > CAPTURE_RECORD_MAX)
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
take_piece(struct capture_reader *r, struct capture_piece *piece, struct bytes *part)
{
	size_t whole;

	if (r->left < sizeof(*piece))
		return false;
	memcpy(piece, r->bytes + r->at, sizeof(*piece));
	if (piece->bytes > r->left - sizeof(*piece))
		return false;
	whole = sizeof(*piece) +
	    (piece->bytes + CAPTURE_ALIGN - 1) / CAPTURE_ALIGN * CAPTURE_ALIGN;
	if (whole > r->left || piece->kind == 0 || piece->kind >= CAPTURE_KINDS)
		return false;
	*part = (struct bytes){r->bytes + r->at + sizeof(*piece), piece->bytes};
	r->at += whole;
	r->left -= whole;
	return true;
}

/* Puts the piece to those before it. Returns whether a record is whole now. */
static bool
complete(struct capture_reader *r, const struct capture_piece *piece, struct bytes part,
    struct capture_record *out)
{
	bool more = (piece->flags & CAPTURE_FLAG_MORE) != 0;

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
	*out = (struct capture_record){
		.kind = (enum capture_kind)piece->kind,
		.line = piece->line,
		.flags = piece->flags,
		.wall = {piece->wall_ns},
		.mono = {piece->mono_ns},
		.payload = part,
	};
	return true;
}

enum capture_outcome
capture_reader_next(struct capture_reader *r, struct capture_record *out)
{
	struct capture_piece piece;
	struct bytes part;

	for (;;) {
		if (r->left == 0 && !next_block(r)) {
			if (r->failed)
				return CAPTURE_FAILED;
			return r->torn || r->joining ? CAPTURE_TORN : CAPTURE_END;
		}
		if (r->gap) {
			r->gap = false;
			return CAPTURE_GAP;
		}
		if (r->left == 0)
			continue; /* an empty block */
		if (!take_piece(r, &piece, &part)) {
			/* The checksum is right, the content is not: no writer of ours. */
			r->at += r->left;
			r->skipped += r->left;
			r->left = 0;
			r->joining = false;
			return CAPTURE_GAP;
		}
		if (complete(r, &piece, part, out))
			return CAPTURE_RECORD;
	}
}

/* ---- life --------------------------------------------------------------------- */

int
capture_reader_open(struct capture_reader **out, const char *path,
    const struct capture_block_header *after)
{
	struct capture_reader *r = calloc(1, sizeof(*r));
	int rc = -ENOMEM;

	*out = r;
	if (r == NULL)
		return rc;
	r->fd = open(path, O_RDONLY | O_CLOEXEC);
	if (r->fd < 0) {
		rc = -errno;
		capture_reader_close(out);
		return rc;
	}
	if (after != NULL) {
		r->previous = *after;
		r->has_previous = true;
	}
	r->bytes = calloc(1, BUFFER + CAPTURE_PADDING);
	r->packed_room = ZSTD_DStreamInSize();
	r->packed = malloc(r->packed_room);
	if (r->bytes == NULL || r->packed == NULL) {
		capture_reader_close(out);
		return rc;
	}
	if (want(r, sizeof(ZSTD_MAGIC) - 1) && memcmp(r->bytes, ZSTD_MAGIC, 4) == 0) {
		lseek(r->fd, 0, SEEK_SET);
		r->end = 0;
		r->eof = false;
		r->zstd = ZSTD_createDCtx();
		if (r->zstd == NULL) {
			capture_reader_close(out);
			return rc;
		}
	}
	return 0;
}

void
capture_reader_close(struct capture_reader **reader)
{
	struct capture_reader *r = *reader;

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

const struct capture_block_header *
capture_reader_block(const struct capture_reader *r)
{
	return &r->block;
}

uint64_t
capture_reader_skipped(const struct capture_reader *r)
{
	return r->skipped;
}

const char *
capture_reader_error(const struct capture_reader *r)
{
	return r->error;
}

/*
 * Reads a capture file back, compressed or not, whole or broken off in the
 * middle of a block. Trusts nothing in it but what the checksums cover, and of
 * that no length. One thread; allocates; for replays and tests.
 */
#ifndef FEED_IO_CAPTURE_READER_H
#define FEED_IO_CAPTURE_READER_H

#include "feed/io/capture.h"

/* Longest record: of a longer one, the rest is damage. */
#define CAPTURE_RECORD_MAX (256u << 20)

/* Readable bytes behind every payload, as TRANSPORT_PADDING. */
#define CAPTURE_PADDING 64

enum capture_outcome {
	CAPTURE_RECORD,  /* *out is a record */
	CAPTURE_GAP,     /* blocks are missing or broken here, records were lost; reading goes on */
	CAPTURE_END,     /* all was read */
	CAPTURE_TORN,    /* all was read; the end of the file is no whole block: a crash */
	CAPTURE_FAILED,  /* the file cannot be read on; capture_reader_error() */
};

struct capture_reader;

/*
 * `after`: the last block of the file read before this one, NULL: none; what
 * lies between both is told as a GAP. Returns 0, -ENOMEM, or what the system
 * said.
 */
int capture_reader_open(struct capture_reader **out, const char *path,
    const struct capture_block_header *after);

void capture_reader_close(struct capture_reader **reader);

/* The next record; its payload is valid until the next call. */
enum capture_outcome capture_reader_next(struct capture_reader *reader,
    struct capture_record *out);

/* Header of the block that the last record ended in; zeros before the first. */
const struct capture_block_header *capture_reader_block(const struct capture_reader *reader);

/* Bytes that belong to no good block, so far. */
uint64_t capture_reader_skipped(const struct capture_reader *reader);

/* Why it FAILED, in words. */
const char *capture_reader_error(const struct capture_reader *reader);

#endif

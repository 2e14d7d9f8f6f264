/*
 * Reads a capture file back, compressed or not, whole or broken off in the
 * middle of a block. Trusts nothing in it but what the checksums cover, and of
 * that no length. One thread; allocates; for replays and tests.
 */
#ifndef FEED_IO_TAPE_READER_H
#define FEED_IO_TAPE_READER_H

#include "feed/io/tape.h"

/* Longest record: of a longer one, the rest is damage. */
#define TAPE_RECORD_MAX (256u << 20)

/* Readable bytes behind every payload, as TRANSPORT_PADDING. */
#define TAPE_PADDING 64

enum tape_outcome {
	TAPE_RECORD,  /* *out is a record */
	TAPE_GAP,     /* blocks are missing or broken here, records were lost; reading goes on */
	TAPE_END,     /* all was read */
	TAPE_TORN,    /* all was read; the end of the file is no whole block: a crash */
	TAPE_FAILED,  /* the file cannot be read on; tape_reader_error() */
};

struct tape_reader;

/*
 * `after`: the last block of the file read before this one, NULL: none; what
 * lies between both is told as a GAP. Returns 0, -ENOMEM, or what the system
 * said.
 */
int tape_reader_open(struct tape_reader **out, const char *path,
    const struct tape_block_header *after);

void tape_reader_close(struct tape_reader **reader);

/* The next record; its payload is valid until the next call. */
enum tape_outcome tape_reader_next(struct tape_reader *reader,
    struct tape_record *out);

/* Header of the block that the last record ended in; zeros before the first. */
const struct tape_block_header *tape_reader_block(const struct tape_reader *reader);

/* Bytes that belong to no good block, so far. */
uint64_t tape_reader_skipped(const struct tape_reader *reader);

/* Why it FAILED, in words. */
const char *tape_reader_error(const struct tape_reader *reader);

#endif

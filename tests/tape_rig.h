/*
 * Captures of tests: a folder of their own, records whose content follows from
 * a number, and what a reader makes of the files. Uses cmocka's assertions.
 */
#ifndef TESTS_TAPE_RIG_H
#define TESTS_TAPE_RIG_H

#include "feed/io/tape_reader.h"

#define TAPE_RIG_FILES 16

struct tape_rig {
	char dir[64];
	struct tape_cfg cfg; /* small; the preamble is one record that says "preamble" */
	struct tape *capture;
	unsigned preambles;
	uint64_t next;          /* number of the next record to add */
};

/* cmocka's setup and teardown of one test; *state becomes the rig. */
int tape_rig_setup(void **state);
int tape_rig_teardown(void **state);

/* Opens it with that writer. */
void tape_rig_open(struct tape_rig *rig, const char *writer);

/* Adds `count` records of `bytes` bytes each. Returns how many were taken. */
unsigned tape_rig_add(struct tape_rig *rig, unsigned count, size_t bytes);

/* Names of the files in it, sorted, with the folder. Returns how many. */
unsigned tape_rig_files(struct tape_rig *rig, char out[TAPE_RIG_FILES][192]);

/* What is in a file. */
struct tape_seen {
	unsigned records, preambles, gaps;
	uint64_t first, last;  /* numbers of its records */
	bool in_order;         /* without a hole, every byte as it was added */
	enum tape_outcome end;
	uint64_t skipped;
	struct tape_block_header block; /* the last one */
};

/* Reads a file from its beginning; `after` as in tape_reader_open(). */
void tape_rig_read(const char *path, const struct tape_block_header *after,
    struct tape_seen *out);

#endif

/*
 * Any bytes as a capture. Whatever a reader is given: it ends, no record is
 * longer than what there is, and blocks that are not cut are read in full.
 *
 * The first byte of the input says how: 0: the rest is the file as it is. Else
 * the rest becomes blocks of 64 times that many bytes of content, with headers
 * and checksums that are right, for no fuzzer guesses those.
 */
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "feed/base/crc32c.h"
#include "feed/io/tape_reader.h"
#include "tests/fuzz/fuzz.h"

static volatile char seen;

static void
put(int fd, const void *bytes, size_t n)
{
	must(write(fd, bytes, n) == (ssize_t)n, "memory for the file");
}

static void
put_block(int fd, const uint8_t *content, size_t n, uint64_t number)
{
	static const char zeros[TAPE_ALIGN];
	size_t whole = (n + TAPE_ALIGN - 1) / TAPE_ALIGN * TAPE_ALIGN;
	struct tape_block_header h = {.magic = TAPE_MAGIC, .version = TAPE_VERSION,
	    .header_bytes = sizeof(h), .bytes = (uint32_t)whole, .number = number};
	uint32_t crc = crc32c(crc32c(0, content, n), zeros, whole - n);

	h.crc = crc32c(crc, &h, sizeof(h));
	put(fd, &h, sizeof(h));
	put(fd, content, n);
	put(fd, zeros, whole - n);
}

static size_t
make_file(int fd, const uint8_t *data, size_t size)
{
	size_t step = data[0] * (size_t)64, blocks = 0;

	if (step == 0) {
		put(fd, data + 1, size - 1);
		return 0;
	}
	for (size_t at = 1; at < size; at += step, blocks++)
		put_block(fd, data + at, size - at < step ? size - at : step, blocks);
	return blocks;
}

static void
read_all(const char *path, size_t size, size_t blocks)
{
	enum tape_outcome outcome;
	struct tape_reader *reader;
	struct tape_record record;
	size_t steps = 0;

	must(tape_reader_open(&reader, path, NULL) == 0, "open");
	do {
		outcome = tape_reader_next(reader, &record);
		if (outcome != TAPE_RECORD)
			continue;
		must(record.payload.n <= size, "a record out of nowhere");
		must(record.kind > 0 && record.kind < TAPE_KINDS, "a record of no kind");
		for (size_t i = 0; i < record.payload.n + TAPE_PADDING; i++)
			seen ^= record.payload.p[i]; /* the sanitizer watches */
		must(++steps <= size, "more records than bytes");
	} while (outcome == TAPE_RECORD || outcome == TAPE_GAP);
	must(outcome != TAPE_FAILED || blocks == 0, "good blocks cannot be read");
	must(blocks == 0 || tape_reader_block(reader)->number == blocks - 1, "a block was missed");
	tape_reader_close(&reader);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char path[32];
	size_t blocks;
	int fd;

	if (size < 1)
		return 0;
	fd = memfd_create("tape", MFD_CLOEXEC);
	must(fd >= 0, "memfd");
	blocks = make_file(fd, data, size);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	read_all(path, size, blocks);
	close(fd);
	return 0;
}

#include "tests/tape_rig.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define WALL_NS INT64_C(1700000000000000000)

static void
add_preamble(void *context, struct tape *capture, wall_t now, mono_t mono)
{
	struct tape_rig *rig = context;
	const struct tape_record record = {.kind = TAPE_CONFIG,
	    .flags = TAPE_FLAG_PREAMBLE, .wall = now, .mono = mono,
	    .payload = BYTES_LIT("preamble")};

	rig->preambles++;
	assert_true(tape_add(capture, &record));
}

int
tape_rig_setup(void **state)
{
	struct tape_rig *rig = calloc(1, sizeof(*rig));

	if (rig == NULL)
		return -1;
	snprintf(rig->dir, sizeof(rig->dir), "/tmp/tickring-test-XXXXXX");
	if (mkdtemp(rig->dir) == NULL)
		return -1;
	rig->cfg = (struct tape_cfg){
		.dir = rig->dir,
		.name = "t",
		.buffer_bytes = 64 * TAPE_BLOCK_BYTES,
		.file_bytes = INT64_C(1) << 40,
		.file_age = span_s(3600),
		.flush_every = span_ms(200),
		.cpu = -1,
		.preamble = add_preamble,
		.context = rig,
	};
	*state = rig;
	return 0;
}

int
tape_rig_teardown(void **state)
{
	struct tape_rig *rig = *state;
	char names[TAPE_RIG_FILES][192];
	unsigned n;

	tape_close(&rig->capture);
	n = tape_rig_files(rig, names);
	for (unsigned i = 0; i < n; i++)
		unlink(names[i]);
	if (rmdir(rig->dir) != 0)
		return -1;
	free(rig);
	return 0;
}

void
tape_rig_open(struct tape_rig *rig, const char *writer)
{
	char why[TAPE_WHY_MAX];
	int rc;

	rig->cfg.writer = writer;
	rc = tape_open(&rig->capture, &rig->cfg, (wall_t){WALL_NS}, (mono_t){1000}, why);
	if (rc != 0)
		fail_msg("tape_open: %s", why);
}

/* Byte i of record `number`. */
static char
byte_of(uint64_t number, size_t i)
{
	return (char)(number * 31 + i * 7 + i / 251);
}

static mono_t
time_of(uint64_t number)
{
	return (mono_t){1000 + (int64_t)number};
}

unsigned
tape_rig_add(struct tape_rig *rig, unsigned count, size_t bytes)
{
	char *payload = malloc(bytes + 8);
	unsigned taken = 0;

	assert_non_null(payload);
	for (; count > 0; count--) {
		uint64_t number = rig->next++;
		struct tape_record record = {.kind = TAPE_IN, .line = (uint8_t)(number % 7),
		    .wall = {WALL_NS + (int64_t)number}, .mono = time_of(number),
		    .payload = {payload, bytes + 8}};

		memcpy(payload, &number, 8);
		for (size_t i = 0; i < bytes; i++)
			payload[8 + i] = byte_of(number, i);
		taken += tape_add(rig->capture, &record);
	}
	free(payload);
	return taken;
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(a, b);
}

unsigned
tape_rig_files(struct tape_rig *rig, char out[TAPE_RIG_FILES][192])
{
	DIR *dir = opendir(rig->dir);
	struct dirent *entry;
	unsigned n = 0;

	assert_non_null(dir);
	while ((entry = readdir(dir)) != NULL && n < TAPE_RIG_FILES)
		if (entry->d_name[0] != '.')
			snprintf(out[n++], 192, "%s/%.120s", rig->dir, entry->d_name);
	closedir(dir);
	qsort(out, n, 192, by_name);
	return n;
}

static void
look_at(const struct tape_record *record, struct tape_seen *out)
{
	uint64_t number;
	bool right;

	if (record->flags & TAPE_FLAG_PREAMBLE) {
		out->preambles++;
		return;
	}
	right = record->kind == TAPE_IN && record->payload.n >= 8;
	assert_true(right);
	memcpy(&number, record->payload.p, 8);
	right = record->line == number % 7 && record->mono.ns == time_of(number).ns &&
	    record->wall.ns == WALL_NS + (int64_t)number;
	for (size_t i = 0; i + 8 < record->payload.n && right; i++)
		right = record->payload.p[8 + i] == byte_of(number, i);
	if (out->records++ == 0)
		out->first = number;
	else
		right = right && number == out->last + 1;
	out->last = number;
	out->in_order = out->in_order && right;
}

void
tape_rig_read(const char *path, const struct tape_block_header *after,
    struct tape_seen *out)
{
	struct tape_reader *reader;
	struct tape_record record;

	*out = (struct tape_seen){.in_order = true};
	assert_int_equal(tape_reader_open(&reader, path, after), 0);
	for (;;) {
		out->end = tape_reader_next(reader, &record);
		if (out->end == TAPE_RECORD)
			look_at(&record, out);
		else if (out->end == TAPE_GAP)
			out->gaps++;
		else
			break;
	}
	out->skipped = tape_reader_skipped(reader);
	out->block = *tape_reader_block(reader);
	tape_reader_close(&reader);
}

#include "tests/captures.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <zstd.h>

#define PATH_TEXT_MAX (3 * CAPTURES_NAME_MAX)

static _Noreturn void
give_up(const char *what, const char *path)
{
	fprintf(stderr, "captures: %s: %s\n", path, what);
	exit(1);
}

static bool
ends_with(const char *text, const char *end)
{
	size_t n = strlen(text), m = strlen(end);

	return n >= m && strcmp(text + n - m, end) == 0;
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(a, b);
}

bool
captures_find(struct captures *captures)
{
	const char *folder = getenv("TICKRING_CAPTURES");
	struct dirent *entry;
	DIR *dir;

	if (folder == NULL)
		folder = "../shared/captures";
	if (strlen(folder) >= sizeof(captures->folder))
		give_up("name is too long", folder);
	snprintf(captures->folder, sizeof(captures->folder), "%s", folder);
	captures->count = 0;
	dir = opendir(folder);
	if (dir == NULL) {
		printf("SKIPPED: no recorded messages in %s (set TICKRING_CAPTURES)\n", folder);
		return false;
	}
	while ((entry = readdir(dir)) != NULL) {
		char *name = captures->name[captures->count];

		if (!ends_with(entry->d_name, ".jsonl") && !ends_with(entry->d_name, ".jsonl.zst"))
			continue;
		if (captures->count == CAPTURES_MAX - 1)
			give_up("too many recordings", folder);
		snprintf(name, CAPTURES_NAME_MAX, "%s", entry->d_name);
		*strstr(name, ".jsonl") = '\0';
		captures->count++;
	}
	closedir(dir);
	qsort(captures->name, captures->count, CAPTURES_NAME_MAX, by_name);
	return true;
}

/* The whole file; NULL when it does not exist. */
static char *
file_read(const char *path, size_t *size)
{
	FILE *file = fopen(path, "rb");
	long length;
	char *text;

	if (file == NULL)
		return NULL;
	if (fseek(file, 0, SEEK_END) != 0 || (length = ftell(file)) < 0)
		give_up("cannot be measured", path);
	rewind(file);
	text = calloc(1, (size_t)length + CAPTURES_PADDING);
	if (text == NULL || fread(text, 1, (size_t)length, file) != (size_t)length)
		give_up("cannot be read", path);
	fclose(file);
	*size = (size_t)length;
	return text;
}

/* Takes the place of the compressed text. */
static char *
text_unpack(char *packed, size_t *size, const char *path)
{
	ZSTD_DStream *stream = ZSTD_createDStream();
	ZSTD_inBuffer in = {packed, *size, 0};
	size_t room = *size * 16 + (1 << 20), rest = 1;
	char *text = malloc(room + CAPTURES_PADDING);
	ZSTD_outBuffer out = {text, room, 0};

	while (stream != NULL && text != NULL && (in.pos < in.size || rest != 0)) {
		if (out.pos == out.size) {
			out.size *= 2;
			text = realloc(text, out.size + CAPTURES_PADDING);
			out.dst = text;
			continue;
		}
		rest = ZSTD_decompressStream(stream, &out, &in);
		if (ZSTD_isError(rest))
			give_up(ZSTD_getErrorName(rest), path);
		if (in.pos == in.size && rest != 0 && out.pos < out.size)
			give_up("is cut off", path);
	}
	if (stream == NULL || text == NULL)
		give_up("no memory", path);
	ZSTD_freeDStream(stream);
	free(packed);
	memset(text + out.pos, 0, CAPTURES_PADDING);
	*size = out.pos;
	return text;
}

char *
captures_file(const struct captures *captures, const char *name, size_t *size)
{
	char path[PATH_TEXT_MAX];
	char *text;

	snprintf(path, sizeof(path), "%s/%s", captures->folder, name);
	text = file_read(path, size);
	return text != NULL && ends_with(name, ".zst") ? text_unpack(text, size, path) : text;
}

/* Opens folder/sub/name+suffix, or the same with ".zst". */
static bool
lines_open(struct capture *capture, const char *folder, const char *name, const char *suffix)
{
	char path[PATH_TEXT_MAX];

	*capture = (struct capture){0};
	snprintf(path, sizeof(path), "%s/%s%s", folder, name, suffix);
	capture->text = file_read(path, &capture->size);
	if (capture->text != NULL)
		return true;
	snprintf(path, sizeof(path), "%s/%s%s.zst", folder, name, suffix);
	capture->text = file_read(path, &capture->size);
	if (capture->text == NULL)
		return false;
	capture->text = text_unpack(capture->text, &capture->size, path);
	return true;
}

/* Takes the next line that is not empty. */
static bool
line_next(struct capture *capture, struct bytes *line)
{
	while (capture->at < capture->size) {
		char *start = capture->text + capture->at;
		size_t left = capture->size - capture->at;
		char *end = memchr(start, '\n', left);

		line->p = start;
		line->n = end == NULL ? left : (size_t)(end - start);
		capture->at += line->n + 1;
		capture->line++;
		if (line->n > 0)
			return true;
	}
	return false;
}

void
captures_open(struct capture *capture, const struct captures *captures, size_t index)
{
	if (!lines_open(capture, captures->folder, captures->name[index], ".jsonl"))
		give_up("cannot be opened", captures->name[index]);
}

bool
captures_next(struct capture *capture, struct capture_message *out)
{
	struct bytes line;
	char *tab;

	if (!line_next(capture, &line))
		return false;
	out->line = capture->line;
	out->recv_us = strtoll(line.p, &tab, 10);
	if (*tab != '\t')
		give_up("line without a tab", "recording");
	out->text.p = tab + 1;
	out->text.n = line.n - (size_t)(tab + 1 - line.p);
	return true;
}

void
captures_close(struct capture *capture)
{
	free(capture->text);
	*capture = (struct capture){0};
}

bool
norm_open(struct capture *norm, const struct captures *captures, size_t index)
{
	char folder[PATH_TEXT_MAX];

	snprintf(folder, sizeof(folder), "%s/expected", captures->folder);
	return lines_open(norm, folder, captures->name[index], ".norm.tsv");
}

bool
norm_next(struct capture *norm, struct bytes columns[NORM_COLUMNS])
{
	struct bytes line;

	do {
		if (!line_next(norm, &line))
			return false;
	} while (line.p[0] == '#');
	for (int i = 0; i < NORM_COLUMNS; i++) {
		const char *tab = memchr(line.p, '\t', line.n);

		if ((tab == NULL) != (i == NORM_COLUMNS - 1))
			give_up("row with a wrong number of columns", "expected rows");
		columns[i] = line;
		if (tab == NULL)
			break;
		columns[i].n = (size_t)(tab - line.p);
		line = (struct bytes){tab + 1, line.n - columns[i].n - 1};
	}
	return true;
}

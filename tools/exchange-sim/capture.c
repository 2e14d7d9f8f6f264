#include "tools/exchange-sim/capture.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

#include "tools/exchange-sim/origin.h"
#include "tools/exchange-sim/stream.h"

#define NAME_ROOM (STREAM_NAME_MAX + 1)

/* Memory that grows while a file is read into it. */
struct growing {
	char *p;
	size_t n, cap;
};

static bool
growing_room(struct growing *g, size_t n)
{
	size_t cap = g->cap ? g->cap : 1 << 16;
	char *p;

	if (g->n + n > (size_t)CAPTURE_BYTES_MAX)
		return false;
	while (cap < g->n + n)
		cap *= 2;
	if (cap == g->cap)
		return true;
	p = realloc(g->p, cap);
	if (p == NULL)
		return false;
	g->p = p;
	g->cap = cap;
	return true;
}

/* The whole file as it is. */
static int
read_file(struct growing *g, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), saved;
	ssize_t n = -1;

	if (fd < 0)
		return -errno;
	errno = EFBIG;
	while (growing_room(g, 1 << 16)) {
		n = read(fd, g->p + g->n, 1 << 16);
		if (n <= 0)
			break;
		g->n += (size_t)n;
		n = -1;
		errno = EFBIG;
	}
	saved = errno;
	close(fd);
	return n < 0 ? -saved : 0;
}

/* NULL when all of it could be decompressed, else why not. */
static const char *
decompress(const struct growing *from, struct growing *to)
{
	ZSTD_DStream *stream = ZSTD_createDStream();
	ZSTD_inBuffer in = {from->p, from->n, 0};
	const char *error = NULL;
	size_t left = 1, chunk = ZSTD_DStreamOutSize();

	if (stream == NULL)
		return "out of memory";
	while (in.pos < in.size && error == NULL) {
		ZSTD_outBuffer out;

		if (!growing_room(to, chunk)) {
			error = "too large";
			break;
		}
		out = (ZSTD_outBuffer){to->p + to->n, chunk, 0};
		left = ZSTD_decompressStream(stream, &out, &in);
		if (ZSTD_isError(left))
			error = ZSTD_getErrorName(left);
		else if (out.pos == 0 && in.pos == in.size)
			break;
		to->n += out.pos;
	}
	while (error == NULL && left > 0 && growing_room(to, chunk)) {
		ZSTD_outBuffer out = {to->p + to->n, chunk, 0};

		left = ZSTD_decompressStream(stream, &out, &in);
		if (ZSTD_isError(left))
			error = ZSTD_getErrorName(left);
		else if (out.pos == 0)
			break;
		to->n += out.pos;
	}
	if (error == NULL && left > 0)
		error = "truncated";
	ZSTD_freeDStream(stream);
	return error;
}

static bool
is_zstd(const struct growing *g)
{
	return g->n >= 4 && memcmp(g->p, "\x28\xb5\x2f\xfd", 4) == 0;
}

int
capture_load(struct capture *c, const char *path, char *error, size_t cap)
{
	struct growing file = {0}, plain = {0};
	const char *why;
	int r = read_file(&file, path);

	if (r < 0) {
		snprintf(error, cap, "%s: %s", path, strerror(-r));
		free(file.p);
		return -1;
	}
	if (!is_zstd(&file))
		return capture_parse(c, file.p, file.n, path, error, cap);
	why = decompress(&file, &plain);
	free(file.p);
	if (why != NULL) {
		snprintf(error, cap, "%s: zstd: %s", path, why);
		free(plain.p);
		return -1;
	}
	return capture_parse(c, plain.p, plain.n, path, error, cap);
}

/* Index of a stream's name, added when new. CAPTURE_EVERYONE without memory. */
static uint32_t
stream_index(struct capture *c, struct bytes name)
{
	char *copy;
	struct bytes *stream;

	/* Captures hold tens of streams, neighbours often the same ones. */
	for (uint32_t i = 0; i < c->nstreams; i++)
		if (bytes_equal(c->stream[i], name))
			return i;
	stream = realloc(c->stream, (c->nstreams + 1) * sizeof(*stream));
	if (stream == NULL)
		return CAPTURE_EVERYONE;
	c->stream = stream;
	copy = malloc(name.n);
	if (copy == NULL)
		return CAPTURE_EVERYONE;
	memcpy(copy, name.p, name.n);
	c->stream[c->nstreams] = (struct bytes){copy, name.n};
	return c->nstreams++;
}

/* Reads "<time> TAB <message>"; what is wrong with it, or NULL. */
static const char *
parse_line(struct capture *c, struct bytes line)
{
	struct capture_message m = {.stream = CAPTURE_EVERYONE};
	char room[NAME_ROOM];
	struct text name = {.p = room, .cap = STREAM_NAME_MAX};
	size_t i = 0;

	for (; i < line.n && line.p[i] >= '0' && line.p[i] <= '9'; i++) {
		if (__builtin_mul_overflow(m.time_us, (int64_t)10, &m.time_us) ||
		    __builtin_add_overflow(m.time_us, (int64_t)(line.p[i] - '0'), &m.time_us))
			return "receive time does not fit 64 bits";
	}
	if (i == 0 || i == line.n || line.p[i] != '\t')
		return "expected a receive time in microseconds and a TAB";
	i++;
	if (i == line.n)
		return "empty message";
	m.at = (uint64_t)(line.p + i - c->data);
	m.n = (uint32_t)(line.n - i);
	if (origin_of((struct bytes){line.p + i, line.n - i}, &name))
		m.stream = stream_index(c, text_bytes(&name));
	c->timed = c->timed && m.time_us > 0;
	c->message[c->nmessages++] = m;
	return NULL;
}

static size_t
count_lines(const char *p, size_t n)
{
	size_t lines = n > 0 && p[n - 1] != '\n';

	for (size_t i = 0; i < n; i++)
		lines += p[i] == '\n';
	return lines;
}

int
capture_parse(
    struct capture *c, char *data, size_t size, const char *path, char *error, size_t cap)
{
	size_t lines = count_lines(data, size);
	struct bytes rest = {data, size}, line;
	const char *why = NULL;

	*c = (struct capture){.data = data, .size = size, .timed = true};
	c->message = calloc(lines ? lines : 1, sizeof(*c->message));
	if (c->message == NULL)
		why = "out of memory";
	for (size_t number = 1; why == NULL && rest.n > 0; number++) {
		const char *end = memchr(rest.p, '\n', rest.n);

		line = (struct bytes){rest.p, end ? (size_t)(end - rest.p) : rest.n};
		rest.p += line.n + (end != NULL);
		rest.n -= line.n + (end != NULL);
		why = parse_line(c, line);
		if (why != NULL)
			snprintf(error, cap, "%s: line %zu: %s", path, number, why);
	}
	if (why == NULL && c->nmessages > 0)
		return 0;
	if (why == NULL)
		snprintf(error, cap, "%s: no messages", path);
	else if (c->message == NULL)
		snprintf(error, cap, "%s: %s", path, why);
	capture_free(c);
	return -1;
}

void
capture_free(struct capture *c)
{
	for (uint32_t i = 0; i < c->nstreams; i++)
		free((char *)(uintptr_t)c->stream[i].p);
	free(c->stream);
	free(c->message);
	free(c->data);
	*c = (struct capture){0};
}

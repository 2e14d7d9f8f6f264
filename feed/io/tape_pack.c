/* Compresses a finished file of a capture with zstd, piece by piece. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <zstd.h>

#include "feed/io/tape_impl.h"

#define LEVEL 3

struct pack {
	ZSTD_CCtx *zstd;
	char *in, *out;
	size_t in_room, out_room;
	int from, to;
};

static int
write_all(int fd, const char *bytes, size_t n)
{
	while (n > 0) {
		ssize_t done = write(fd, bytes, n);

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return done < 0 ? -errno : -EIO;
		bytes += done;
		n -= (size_t)done;
	}
	return 0;
}

/* One piece; `last`: there is no more. */
static int
pack_piece(struct pack *p, size_t n, bool last)
{
	ZSTD_inBuffer in = {p->in, n, 0};
	size_t left = 1;
	int rc = 0;

	while (rc == 0 && (last ? left != 0 : in.pos < in.size)) {
		ZSTD_outBuffer out = {p->out, p->out_room, 0};

		left = ZSTD_compressStream2(
		    p->zstd, &out, &in, last ? ZSTD_e_end : ZSTD_e_continue);
		if (ZSTD_isError(left))
			return -EIO;
		rc = write_all(p->to, p->out, out.pos);
	}
	return rc;
}

static int
pack_all(struct pack *p, const atomic_bool *stop)
{
	ssize_t n;
	int rc;

	do {
		if (atomic_load(stop))
			return -ECANCELED;
		n = read(p->from, p->in, p->in_room);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		rc = pack_piece(p, (size_t)n, n == 0);
		if (rc != 0)
			return rc;
	} while (n != 0);
	return fsync(p->to) == 0 ? 0 : -errno;
}

static int
pack_open(struct pack *p, const char *path, const char *temporary)
{
	*p = (struct pack){
		.zstd = ZSTD_createCCtx(),
		.in_room = ZSTD_CStreamInSize(),
		.out_room = ZSTD_CStreamOutSize(),
		.from = open(path, O_RDONLY | O_CLOEXEC),
		.to = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640),
	};
	p->in = malloc(p->in_room);
	p->out = malloc(p->out_room);
	if (p->from < 0 || p->to < 0)
		return -EACCES;
	if (p->zstd == NULL || p->in == NULL || p->out == NULL)
		return -ENOMEM;
	ZSTD_CCtx_setParameter(p->zstd, ZSTD_c_compressionLevel, LEVEL);
	ZSTD_CCtx_setParameter(p->zstd, ZSTD_c_checksumFlag, 1);
	return 0;
}

static void
pack_close(struct pack *p)
{
	ZSTD_freeCCtx(p->zstd);
	free(p->in);
	free(p->out);
	if (p->from >= 0)
		close(p->from);
	if (p->to >= 0)
		close(p->to);
}

int
tape_pack(const char *path, const atomic_bool *stop)
{
	char packed[TAPE_PATH_MAX + 8], temporary[TAPE_PATH_MAX + 16];
	struct pack p;
	int rc;

	snprintf(packed, sizeof(packed), "%s.zst", path);
	snprintf(temporary, sizeof(temporary), "%s.tmp", packed);
	rc = pack_open(&p, path, temporary);
	if (rc == 0)
		rc = pack_all(&p, stop);
	pack_close(&p);
	if (rc == 0 && rename(temporary, packed) != 0)
		rc = -errno;
	if (rc != 0)
		unlink(temporary);
	else
		unlink(path);
	return rc;
}

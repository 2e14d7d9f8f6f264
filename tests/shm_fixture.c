#include "tests/shm_fixture.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <tickring/reasons.h>

static void
must(int fine, const char *what)
{
	if (fine)
		return;
	fprintf(stderr, "fixture: %s failed\n", what);
	abort();
}

void
shm_fixture_init(struct shm_fixture *f)
{
	snprintf(f->directory, sizeof(f->directory), "/dev/shm/tickring-test-XXXXXX");
	must(mkdtemp(f->directory) != NULL, "mkdtemp");
	snprintf(f->feed, sizeof(f->feed), "%s/t", f->directory);
}

void
shm_fixture_fini(struct shm_fixture *f)
{
	char path[512];
	struct dirent *entry;
	DIR *dir = opendir(f->directory);

	must(dir != NULL, "opendir");
	while ((entry = readdir(dir))) {
		snprintf(path, sizeof(path), "%s/%s", f->directory, entry->d_name);
		if (entry->d_name[0] != '.')
			must(unlink(path) == 0, "unlink");
	}
	closedir(dir);
	must(rmdir(f->directory) == 0, "rmdir");
}

void
shm_fixture_ring(const struct shm_fixture *f, struct ring *r, uint64_t slots)
{
	char why[SEGMENT_WHY_MAX] = "";
	struct ring_cfg cfg = {
		.directory = f->directory,
		.feed = "t",
		.group = (gid_t)-1,
		.slots = slots,
		.instruments_max = 64,
		.heartbeat_every_ns = 3000000000,
	};

	if (ring_open(r, &cfg, why) != 0)
		fprintf(stderr, "%s\n", why);
	must(r->header != NULL, "ring_open");
}

void
shm_fixture_publish(struct ring *r, int64_t id)
{
	struct ring_tick t = {
		.meta = ring_meta(0, TICK_TRADE, TICK_FLAG_FIRST | TICK_FLAG_LAST, 3),
		.exch_ns = id * 10,
		.recv_ns = id * 10 + 1,
		.v = {id * 10 + 2, id * 10 + 3, id * 10 + 4, id * 10 + 5},
		.id = id,
		.first_id = id * 10 + 6,
		.trade_ns = id * 10 + 7,
		.mono_ns = id * 10 + 8,
		.w = {id * 10 + 9, ~id, id ^ 0x5555, id + 1},
	};

	ring_publish(r, &t);
}

void
shm_fixture_restart(struct ring *r)
{
	struct ring_tick t = {
		.meta = ring_meta(TICK_NO_INSTRUMENT, TICK_FEED_EVENT, 0, 0),
		.v = {TICK_REASON_RESTART, r->header->epoch, r->torn, 0},
	};

	ring_publish(r, &t);
}

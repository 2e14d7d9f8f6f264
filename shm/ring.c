#include "shm/ring.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* What stands in the slots of a ring that is taken over. */
struct survey {
	uint64_t seq_max;
	bool sound; /* every slot's sequence belongs to that slot */
};

static struct survey
survey_slots(const struct tick *slots, uint64_t nslots)
{
	struct survey s = {0, true};

	for (uint64_t i = 0; i < nslots; i++) {
		uint64_t seq = __atomic_load_n(&slots[i].seq, __ATOMIC_RELAXED);

		if (seq == 0)
			continue;
		if (((seq - 1) / 2 & (nslots - 1)) != i)
			s.sound = false;
		if (seq > s.seq_max)
			s.seq_max = seq;
	}
	return s;
}

/* At most 8 bytes as a number, other for other bytes: two loads that overlap. */
static uint64_t
last_word(const char *p, size_t bytes)
{
	uint32_t low, high;
	uint64_t word;

	if (bytes == 8) {
		memcpy(&word, p, 8);
		return word;
	}
	if (bytes >= 4) {
		memcpy(&low, p, 4);
		memcpy(&high, p + bytes - 4, 4);
		return low | (uint64_t)high << 32;
	}
	if (bytes == 0)
		return 0;
	word = (unsigned char)p[0];
	word |= (uint64_t)(unsigned char)p[bytes / 2] << 8;
	return word | (uint64_t)(unsigned char)p[bytes - 1] << 16;
}

static uint32_t
hash_of(const char *symbol, size_t bytes)
{
	uint64_t h = bytes * 0x9e3779b97f4a7c15ull, word;

	for (; bytes > 8; symbol += 8, bytes -= 8) {
		memcpy(&word, symbol, 8);
		h = (h ^ word) * 0xff51afd7ed558ccdull;
		h ^= h >> 32;
	}
	h = (h ^ last_word(symbol, bytes)) * 0xff51afd7ed558ccdull;
	return (uint32_t)(h ^ h >> 32);
}

static uint32_t
index_place(const struct ring *r, const char *symbol, size_t bytes)
{
	uint32_t at = hash_of(symbol, bytes) & r->index_mask;

	for (; r->index[at] != 0; at = (at + 1) & r->index_mask) {
		const struct tick_instrument *i = &r->directory[r->index[at] - 1];

		if (i->symbol_bytes == bytes && memcmp(i->symbol, symbol, bytes) == 0)
			break;
	}
	return at;
}

/* The hash table over the directory: at most half full. */
static int
index_build(struct ring *r, uint64_t entries_max)
{
	uint32_t size = 16;

	while (size < 2 * entries_max)
		size *= 2;
	r->index = calloc(size, sizeof(*r->index));
	if (!r->index)
		return -ENOMEM;
	r->index_mask = size - 1;
	for (uint32_t id = 0; id < r->instruments; id++) {
		const struct tick_instrument *i = &r->directory[id];

		if (i->symbol_bytes > TICK_SYMBOL_MAX)
			return -EBADMSG;
		r->index[index_place(r, i->symbol, i->symbol_bytes)] = id + 1;
	}
	return 0;
}

static void
look_around(struct ring *r)
{
	r->header = r->segment.header;
	r->slots = segment_records(&r->segment);
	r->mask = r->header->records - 1;
	r->hint_mask =
	    (r->mask + 1 < 4 * TICK_HINT_EVERY ? (r->mask + 1) / 4 : TICK_HINT_EVERY) - 1;
	r->directory = (struct tick_instrument *)((char *)r->header + r->header->directory_at);
	r->instruments = __atomic_load_n(&r->header->instruments, __ATOMIC_ACQUIRE);
}

/* Ids survive a change of geometry: the old directory is copied as far as there is room. */
static void
inherit_directory(struct ring *r, const struct segment *old)
{
	const struct tick_segment_header *h = old->header;
	uint64_t n = h->instruments;
	ssize_t bytes;

	if (n > r->header->directory_max)
		n = r->header->directory_max;
	if (h->abi_major != TICK_ABI_MAJOR || h->kind != TICK_SEGMENT_RING || h->directory_at == 0)
		return;
	bytes = pread(old->fd, r->directory, n * sizeof(*r->directory), (off_t)h->directory_at);
	r->instruments = bytes > 0 ? (uint32_t)((size_t)bytes / sizeof(*r->directory)) : 0;
	__atomic_store_n(&r->header->instruments, r->instruments, __ATOMIC_RELEASE);
}

/* Where the sequence goes on, by what stands in the slots. */
static void
continue_after(struct ring *r, const struct survey *s, const struct tick *slots, uint64_t nslots,
    uint64_t first)
{
	const struct tick *last;

	r->torn = s->seq_max & 1;
	r->next = s->seq_max / 2 > first ? s->seq_max / 2 : first;
	if (s->seq_max < 2)
		return;
	last = &slots[(r->next - 1) & (nslots - 1)];
	if (tick_number(last->seq) == r->next - 1)
		words_load(&r->last, last, sizeof(r->last));
}

/* Is the old file a ring whose slots can be looked at? */
static bool
has_slots(const struct tick_segment_header *h, int fd)
{
	uint64_t bytes, end;
	struct stat st;

	return h->abi_major == TICK_ABI_MAJOR && h->kind == TICK_SEGMENT_RING &&
	    h->record_bytes == sizeof(struct tick) && h->records > 0 &&
	    (h->records & (h->records - 1)) == 0 && h->records_at % sizeof(struct tick) == 0 &&
	    !__builtin_mul_overflow(h->records, h->record_bytes, &bytes) &&
	    !__builtin_add_overflow(h->records_at, bytes, &end) && fstat(fd, &st) == 0 &&
	    end <= (uint64_t)st.st_size;
}

/*
 * Where a ring of another geometry ended: by its slots, for a killed writer's
 * hint is behind. Where they cannot be read, so far on that no number is used twice.
 */
static void
continue_from(struct ring *r, const struct segment *old)
{
	const struct tick_segment_header *h = old->header;
	const struct tick *slots;
	struct survey s;
	size_t bytes;
	void *map;

	r->next = __atomic_load_n(&h->hint, __ATOMIC_ACQUIRE) + TICK_HINT_EVERY;
	if (!has_slots(h, old->fd))
		return;
	bytes = h->records_at + h->records * sizeof(struct tick);
	map = mmap(NULL, bytes, PROT_READ, MAP_SHARED, old->fd, 0);
	if (map == MAP_FAILED)
		return;
	slots = (const struct tick *)((const char *)map + h->records_at);
	s = survey_slots(slots, h->records);
	if (s.sound)
		continue_after(r, &s, slots, h->records, h->first);
	munmap(map, bytes);
}

/* Finds out where the sequence goes on. Returns 0 or -EBADMSG. */
static int
find_place(struct ring *r)
{
	const struct segment *old = r->segment.predecessor;
	struct survey s;

	if (old) {
		continue_from(r, old);
		r->silent_since_ns = old->header->heartbeat_ns;
		r->header->first = r->next;
		inherit_directory(r, old);
	} else if (r->segment.continued) {
		s = survey_slots(r->slots, r->mask + 1);
		continue_after(r, &s, r->slots, r->mask + 1, r->header->first);
		r->silent_since_ns = r->header->heartbeat_ns;
		if (!s.sound || r->instruments > r->header->directory_max)
			return -EBADMSG;
	}
	r->restarted = r->segment.continued || old != NULL;
	return 0;
}

int
ring_open(struct ring *r, const struct ring_cfg *cfg, char *why)
{
	struct segment_spec spec = {
		.kind = TICK_SEGMENT_RING,
		.directory = cfg->directory,
		.feed = cfg->feed,
		.suffix = "ring",
		.group = cfg->group,
		.heartbeat_every_ns = cfg->heartbeat_every_ns,
		.record_bytes = sizeof(struct tick),
		.records = cfg->slots,
		.directory_max = cfg->instruments_max,
	};
	int rc;

	memset(r, 0, sizeof(*r));
	if (cfg->slots < 16 || (cfg->slots & (cfg->slots - 1)) != 0 || cfg->instruments_max == 0) {
		snprintf(why, SEGMENT_WHY_MAX, "%.64s: slots must be a power of two, at least 16",
		    cfg->feed);
		return -EINVAL;
	}
	rc = segment_open(&r->segment, &spec, why);
	if (rc != 0)
		return rc;
	look_around(r);
	rc = find_place(r);
	if (rc == 0)
		rc = index_build(r, r->header->directory_max);
	if (rc != 0) {
		snprintf(why, SEGMENT_WHY_MAX, "%.160s: %.90s", r->segment.path,
		    rc == -EBADMSG ? "is damaged; remove it" : strerror(-rc));
	} else {
		__atomic_store_n(&r->header->hint, r->next, __ATOMIC_RELEASE);
		rc = segment_commit(&r->segment, r->next, why);
	}
	if (rc != 0)
		ring_close(r, false);
	return rc;
}

void
ring_close(struct ring *r, bool unlink_it)
{
	if (r->header)
		__atomic_store_n(&r->header->hint, r->next, __ATOMIC_RELEASE);
	segment_close(&r->segment, unlink_it);
	free(r->index);
	memset(r, 0, sizeof(*r));
}

void
ring_idle(struct ring *r, int64_t mono_ns)
{
	__atomic_store_n(&r->header->hint, r->next, __ATOMIC_RELEASE);
	segment_heartbeat(&r->segment, mono_ns);
}

int64_t
ring_find(const struct ring *r, const char *symbol, size_t bytes)
{
	return (int64_t)r->index[index_place(r, symbol, bytes)] - 1;
}

int64_t
ring_add(struct ring *r, const struct tick_instrument *instrument)
{
	struct tick_instrument entry = *instrument;
	uint32_t id = r->instruments, at;

	if (entry.symbol_bytes == 0 || entry.symbol_bytes > TICK_SYMBOL_MAX)
		return -EINVAL;
	at = index_place(r, entry.symbol, entry.symbol_bytes);
	if (r->index[at] != 0)
		return (int64_t)r->index[at] - 1;
	if (id >= r->header->directory_max)
		return -ENOSPC;
	entry.id = id;
	words_store(&r->directory[id], &entry, sizeof(entry));
	r->index[at] = id + 1;
	r->instruments = id + 1;
	__atomic_store_n(&r->header->instruments, id + 1, __ATOMIC_RELEASE);
	return id;
}

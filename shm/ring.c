#include "shm/ring.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <tickring/reader.h>

#include "shm/header.h"
#include "shm/survey.h"

/* At most 8 bytes as a number, other for other bytes: two loads that overlap. */
static inline uint64_t
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

/* A symbol's first 8 bytes and its last 8: all of it, up to 16. */
struct ends {
	uint64_t first, last;
};

static inline struct ends
ends_of(const char *symbol, size_t bytes)
{
	if (bytes <= 8)
		return (struct ends){last_word(symbol, bytes), 0};
	return (struct ends){last_word(symbol, 8), last_word(symbol + bytes - 8, 8)};
}

static inline uint32_t
hash_of(struct ends ends, size_t bytes)
{
	uint64_t h = (bytes * 0x9e3779b97f4a7c15ull ^ ends.first) * 0xff51afd7ed558ccdull;

	h = (h ^ h >> 32 ^ ends.last) * 0xff51afd7ed558ccdull;
	return (uint32_t)(h ^ h >> 32);
}

static inline uint32_t
index_place(const struct ring *r, const char *symbol, size_t bytes)
{
	struct ends ends = ends_of(symbol, bytes);
	uint32_t at = hash_of(ends, bytes) & r->index_mask;

	for (; r->index[at] != 0; at = (at + 1) & r->index_mask) {
		const struct tick_instrument *i = &r->directory[r->index[at] - 1];
		struct ends its;

		if (i->symbol_bytes != bytes)
			continue;
		its = ends_of(i->symbol, bytes);
		if (its.first == ends.first && its.last == ends.last &&
		    (bytes <= 16 || memcmp(i->symbol, symbol, bytes) == 0))
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

		if (i->symbol_bytes == 0)
			continue; /* was damaged: the id stays unused */
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

/* Can this entry have been written by ring_add()? */
static bool
entry_is_sound(const struct tick_instrument *i, uint32_t id)
{
	return i->id == id && i->symbol_bytes > 0 && i->symbol_bytes <= TICK_SYMBOL_MAX &&
	    i->venue < TICK_VENUE_COUNT;
}

/* Entries up to the last sound one: the count as the directory itself gives it. */
static uint32_t
directory_extent(const struct tick_instrument *directory, uint64_t max)
{
	uint32_t id = (uint32_t)max;

	while (id > 0 && !entry_is_sound(&directory[id - 1], id - 1))
		id--;
	return id;
}

static uint32_t
count_bad_entries(const struct tick_instrument *directory, uint32_t n)
{
	uint32_t bad = 0;

	for (uint32_t id = 0; id < n; id++)
		bad += !entry_is_sound(&directory[id], id);
	return bad;
}

/*
 * The old segment as far as it can be read: its own geometry, or ours where
 * the header is damaged but the size is right. False when neither holds.
 */
static bool
geometry_of(const struct segment *old, const struct tick_segment_header *ours,
    struct tick_segment_header *out)
{
	if (!old->header)
		return false;
	memcpy(out, old->header, sizeof(*out));
	if (header_check(out, TICK_SEGMENT_RING, old->bytes) == 0)
		return true;
	if (out->byte_order == TICK_BYTE_ORDER && out->abi_major != TICK_ABI_MAJOR &&
	    out->magic == TICK_MAGIC && out->abi_major < 256)
		return false; /* another ABI, not damage: its records mean something else */
	if (old->bytes != ours->total_bytes)
		return false;
	out->records = ours->records;
	out->records_at = ours->records_at;
	out->directory_at = ours->directory_at;
	out->directory_max = ours->directory_max;
	return true;
}

/* Ids survive, as far as there is room; that of a damaged entry stays unused. */
static void
inherit_directory(struct ring *r, const struct tick_instrument *from, uint64_t n)
{
	if (n > r->header->directory_max)
		n = r->header->directory_max;
	for (uint32_t id = 0; id < n; id++) {
		struct tick_instrument entry = from[id];

		if (!entry_is_sound(&entry, id))
			entry = (struct tick_instrument){.id = id};
		r->directory[id] = entry;
	}
	r->instruments = (uint32_t)n;
	__atomic_store_n(&r->header->instruments, r->instruments, __ATOMIC_RELEASE);
}

/* The last tick that was published, for who wants to go on from it. */
static void
note_last(struct ring *r, const struct survey *s, const struct tick *slots, uint64_t nslots)
{
	const struct tick *last = &slots[(s->next - 1) & (nslots - 1)];

	if (s->bad == 0 && s->next > 0 && last->seq == 2 * s->next)
		words_load(&r->last, last, sizeof(r->last));
}

/* The count goes on in a new segment, and so do the ids, as far as the old one can be read. */
static void
inherit(struct ring *r, const struct segment *old)
{
	const struct tick_instrument *directory;
	struct tick_segment_header h;
	struct survey s;
	char *base = (char *)old->header;

	r->restarted = true;
	if (!geometry_of(old, r->header, &h)) {
		/* Another ABI: its slots say nothing to us, but the hint keeps its place. */
		if (old->header && old->header->hint < UINT64_C(1) << 62)
			r->next = r->header->first = old->header->hint + TICK_HINT_EVERY;
		return;
	}
	s = survey_slots((const struct tick *)(base + h.records_at), h.records, h.first, h.hint);
	r->silent_since_ns = h.heartbeat_ns;
	r->torn = s.torn;
	note_last(r, &s, (const struct tick *)(base + h.records_at), h.records);
	directory = (const struct tick_instrument *)(base + h.directory_at);
	inherit_directory(r, directory, directory_extent(directory, h.directory_max));
	if (!s.recovered)
		return;
	r->next = r->header->first = s.next;
	if (h.lineage != 0)
		r->header->lineage = h.lineage;
}

/* Looks at what was taken over. Returns false with words in found[] when it is damaged. */
static bool
continue_here(struct ring *r, char found[SEGMENT_FOUND_MAX])
{
	uint64_t first = r->header->first, hint = r->header->hint;
	struct survey s = survey_slots(r->slots, r->mask + 1, first, hint);
	uint32_t n = directory_extent(r->directory, r->header->directory_max);
	uint32_t bad = count_bad_entries(r->directory, n);

	found[0] = '\0';
	if (s.bad == ~0ull)
		snprintf(found, SEGMENT_FOUND_MAX, "is damaged: header's count of ticks");
	else if (s.bad > 0)
		snprintf(found, SEGMENT_FOUND_MAX, "is damaged: %llu of %llu slots",
		    (unsigned long long)s.bad, (unsigned long long)r->mask + 1);
	else if (r->instruments > n)
		snprintf(found, SEGMENT_FOUND_MAX,
		    "is damaged: %u instruments, %u directory entries", r->instruments, n);
	else if (bad > 0)
		snprintf(found, SEGMENT_FOUND_MAX, "is damaged: %u of %u directory entries", bad,
		    n);
	if (found[0])
		return false;
	/* The last writer may have died between an entry and the count. */
	r->instruments = n;
	__atomic_store_n(&r->header->instruments, n, __ATOMIC_RELEASE);
	r->next = s.next;
	r->torn = s.torn;
	note_last(r, &s, r->slots, r->mask + 1);
	r->silent_since_ns = r->header->heartbeat_ns;
	r->restarted = true;
	return true;
}

/* Finds out where the sequence goes on. Returns 0 or -errno as segment_start_over(). */
static int
find_place(struct ring *r, const struct segment_spec *spec, char *why)
{
	char found[SEGMENT_FOUND_MAX];
	int rc;

	if (r->segment.continued && !continue_here(r, found)) {
		rc = segment_start_over(&r->segment, spec, found, why);
		if (rc != 0)
			return rc;
		look_around(r);
	}
	if (r->segment.predecessor && spec->discard == NULL)
		inherit(r, r->segment.predecessor);
	return 0;
}

static bool
cfg_is_fine(const struct ring_cfg *cfg)
{
	return cfg->slots >= 16 && (cfg->slots & (cfg->slots - 1)) == 0 &&
	    cfg->instruments_max > 0;
}

int
ring_prepare(struct ring *r, const struct ring_cfg *cfg, char *why)
{
	struct segment_spec spec = {
		.kind = TICK_SEGMENT_RING,
		.directory = cfg->directory,
		.feed = cfg->feed,
		.suffix = "ring",
		.group = cfg->group,
		.claimed = cfg->claimed,
		.heartbeat_every_ns = cfg->heartbeat_every_ns,
		.huge_pages = cfg->huge_pages,
		.discard = cfg->discard,
		.record_bytes = sizeof(struct tick),
		.records = cfg->slots,
		.directory_max = cfg->instruments_max,
	};
	int rc;

	memset(r, 0, sizeof(*r));
	if (!cfg_is_fine(cfg)) {
		snprintf(why, SEGMENT_WHY_MAX, "%.64s: slots must be a power of two, at least 16",
		    cfg->feed);
		return -EINVAL;
	}
	rc = segment_open(&r->segment, &spec, why);
	if (rc != 0)
		return rc;
	look_around(r);
	rc = find_place(r, &spec, why);
	if (rc != 0) {
		memset(r, 0, sizeof(*r));
		return rc;
	}
	rc = index_build(r, r->header->directory_max);
	if (rc != 0) {
		why_refuse(why, -rc, r->segment.path, NULL);
		ring_close(r, false);
	}
	return rc;
}

int
ring_start(struct ring *r, char *why)
{
	int rc;

	__atomic_store_n(&r->header->hint, r->next, __ATOMIC_RELEASE);
	rc = segment_commit(&r->segment, r->next, why);
	if (rc != 0)
		ring_close(r, false);
	return rc;
}

int
ring_open(struct ring *r, const struct ring_cfg *cfg, char *why)
{
	int rc = ring_prepare(r, cfg, why);

	return rc == 0 ? ring_start(r, why) : rc;
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

/*
 * What can happen to a ring, and what it is called: damaged in every word that counts, its
 * writer stopped or half dead, its reader killed or asleep. Files that are no segment at all:
 * test_segments.c. Random damage: tests/fuzz/fuzz_segment.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>

#include <tickring/reader.h>

#include "feed/io/clock.h"
#include "shm/segment.h"
#include "tests/ipc/child.h"
#include "tests/shm_fixture.h"

#define SLOTS 512
#define SEQ_BITS 62
#define WITHIN_S 20
#define HEARTBEAT_EVERY_NS 20000000 /* of a writer that is to be found stopped soon */

static struct shm_fixture fixture;
static struct ring ring;
static struct tick_reader *reader;
static int64_t published;

static void
publish(int64_t n)
{
	for (; n > 0; n--)
		shm_fixture_publish(&ring, published++);
}

static int
begin(void **state)
{
	(void)state;
	published = 0;
	shm_fixture_init(&fixture);
	shm_fixture_ring(&fixture, &ring, SLOTS);
	publish(3 * SLOTS + 10);
	return tick_reader_open(&reader, fixture.feed, TICK_FROM_NEWEST);
}

static int
end(void **state)
{
	(void)state;
	tick_reader_close(&reader);
	if (ring.header)
		ring_close(&ring, true);
	shm_fixture_fini(&fixture);
	return 0;
}

/* A second file of the same bytes, as if its writer had just been killed. */
static void
kill_writer(void)
{
	char copy[300], path[300];
	FILE *to;

	snprintf(path, sizeof(path), "%s/t.ring", fixture.directory);
	snprintf(copy, sizeof(copy), "%s/copy", fixture.directory);
	to = fopen(copy, "w");
	assert_non_null(to);
	assert_int_equal(fwrite(ring.header, 1, ring.segment.bytes, to), ring.segment.bytes);
	assert_int_equal(fclose(to), 0);
	ring_close(&ring, true);
	assert_int_equal(rename(copy, path), 0);
	assert_int_equal(chmod(path, 0640), 0);
}

/* Reads until a call brings neither a tick nor a loss. Every tick is checked. */
static int
drain(struct tick_reader *r)
{
	mono_t give_up = mono_add(clock_mono(), span_s(WITHIN_S));
	struct tick_reader_stats s;
	struct tick t;
	int outcome, idle = 0;

	do {
		outcome = tick_reader_next(r, &t);
		if (outcome == TICK_MORE)
			assert_int_equal(t.id, tick_number(t.seq));
		idle = outcome == TICK_END ? idle + 1 : 0;
		assert_false(mono_due(give_up, clock_mono()));
	} while ((outcome == TICK_END && idle < 200) || outcome > 0 ||
	    outcome == TICK_E_OVERRUN || outcome == TICK_E_DAMAGED);
	s = tick_reader_stats(r);
	assert_int_equal(s.received + s.lost, s.next - s.start);
	return outcome;
}

/* The look at the writer that notices damage is due again. */
static void
wait_for_look(void)
{
	clock_nanosleep(CLOCK_MONOTONIC, 0, &(struct timespec){0, 11000000}, NULL);
}

/* ---- damage under a running reader ------------------------------------------------ */

static void
no_flipped_bit_of_a_sequence_word_stops_a_reader_or_costs_more_than_a_ring(void **state)
{
	(void)state;
	for (unsigned bit = 0; bit <= SEQ_BITS; bit++) {
		struct tick_reader_stats before = tick_reader_stats(reader), after;
		struct tick *slot = &ring.slots[(ring.next + 5) & ring.mask];

		publish(20);
		ring_idle(&ring, clock_mono().ns);
		slot->seq ^= UINT64_C(1) << bit;
		drain(reader);
		wait_for_look();
		drain(reader);
		after = tick_reader_stats(reader);
		assert_int_equal(after.next, ring.next);
		assert_true(after.lost - before.lost >= 1);
		assert_true(after.lost - before.lost <= 20);
		/* And whoever comes now finds the newest tick. */
		publish(1);
		assert_int_equal(drain(reader), TICK_END);
		assert_int_equal(tick_reader_stats(reader).lost, after.lost);
		publish(SLOTS); /* writes the slot anew */
		tick_reader_seek(reader, ring.next);
	}
	assert_true(tick_reader_stats(reader).damaged > SEQ_BITS / 2);
}

static void
no_flipped_bit_of_the_hint_misleads_a_reader_for_longer_than_it_stands(void **state)
{
	(void)state;
	for (unsigned bit = 0; bit < 64; bit++) {
		struct tick_reader *fresh;
		uint64_t lost = tick_reader_stats(reader).lost;

		publish(3);
		ring.header->hint ^= UINT64_C(1) << bit;
		assert_int_equal(tick_reader_open(&fresh, fixture.feed, TICK_FROM_NEWEST), 0);
		drain(reader);
		assert_int_equal(tick_reader_stats(reader).next, ring.next);
		publish(2);
		ring_idle(&ring, clock_mono().ns); /* stores it anew */
		drain(fresh);
		wait_for_look();
		drain(fresh);
		drain(reader);
		assert_int_equal(tick_reader_stats(fresh).next, ring.next);
		assert_int_equal(tick_reader_stats(reader).next, ring.next);
		assert_int_equal(tick_reader_stats(reader).lost, lost);
		tick_reader_close(&fresh);
	}
}

static void
zeroed_slots_are_lost_and_counted_and_what_follows_is_read(void **state)
{
	(void)state;
	publish(30);
	for (uint64_t n = ring.next - 20; n < ring.next - 10; n++)
		memset(&ring.slots[n & ring.mask], 0, sizeof(struct tick));
	ring_idle(&ring, clock_mono().ns);
	drain(reader);
	wait_for_look();
	assert_int_equal(drain(reader), TICK_END);
	assert_int_equal(tick_reader_stats(reader).lost, 10);
	assert_int_equal(tick_reader_stats(reader).damaged, 10);
	assert_int_equal(tick_reader_stats(reader).received, 20);
}

static void
no_flipped_bit_of_the_header_crashes_a_reader_that_has_it_mapped(void **state)
{
	uint8_t *header = (uint8_t *)ring.header;

	(void)state;
	for (unsigned bit = 0; bit < 768 * 8; bit++) {
		header[bit / 8] ^= (uint8_t)(1u << bit % 8);
		for (uint32_t id = 0; id < tick_reader_instruments(reader); id += 7)
			assert_non_null(tick_reader_instrument(reader, id));
		tick_reader_find(reader, "BTCUSDT");
		tick_reader_lag(reader);
		tick_reader_check(reader);
		header[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	publish(1);
	assert_int_equal(drain(reader), TICK_END);
}

static void
a_file_that_was_cut_is_named_before_it_is_touched(void **state)
{
	char path[300];

	(void)state;
	snprintf(path, sizeof(path), "%s/t.ring", fixture.directory);
	assert_int_equal(truncate(path, 8192), 0);
	assert_int_equal(tick_reader_check(reader), TICK_E_TRUNCATED);
	assert_int_equal(truncate(path, (off_t)ring.segment.bytes), 0);
}

static void
a_file_that_grew_is_no_other_than_before(void **state)
{
	char path[300];

	(void)state;
	snprintf(path, sizeof(path), "%s/t.ring", fixture.directory);
	assert_int_equal(truncate(path, (off_t)ring.segment.bytes + 8192), 0);
	publish(4);
	assert_int_equal(drain(reader), TICK_END);
	assert_int_equal(tick_reader_stats(reader).received, 4);
}

/* ---- damage that the next writer finds ----------------------------------------- */

static void
open_again(const char *found)
{
	shm_fixture_ring(&fixture, &ring, SLOTS);
	assert_non_null(strstr(ring.segment.found, found));
}

static void
a_ring_with_damaged_slots_is_replaced_and_no_number_is_used_twice(void **state)
{
	static const unsigned bits[] = {0, 1, 3, 7, 8, 20, 40, 62, 63};

	(void)state;
	for (size_t i = 0; i < sizeof(bits) / sizeof(bits[0]); i++) {
		uint64_t seen = ring.next;

		ring.slots[(seen - 1 - i) & ring.mask].seq ^= UINT64_C(1) << bits[i];
		kill_writer();
		open_again("is damaged: 1 of 512 slots");
		assert_true(ring.next >= seen);
		assert_true(ring.next <= seen + 3 * SLOTS);
		published = (int64_t)ring.next;
		publish(2 * SLOTS);
	}
}

/* Slots that were turned to zero from the newest on: the hint still knows. */
static void
a_ring_of_zeros_with_a_sound_header_goes_on_by_its_hint(void **state)
{
	uint64_t seen = ring.next;

	(void)state;
	ring_idle(&ring, 1);
	memset(ring.slots, 0, SLOTS * sizeof(struct tick));
	kill_writer();
	open_again("is damaged: ");
	assert_true(ring.next >= seen);
}

static void
every_flipped_bit_of_the_header_is_taken_over_or_replaced(void **state)
{
	unsigned taken = 0, replaced = 0;
	struct ring_cfg cfg = {.directory = fixture.directory, .feed = "t", .group = (gid_t)-1,
	    .slots = SLOTS, .instruments_max = 64, .heartbeat_every_ns = 100000000};
	char why[SEGMENT_WHY_MAX];

	(void)state;
	for (unsigned bit = 0; bit < 648 * 8; bit++) {
		uint64_t seen = ring.next;

		((uint8_t *)ring.header)[bit / 8] ^= (uint8_t)(1u << bit % 8);
		kill_writer();
		assert_int_equal(ring_open(&ring, &cfg, why), 0);
		taken += ring.segment.found[0] == 0;
		replaced += ring.segment.found[0] != 0;
		/* By geometry and content the numbers are known whatever the header says. */
		assert_true(ring.next >= seen);
		published = (int64_t)ring.next;
		publish(SLOTS + 1);
	}
	print_message("%u taken over, %u replaced\n", taken, replaced);
	assert_true(replaced >= 100 * 8);
}

static void
readers_of_a_damaged_ring_are_moved_over_and_told(void **state)
{
	struct tick t;

	(void)state;
	publish(10);
	tick_reader_seek(reader, ring.next - 3);
	ring.slots[(ring.next - 30) & ring.mask].seq ^= 4;
	ring_close(&ring, false);
	assert_int_equal(drain(reader), TICK_E_DEAD);
	open_again("is damaged: 1 of 512 slots");
	published = (int64_t)ring.next;
	wait_for_look();
	assert_int_equal(drain(reader), TICK_E_REPLACED);
	assert_int_equal(tick_reader_stats(reader).received, 3);
	assert_int_equal(tick_reader_reattach(reader), 0);
	publish(5);
	for (int i = 0; i < 5; i++)
		assert_int_equal(tick_reader_next(reader, &t), TICK_MORE);
	assert_int_equal(tick_reader_next(reader, &t), TICK_END);
	assert_int_equal(tick_reader_stats(reader).next, ring.next);
}

static void
a_damaged_directory_keeps_every_id_that_can_be_read(void **state)
{
	static const char *const symbols[] = {"AAA", "BBB", "CCC"};
	struct tick_instrument i = {.venue = TICK_VENUE_BINANCE_SPOT, .symbol_bytes = 3};

	(void)state;
	for (size_t n = 0; n < 3; n++) {
		memcpy(i.symbol, symbols[n], 3);
		assert_int_equal(ring_add(&ring, &i), n);
	}
	ring.directory[1].symbol_bytes = 200;
	ring_close(&ring, false);
	open_again("is damaged: 1 of 3 directory entries");
	assert_int_equal(ring_find(&ring, "AAA", 3), 0);
	assert_int_equal(ring_find(&ring, "BBB", 3), -1);
	assert_int_equal(ring_find(&ring, "CCC", 3), 2);
	memcpy(i.symbol, "BBB", 3);
	assert_int_equal(ring_add(&ring, &i), 3);
}

/* ---- writers and readers that stop ----------------------------------------------- */

struct stopped {
	int ready[2];
	bool torn;
};

static int
write_and_wait(void *context)
{
	struct stopped *s = context;

	shm_fixture_ring(&fixture, &ring, SLOTS);
	ring.header->heartbeat_every_ns = HEARTBEAT_EVERY_NS;
	ring_idle(&ring, clock_mono().ns);
	if (s->torn)
		ring.slots[ring.next & ring.mask].seq = 2 * ring.next + 1;
	child_tell(s->ready);
	while (nanosleep(&(struct timespec){0, HEARTBEAT_EVERY_NS}, NULL) == 0 || errno == EINTR)
		ring_idle(&ring, clock_mono().ns);
	return 1;
}

static pid_t
start_stopped(struct stopped *s)
{
	mono_t give_up = mono_add(clock_mono(), span_s(WITHIN_S));
	pid_t pid;

	ring_close(&ring, false);
	assert_int_equal(pipe(s->ready), 0);
	pid = child_start(write_and_wait, s);
	assert_int_equal(child_hear(s->ready), 0);
	close(s->ready[0]);
	close(s->ready[1]);
	/* It beats; but it may stand still with the machine, for long enough to be stale. */
	while (drain(reader) != TICK_END || tick_reader_check(reader) != TICK_END)
		assert_false(mono_due(give_up, clock_mono()));
	return pid;
}

static void
a_stopped_writer_is_stale_a_killed_one_is_dead(void **state)
{
	mono_t give_up = mono_add(clock_mono(), span_s(WITHIN_S));
	struct stopped s = {.torn = false};
	pid_t pid = start_stopped(&s);

	(void)state;
	kill(pid, SIGSTOP);
	while (tick_reader_check(reader) == TICK_END)
		assert_false(mono_due(give_up, clock_mono()));
	assert_int_equal(tick_reader_check(reader), TICK_E_STALE);
	kill(pid, SIGKILL);
	assert_int_equal(child_wait(pid), -SIGKILL);
	assert_int_equal(tick_reader_check(reader), TICK_E_DEAD);
}

static void
a_writer_killed_between_the_two_stores_leaves_a_tick_that_nobody_reads(void **state)
{
	struct stopped s = {.torn = true};
	struct tick t;
	pid_t pid = start_stopped(&s);

	(void)state;
	kill(pid, SIGKILL);
	child_wait(pid);
	wait_for_look();
	assert_int_equal(drain(reader), TICK_E_DEAD);
	shm_fixture_ring(&fixture, &ring, SLOTS);
	assert_true(ring.torn);
	assert_int_equal(ring.next, tick_reader_stats(reader).next);
	assert_string_equal(ring.segment.found, "");
	published = (int64_t)ring.next;
	publish(1);
	assert_int_equal(tick_reader_next(reader, &t), TICK_MORE);
	assert_int_equal(tick_number(t.seq), published - 1);
}

static int
peek_and_die(void *context)
{
	struct tick_reader *r;
	const struct tick *t;

	(void)context;
	if (tick_reader_open(&r, fixture.feed, TICK_FROM_OLDEST) != 0 ||
	    tick_reader_peek(r, &t) != TICK_MORE || TICK_LOAD(&t->type) != TICK_TRADE)
		return 1;
	return kill(getpid(), SIGKILL);
}

static void
a_reader_killed_in_the_middle_of_a_read_leaves_no_trace(void **state)
{
	size_t n = ring.segment.bytes;
	void *before = malloc(n);

	(void)state;
	memcpy(before, ring.header, n);
	assert_int_equal(child_run(peek_and_die, NULL), -SIGKILL);
	assert_memory_equal(before, ring.header, n);
	free(before);
	publish(3);
	assert_int_equal(drain(reader), TICK_END);
	ring_close(&ring, false);
	shm_fixture_ring(&fixture, &ring, SLOTS);
	assert_string_equal(ring.segment.found, "");
}

/* A billion ticks in a moment: the slots as they would stand then. */
static void
a_reader_that_slept_for_a_billion_ticks_knows_how_many_it_missed(void **state)
{
	struct tick_reader_stats s;
	uint64_t start = ring.next;

	(void)state;
	ring.next += 1000000000;
	published += 1000000000;
	publish(SLOTS);
	ring_idle(&ring, clock_mono().ns);
	assert_int_equal(drain(reader), TICK_END);
	s = tick_reader_stats(reader);
	assert_int_equal(s.next, ring.next);
	assert_int_equal(s.received + s.lost, 1000000000 + SLOTS);
	assert_int_equal(s.next - start, 1000000000 + SLOTS);
	assert_true(s.received >= SLOTS / 2);
	assert_int_equal(s.damaged, 0);
	assert_int_equal(s.overruns, 1);
}

int
main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, begin, end)
	const struct CMUnitTest tests[] = {
		CASE(no_flipped_bit_of_a_sequence_word_stops_a_reader_or_costs_more_than_a_ring),
		CASE(no_flipped_bit_of_the_hint_misleads_a_reader_for_longer_than_it_stands),
		CASE(zeroed_slots_are_lost_and_counted_and_what_follows_is_read),
		CASE(no_flipped_bit_of_the_header_crashes_a_reader_that_has_it_mapped),
		CASE(a_file_that_was_cut_is_named_before_it_is_touched),
		CASE(a_file_that_grew_is_no_other_than_before),
		CASE(a_ring_with_damaged_slots_is_replaced_and_no_number_is_used_twice),
		CASE(a_ring_of_zeros_with_a_sound_header_goes_on_by_its_hint),
		CASE(every_flipped_bit_of_the_header_is_taken_over_or_replaced),
		CASE(readers_of_a_damaged_ring_are_moved_over_and_told),
		CASE(a_damaged_directory_keeps_every_id_that_can_be_read),
		CASE(a_stopped_writer_is_stale_a_killed_one_is_dead),
		CASE(a_writer_killed_between_the_two_stores_leaves_a_tick_that_nobody_reads),
		CASE(a_reader_killed_in_the_middle_of_a_read_leaves_no_trace),
		CASE(a_reader_that_slept_for_a_billion_ticks_knows_how_many_it_missed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

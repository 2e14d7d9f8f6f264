/* The mailbox: order, fullness, wrap-around, and two threads. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>
#include <sched.h>

#include "feed/base/mailbox.h"

#define RECORDS 8
#define FLOW 200000

struct letter {
	uint64_t number;
	uint64_t twice, thrice; /* tear when they are read too early */
};

static struct letter
letter_of(uint64_t number)
{
	return (struct letter){number, 2 * number, 3 * number};
}

static void
an_empty_mailbox_gives_nothing(void **state)
{
	struct letter memory[RECORDS], out = {.number = 7};
	struct mailbox box;

	(void)state;
	mailbox_init(&box, memory, sizeof(memory[0]), RECORDS);
	assert_false(mailbox_take(&box, &out));
	assert_int_equal(out.number, 7);
}

static void
a_full_mailbox_refuses_and_keeps_what_it_has(void **state)
{
	struct letter memory[RECORDS], in, out;
	struct mailbox box;

	(void)state;
	mailbox_init(&box, memory, sizeof(memory[0]), RECORDS);
	for (uint64_t i = 0; i < RECORDS; i++) {
		in = letter_of(i);
		assert_true(mailbox_put(&box, &in));
	}
	in = letter_of(99);
	assert_false(mailbox_put(&box, &in));
	assert_false(mailbox_put(&box, &in));
	for (uint64_t i = 0; i < RECORDS; i++) {
		assert_true(mailbox_take(&box, &out));
		assert_int_equal(out.number, i);
	}
	assert_false(mailbox_take(&box, &out));
}

static void
one_taken_makes_room_for_one_across_the_wrap(void **state)
{
	struct letter memory[RECORDS], in, out;
	struct mailbox box;
	uint64_t next = 0;

	(void)state;
	mailbox_init(&box, memory, sizeof(memory[0]), RECORDS);
	for (uint64_t i = 0; i < 5 * RECORDS; i++) {
		in = letter_of(i);
		assert_true(mailbox_put(&box, &in));
		if (i + 1 < RECORDS)
			continue;
		assert_false(mailbox_put(&box, &in));
		assert_true(mailbox_take(&box, &out));
		assert_int_equal(out.number, next);
		assert_int_equal(out.thrice, 3 * next);
		next++;
	}
}

static void *
put_all(void *context)
{
	struct mailbox *box = context;
	struct letter in;

	for (uint64_t i = 0; i < FLOW; i++) {
		in = letter_of(i);
		while (!mailbox_put(box, &in))
			sched_yield();
	}
	return NULL;
}

static void
two_threads_lose_and_tear_nothing(void **state)
{
	struct letter memory[RECORDS], out;
	struct mailbox box;
	pthread_t thread;

	(void)state;
	mailbox_init(&box, memory, sizeof(memory[0]), RECORDS);
	assert_int_equal(pthread_create(&thread, NULL, put_all, &box), 0);
	for (uint64_t i = 0; i < FLOW; i++) {
		while (!mailbox_take(&box, &out))
			sched_yield();
		if (out.number != i || out.twice != 2 * i || out.thrice != 3 * i)
			fail_msg("letter %llu came torn or out of order",
			    (unsigned long long)i);
	}
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_false(mailbox_take(&box, &out));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_mailbox_gives_nothing),
		cmocka_unit_test(a_full_mailbox_refuses_and_keeps_what_it_has),
		cmocka_unit_test(one_taken_makes_room_for_one_across_the_wrap),
		cmocka_unit_test(two_threads_lose_and_tear_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Names are looked up beside each other: one that hangs holds up no other one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dlfcn.h>
#include <errno.h>
#include <netdb.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>

#include "feed/io/resolve.h"

#define SLOW "slow.test"

static sem_t told, entered;
static atomic_uint lookups;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t opened = PTHREAD_COND_INITIALIZER;
static unsigned hanging, let_go; /* lookups of SLOW so far; the first of them may go on */

static void
hang(void)
{
	unsigned number;

	pthread_mutex_lock(&lock);
	number = ++hanging;
	sem_post(&entered);
	while (let_go < number)
		pthread_cond_wait(&opened, &lock);
	pthread_mutex_unlock(&lock);
}

static void
let_all_go(void)
{
	pthread_mutex_lock(&lock);
	let_go = hanging;
	pthread_cond_broadcast(&opened);
	pthread_mutex_unlock(&lock);
}

/* In place of the C library's: SLOW hangs, and has no address; others are this machine. */
int
getaddrinfo(const char *host, const char *service, const struct addrinfo *hints,
    struct addrinfo **list)
{
	static int (*real)(const char *, const char *, const struct addrinfo *,
	    struct addrinfo **);
	struct addrinfo numeric = *hints;
	void *found;

	atomic_fetch_add(&lookups, 1);
	if (strcmp(host, SLOW) == 0) {
		hang();
		return EAI_AGAIN;
	}
	found = dlsym(RTLD_NEXT, "getaddrinfo");
	memcpy(&real, &found, sizeof(found));
	numeric.ai_flags = AI_NUMERICHOST;
	return real("127.0.0.1", service, &numeric, list);
}

static void
on_answer(void *context)
{
	(void)context;
	sem_post(&told);
}

/* Generous: the machine may be busy. */
static void
await(sem_t *what)
{
	struct timespec until;
	int rc;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += 10;
	while ((rc = sem_timedwait(what, &until)) != 0 && errno == EINTR)
		;
	assert_int_equal(rc, 0);
}

static struct resolve_answer
next_answer(struct resolve *resolve)
{
	struct resolve_answer answer;

	while (!resolve_take(resolve, &answer))
		await(&told);
	return answer;
}

static int
setup(void **state)
{
	struct resolve *resolve = NULL;

	atomic_store(&lookups, 0);
	if (resolve_open(&resolve, on_answer, NULL) != 0)
		return -1;
	*state = resolve;
	return 0;
}

static int
teardown(void **state)
{
	struct resolve *resolve = *state;

	resolve_close(&resolve);
	let_all_go();
	return 0;
}

static void
a_name_that_hangs_holds_up_no_other_one(void **state)
{
	struct resolve *resolve = *state;
	struct resolve_answer answer;

	assert_int_equal(resolve_ask(resolve, 0, 10, SLOW), 0);
	await(&entered);
	assert_int_equal(resolve_ask(resolve, 1, 11, "quick.test"), 0);
	answer = next_answer(resolve);
	assert_int_equal(answer.line, 1);
	assert_int_equal(answer.ticket, 11);
	assert_string_equal(answer.address[0], "127.0.0.1");
	let_all_go();
	answer = next_answer(resolve);
	assert_int_equal(answer.line, 0);
	assert_int_equal(answer.ticket, 10);
	assert_int_equal(answer.count, 0);
}

static void
those_who_ask_for_the_same_name_share_one_lookup(void **state)
{
	struct resolve *resolve = *state;
	unsigned lines = 0;

	assert_int_equal(resolve_ask(resolve, 0, 1, SLOW), 0);
	await(&entered);
	for (unsigned line = 1; line < 5; line++)
		assert_int_equal(resolve_ask(resolve, line, 1, SLOW), 0);
	let_all_go();
	for (unsigned i = 0; i < 5; i++)
		lines |= 1u << next_answer(resolve).line;
	assert_int_equal(lines, 31);
	assert_int_equal(atomic_load(&lookups), 1);
}

static void
it_may_be_closed_while_lookups_hang(void **state)
{
	struct resolve *resolve = *state;

	assert_int_equal(resolve_ask(resolve, 0, 1, SLOW), 0);
	await(&entered);
	assert_int_equal(resolve_ask(resolve, 1, 1, "quick.test"), 0);
	assert_int_equal(next_answer(resolve).line, 1);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_name_that_hangs_holds_up_no_other_one),
		TEST(those_who_ask_for_the_same_name_share_one_lookup),
		TEST(it_may_be_closed_while_lookups_hang),
	};

	sem_init(&told, 0, 0);
	sem_init(&entered, 0, 0);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "feed/io/resolve.h"

#include <errno.h>
#include <netdb.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum slot_state { SLOT_FREE, SLOT_ASKED, SLOT_LOOKED_UP, SLOT_ANSWERED };

struct slot {
	enum slot_state state;
	uint64_t order; /* of asking */
	char host[RESOLVE_HOST_SIZE];
	struct resolve_answer answer;
};

/* Shared by the owner and the helper threads; the last one out frees it. */
struct resolve {
	pthread_mutex_t lock;
	pthread_cond_t asked;
	struct slot slots[RESOLVE_QUESTIONS_MAX];
	uint64_t order;
	unsigned threads, busy; /* all of them, and those that look something up */
	bool closed;
	void (*notify)(void *context);
	void *context;
};

static void
resolve_free(struct resolve *resolve)
{
	pthread_cond_destroy(&resolve->asked);
	pthread_mutex_destroy(&resolve->lock);
	free(resolve);
}

static struct slot *
oldest(struct resolve *resolve, enum slot_state state)
{
	struct slot *found = NULL;

	for (unsigned i = 0; i < RESOLVE_QUESTIONS_MAX; i++) {
		struct slot *slot = &resolve->slots[i];

		if (slot->state == state && (found == NULL || slot->order < found->order))
			found = slot;
	}
	return found;
}

static void
look_up(const char *host, struct resolve_answer *out)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG};
	struct addrinfo *list = NULL;
	int rc = getaddrinfo(host, NULL, &hints, &list), error = errno;

	*out = (struct resolve_answer){0};
	for (struct addrinfo *a = list; a != NULL && out->count < RESOLVE_ADDRESSES_MAX;
	     a = a->ai_next)
		if (getnameinfo(a->ai_addr, a->ai_addrlen, out->address[out->count],
		        RESOLVE_ADDRESS_SIZE, NULL, 0, NI_NUMERICHOST) == 0)
			out->count++;
	if (list != NULL)
		freeaddrinfo(list);
	if (out->count == 0)
		snprintf(out->why, sizeof(out->why), "%s",
		    rc == EAI_SYSTEM ? strerror(error)
		    : rc != 0        ? gai_strerror(rc)
		                     : "no address of a known family");
}

/* Gives the answer to all who ask for that host. */
static void
spread(struct resolve *resolve, const char *host, const struct resolve_answer *answer)
{
	for (unsigned i = 0; i < RESOLVE_QUESTIONS_MAX; i++) {
		struct slot *slot = &resolve->slots[i];
		unsigned line = slot->answer.line;
		uint32_t ticket = slot->answer.ticket;

		if (slot->state != SLOT_LOOKED_UP || strcmp(slot->host, host) != 0)
			continue;
		slot->answer = *answer;
		slot->answer.line = line;
		slot->answer.ticket = ticket;
		slot->state = SLOT_ANSWERED;
	}
}

/* Is somebody looking that host up? */
static bool
is_looked_up(const struct resolve *resolve, const char *host)
{
	for (unsigned i = 0; i < RESOLVE_QUESTIONS_MAX; i++)
		if (resolve->slots[i].state == SLOT_LOOKED_UP &&
		    strcmp(resolve->slots[i].host, host) == 0)
			return true;
	return false;
}

/* Takes all questions for that host. */
static void
begin(struct resolve *resolve, const char *host)
{
	for (unsigned i = 0; i < RESOLVE_QUESTIONS_MAX; i++)
		if (resolve->slots[i].state == SLOT_ASKED &&
		    strcmp(resolve->slots[i].host, host) == 0)
			resolve->slots[i].state = SLOT_LOOKED_UP;
	resolve->busy++;
}

static void add_thread(struct resolve *resolve);

static void *
resolve_thread(void *argument)
{
	struct resolve *resolve = argument;
	struct resolve_answer answer;
	char host[RESOLVE_HOST_SIZE];
	struct slot *slot;
	bool last;

	pthread_mutex_lock(&resolve->lock);
	while (!resolve->closed) {
		slot = oldest(resolve, SLOT_ASKED);
		if (slot == NULL) {
			pthread_cond_wait(&resolve->asked, &resolve->lock);
			continue;
		}
		memcpy(host, slot->host, sizeof(host));
		begin(resolve, host);
		if (oldest(resolve, SLOT_ASKED) != NULL)
			add_thread(resolve);
		pthread_mutex_unlock(&resolve->lock);
		look_up(host, &answer);
		pthread_mutex_lock(&resolve->lock);
		resolve->busy--;
		if (resolve->closed)
			break;
		spread(resolve, host, &answer);
		/* Under the lock: the owner cannot be gone before it returns. */
		resolve->notify(resolve->context);
	}
	last = --resolve->threads == 0;
	pthread_mutex_unlock(&resolve->lock);
	if (last)
		resolve_free(resolve);
	return NULL;
}

/* Detached, and with all signals blocked: they belong to the program's threads. */
static void
add_thread(struct resolve *resolve)
{
	pthread_attr_t attr;
	sigset_t all, before;
	pthread_t thread;
	int rc;

	if (resolve->busy < resolve->threads || resolve->threads == RESOLVE_THREADS_MAX ||
	    pthread_attr_init(&attr) != 0)
		return;
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	rc = pthread_create(&thread, &attr, resolve_thread, resolve);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attr);
	resolve->threads += rc == 0;
}

int
resolve_open(struct resolve **out, void (*notify)(void *context), void *context)
{
	struct resolve *resolve = calloc(1, sizeof(*resolve));

	if (resolve == NULL)
		return -ENOMEM;
	pthread_mutex_init(&resolve->lock, NULL);
	pthread_cond_init(&resolve->asked, NULL);
	resolve->notify = notify;
	resolve->context = context;
	*out = resolve;
	return 0;
}

void
resolve_close(struct resolve **resolve)
{
	struct resolve *r = *resolve;
	bool has_threads;

	if (r == NULL)
		return;
	*resolve = NULL;
	pthread_mutex_lock(&r->lock);
	r->closed = true;
	has_threads = r->threads > 0;
	pthread_cond_broadcast(&r->asked);
	pthread_mutex_unlock(&r->lock);
	if (!has_threads)
		resolve_free(r);
}

int
resolve_ask(struct resolve *resolve, unsigned line, uint32_t ticket, const char *host)
{
	struct slot *slot;
	int rc = -EAGAIN;

	if (strlen(host) >= RESOLVE_HOST_SIZE)
		return -EINVAL;
	pthread_mutex_lock(&resolve->lock);
	add_thread(resolve);
	slot = resolve->threads > 0 ? oldest(resolve, SLOT_FREE) : NULL;
	if (slot != NULL) {
		slot->state = is_looked_up(resolve, host) ? SLOT_LOOKED_UP : SLOT_ASKED;
		slot->order = ++resolve->order;
		slot->answer = (struct resolve_answer){.line = line, .ticket = ticket};
		snprintf(slot->host, sizeof(slot->host), "%s", host);
		pthread_cond_signal(&resolve->asked);
		rc = 0;
	}
	pthread_mutex_unlock(&resolve->lock);
	return rc;
}

bool
resolve_take(struct resolve *resolve, struct resolve_answer *out)
{
	struct slot *slot;
	bool found;

	pthread_mutex_lock(&resolve->lock);
	slot = oldest(resolve, SLOT_ANSWERED);
	found = slot != NULL;
	if (found) {
		*out = slot->answer;
		slot->state = SLOT_FREE;
	}
	pthread_mutex_unlock(&resolve->lock);
	return found;
}

const char *
resolve_pick(const struct resolve_answer *answer, unsigned turn, const char *source)
{
	bool v6 = strchr(source, ':') != NULL;
	unsigned fit[RESOLVE_ADDRESSES_MAX], n = 0;

	for (unsigned i = 0; i < answer->count; i++)
		if (source[0] == '\0' || (strchr(answer->address[i], ':') != NULL) == v6)
			fit[n++] = i;
	return n > 0 ? answer->address[fit[turn % n]] : NULL;
}

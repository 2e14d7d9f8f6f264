#include "feed/ops/ops.h"

#include <errno.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "feed/base/log.h"
#include "feed/base/mailbox.h"

#define NICENESS 10 /* a tenth of the feed thread's share where both want a processor */

struct receiver {
	ops_note_fn *fn;
	void *context;
};

struct ops {
	struct ops_cfg cfg;
	struct lws_context *context;
	SSL_CTX *unused; /* of the context itself: its own would read the system's store */
	struct receiver receiver[OPS_NOTE_KINDS];
	pthread_t thread;
	bool started;
	_Atomic bool stop;
	struct mailbox notes, orders;
	struct ops_note note[OPS_NOTES_MAX];
	struct ops_order order[OPS_ORDERS_MAX];
};

/* What the library has to say of the context itself is not for us. */
static int
ignore(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t n)
{
	(void)wsi;
	(void)reason;
	(void)user;
	(void)in;
	(void)n;
	return 0;
}

static struct lws_context *
make_context(struct ops *ops)
{
	static const struct lws_protocols protocols[] = {
		{.name = "ops", .callback = ignore},
		{0},
	};
	struct lws_context_creation_info info = {
		.port = CONTEXT_PORT_NO_LISTEN,
		.protocols = protocols,
		.options = LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT |
		    LWS_SERVER_OPTION_SKIP_SERVER_CANONICAL_NAME,
		/*
		 * Nobody connects by it: http.h brings its own. Without one, libwebsockets
		 * 4.1.6 makes one, which it cannot free when there is a second context.
		 */
		.provided_client_ssl_ctx = ops->unused,
		.max_http_header_pool = OPS_CONNECTIONS_MAX,
		.fd_limit_per_thread = OPS_CONNECTIONS_MAX + 16,
		.gid = (gid_t)-1,
		.uid = (uid_t)-1,
		.user = ops,
	};

	lws_set_log_level(0, NULL); /* a library does not print */
	return lws_create_context(&info);
}

int
ops_open(struct ops **out, const struct ops_cfg *cfg)
{
	struct ops *ops = calloc(1, sizeof(*ops));

	if (ops == NULL)
		return -ENOMEM;
	ops->cfg = *cfg;
	mailbox_init(&ops->notes, ops->note, sizeof(ops->note[0]), OPS_NOTES_MAX);
	mailbox_init(&ops->orders, ops->order, sizeof(ops->order[0]), OPS_ORDERS_MAX);
	ops->unused = SSL_CTX_new(TLS_client_method());
	if (ops->unused != NULL)
		ops->context = make_context(ops);
	if (ops->context == NULL) {
		SSL_CTX_free(ops->unused);
		free(ops);
		return -ENOMEM;
	}
	*out = ops;
	return 0;
}

/* A thread inherits its maker's processor; the feed's own one is left to it. */
static void
avoid_processor(int64_t cpu)
{
	long n = sysconf(_SC_NPROCESSORS_CONF);
	cpu_set_t set;

	if (cpu < 0)
		return;
	CPU_ZERO(&set);
	for (long i = 0; i < n && i < CPU_SETSIZE; i++)
		if (i != cpu)
			CPU_SET((size_t)i, &set);
	sched_setaffinity(0, sizeof(set), &set); /* refused where there is no other one */
}

/*
 * Where both want the same processor the feed thread has it: SCHED_BATCH never
 * interrupts who runs, niceness lets itself be interrupted. Not SCHED_IDLE: on a
 * busy machine /livez would have no answer, and a supervisor that asks for it
 * would end a feed that works. Both need no rights.
 */
static void
stand_back(void)
{
	static const struct sched_param none;

	sched_setscheduler(0, SCHED_BATCH, &none);
	setpriority(PRIO_PROCESS, (id_t)gettid(), NICENESS);
}

static void
deliver_notes(struct ops *ops)
{
	struct ops_note note;

	while (mailbox_take(&ops->notes, &note))
		if (ops->receiver[note.kind].fn != NULL)
			ops->receiver[note.kind].fn(ops->receiver[note.kind].context, &note);
}

static void *
run(void *context)
{
	struct ops *ops = context;

	pthread_setname_np(pthread_self(), "ops");
	avoid_processor(ops->cfg.cpu);
	stand_back();
	while (!atomic_load_explicit(&ops->stop, memory_order_acquire)) {
		deliver_notes(ops);
		if (lws_service(ops->context, 0) < 0) {
			LOG(ERROR, "ops_ended", LOG_THEN("the feed goes on without operations"));
			break;
		}
	}
	return NULL;
}

/* Signals are for the thread that waits for them: all are blocked in this one. */
int
ops_start(struct ops *ops)
{
	sigset_t all, before;
	int rc;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	rc = pthread_create(&ops->thread, NULL, run, ops);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	ops->started = rc == 0;
	return -rc;
}

void
ops_stop(struct ops *ops)
{
	if (ops->started) {
		atomic_store_explicit(&ops->stop, true, memory_order_release);
		lws_cancel_service(ops->context);
		pthread_join(ops->thread, NULL);
		ops->started = false;
	}
	deliver_notes(ops);
}

void
ops_close(struct ops **ops)
{
	if (*ops == NULL)
		return;
	lws_context_destroy((*ops)->context);
	SSL_CTX_free((*ops)->unused);
	free(*ops);
	*ops = NULL;
}

bool
ops_tell(struct ops *ops, const struct ops_note *note)
{
	if (!mailbox_put(&ops->notes, note))
		return false;
	lws_cancel_service(ops->context);
	return true;
}

bool
ops_next_order(struct ops *ops, struct ops_order *out)
{
	return mailbox_take(&ops->orders, out);
}

void
ops_receive(struct ops *ops, enum ops_note_kind kind, ops_note_fn *fn, void *context)
{
	ops->receiver[kind] = (struct receiver){fn, context};
}

bool
ops_order(struct ops *ops, const struct ops_order *order)
{
	if (!mailbox_put(&ops->orders, order))
		return false;
	ops->cfg.wake(ops->cfg.wake_context);
	return true;
}

struct lws_context *
ops_context(struct ops *ops)
{
	return ops->context;
}

static void
on_timer(lws_sorted_usec_list_t *entry)
{
	struct ops_timer *timer = lws_container_of(entry, struct ops_timer, entry);

	timer->fn(timer->context);
}

/* The library counts in microseconds. */
void
ops_timer_start(struct ops *ops, struct ops_timer *timer, span_t span)
{
	int64_t us = span.ns <= 0 ? 1 : (span.ns + 999) / 1000;

	lws_sul_schedule(ops->context, 0, &timer->entry, on_timer, (lws_usec_t)us);
}

void
ops_timer_stop(struct ops_timer *timer)
{
	lws_sul_cancel(&timer->entry);
}

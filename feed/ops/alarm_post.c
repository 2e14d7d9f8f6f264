/*
 * One webhook: what is to be sent waits in its queue; one request at a time;
 * what fails is tried again, later and later, and dropped in the end.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "feed/base/log.h"
#include "feed/ops/alarm_impl.h"

#define WITHIN_S 15      /* for an answer */
#define WAIT_MAX_S 60    /* between two attempts, unless the server wants longer */
#define SERVER_WAIT_MAX_S 600
#define ANSWER_MAX 16384 /* of whose body nothing is read */

struct alarm_post {
	struct ops *ops;
	struct http_client *client;
	const struct alarm_sender *sender;
	struct alarm_counts *counts;
	struct config_url url;
	char *key_file; /* "": the plain form */
	span_t retry;
	int64_t retries_max;
	bool busy;     /* a request is under way, or waits for its next attempt */
	int64_t tries; /* of the first in the queue, that failed */
	struct ops_timer timer;
	struct alarm_queue queue;
};

static void send_first(struct alarm_post *post);

/* The next one, when there is one. */
static void
go_on(struct alarm_post *post)
{
	alarm_queue_drop(&post->queue);
	post->tries = 0;
	post->busy = false;
	if (post->queue.n > 0)
		send_first(post);
}

static void
give_up(struct alarm_post *post, const char *why, int status)
{
	post->counts->post_drops++;
	LOG(ERROR, "alert_not_sent", LOG_STR("host", post->url.host), LOG_STR("detail", why),
	    LOG_I64("status", status), LOG_THEN("it is in the log only"));
	go_on(post);
}

/* `wait_s`: what the server wants, -1: nothing. */
static void
try_again(struct alarm_post *post, const char *why, int status, int32_t wait_s)
{
	int64_t wait = post->retry.ns, most = span_s(WAIT_MAX_S).ns;

	if (post->tries >= post->retries_max) {
		give_up(post, why, status);
		return;
	}
	for (int64_t i = 0; i < post->tries && wait < most; i++)
		wait *= 2;
	wait = wait < most ? wait : most;
	if (wait_s > SERVER_WAIT_MAX_S)
		wait_s = SERVER_WAIT_MAX_S;
	if (span_s(wait_s).ns > wait)
		wait = span_s(wait_s).ns;
	post->tries++;
	post->counts->post_retries++;
	LOG(WARNING, "alert_retry", LOG_STR("host", post->url.host), LOG_STR("detail", why),
	    LOG_I64("status", status), LOG_I64("attempts", post->tries),
	    LOG_I64("wait_ms", wait / 1000000), LOG_THEN("it is sent again"));
	ops_timer_start(post->ops, &post->timer, span_ns(wait));
}

/* A status of 4xx stays what it is, but for "too many" and "too slow". */
static void
on_answer(void *context, const struct http_answer *answer)
{
	struct alarm_post *post = context;

	if (answer->reason != TICK_REASON_NONE)
		try_again(post, answer->detail, answer->status, answer->retry_after_s);
	else if (answer->status >= 200 && answer->status < 300) {
		post->counts->posts++;
		go_on(post);
	} else if (answer->status >= 500 || answer->status == 429 || answer->status == 408)
		try_again(post, "refused for now", answer->status, answer->retry_after_s);
	else
		give_up(post, "refused", answer->status);
}

/* The body of the first in the queue. 0: there is none, *why says why. */
static size_t
write_body(struct alarm_post *post, char body[ALARM_TEXT_MAX], const char **why)
{
	const struct alarm_item *item = &post->queue.item[post->queue.first];
	char key[ALARM_KEY_MAX + 1];
	size_t n;
	int rc;

	*why = "it is too long";
	if (*post->key_file == '\0')
		return alarm_text_plain(body, post->sender, item);
	rc = alarm_read_key(post->key_file, key); /* anew each time, so that it can be changed */
	if (rc != 0) {
		*why = "the file with the routing key cannot be read, or holds none";
		return 0;
	}
	n = alarm_text_pagerduty(body, post->sender, item, key);
	explicit_bzero(key, sizeof(key));
	return n;
}

static void
send_first(struct alarm_post *post)
{
	char body[ALARM_TEXT_MAX];
	const char *why;
	const struct http_request request = {
		.host = post->url.host,
		.port = post->url.port,
		.plain = post->url.plain,
		.path = post->url.path,
		.content_type = "application/json",
		.body = {body, write_body(post, body, &why)},
		.within = span_s(WITHIN_S),
		.answer_max = ANSWER_MAX,
	};
	int rc;

	post->busy = true;
	if (request.body.n == 0) {
		try_again(post, why, 0, -1);
		return;
	}
	rc = http_send(post->client, &request, on_answer, post);
	explicit_bzero(body, sizeof(body));
	if (rc != 0)
		try_again(post, strerror(-rc), 0, -1);
}

static void
on_time(void *context)
{
	send_first(context);
}

void
alarm_post_put(struct alarm_post *post, const struct alarm_item *item)
{
	post->counts->post_drops += alarm_queue_put(&post->queue, item, post->busy);
	if (!post->busy)
		send_first(post);
}

int
alarm_post_open(struct alarm_post **out, struct ops *ops, const struct alarm_post_cfg *cfg,
    struct alarm_counts *counts)
{
	struct alarm_post *post = calloc(1, sizeof(*post));

	*out = post;
	if (post == NULL)
		return -ENOMEM;
	post->ops = ops;
	post->client = cfg->client;
	post->sender = cfg->sender;
	post->counts = counts;
	post->retry = cfg->retry;
	post->retries_max = cfg->retries_max;
	post->timer = (struct ops_timer){.fn = on_time, .context = post};
	post->key_file = strdup(cfg->key_file);
	if (post->key_file == NULL)
		return -ENOMEM;
	return config_url_parse(cfg->url, &post->url) == NULL ? 0 : -EINVAL;
}

void
alarm_post_close(struct alarm_post **post)
{
	struct alarm_post *p = *post;

	*post = NULL;
	if (p == NULL)
		return;
	ops_timer_stop(&p->timer);
	free(p->key_file);
	free(p);
}

/*
 * Inside of the alerts: alarm.c (looks, tells), alarm_text.c (what receivers
 * get), alarm_queue.c (what waits for a receiver), alarm_command.c (a program),
 * alarm_post.c (webhooks). Ops thread.
 */
#ifndef FEED_OPS_ALARM_IMPL_H
#define FEED_OPS_ALARM_IMPL_H

#include <stddef.h>
#include <sys/types.h>

#include "feed/base/wall.h"
#include "feed/conf/config_url.h"
#include "feed/io/http.h"
#include "feed/ops/alarm.h"

#define ALARM_TEXT_MAX 2048
#define ALARM_KEY_MAX 128

/* One thing to tell, with what its receivers are told beside it. */
struct alarm_item {
	struct alert_news news;
	wall_t at, since; /* now; when it fired */
};

/* A queue that keeps the newest: who is late wants to know how it is, not how it was. */
struct alarm_queue {
	struct alarm_item item[ALARM_QUEUE_MAX];
	unsigned first, n;
};

/* Who the texts are from. */
struct alarm_sender {
	const char *feed;
	char host[65]; /* of this machine: letters, digits, dots, dashes */
};

/* ---- alarm_queue.c ------------------------------------------------------------------- */

/*
 * Adds. Where there is no room the oldest goes, but not the very first when
 * `first_stays`, for it is under way. Returns whether one went.
 */
bool alarm_queue_put(struct alarm_queue *queue, const struct alarm_item *item, bool first_stays);

/* Removes the first; there is one. */
void alarm_queue_drop(struct alarm_queue *queue);

/* ---- alarm_text.c ---------------------------------------------------------------------- */

void alarm_sender_init(struct alarm_sender *sender, const char *feed);

/* The plain form; NUL-terminated in `out` (ALARM_TEXT_MAX). Returns its length. */
size_t alarm_text_plain(
    char *out, const struct alarm_sender *sender, const struct alarm_item *item);

/* That of PagerDuty's Events API v2, with its routing key. */
size_t alarm_text_pagerduty(char *out, const struct alarm_sender *sender,
    const struct alarm_item *item, const char *key);

/*
 * A routing key from a file, without blanks at its end. Returns 0, or -errno
 * of reading it, or -EINVAL: it is none.
 */
int alarm_read_key(const char *file, char key[ALARM_KEY_MAX + 1]);

/* What the figures of an alert mean: "line", "class" or NULL; "ns" ... or "". */
const char *alarm_unit_name(const struct alert_row *row);

/* ---- alarm_command.c ----------------------------------------------------------------- */

struct alarm_command;

/* Returns 0 or -ENOMEM. */
int alarm_command_open(struct alarm_command **out, struct ops *ops, const struct config_alerts *cfg,
    const struct alarm_sender *sender, struct alarm_counts *counts);
void alarm_command_close(struct alarm_command **command);
void alarm_command_put(struct alarm_command *command, const struct alarm_item *item);

/* ---- alarm_post.c -------------------------------------------------------------------- */

struct alarm_post;

struct alarm_post_cfg {
	struct http_client *client; /* stays */
	const char *url;            /* valid by config_url.h */
	const char *key_file;       /* "": the plain form; else PagerDuty's */
	span_t retry;
	int64_t retries_max;
	const struct alarm_sender *sender; /* stays */
};

/* Returns 0 or -ENOMEM. */
int alarm_post_open(struct alarm_post **out, struct ops *ops, const struct alarm_post_cfg *cfg,
    struct alarm_counts *counts);

/* After http_close() of the client. */
void alarm_post_close(struct alarm_post **post);
void alarm_post_put(struct alarm_post *post, const struct alarm_item *item);

#endif

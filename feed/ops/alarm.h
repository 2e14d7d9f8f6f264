/*
 * Alerts of a feed, in the ops thread: looks at the status four times a
 * second, lets core/alert.h judge, and tells what comes of it to the log, a
 * program, and webhooks. It knows the feed by the status segment only, and so
 * also tells that the feed thread hangs.
 *
 * Who receives slowly, or not at all, loses alerts, which are counted; nobody
 * else notices.
 */
#ifndef FEED_OPS_ALARM_H
#define FEED_OPS_ALARM_H

#include "feed/conf/config.h"
#include "feed/ops/alarm_view.h"
#include "feed/ops/ops.h"

#define ALARM_EVERY_MS 250
#define ALARM_QUEUE_MAX 32 /* that wait for one receiver */
#define ALARM_WHY_MAX 200

struct alarm;

/*
 * Before the ops thread starts; the status segment is there; *cfg is copied.
 * Returns 0, or -errno: `why` (ALARM_WHY_MAX bytes) says it in words.
 */
int alarm_open(struct alarm **out, struct ops *ops, const struct config *cfg, char *why);

/* After the ops thread has ended. A program that runs is killed. Nulls; NULL is fine. */
void alarm_close(struct alarm **alarm);

/* Ops thread. Valid as long as the alarm; NULL gives NULL. */
const struct alarm_view *alarm_view(const struct alarm *alarm);

/* Sockets that it may have open, for whoever counts the process's. Any thread; NULL: 0. */
unsigned alarm_sockets(const struct alarm *alarm);

#endif

#include "feed/ops/alarm_impl.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "feed/base/log.h"
#include "feed/io/clock.h"
#include "feed/ops/lookout.h"

#define POSTS_MAX (CONFIG_WEBHOOKS_MAX + 1) /* and PagerDuty */

struct alarm {
	struct ops *ops;
	char *feed;
	struct lookout lookout;
	struct ops_timer timer;
	int severity_min;
	struct alarm_view view;
	struct alarm_sender sender;
	struct http_client *client;    /* NULL: nothing is posted */
	struct alarm_command *command; /* NULL: none */
	struct alarm_post *post[POSTS_MAX];
	unsigned posts;
};

/* ---- telling --------------------------------------------------------------------------- */

#define LOG_ALERT(level, row, news, consequence)                                                   \
	LOG_EACH(level, "alert", LOG_STR("name", (row)->name),                                     \
	    LOG_STR("severity", alert_severity_name((int)(row)->severity)),                        \
	    LOG_STR("state", alert_word_name((int)(news)->word)), LOG_STR("text", (row)->text),    \
	    LOG_I64("of", (news)->figures.of), LOG_I64("value", (news)->figures.value),            \
	    LOG_I64("limit", (news)->figures.limit), LOG_THEN(consequence))

static void
log_news(const struct alert_news *news)
{
	const struct alert_row *row = alert_row(news->alert);
	const char *then = row->severity == ALERT_INFO ? "nobody needs to do anything"
	                                               : "docs/OPERATING.md says what to do";

	if (news->word == ALERT_CLEARED || row->severity == ALERT_INFO)
		LOG_ALERT(INFO, row, news, news->word == ALERT_CLEARED ? "it is over" : then);
	else if (row->severity == ALERT_WARNING)
		LOG_ALERT(WARNING, row, news, then);
	else
		LOG_ALERT(ERROR, row, news, then);
}

static void
tell(struct alarm *alarm, const struct alert_news *news, wall_t at)
{
	struct alarm_item item = {.news = *news, .at = at};

	if (news->word == ALERT_FIRED)
		alarm->view.since[news->alert] = at;
	item.since = alarm->view.since[news->alert];
	alarm->view.counts.told++;
	log_news(news);
	if ((int)alert_row(news->alert)->severity < alarm->severity_min)
		return;
	if (alarm->command != NULL)
		alarm_command_put(alarm->command, &item);
	for (unsigned i = 0; i < alarm->posts; i++)
		alarm_post_put(alarm->post[i], &item);
}

static void
on_look(void *context)
{
	struct alarm *alarm = context;
	struct alert_news news[ALERT_COUNT];
	wall_t wall = clock_wall();
	mono_t now = clock_mono();
	unsigned n;

	lookout_look(&alarm->lookout, wall, now);
	n = alerts_look(&alarm->view.alerts, &alarm->lookout.status, &alarm->lookout.health, now,
	    news);
	for (unsigned i = 0; i < n; i++)
		tell(alarm, &news[i], wall);
	ops_timer_start(alarm->ops, &alarm->timer, span_ms(ALARM_EVERY_MS));
}

/* ---- start and end ----------------------------------------------------------------------- */

static int
open_post(struct alarm *alarm, const struct config_alerts *cfg, const char *url,
    const char *key_file)
{
	const struct alarm_post_cfg post = {
		.client = alarm->client,
		.url = url,
		.key_file = key_file,
		.retry = span_ms(cfg->retry_ms),
		.retries_max = cfg->retries_max,
		.sender = &alarm->sender,
	};

	return alarm_post_open(
	    &alarm->post[alarm->posts++], alarm->ops, &post, &alarm->view.counts);
}

static int
open_posts(struct alarm *alarm, const struct config_alerts *cfg, char *why)
{
	char key[ALARM_KEY_MAX + 1], detail[HTTP_DETAIL_MAX] = "";
	bool pagerduty = *cfg->pagerduty_key_file != '\0';
	int rc = 0;

	if (cfg->webhooks.n == 0 && !pagerduty)
		return 0;
	if (pagerduty && (rc = alarm_read_key(cfg->pagerduty_key_file, key)) != 0) {
		snprintf(why, ALARM_WHY_MAX, "alerts.pagerduty_key_file \"%.100s\": %s",
		    cfg->pagerduty_key_file, rc == -EINVAL ? "holds no key" : strerror(-rc));
		return rc;
	}
	explicit_bzero(key, sizeof(key));
	rc = http_open(&alarm->client, ops_context(alarm->ops), cfg->ca_file, detail);
	if (rc != 0) {
		snprintf(why, ALARM_WHY_MAX, "webhooks: %s", detail);
		return rc;
	}
	for (size_t i = 0; i < cfg->webhooks.n && i < CONFIG_WEBHOOKS_MAX && rc == 0; i++)
		rc = open_post(alarm, cfg, cfg->webhooks.item[i], "");
	if (pagerduty && rc == 0)
		rc = open_post(alarm, cfg, cfg->pagerduty_url, cfg->pagerduty_key_file);
	return rc;
}

static int
begin(struct alarm *alarm, const struct config *cfg, char *why)
{
	const struct alerts_cfg alerts = {
		.hold = cfg->alerts.hold_ms < 0 ? span_ns(-1) : span_ms(cfg->alerts.hold_ms),
		.clear = cfg->alerts.clear_ms < 0 ? span_ns(-1) : span_ms(cfg->alerts.clear_ms),
		.repeat = span_ms(cfg->alerts.repeat_ms),
	};
	int rc;

	alerts_init(&alarm->view.alerts, &alerts);
	alarm->severity_min = (int)cfg->alerts.severity_min;
	alarm->feed = strdup(cfg->feed);
	if (alarm->feed == NULL)
		return -ENOMEM;
	alarm_sender_init(&alarm->sender, alarm->feed);
	rc = lookout_open(&alarm->lookout, alarm->feed);
	if (rc != 0) {
		snprintf(why, ALARM_WHY_MAX, "status of \"%.64s\": %s", alarm->feed,
		    tick_outcome_text(rc));
		return -EIO;
	}
	rc = open_posts(alarm, &cfg->alerts, why);
	if (rc == 0 && cfg->alerts.command.n > 0)
		rc = alarm_command_open(&alarm->command, alarm->ops, &cfg->alerts, &alarm->sender,
		    &alarm->view.counts);
	return rc;
}

int
alarm_open(struct alarm **out, struct ops *ops, const struct config *cfg, char *why)
{
	struct alarm *alarm = calloc(1, sizeof(*alarm));
	int rc;

	snprintf(why, ALARM_WHY_MAX, "out of memory for the alerts");
	if (alarm == NULL)
		return -ENOMEM;
	alarm->ops = ops;
	alarm->timer = (struct ops_timer){.fn = on_look, .context = alarm};
	rc = begin(alarm, cfg, why);
	if (rc != 0) {
		alarm_close(&alarm);
		return rc;
	}
	ops_timer_start(ops, &alarm->timer, span_ms(ALARM_EVERY_MS));
	*out = alarm;
	return 0;
}

void
alarm_close(struct alarm **alarm)
{
	struct alarm *a = *alarm;

	*alarm = NULL;
	if (a == NULL)
		return;
	ops_timer_stop(&a->timer);
	http_close(&a->client);
	for (unsigned i = 0; i < a->posts; i++)
		alarm_post_close(&a->post[i]);
	alarm_command_close(&a->command);
	lookout_close(&a->lookout);
	free(a->feed);
	free(a);
}

const struct alarm_view *
alarm_view(const struct alarm *alarm)
{
	return alarm == NULL ? NULL : &alarm->view;
}

unsigned
alarm_sockets(const struct alarm *alarm)
{
	return alarm == NULL ? 0 : alarm->posts;
}

/*
 * The operations thread and what runs in it: put together and taken apart.
 */
#include "feed/app/app_impl.h"

#include <errno.h>
#include <unistd.h>

#include "feed/app/precheck.h"
#include "feed/base/log.h"
#include "feed/io/clock.h"
#include "feed/ops/upkeep.h"
#include "feed/plan/rest_plan.h"

/* Ops thread. */
static void
wake_feed(void *context)
{
	struct app *app = context;
	struct transport *transport = atomic_load_explicit(&app->to_wake, memory_order_acquire);

	if (transport != NULL)
		transport_wake(transport);
}

/* Returns 0 or -errno (logged). */
static int
open_rest(struct app *app)
{
	struct books_cfg books;
	struct gaps_cfg gaps;
	char path[128];

	if (rest_plan_books(app->cfg, &books) || rest_plan_lists(app->cfg) ||
	    rest_plan_gaps(app->cfg, &gaps) || rest_plan_clock(app->cfg, path, sizeof(path)))
		return rest_open(&app->rest, app->ops, app->cfg);
	LOG(INFO, "rest_unused", LOG_THEN("no books are put together from changes"));
	return 0;
}

int
app_look_ahead(struct app *app)
{
	struct config_problems problems = {0};
	char why[WEB_WHY_MAX];

	precheck_files(app->cfg, app->source, &problems);
	precheck_capture(app->cfg, app->source, &problems);
	for (size_t i = 0; i < problems.n; i++)
		LOG_EACH(ERROR, "start_refused", LOG_STR("detail", problems.line[i]),
		    LOG_THEN("the feed does not start"));
	if (problems.n > 0) {
		config_problems_free(&problems);
		return -EINVAL;
	}
	if (app->cfg->ops.listen[0] == '\0')
		return 0;
	app->web_fd = web_listen(app->cfg->ops.listen, why);
	if (app->web_fd >= 0)
		return 0;
	LOG(ERROR, "http_refused", LOG_STR("detail", why), LOG_THEN("the feed does not start"));
	return app->web_fd;
}

static int
open_web(struct app *app)
{
	const struct web_cfg cfg = {
		.feed = app->cfg->feed,
		.listen = app->cfg->ops.listen,
		.fd = app->web_fd,
		.token_file = app->cfg->ops.token_file,
		.keeper = &app->keeper,
		.alarm = app->alarm,
		.tracer = app->tracer,
	};
	char why[WEB_WHY_MAX];
	int rc;

	if (*cfg.listen == '\0')
		return 0;
	app->web_fd = -1;
	rc = web_open(&app->web, app->ops, &cfg, why);
	if (rc != 0)
		LOG(ERROR, "http_refused", LOG_STR("detail", why),
		    LOG_THEN("the feed does not start"));
	return rc;
}

static int
open_alarm(struct app *app)
{
	char why[ALARM_WHY_MAX];
	int rc;

	if (!app->cfg->monitoring.enabled)
		return 0;
	rc = alarm_open(&app->alarm, app->ops, app->cfg, why);
	if (rc != 0)
		LOG(ERROR, "alerts_refused", LOG_STR("detail", why),
		    LOG_THEN("the feed does not start"));
	return rc;
}

int
app_open_ops(struct app *app)
{
	const struct ops_cfg cfg = {wake_feed, app, app->cfg->cpu};
	int rc = ops_open(&app->ops, &cfg);
	enum tick_reason why;
	mono_t until;

	if (rc != 0) {
		LOG(ERROR, "ops_refused", LOG_ERRNO("error", rc),
		    LOG_THEN("the feed does not start"));
		return rc;
	}
	upkeep_open(app->ops);
	keeper_init(&app->keeper, app->ops, app->cfg, app->source, &app->choice);
	rc = open_rest(app);
	why = stores_recall_pause(&app->stores, clock_wall(), clock_mono(), &until);
	if (rc == 0 && why != TICK_REASON_NONE)
		rest_recall_pause(app->rest, until, why);
	if (rc == 0)
		rc = open_alarm(app);
	if (rc == 0)
		rc = app_open_trace(app);
	return rc != 0 ? rc : open_web(app);
}

int
app_start_ops(struct app *app)
{
	int rc = ops_start(app->ops);

	if (rc != 0)
		LOG(ERROR, "ops_refused", LOG_ERRNO("error", rc),
		    LOG_THEN("the feed does not start"));
	return rc;
}

void
app_shut_ops(struct app *app)
{
	if (app->web_fd >= 0)
		close(app->web_fd);
	if (app->ops == NULL)
		return;
	ops_stop(app->ops);
	app_drop_orders(app);
	web_close(&app->web);
	rest_close(&app->rest);
	alarm_close(&app->alarm);
	app_shut_trace(app);
	keeper_fini(&app->keeper);
	ops_close(&app->ops);
}

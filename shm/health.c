#include <tickring/health.h>

#include <stdbool.h>
#include <string.h>

#include <tickring/reader.h>

/* Limits from where on less is worse; those of what shall be small are negated. */
struct scale {
	int64_t expected, alert, critical, worst;
};

struct judgement {
	struct tick_health *out;
	const struct tick_status *status;
	struct tick_health_limits limits;
	int64_t wall_ns;
	int64_t lines; /* within what line[] has */
};

/* ---- arithmetic -------------------------------------------------------------- */

/* later - earlier, never below 0; what cannot be a time counts as just now. */
static int64_t
elapsed(int64_t later, int64_t earlier)
{
	int64_t ns;

	if (earlier == TICK_ABSENT || __builtin_sub_overflow(later, earlier, &ns) || ns < 0)
		return 0;
	return ns;
}

static int64_t
within(int64_t value, int64_t least, int64_t most)
{
	return value < least ? least : value > most ? most : value;
}

/* Where `value` lies between `from` and `to`, on the way from `begin` down to `end`. */
static int64_t
between(int64_t value, int64_t from, int64_t to, int64_t begin, int64_t end)
{
	__int128 length = (__int128)from - to;
	__int128 way = (__int128)from - value;

	if (length <= 0 || begin <= end)
		return end;
	return within((int64_t)(begin - (begin - end) * way / length), end, begin);
}

static int64_t
permille(int64_t part, int64_t whole)
{
	return whole <= 0 ? 0 : (int64_t)((__int128)part * 1000 / whole);
}

/* Rounded up, so that one of many thousands is not none. */
static int64_t
permille_up(int64_t part, int64_t whole)
{
	return whole <= 0 ? 0 : (int64_t)(((__int128)part * 1000 + whole - 1) / whole);
}

/* ---- the verdict ------------------------------------------------------------- */

/* `what` holds: a reason, and the score is not better than that. */
static void
add_reason(struct judgement *j, struct tick_health_reason reason, int64_t score)
{
	struct tick_health *out = j->out;

	if (reason.level > out->level)
		out->level = reason.level;
	if (score < out->score)
		out->score = score;
	if (out->reasons < TICK_HEALTH_REASONS_MAX)
		out->reason[out->reasons++] = reason;
}

/* Something that has no number to be put on the scale. */
static void
add_plain(struct judgement *j, enum tick_health_what what, enum tick_health_level level,
    int64_t value, int64_t limit)
{
	const int64_t score[TICK_HEALTH_LEVELS] = {
	    TICK_HEALTH_MAX, within(j->limits.alert - 1, 0, TICK_HEALTH_MAX), 0, 0};

	add_reason(j, (struct tick_health_reason){what, level, -1, value, limit}, score[level]);
}

/*
 * Puts a figure on the common scale. Adds a reason when it is worse than
 * expected; `sign` is -1 when the scale is that of the negated figure.
 */
static void
judge(struct judgement *j, enum tick_health_what what, int64_t of, int64_t value,
    const struct scale *s, int sign)
{
	const struct tick_health_limits *l = &j->limits;
	struct tick_health_reason reason = {what, TICK_HEALTH_OK, of, value * sign, 0};
	int64_t score;

	if (value >= s->expected)
		return;
	if (value >= s->alert) {
		score = between(value, s->expected, s->alert, l->healthy - 1, l->alert);
		reason.limit = s->expected * sign;
	} else if (value >= s->critical) {
		score = between(value, s->alert, s->critical, l->alert - 1, l->critical);
		reason.level = TICK_HEALTH_WARNING;
		reason.limit = s->alert * sign;
	} else {
		score = between(value, s->critical, s->worst, l->critical - 1, 0);
		reason.level = TICK_HEALTH_CRITICAL;
		reason.limit = s->critical * sign;
	}
	add_reason(j, reason, within(score, 0, TICK_HEALTH_MAX));
}

/* Worst first, otherwise as they came: in the order of health.def. */
static void
sort_reasons(struct tick_health *h)
{
	for (int64_t i = 1; i < h->reasons; i++) {
		struct tick_health_reason moving = h->reason[i];
		int64_t at = i;

		for (; at > 0 && h->reason[at - 1].level < moving.level; at--)
			h->reason[at] = h->reason[at - 1];
		h->reason[at] = moving;
	}
}

/* ---- indicators -------------------------------------------------------------- */

static void
judge_freshness(struct judgement *j)
{
	const struct tick_health_limits *l = &j->limits;
	const struct scale s = {0, -l->stale_alert, -l->stale_critical, -1000};
	struct tick_health *out = j->out;

	out->fresh_permille = 1000;
	out->streams = out->streams_stale = 0;
	for (int class = 0; class < TICK_CLASSES_MAX; class++) {
		int64_t streams = within(j->status->class_streams[class], 0, INT32_MAX);
		int64_t stale = within(j->status->class_stale[class], 0, streams);
		int64_t share = permille_up(stale, streams);

		out->streams += streams;
		out->streams_stale += stale;
		if (1000 - share < out->fresh_permille)
			out->fresh_permille = 1000 - share;
		if (l->stale_critical == 0)
			continue;
		if (share > l->stale_critical)
			out->ready = 0;
		judge(j, TICK_HEALTH_STALE_STREAMS, class, -share, &s, -1);
	}
}

/* Feeds of rare streams only are silent for good reason. */
static bool
is_dense(const struct tick_status *s)
{
	return s->class_streams[TICK_CLASS_QUOTE] > 0 || s->class_streams[TICK_CLASS_DEPTH] > 0 ||
	    s->class_streams[TICK_CLASS_PERIODIC] > 0;
}

static void
judge_silence(struct judgement *j)
{
	int64_t limit = within(j->limits.silence_ns, 0, INT64_MAX / 10), newest = TICK_ABSENT;
	const struct scale s = {-limit, -limit, -5 * limit, -10 * limit};

	for (int line = 0; line < TICK_LINES_MAX; line++)
		if (j->status->line[line].last_message_ns > newest)
			newest = j->status->line[line].last_message_ns;
	if (newest <= 0)
		newest = j->status->started_ns;
	j->out->silence_ns = elapsed(j->wall_ns, newest);
	if (limit > 0 && j->out->lines_live > 0 && is_dense(j->status))
		judge(j, TICK_HEALTH_SILENT, -1, -j->out->silence_ns, &s, -1);
}

static bool
is_up(const struct tick_line_status *line)
{
	return line->state == TICK_LINE_SUBSCRIBING || line->state == TICK_LINE_LIVE ||
	    line->state == TICK_LINE_DRAINING;
}

/* A line on its way up for the first time tells nothing yet. */
static bool
is_new(const struct judgement *j, const struct tick_line_status *line)
{
	return line->connected_ns == TICK_ABSENT && line->attempts <= 1 && !is_up(line) &&
	    elapsed(j->wall_ns, line->since_ns) < TICK_HEALTH_STARTING_NS;
}

static void
judge_line_down(struct judgement *j, int number, const struct tick_line_status *line)
{
	int64_t limit = j->limits.line_down_ns;
	int64_t heard = line->last_message_ns;
	int64_t since = heard == TICK_ABSENT ? j->status->started_ns : heard;
	struct tick_health_reason reason = {
	    TICK_HEALTH_LINE_DOWN, TICK_HEALTH_OK, number, elapsed(j->wall_ns, since), limit};
	int64_t score = TICK_HEALTH_MAX;

	if (limit > 0 && reason.value > limit) {
		reason.level = TICK_HEALTH_WARNING;
		score = within(j->limits.alert - 1, 0, TICK_HEALTH_MAX);
	}
	add_reason(j, reason, score);
}

/* Is any line live? Otherwise what is to be said of the single ones is beside the point. */
static void
judge_pool(struct judgement *j)
{
	struct tick_health *out = j->out;
	int64_t running = elapsed(j->wall_ns, j->status->started_ns);

	if (out->lines_live > 0)
		return;
	out->ready = 0;
	if (running < TICK_HEALTH_STARTING_NS)
		add_plain(j, TICK_HEALTH_STARTING, TICK_HEALTH_WARNING, running,
		    TICK_HEALTH_STARTING_NS);
	else
		add_plain(j, TICK_HEALTH_ALL_LINES_DOWN, TICK_HEALTH_CRITICAL, out->lines, 0);
}

static void
judge_lines(struct judgement *j)
{
	const struct tick_health_limits *l = &j->limits;
	const struct scale s = {l->healthy, l->alert, l->critical, 0};
	struct tick_health *out = j->out;
	int64_t sum = 0, judged = 0;

	for (int i = 0; i < j->lines; i++) {
		const struct tick_line_status *line = &j->status->line[i];

		if (line->role != TICK_ROLE_MEMBER)
			continue;
		out->line_permille[i] = 0;
		if (is_up(line))
			out->line_permille[i] =
			    within(j->status->control.health_permille[i], 0, TICK_HEALTH_MAX);
		if (is_new(j, line))
			continue;
		sum += out->line_permille[i];
		judged++;
		if (!is_up(line))
			judge_line_down(j, i, line);
	}
	if (judged == 0)
		return;
	out->connection_permille = sum / judged;
	if (out->lines_live == 0)
		return; /* told by judge_pool() */
	judge(j, TICK_HEALTH_CONNECTION_HEALTH, -1, out->connection_permille, &s, 1);
	if (out->connection_permille < out->score)
		out->score = out->connection_permille;
}

static void
note_unhealthy_lines(struct judgement *j)
{
	for (int i = 0; i < j->lines; i++)
		if (j->out->line_permille[i] >= 0 && is_up(&j->status->line[i]) &&
		    j->out->line_permille[i] < j->limits.alert)
			add_reason(j,
			    (struct tick_health_reason){TICK_HEALTH_LINE_UNHEALTHY,
			        TICK_HEALTH_OK, i, j->out->line_permille[i], j->limits.alert},
			    TICK_HEALTH_MAX);
}

static void
judge_throughput(struct judgement *j)
{
	const struct tick_health_limits *l = &j->limits;
	const struct scale s = {l->messages_expected, l->messages_alert, l->messages_critical, 0};

	j->out->messages_per_s = within(j->status->messages_per_s, 0, INT64_MAX);
	if (j->out->lines_live > 0 &&
	    elapsed(j->wall_ns, j->status->started_ns) >= TICK_HEALTH_STARTING_NS)
		judge(j, TICK_HEALTH_THROUGHPUT, -1, j->out->messages_per_s, &s, 1);
}

static void
judge_resources(struct judgement *j)
{
	const struct tick_health_limits *l = &j->limits;
	const struct tick_control *c = &j->status->control;
	const struct scale memory = {-l->memory_alert, -l->memory_alert, -l->memory_critical,
	    -2 * within(l->memory_critical, 0, INT64_MAX / 2)};

	j->out->memory_bytes = c->memory_bytes > 0 ? c->memory_bytes : -1;
	if (l->memory_alert > 0 && c->memory_bytes > 0)
		judge(j, TICK_HEALTH_MEMORY, -1, -c->memory_bytes, &memory, -1);
	j->out->cpu_permille = c->cpu_permille >= 0 ? c->cpu_permille : -1;
}

static void
judge_success(struct judgement *j)
{
	const struct tick_health_limits *l = &j->limits;
	const struct tick_control *c = &j->status->control;
	const struct scale s = {l->success_expected, l->success_alert, l->success_critical, 0};
	int64_t connects = within(c->recent_connects, 0, INT32_MAX);
	int64_t attempts = connects + within(c->recent_failures, 0, INT32_MAX);

	if (attempts < TICK_HEALTH_ATTEMPTS_MIN)
		return;
	j->out->success_permille = permille(connects, attempts);
	judge(j, TICK_HEALTH_CONNECTION_SUCCESS, -1, j->out->success_permille, &s, 1);
}

static void
judge_heartbeat(struct judgement *j)
{
	const struct tick_health_limits *l = &j->limits;
	const struct scale s = {l->pongs_expected, l->pongs_alert, l->pongs_critical, 0};
	int64_t worst = 1001, of = -1;

	for (int i = 0; i < j->lines; i++) {
		const struct tick_line_status *line = &j->status->line[i];

		if (line->role == TICK_ROLE_MEMBER && is_up(line) && line->pongs_permille >= 0 &&
		    line->pongs_permille < worst) {
			worst = line->pongs_permille;
			of = i;
		}
	}
	if (of < 0)
		return;
	j->out->heartbeat_permille = within(worst, 0, 1000);
	judge(j, TICK_HEALTH_HEARTBEAT, of, worst, &s, 1);
}

static void
judge_rest(struct judgement *j)
{
	const struct tick_control *c = &j->status->control;

	if (j->limits.cpu_alert > 0 && j->out->cpu_permille > j->limits.cpu_alert)
		add_plain(j, TICK_HEALTH_CPU, TICK_HEALTH_WARNING, j->out->cpu_permille,
		    j->limits.cpu_alert);
	if (c->streams_refused > 0)
		add_plain(j, TICK_HEALTH_STREAMS_REFUSED, TICK_HEALTH_WARNING, c->streams_refused,
		    0);
	if (c->streams_shed > 0)
		add_plain(j, TICK_HEALTH_STREAMS_SHED, TICK_HEALTH_WARNING, c->streams_shed, 0);
	if (j->status->streams_undecoded > 0)
		add_plain(j, TICK_HEALTH_STREAMS_UNDECODED, TICK_HEALTH_WARNING,
		    j->status->streams_undecoded, 0);
	if (j->status->streams_unlisted > 0)
		add_plain(j, TICK_HEALTH_STREAMS_UNLISTED, TICK_HEALTH_WARNING,
		    j->status->streams_unlisted, 0);
}

/* ---- public ------------------------------------------------------------------ */

/* Limits may come out of a damaged segment: bands of the score stand in order. */
static void
take_limits(struct judgement *j, const struct tick_health_limits *limits)
{
	struct tick_health_limits *l = &j->limits;

	if (limits != NULL)
		*l = *limits;
	else if (j->status != NULL && j->status->control.limits.healthy > 0)
		*l = j->status->control.limits;
	else
		tick_health_limits_default(l);
	l->healthy = within(l->healthy, 0, TICK_HEALTH_MAX);
	l->alert = within(l->alert, 0, l->healthy);
	l->critical = within(l->critical, 0, l->alert);
	l->memory_alert = within(l->memory_alert, 0, INT64_MAX / 4);
	l->memory_critical = within(l->memory_critical, 0, INT64_MAX / 4);
	l->stale_alert = within(l->stale_alert, 0, 1000);
	l->stale_critical = within(l->stale_critical, l->stale_alert, 1000);
}

/* A writer that does not work, or none: says so. False: it works. */
static bool
judge_writer(struct judgement *j, int outcome, int64_t mono_ns)
{
	if (outcome == TICK_E_DEAD) {
		add_plain(j, TICK_HEALTH_WRITER_DEAD, TICK_HEALTH_CRITICAL, 0, 0);
	} else if (outcome == TICK_E_STALE) {
		add_plain(j, TICK_HEALTH_WRITER_STALE, TICK_HEALTH_CRITICAL, 0, 0);
	} else if (j->status == NULL || outcome != TICK_END) {
		/* Never started is as bad as dead; what is there but foreign cannot be judged. */
		add_plain(j, TICK_HEALTH_UNREADABLE,
		    outcome == TICK_E_ABSENT ? TICK_HEALTH_CRITICAL : TICK_HEALTH_UNKNOWN, outcome,
		    0);
	} else if (elapsed(mono_ns, j->status->at_mono_ns) > TICK_HEALTH_OLD_NS) {
		add_plain(j, TICK_HEALTH_STATUS_OLD, TICK_HEALTH_CRITICAL,
		    elapsed(mono_ns, j->status->at_mono_ns), TICK_HEALTH_OLD_NS);
	} else {
		return false;
	}
	return true;
}

static void
count_lines(struct judgement *j)
{
	j->lines = within(j->status->lines, 0, TICK_LINES_MAX);
	j->out->lines = j->out->lines_live = 0;
	for (int i = 0; i < j->lines; i++) {
		const struct tick_line_status *line = &j->status->line[i];

		j->out->lines += line->role == TICK_ROLE_MEMBER;
		j->out->lines_live += line->role == TICK_ROLE_MEMBER &&
		    line->state == TICK_LINE_LIVE;
	}
}

/*
 * Now, by the wall clock as it stood when the status was written: its stamps
 * are by that one. A clock that was set since then would make them old, or keep
 * them young.
 */
static int64_t
now_by(const struct tick_status *s, int64_t wall_ns, int64_t mono_ns)
{
	int64_t now;

	if (s == NULL ||
	    __builtin_add_overflow(s->at_ns, elapsed(mono_ns, s->at_mono_ns), &now))
		return wall_ns;
	return now;
}

void
tick_health_judge(struct tick_health *out, const struct tick_status *status, int outcome,
    int64_t wall_ns, int64_t mono_ns, const struct tick_health_limits *limits)
{
	struct judgement j = {
	    .out = out, .status = status, .wall_ns = now_by(status, wall_ns, mono_ns)};

	memset(out, 0xff, sizeof(*out)); /* -1 is "not known" */
	out->score = TICK_HEALTH_MAX;
	out->level = TICK_HEALTH_OK;
	out->alive = out->ready = out->reasons = 0;
	take_limits(&j, limits);
	if (status != NULL)
		out->age_ns = elapsed(mono_ns, status->at_mono_ns);
	if (judge_writer(&j, outcome, mono_ns))
		return;
	out->alive = out->ready = 1;
	count_lines(&j);
	judge_freshness(&j);
	judge_silence(&j);
	judge_pool(&j);
	judge_lines(&j);
	note_unhealthy_lines(&j);
	judge_throughput(&j);
	judge_resources(&j);
	judge_success(&j);
	judge_heartbeat(&j);
	judge_rest(&j);
	sort_reasons(out);
}

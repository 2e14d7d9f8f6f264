/* Words for what a verdict holds, and the limits that it has by default. */
#include <tickring/health.h>

#define MIB (INT64_C(1) << 20)
#define SECOND INT64_C(1000000000)

static const struct {
	const char *label, *text;
	enum tick_health_unit unit;
} rows[] = {
#define TICK_HEALTH_REASON(NAME, label, unit, text) {#label, text, TICK_UNIT_##unit},
#include <tickring/health.def>
#undef TICK_HEALTH_REASON
};

void
tick_health_limits_default(struct tick_health_limits *out)
{
	*out = (struct tick_health_limits){
		.healthy = 700, .alert = 500, .critical = 300,
		.messages_expected = 670, .messages_alert = 500, .messages_critical = 300,
		.memory_alert = 80 * MIB, .memory_critical = 95 * MIB,
		.success_expected = 990, .success_alert = 950, .success_critical = 900,
		.pongs_expected = 1000, .pongs_alert = 950, .pongs_critical = 900,
		.stale_alert = 10, .stale_critical = 500,
		.cpu_alert = 500,
		.silence_ns = 60 * SECOND,
		.line_down_ns = 60 * SECOND,
	};
}

const char *
tick_health_level_name(int64_t level)
{
	static const char *const names[TICK_HEALTH_LEVELS] = {
	    "ok", "warning", "critical", "unknown"};

	return level >= 0 && level < TICK_HEALTH_LEVELS ? names[level] : "unknown";
}

const char *
tick_health_label(int64_t what)
{
	return what >= 0 && what < TICK_HEALTH_REASON_COUNT ? rows[what].label : "unknown";
}

const char *
tick_health_text(int64_t what)
{
	return what >= 0 && what < TICK_HEALTH_REASON_COUNT ? rows[what].text : "unknown reason";
}

int
tick_health_unit(int64_t what)
{
	return what >= 0 && what < TICK_HEALTH_REASON_COUNT ? rows[what].unit : TICK_UNIT_NONE;
}

const char *
tick_class_name(int64_t stream_class)
{
	static const char *const names[TICK_CLASS_COUNT] = {
	    "trade", "quote", "depth", "slow", "periodic", "rare"};

	return stream_class >= 0 && stream_class < TICK_CLASS_COUNT ? names[stream_class]
	                                                            : "unknown";
}

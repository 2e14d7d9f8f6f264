#include "feed/status/guard.h"

#include "feed/base/log.h"
#include "feed/core/security.h"

#define HOT_LOOKS 3              /* a short peak is no reason to give anything up */
#define LEAK_COUNTS 2            /* a line may be between two sockets */
#define PARSE_ERRORS_PERMILLE 10 /* of the messages since the last look */
#define SPARE_SOCKETS 4          /* resolver and log of the system's library */

void
guard_init(struct guard *guard, mono_t now)
{
	*guard = (struct guard){.look_at = now, .cleanup_at = now};
	resources_init(&guard->resources);
	resources_count_sockets(&guard->resources);
	guard->sockets_at_start = guard->resources.figures.sockets;
}

/* Names of security events and their levels: the specification's. */
static void
look_at_messages(struct guard *guard, const struct guard_input *input, bool tell)
{
	uint64_t messages = input->messages - guard->messages;
	uint64_t malformed = input->malformed - guard->malformed;
	uint64_t oversize = input->oversize - guard->oversize;

	guard->messages = input->messages;
	guard->malformed = input->malformed;
	guard->oversize = input->oversize;
	if (tell && oversize > 0)
		LOG(WARNING, "security", SECURITY(MESSAGE_SIZE_EXCEEDED),
		    LOG_U64("messages", oversize), LOG_THEN("they were dropped"));
	if (tell && malformed > 0)
		LOG(INFO, "security", SECURITY(INVALID_MESSAGE_FORMAT),
		    LOG_U64("messages", malformed), LOG_THEN("they were dropped"));
	if (malformed * 1000 <= messages * PARSE_ERRORS_PERMILLE)
		return;
	guard->parse_alarms++;
	if (tell)
		LOG(WARNING, "security", SECURITY(PARSING_ERROR_RATE_HIGH),
		    LOG_U64("messages", messages), LOG_U64("malformed", malformed),
		    LOG_THEN("the others go on"));
}

static bool
look_at_memory(struct guard *guard, const struct config *cfg)
{
	int64_t bytes = guard->resources.figures.memory_bytes;

	if (bytes <= cfg->resources.max_memory_bytes)
		return false;
	guard->memory_alarms++;
	if (cfg->security.event_logging)
		LOG(ERROR, "security", SECURITY(MEMORY_LIMIT_EXCEEDED),
		    LOG_I64("bytes", bytes), LOG_I64("limit", cfg->resources.max_memory_bytes),
		    LOG_THEN("the newest optional stream is given up"));
	return true;
}

static bool
look_at_processor(struct guard *guard, const struct config *cfg)
{
	/* Not of the process: who asks much by HTTP must not cost a stream. */
	int64_t permille = guard->resources.thread_permille;

	/* Polling takes a whole processor, and says nothing of the load. */
	if (cfg->busy_poll || permille <= cfg->resources.max_cpu_percent * 10) {
		guard->hot = 0;
		return false;
	}
	if (++guard->hot < HOT_LOOKS)
		return false;
	guard->hot = 0;
	guard->cpu_alarms++;
	if (cfg->security.event_logging)
		LOG(WARNING, "security", SECURITY(CPU_USAGE_EXCEEDED),
		    LOG_I64("permille", permille),
		    LOG_I64("limit", cfg->resources.max_cpu_percent * 10),
		    LOG_THEN("the newest optional stream is given up"));
	return true;
}

bool
guard_look(struct guard *guard, const struct config *cfg, const struct guard_input *input,
    mono_t now)
{
	bool shed = false;

	if (mono_due(guard->look_at, now)) {
		guard->look_at = mono_add(now, span_ms(cfg->monitoring.metrics_interval_ms));
		resources_look(&guard->resources, now);
		look_at_messages(guard, input, cfg->security.event_logging);
		shed = look_at_memory(guard, cfg);
		shed = look_at_processor(guard, cfg) || shed;
	}
	return shed;
}

bool
guard_cleans_up(struct guard *guard, const struct config *cfg, mono_t now)
{
	if (!mono_due(guard->cleanup_at, now))
		return false;
	guard->quiet = !cfg->security.event_logging;
	guard->cleanup_at = mono_add(now, span_ms(cfg->resources.cleanup_interval_ms));
	return true;
}

void
guard_on_sockets(struct guard *guard, int64_t sockets, unsigned used)
{
	int64_t limit = guard->sockets_at_start + used + SPARE_SOCKETS;

	guard->resources.figures.sockets = sockets;
	if (sockets <= limit) {
		guard->leaks = 0;
		return;
	}
	if (++guard->leaks < LEAK_COUNTS)
		return;
	guard->leaks = 0;
	guard->leak_alarms++;
	if (!guard->quiet)
		LOG(ERROR, "security", SECURITY(CONNECTION_LEAK_DETECTED),
		    LOG_I64("sockets", sockets), LOG_I64("expected", limit),
		    LOG_THEN("the feed goes on; it wants a restart"));
}

mono_t
guard_deadline(const struct guard *guard)
{
	return mono_min(guard->look_at, guard->cleanup_at);
}

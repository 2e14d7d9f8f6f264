#include "feed/io/transport.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "feed/base/host.h"
#include "feed/io/transport_impl.h"

static_assert((TRANSPORT_EVENTS_MAX & (TRANSPORT_EVENTS_MAX - 1)) == 0, "a power of two");
static_assert(TRANSPORT_EVENTS_MAX / 2 >= 2 * TRANSPORT_LINES_MAX, "room for every line");

/* Best first: "auto" takes the first that this machine permits. */
static const struct transport_ops *const implementations[] = {
	&transport_uring_ops,
	&transport_lws_ops,
};

#define IMPLEMENTATIONS (sizeof(implementations) / sizeof(implementations[0]))

static int
open_with(struct transport **out, const struct transport_ops *ops, const struct transport_cfg *cfg,
    char *why)
{
	int rc = ops->open(out, cfg, why);

	if (rc != 0)
		return rc;
	(*out)->ops = ops;
	(*out)->cfg = *cfg;
	(*out)->cfg.ca_file = NULL;
	(*out)->cfg.proxy = (struct transport_proxy){0};
	return 0;
}

/* The best that this machine permits; what a CA file lacks, it lacks for all of them. */
static int
open_best(struct transport **out, const struct transport_cfg *cfg, char *why)
{
	char refused[TRANSPORT_DETAIL_MAX] = "";
	int rc = -EINVAL;

	for (size_t i = 0; i < IMPLEMENTATIONS; i++) {
		rc = open_with(out, implementations[i], cfg, why);
		if (rc == 0)
			snprintf(why, TRANSPORT_DETAIL_MAX, "%s", refused);
		if (rc == 0 || rc == -ENOENT || rc == -EBADMSG)
			break;
		snprintf(refused, sizeof(refused), "%s", why);
	}
	return rc;
}

int
transport_open(struct transport **out, const char *name, const struct transport_cfg *cfg, char *why)
{
	int rc;

	assert(cfg->lines <= TRANSPORT_LINES_MAX && cfg->message_bytes_max > 0);
	if (strcmp(name, "auto") == 0)
		return open_best(out, cfg, why);
	for (size_t i = 0; i < IMPLEMENTATIONS; i++) {
		if (strcmp(name, implementations[i]->name) != 0)
			continue;
		rc = open_with(out, implementations[i], cfg, why);
		if (rc == 0)
			why[0] = '\0';
		return rc;
	}
	snprintf(why, TRANSPORT_DETAIL_MAX, "no transport is called \"%.40s\"", name);
	return -EINVAL;
}

void
transport_close(struct transport **transport)
{
	if (*transport == NULL)
		return;
	(*transport)->ops->close(*transport);
	*transport = NULL;
}

static bool
is_numeric_or_none(const char *address)
{
	return address == NULL || host_is_numeric(address);
}

static bool
is_sound(const struct transport_target *target, size_t host_max)
{
	return target->host != NULL && target->host[0] != '\0' &&
	    strlen(target->host) <= host_max && target->port != 0 && target->path != NULL &&
	    target->path[0] == '/' && strlen(target->path) <= TRANSPORT_PATH_MAX &&
	    is_numeric_or_none(target->address) && is_numeric_or_none(target->source);
}

int
transport_connect(struct transport *transport, unsigned line, uint32_t attempt,
    const struct transport_target *target)
{
	if (line >= transport->cfg.lines || !is_sound(target, transport->ops->host_max))
		return -EINVAL;
	if (transport->owed[line] > 0)
		return -EBUSY; /* the last attempt's end has not been taken yet */
	transport->progress[line] = (struct transport_progress){MONO_NEVER, MONO_NEVER};
	return transport->ops->connect(transport, line, attempt, target);
}

void
transport_limit_connecting(struct transport *transport, span_t connect_within)
{
	transport->cfg.connect_within = connect_within;
}

int
transport_send(struct transport *transport, unsigned line, struct bytes text)
{
	if (line >= transport->cfg.lines)
		return -ENOTCONN;
	if (text.n > TRANSPORT_SEND_MAX)
		return -EMSGSIZE;
	return transport->ops->send(transport, line, text);
}

int
transport_ping(struct transport *transport, unsigned line, struct bytes payload)
{
	if (line >= transport->cfg.lines)
		return -ENOTCONN;
	if (payload.n > TRANSPORT_PING_MAX)
		return -EMSGSIZE;
	return transport->ops->ping(transport, line, payload);
}

void
transport_hang_up(struct transport *transport, unsigned line, int close_code)
{
	if (line < transport->cfg.lines)
		transport->ops->hang_up(transport, line, close_code);
}

const struct transport_progress *
transport_progress(const struct transport *transport, unsigned line)
{
	return &transport->progress[line];
}

int
transport_wait(struct transport *transport, mono_t deadline)
{
	return transport->ops->wait(transport, deadline);
}

void
transport_wake(struct transport *transport)
{
	transport->ops->wake(transport);
}

static bool
is_of_state(enum transport_event_kind kind)
{
	return kind == TRANSPORT_UP || kind == TRANSPORT_FAILED || kind == TRANSPORT_DOWN;
}

void
transport_post(struct transport *transport, const struct transport_event *event)
{
	unsigned queued = transport->tail - transport->head;

	if (is_of_state(event->kind))
		transport->owed[event->line]++;
	else if (queued >= TRANSPORT_EVENTS_MAX / 2)
		return;
	assert(queued < TRANSPORT_EVENTS_MAX);
	transport->events[transport->tail++ & (TRANSPORT_EVENTS_MAX - 1)] = *event;
}

bool
transport_next_event(struct transport *transport, struct transport_event *out)
{
	if (!transport_has_events(transport))
		return false;
	*out = transport->events[transport->head++ & (TRANSPORT_EVENTS_MAX - 1)];
	if (is_of_state(out->kind))
		transport->owed[out->line]--;
	return true;
}

bool
transport_has_pings(const struct transport *transport)
{
	return transport->ops->has_pings;
}

struct transport_counts
transport_counts(const struct transport *transport, unsigned line)
{
	if (line >= transport->cfg.lines)
		return (struct transport_counts){0};
	return transport->counts[line];
}

const char *
transport_name(const struct transport *transport)
{
	return transport->ops->name;
}

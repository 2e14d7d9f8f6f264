#include "feed/store/standby.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

#include "feed/base/log.h"
#include "feed/core/vigil.h"
#include "feed/io/clock.h"

#define LOOK_EVERY_MS 25
#define START_WITHIN_S 30 /* a writer that starts may be silent so long: large rings, slow disks */
#define BEATS_MISSED_MAX 4

struct watch {
	struct vigil vigil;
	struct claim_sign sign;
	pid_t holder;
	pid_t told; /* whose end was attempted and logged */
	int pidfd;  /* readable when the holder has ended; -1: none */
};

static struct claim_sign
sign_of_start(void)
{
	return (struct claim_sign){clock_mono().ns, span_s(START_WITHIN_S).ns};
}

void
standby_beat(const struct claim *claim, const struct config *cfg, mono_t now)
{
	struct claim_sign sign = {
		now.ns, span_ms(BEATS_MISSED_MAX * cfg->status_interval_ms).ns};

	claim_beat(claim, &sign);
}

static void
forget_holder(struct watch *w)
{
	if (w->pidfd >= 0)
		close(w->pidfd);
	w->pidfd = -1;
}

/* Another process may have come before us: then its silence counts from now. */
static void
look(struct watch *w, const struct claim *claim, mono_t now)
{
	pid_t holder = claim_holder(claim);

	w->sign = claim_sign(claim);
	if (holder == w->holder && (holder <= 0 || w->pidfd >= 0)) {
		vigil_look(&w->vigil, w->sign.heartbeat_ns, now);
		return;
	}
	forget_holder(w);
	w->holder = holder;
	w->pidfd = claim_watch_holder(claim);
	vigil_init(&w->vigil, span_ms(LOOK_EVERY_MS), w->sign.heartbeat_ns, now);
	LOG(INFO, "standby", LOG_STR("lock", claim->path), LOG_I64("writer", holder),
	    LOG_THEN("waits for its end"));
}

/* The claim is only ours once claim_take() says so, whatever comes of this. */
static void
end_silent_holder(struct watch *w, const struct claim *claim)
{
	int rc = claim_end_holder(claim, w->holder, &w->sign);

	if (rc == -ESRCH || rc == -EAGAIN)
		return; /* ended by itself, or moved */
	if (w->told != w->holder && rc == 0)
		LOG(WARNING, "writer_ended", LOG_I64("writer", w->holder),
		    LOG_I64("silent_ms", w->vigil.silent.ns / 1000000),
		    LOG_THEN("takes over as soon as it is gone"));
	if (w->told != w->holder && rc != 0)
		LOG(ERROR, "writer_not_ended", LOG_I64("writer", w->holder),
		    LOG_I64("silent_ms", w->vigil.silent.ns / 1000000), LOG_ERRNO("error", rc),
		    LOG_THEN("waits on and writes nothing"));
	w->told = w->holder;
}

static void
sleep_a_while(const struct watch *w)
{
	struct pollfd end = {.fd = w->pidfd, .events = POLLIN};

	/* An interruption or an error only makes this look come early. */
	if (poll(&end, w->pidfd >= 0, LOOK_EVERY_MS) < 0)
		return;
	/* Ended, but not quite: its lock goes with its last descriptor. */
	if (end.revents != 0)
		usleep(1000);
}

static int
wait_for_it(struct claim *claim, const struct config *cfg, const volatile sig_atomic_t *stop,
    char *why)
{
	struct watch w = {.pidfd = -1, .holder = -2};
	span_t limit = span_ms(cfg->standby_takeover_ms);
	struct claim_sign sign;
	int rc = -EBUSY;

	while (rc == -EBUSY && !*stop) {
		look(&w, claim, clock_mono());
		if (vigil_is_over(&w.vigil, (span_t){w.sign.quiet_ns}, limit))
			end_silent_holder(&w, claim);
		sleep_a_while(&w);
		sign = sign_of_start();
		rc = claim_take(claim, &sign, why);
	}
	forget_holder(&w);
	if (rc == 0)
		LOG(WARNING, "takeover", LOG_I64("writer", w.holder),
		    LOG_I64("silent_ms", w.vigil.silent.ns / 1000000),
		    LOG_THEN("this feed writes now"));
	return rc == -EBUSY ? -EINTR : rc;
}

int
standby_take(struct claim *claim, const struct config *cfg, const volatile sig_atomic_t *stop)
{
	struct claim_sign sign = sign_of_start();
	char why[SEGMENT_WHY_MAX];
	int rc;

	claim_init(claim, NULL, cfg->feed);
	rc = claim_take(claim, &sign, why);
	if (rc == -EBUSY && cfg->standby == CONFIG_STANDBY_WAIT && claim->fd >= 0)
		rc = wait_for_it(claim, cfg, stop, why);
	if (rc != 0 && rc != -EINTR)
		LOG(ERROR, "claim_refused", LOG_STR("detail", why),
		    LOG_THEN("the feed does not start"));
	return rc;
}

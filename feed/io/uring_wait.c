#include "feed/io/uring_wait.h"

#include <errno.h>

#include "feed/io/clock.h"

/* What nobody has to be told: a signal came, or the kernel is short of memory for now. */
static int
outcome_of(int rc)
{
	return rc >= 0 || rc == -EINTR || rc == -EAGAIN || rc == -EBUSY ? 0 : rc;
}

/* Sees to it that the timeout comes not after the deadline. False: there is no room now. */
static bool
set_alarm(struct transport_uring *t, mono_t deadline)
{
	const uint64_t tag = uring_tag(URING_OP_TIMEOUT, 0, 0);
	bool stands = !mono_is_never(t->alarm);
	struct io_uring_sqe *sqe;

	if (!mono_before(deadline, t->alarm))
		return true;
	sqe = transport_uring_own_sqe(t, stands ? URING_OP_IGNORE : URING_OP_TIMEOUT);
	if (sqe == NULL)
		return false;
	t->alarm = deadline;
	t->alarm_at = (struct __kernel_timespec){
		.tv_sec = deadline.ns / 1000000000, .tv_nsec = deadline.ns % 1000000000};
	if (!stands) {
		io_uring_prep_timeout(sqe, &t->alarm_at, 0, IORING_TIMEOUT_ABS);
		return true;
	}
	/* It fails where the timeout has just come: then that completion is there. */
	io_uring_prep_timeout_update(sqe, &t->alarm_at, tag, IORING_TIMEOUT_ABS);
	sqe->flags |= IOSQE_CQE_SKIP_SUCCESS;
	return true;
}

void
uring_wait_on_timeout(struct transport_uring *t)
{
	t->alarm = MONO_NEVER;
}

int
uring_wait_asleep(struct transport_uring *t, mono_t deadline, mono_t now)
{
	if (mono_due(deadline, now) || !set_alarm(t, deadline))
		return outcome_of(io_uring_submit_and_get_events(&t->ring));
	return outcome_of(io_uring_submit_and_wait(&t->ring, 1));
}

int
uring_wait_awake(struct transport_uring *t, mono_t deadline)
{
	int rc;

	do {
		rc = io_uring_submit_and_get_events(&t->ring);
	} while (rc >= 0 && io_uring_cq_ready(&t->ring) == 0 && !mono_due(deadline, clock_mono()));
	return outcome_of(rc);
}

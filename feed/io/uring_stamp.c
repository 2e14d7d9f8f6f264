#include "feed/io/uring_stamp.h"

#include <string.h>
#include <time.h>

void
uring_stamp_ask(int fd, struct msghdr *shape)
{
	const int on = 1;

	setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof(on));
	*shape = (struct msghdr){.msg_controllen = CMSG_SPACE(sizeof(struct timespec))};
}

/* The stamp replaces ours; what it is older is how long the bytes waited for us. */
static void
take_stamp(const struct cmsghdr *control, struct transport_stamps *stamps)
{
	struct timespec ts;
	int64_t ns, waited;

	memcpy(&ts, CMSG_DATA(control), sizeof(ts));
	ns = (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
	waited = stamps->recv.ns - ns;
	if (waited < 0 || waited > 1000000000)
		return; /* the clock was set in between */
	stamps->recv.ns = ns;
	stamps->waited = span_ns(waited);
	stamps->kernel = true;
}

struct bytes
uring_stamp_take(char *buffer, int n, struct msghdr *shape, struct transport_stamps *stamps)
{
	struct io_uring_recvmsg_out *out = io_uring_recvmsg_validate(buffer, n, shape);
	struct cmsghdr *control;

	if (out == NULL)
		return BYTES_NONE;
	control = io_uring_recvmsg_cmsg_firsthdr(out, shape);
	if (control != NULL && control->cmsg_level == SOL_SOCKET &&
	    control->cmsg_type == SCM_TIMESTAMPNS)
		take_stamp(control, stamps);
	return (struct bytes){io_uring_recvmsg_payload(out, shape),
	    io_uring_recvmsg_payload_length(out, n, shape)};
}

/*
 * The transport over io_uring: one ring for everything that the feed thread
 * waits for: connects, receives into provided buffers, sends, time, the wake-up.
 *
 * One io_uring_enter() submits what is to be done, waits, and runs the
 * receives; under load it brings up to a megabyte per line at once, so
 * that a message costs a small part of a system call, and of the window update
 * that follows each receive. liburing 2.3, Linux 6.1 or later
 * (IORING_SETUP_DEFER_TASKRUN, multishot receive).
 */
#include <errno.h>
#include <liburing.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "feed/io/clock.h"
#include "feed/io/uring_line.h"
#include "feed/io/uring_wait.h"

#define ENTRIES 256           /* of the submission queue; completions have four times that */
#define BUFFERS 8 /* power of two; what nothing was received into costs no memory */
#define BUFFER_BYTES 1048576
#define BUFFER_KEPT 65536 /* of each; what a backlog took beyond that is given back */
#define BUFFER_CALM_S 1   /* after so long without another one */
#define BUFFER_GROUP 0
#define COMPLETIONS_AT_ONCE 64

static struct transport_uring *
impl_of(struct transport *transport)
{
	return (struct transport_uring *)transport;
}

/* ---- the ring ---------------------------------------------------------------- */

/* NULL: the queue is full and the kernel takes nothing now (-EAGAIN, -EBUSY). */
static struct io_uring_sqe *
get_sqe(struct transport_uring *t)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&t->ring);

	if (sqe != NULL)
		return sqe;
	io_uring_submit(&t->ring);
	return io_uring_get_sqe(&t->ring);
}

struct io_uring_sqe *
transport_uring_sqe(struct uring_line *line, enum uring_op op)
{
	struct io_uring_sqe *sqe = get_sqe(line->owner);

	/* The prep functions leave user_data alone. */
	if (sqe != NULL)
		io_uring_sqe_set_data64(sqe, uring_tag(op, line->index, line->serial));
	return sqe;
}

struct io_uring_sqe *
transport_uring_own_sqe(struct transport_uring *t, enum uring_op op)
{
	struct io_uring_sqe *sqe = get_sqe(t);

	if (sqe != NULL)
		io_uring_sqe_set_data64(sqe, uring_tag(op, 0, 0));
	return sqe;
}

/* Without a polling thread of the kernel's, what it did not take yet is still ours to change. */
void
transport_uring_forget(struct transport_uring *t, int fd)
{
	const struct io_uring_sq *sq = &t->ring.sq;

	io_uring_submit(&t->ring);
	for (unsigned i = *sq->khead; i != sq->sqe_tail; i++) {
		struct io_uring_sqe *sqe = &sq->sqes[i & sq->ring_mask];

		if (sqe->fd != fd)
			continue;
		io_uring_prep_nop(sqe);
		io_uring_sqe_set_data64(sqe, uring_tag(URING_OP_IGNORE, 0, 0));
	}
}

static void
arm_wake(struct transport_uring *t)
{
	struct io_uring_sqe *sqe = transport_uring_own_sqe(t, URING_OP_WAKE);

	if (sqe == NULL)
		return; /* with the next wait */
	io_uring_prep_poll_multishot(sqe, t->wake_fd, POLLIN);
	t->wake_armed = true;
}

static void
arm_receive(struct uring_line *line)
{
	struct io_uring_sqe *sqe = transport_uring_sqe(line, URING_OP_RECV);

	if (sqe == NULL)
		return; /* with the next wait */
	if (line->owner->base.cfg.kernel_stamps)
		io_uring_prep_recvmsg_multishot(sqe, line->fd, &line->shape, 0);
	else
		io_uring_prep_recv_multishot(sqe, line->fd, NULL, 0, 0);
	sqe->flags |= IOSQE_BUFFER_SELECT;
	sqe->buf_group = BUFFER_GROUP;
	line->receiving = true;
}

static void
give_back(struct transport_uring *t, unsigned buffer)
{
	io_uring_buf_ring_add(t->buffers, t->memory + (size_t)buffer * BUFFER_BYTES, BUFFER_BYTES,
	    (unsigned short)buffer, io_uring_buf_ring_mask(BUFFERS), 0);
	io_uring_buf_ring_advance(t->buffers, 1);
}

/* A backlog is over: what its receives took in memory goes back. */
static void
let_go(struct transport_uring *t, mono_t now)
{
	if (!mono_due(mono_add(t->large, span_s(BUFFER_CALM_S)), now) ||
	    io_uring_cq_ready(&t->ring) > 0)
		return; /* what is complete lies in there */
	t->large = MONO_NEVER;
	for (size_t i = 0; i < BUFFERS; i++)
		(void)!madvise(t->memory + i * BUFFER_BYTES + BUFFER_KEPT,
		    BUFFER_BYTES - BUFFER_KEPT, MADV_DONTNEED);
}

static size_t
buffer_ring_bytes(void)
{
	return BUFFERS * sizeof(struct io_uring_buf);
}

static int
make_buffers(struct transport_uring *t)
{
	struct io_uring_buf_reg reg = {.ring_entries = BUFFERS, .bgid = BUFFER_GROUP};
	void *ring = mmap(NULL, buffer_ring_bytes(), PROT_READ | PROT_WRITE,
	    MAP_ANONYMOUS | MAP_PRIVATE, -1, 0);
	int rc;

	if (ring == MAP_FAILED)
		return -ENOMEM;
	t->buffers = ring;
	t->memory = aligned_alloc(4096, (size_t)BUFFERS * BUFFER_BYTES);
	t->plain = calloc(1, URING_LINE_PLAIN + TRANSPORT_PADDING);
	if (t->memory == NULL || t->plain == NULL)
		return -ENOMEM;
	reg.ring_addr = (uint64_t)(uintptr_t)ring;
	rc = io_uring_register_buf_ring(&t->ring, &reg, 0);
	if (rc != 0)
		return rc;
	io_uring_buf_ring_init(t->buffers);
	for (unsigned i = 0; i < BUFFERS; i++)
		give_back(t, i);
	return 0;
}

static int
make_ring(struct transport_uring *t, char *why)
{
	struct io_uring_params params = {
		.flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN |
		    IORING_SETUP_CQSIZE | IORING_SETUP_CLAMP,
		.cq_entries = 4 * ENTRIES,
	};
	int rc = io_uring_queue_init_params(ENTRIES, &t->ring, &params);

	t->ring_ready = rc == 0;
	if (rc == 0) {
		(void)!io_uring_register_ring_fd(&t->ring); /* else it is looked up at each call */
		rc = make_buffers(t);
	}
	if (rc != 0)
		snprintf(why, TRANSPORT_DETAIL_MAX, "io_uring is not available: %s", strerror(-rc));
	return rc;
}

/* ---- completions -------------------------------------------------------------- */

static void
on_received(struct transport_uring *t, struct uring_line *line, bool current,
    const struct io_uring_cqe *cqe)
{
	bool more = (cqe->flags & IORING_CQE_F_MORE) != 0;
	int result = cqe->res;

	if (current && !more)
		line->receiving = false;
	if (cqe->flags & IORING_CQE_F_BUFFER) {
		unsigned buffer = cqe->flags >> IORING_CQE_BUFFER_SHIFT;
		struct bytes bytes = {t->memory + (size_t)buffer * BUFFER_BYTES, (size_t)cqe->res};
		struct transport_stamps stamps = {.recv = clock_wall(), .recv_mono = clock_mono()};

		if (cqe->res > BUFFER_KEPT)
			t->large = stamps.recv_mono;
		if (cqe->res > 0 && t->base.cfg.kernel_stamps)
			bytes = uring_stamp_take((char *)bytes.p, cqe->res, &line->shape, &stamps);
		if (current && bytes.n > 0)
			uring_line_on_received(line, bytes, stamps);
		give_back(t, buffer);
		if (bytes.n > 0)
			return;
		result = 0;
	}
	/* No buffer was free: they are back by now, and the receive is armed again. */
	if (!current || result == -ENOBUFS || result == -EINTR)
		return;
	if (result <= 0)
		uring_line_on_receive_ended(line, result);
}

static void
take_answers(struct transport_uring *t)
{
	struct resolve_answer answer;

	while (resolve_take(t->resolve, &answer))
		uring_line_on_answer(&t->lines[answer.line], &answer);
}

static void
on_completion(struct transport_uring *t, const struct io_uring_cqe *cqe)
{
	uint64_t tag = io_uring_cqe_get_data64(cqe);
	struct uring_line *line = &t->lines[(tag >> 32 & 0xffffff) % TRANSPORT_LINES_MAX];
	bool current = line->fd >= 0 && line->serial == (uint32_t)tag;
	eventfd_t ignored;

	switch ((enum uring_op)(tag >> 56)) {
	case URING_OP_WAKE:
		(void)!eventfd_read(t->wake_fd, &ignored);
		t->wake_armed = (cqe->flags & IORING_CQE_F_MORE) != 0;
		take_answers(t); /* the resolver wakes us with each */
		break;
	case URING_OP_TIMEOUT:
		uring_wait_on_timeout(t);
		break;
	case URING_OP_CONNECT:
		if (current)
			uring_line_on_connected(line, cqe->res);
		break;
	case URING_OP_RECV:
		on_received(t, line, current, cqe);
		break;
	case URING_OP_SEND:
		if (current)
			uring_line_on_sent(line, cqe->res);
		break;
	case URING_OP_IGNORE:
		break;
	}
}

/* Takes what is complete. Returns how many that were. */
static unsigned
take_completions(struct transport_uring *t)
{
	struct io_uring_cqe *cqe[COMPLETIONS_AT_ONCE];
	unsigned n = io_uring_peek_batch_cqe(&t->ring, cqe, COMPLETIONS_AT_ONCE);

	for (unsigned i = 0; i < n; i++) {
		struct io_uring_cqe copy = *cqe[i];

		on_completion(t, &copy);
	}
	io_uring_cq_advance(&t->ring, n);
	return n;
}

/* Returns whether all is armed; else it must be tried again soon. */
static bool
rearm(struct transport_uring *t)
{
	bool armed = true;

	if (!t->wake_armed)
		arm_wake(t);
	for (unsigned i = 0; i < t->base.cfg.lines; i++) {
		struct uring_line *line = &t->lines[i];

		if (line->state >= URING_LINE_PROXY && !line->receiving)
			arm_receive(line);
		uring_line_flush(line); /* what found no room before */
		armed = armed && (line->receiving || line->state < URING_LINE_PROXY) &&
		    (line->sending > 0 || line->out_n == 0);
	}
	return armed && t->wake_armed;
}

/* ---- waiting ------------------------------------------------------------------ */

/* Ends what is overdue; returns when the next line wants that. */
static mono_t
look_at_time(struct transport_uring *t, mono_t now)
{
	mono_t next = MONO_NEVER;

	for (unsigned i = 0; i < t->base.cfg.lines; i++) {
		uring_line_on_time(&t->lines[i], now);
		next = mono_min(next, t->lines[i].deadline);
	}
	return next;
}

static int
transport_uring_wait(struct transport *transport, mono_t deadline)
{
	struct transport_uring *t = impl_of(transport);
	mono_t now = clock_mono();
	int rc = 0;

	deadline = mono_min(deadline, look_at_time(t, now));
	let_go(t, now);
	if (!rearm(t) || transport_has_events(transport))
		deadline = now;
	if (io_uring_cq_ready(&t->ring) > 0)
		io_uring_submit(&t->ring);
	else if (t->base.cfg.busy_poll)
		rc = uring_wait_awake(t, deadline);
	else
		rc = uring_wait_asleep(t, deadline, now);
	take_completions(t);
	return rc;
}

static void
wake(struct transport *transport)
{
	int saved = errno;

	(void)!eventfd_write(impl_of(transport)->wake_fd, 1);
	errno = saved;
}

static void
notify(void *context)
{
	wake(context);
}

/* ---- life --------------------------------------------------------------------- */

static void
transport_uring_close(struct transport *transport)
{
	struct transport_uring *t = impl_of(transport);

	resolve_close(&t->resolve); /* no wake() from there any more */
	for (unsigned i = 0; i < t->base.cfg.lines; i++)
		if (t->lines[i].owner != NULL)
			uring_line_drop(&t->lines[i]);
	if (t->ring_ready)
		io_uring_queue_exit(&t->ring); /* ends what is in flight, memory is ours again */
	for (unsigned i = 0; i < t->base.cfg.lines; i++)
		if (t->lines[i].owner != NULL)
			uring_line_fini(&t->lines[i]);
	if (t->buffers != NULL)
		munmap(t->buffers, buffer_ring_bytes());
	free(t->memory);
	free(t->plain);
	tls_sessions_fini(&t->sessions);
	SSL_CTX_free(t->tls);
	BIO_meth_free(t->bio);
	OPENSSL_cleanse(t->proxy_credentials, sizeof(t->proxy_credentials));
	if (t->wake_fd >= 0)
		close(t->wake_fd);
	free(t);
}

static int
keep_proxy(struct transport_uring *t, const struct transport_proxy *proxy, char *why)
{
	const char *credentials = proxy->credentials != NULL ? proxy->credentials : "";

	if (proxy->host == NULL)
		return 0;
	if (strlen(proxy->host) > URING_LINE_HOST_MAX || proxy->port == 0 ||
	    strlen(credentials) > PROXY_CREDENTIALS_MAX) {
		snprintf(why, TRANSPORT_DETAIL_MAX, "the proxy's name or credentials are too long");
		return -EINVAL;
	}
	snprintf(t->proxy_host, sizeof(t->proxy_host), "%s", proxy->host);
	snprintf(t->proxy_credentials, sizeof(t->proxy_credentials), "%s", credentials);
	t->proxy_port = proxy->port;
	return 0;
}

static int
transport_uring_open(struct transport **out, const struct transport_cfg *cfg, char *why)
{
	struct transport_uring *t = calloc(1, sizeof(*t));
	int rc;

	snprintf(why, TRANSPORT_DETAIL_MAX, "out of memory for the transport");
	if (t == NULL)
		return -ENOMEM;
	t->base.cfg = *cfg;
	t->wake_fd = -1;
	t->large = t->alarm = MONO_NEVER;
	rc = keep_proxy(t, &cfg->proxy, why);
	if (rc == 0)
		rc = make_ring(t, why);
	for (unsigned i = 0; i < cfg->lines && rc == 0; i++)
		rc = uring_line_init(&t->lines[i], t, i);
	if (rc == 0)
		rc = tls_context(&t->tls, cfg->ca_file, why);
	if (rc == 0)
		tls_sessions_keep(&t->sessions, t->tls);
	if (rc == 0 && (t->bio = uring_tls_bio()) == NULL)
		rc = -ENOMEM;
	if (rc == 0)
		rc = resolve_open(&t->resolve, notify, t);
	if (rc == 0 && (t->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) < 0)
		rc = -ENOMEM;
	if (rc != 0) {
		transport_uring_close(&t->base);
		return rc;
	}
	*out = &t->base;
	return 0;
}

static int
transport_uring_connect(struct transport *transport, unsigned line, uint32_t attempt,
    const struct transport_target *target)
{
	return uring_line_connect(&impl_of(transport)->lines[line], attempt, target, clock_mono());
}

static int
transport_uring_send(struct transport *transport, unsigned line, struct bytes text)
{
	return uring_line_send(&impl_of(transport)->lines[line], WSFRAME_OP_TEXT, text);
}

static int
transport_uring_ping(struct transport *transport, unsigned line, struct bytes payload)
{
	return uring_line_send(&impl_of(transport)->lines[line], WSFRAME_OP_PING, payload);
}

static void
transport_uring_hang_up(struct transport *transport, unsigned line, int close_code)
{
	uring_line_hang_up(&impl_of(transport)->lines[line], close_code, clock_mono());
}

const struct transport_ops transport_uring_ops = {
	.name = "uring",
	.has_pings = true,
	.host_max = URING_LINE_HOST_MAX,
	.open = transport_uring_open,
	.close = transport_uring_close,
	.connect = transport_uring_connect,
	.send = transport_uring_send,
	.ping = transport_uring_ping,
	.hang_up = transport_uring_hang_up,
	.wait = transport_uring_wait,
	.wake = wake,
};

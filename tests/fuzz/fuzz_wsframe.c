/*
 * Any bytes of a server through the frame reader: whatever the pieces in which
 * they come and whatever lies behind them, the same results, and those that a
 * plain reading of RFC 6455 over the whole stream gives. Every payload lies
 * within what it may lie in, with its padding readable.
 *
 * The first two bytes of the input cut the rest into pieces; 0 0: into single
 * bytes.
 */
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "feed/base/utf8.h"
#include "feed/io/wsframe.h"
#include "tests/fuzz/fuzz.h"

#define MESSAGE_MAX 300
#define RESULTS_MAX 4096

struct result {
	enum wsframe_result what;
	size_t n;
	uint32_t sum;
	int detail; /* CLOSE: the code; BROKEN: the fault */
};

struct results {
	struct result result[RESULTS_MAX];
	size_t n;
};

static struct results expected, got;

static void
add(struct results *r, enum wsframe_result what, const char *p, size_t n, int detail)
{
	struct result *to = &r->result[r->n++];

	must(r->n <= RESULTS_MAX, "room for results");
	*to = (struct result){.what = what, .n = n, .sum = 1, .detail = detail};
	for (size_t i = 0; i < n; i++)
		to->sum = to->sum * 31 + (unsigned char)p[i];
}

/* ---- a plain reading of the whole stream ------------------------------------ */

/* One frame, all of it at hand or not. */
struct frame {
	unsigned opcode;
	bool final;
	size_t header;
	uint64_t length;
};

struct reading {
	const uint8_t *p;
	size_t n;
	unsigned open; /* opcode of the message that goes on, 0: none */
	bool dropping;
	char message[MESSAGE_MAX];
	size_t joined;
};

static enum wsframe_fault
start_fault(const uint8_t *p, unsigned open)
{
	unsigned opcode = p[0] % 16;

	if (p[0] / 16 % 8 != 0)
		return WSFRAME_RESERVED_BITS;
	if (opcode != 0 && opcode != 1 && opcode != 2 && opcode != 8 && opcode != 9 && opcode != 10)
		return WSFRAME_BAD_OPCODE;
	if (p[1] >= 128)
		return WSFRAME_MASKED;
	if (opcode >= 8 && p[0] < 128)
		return WSFRAME_CONTROL_FRAGMENTED;
	if (opcode >= 8 && p[1] > 125)
		return WSFRAME_CONTROL_TOO_LONG;
	if (opcode == 0 && open == 0)
		return WSFRAME_NOT_BEGUN;
	if ((opcode == 1 || opcode == 2) && open != 0)
		return WSFRAME_NOT_ENDED;
	return WSFRAME_FINE;
}

static uint64_t
number(const uint8_t *p, int bytes)
{
	return bytes == 0 ? 0 : number(p, bytes - 1) * 256 + p[bytes - 1];
}

/* Returns whether a header is there; *fault: what is wrong with it. */
static bool
read_header(const struct reading *r, struct frame *f, enum wsframe_fault *fault)
{
	*fault = WSFRAME_FINE;
	if (r->n < 2)
		return false;
	*fault = start_fault(r->p, r->open);
	if (*fault != WSFRAME_FINE)
		return true;
	*f = (struct frame){.opcode = r->p[0] % 16, .final = r->p[0] >= 128, .header = 2,
	    .length = r->p[1]};
	if (f->length < 126)
		return true;
	f->header = f->length == 126 ? 4 : 10;
	if (r->n < f->header)
		return false;
	f->length = number(r->p + 2, (int)f->header - 2);
	if (f->length >= UINT64_C(1) << 63)
		*fault = WSFRAME_LENGTH_TOO_BIG;
	else if (f->length < (f->header == 4 ? 126 : 65536))
		*fault = WSFRAME_LENGTH_NOT_MINIMAL;
	return true;
}

/* Returns whether the stream may go on. */
static bool
expect_control(const struct frame *f, const char *payload)
{
	static const int ranges[][2] = {{1000, 1003}, {1007, 1014}, {3000, 4999}};
	int code = 1005;
	bool known = false;
	size_t n = (size_t)f->length;

	if (f->opcode != 8) {
		add(&expected, f->opcode == 9 ? WSFRAME_PING : WSFRAME_PONG, payload, n, 0);
		return true;
	}
	if (n >= 2)
		code = (int)number((const uint8_t *)payload, 2);
	for (size_t i = 0; i < 3; i++)
		known = known || (n >= 2 && code >= ranges[i][0] && code <= ranges[i][1]);
	if (n > 0 && !known)
		add(&expected, WSFRAME_BROKEN, NULL, 0, WSFRAME_BAD_CLOSE_CODE);
	else if (n > 2 && !utf8_is_valid(payload + 2, n - 2))
		add(&expected, WSFRAME_BROKEN, NULL, 0, WSFRAME_BAD_UTF8);
	else
		add(&expected, WSFRAME_CLOSE, n > 2 ? payload + 2 : NULL, n > 2 ? n - 2 : 0, code);
	return false;
}

static void
expect_data(struct reading *r, const struct frame *f, const char *payload, size_t there)
{
	if (f->opcode != 0) {
		r->open = f->opcode;
		r->joined = 0;
		r->dropping = false;
	}
	if (!r->dropping && f->length > MESSAGE_MAX - r->joined) {
		r->dropping = true;
		add(&expected, WSFRAME_OVERSIZE, NULL, 0, 0);
	}
	if (there < f->length)
		return;
	if (!r->dropping) {
		memcpy(r->message + r->joined, payload, there);
		r->joined += there;
	}
	if (!f->final)
		return;
	if (!r->dropping)
		add(&expected, r->open == 1 ? WSFRAME_TEXT : WSFRAME_BINARY, r->message, r->joined,
		    0);
	r->open = 0;
}

static void
read_plainly(const uint8_t *p, size_t n)
{
	struct reading r = {.p = p, .n = n};
	enum wsframe_fault fault;
	struct frame f;

	expected.n = 0;
	while (read_header(&r, &f, &fault)) {
		const char *payload = (const char *)r.p + f.header;
		size_t there;

		if (fault != WSFRAME_FINE) {
			add(&expected, WSFRAME_BROKEN, NULL, 0, (int)fault);
			return;
		}
		there = r.n - f.header < f.length ? r.n - f.header : (size_t)f.length;
		if (f.opcode < 8)
			expect_data(&r, &f, payload, there);
		else if (there == f.length && !expect_control(&f, payload))
			return;
		if (there < f.length)
			return;
		r.p += f.header + there;
		r.n -= f.header + there;
	}
}

/* ---- ours, in pieces ---------------------------------------------------------- */

static bool
lies_in(struct bytes message, const char *p, size_t n)
{
	return message.p >= p && message.p <= p + n && message.n <= (size_t)(p + n - message.p);
}

static void
check_place(const struct wsframe *f, struct bytes message, const char *piece, size_t n)
{
	static volatile char sum;

	must(lies_in(message, piece, n) || lies_in(message, f->buffer, f->bytes_max) ||
	        lies_in(message, f->control, WSFRAME_CONTROL_MAX),
	    "a message lies where no message may lie");
	must(message.n <= MESSAGE_MAX, "a message is longer than the limit");
	for (size_t i = 0; i < WSFRAME_PADDING; i++)
		sum = (char)(sum ^ message.p[message.n + i]);
}

/* One piece, in memory of just its size and padding. Returns whether more may come. */
static bool
take_piece(struct wsframe *f, const uint8_t *p, size_t n, int pad)
{
	struct bytes piece = fuzz_copy(p, n, pad, WSFRAME_PADDING), in = piece;
	enum wsframe_result what;
	bool over;

	do {
		struct bytes message = BYTES_NONE;

		what = wsframe_next(f, &in, &message);
		must(in.n <= n && in.p == piece.p + (n - in.n), "the input went astray");
		if (what == WSFRAME_BROKEN)
			message = BYTES_NONE; /* then it is nobody's */
		if (message.p != NULL)
			check_place(f, message, piece.p, n);
		if (what != WSFRAME_MORE)
			add(&got, what, message.p, message.n,
			    what == WSFRAME_CLOSE ? f->close_code :
			    what == WSFRAME_BROKEN ? (int)f->fault : 0);
		over = what == WSFRAME_CLOSE || what == WSFRAME_BROKEN;
	} while (what != WSFRAME_MORE && !over);
	must(over || in.n == 0, "MORE with bytes that were not taken");
	must(!over || wsframe_next(f, &in, &(struct bytes){NULL, 0}) == WSFRAME_BROKEN,
	    "it goes on after the end");
	fuzz_free(piece);
	return !over;
}

/* Pieces of a and b bytes by turns; both 0: of one byte. */
static void
expect_same(const uint8_t *p, size_t n, size_t a, size_t b, int pad)
{
	size_t step[2] = {a, b}, taken;
	struct wsframe f;

	got.n = 0;
	must(wsframe_init(&f, MESSAGE_MAX) == 0, "memory");
	for (unsigned turn = 0; n > 0; turn++, p += taken, n -= taken) {
		taken = a + b == 0 ? 1 : step[turn % 2];
		taken = taken < n ? taken : n;
		if (!take_piece(&f, p, taken, pad))
			break;
	}
	must(got.n == expected.n, "another number of results");
	for (size_t i = 0; i < got.n; i++) {
		const struct result *ours = &got.result[i], *theirs = &expected.result[i];

		must(ours->what == theirs->what && ours->n == theirs->n &&
		        ours->sum == theirs->sum && ours->detail == theirs->detail,
		    "another result");
	}
	wsframe_fini(&f);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 2 || size > RESULTS_MAX)
		return 0;
	read_plainly(data + 2, size - 2);
	expect_same(data + 2, size - 2, size, size, 0);
	expect_same(data + 2, size - 2, size, size, 0x81);
	expect_same(data + 2, size - 2, 0, 0, 0xff);
	expect_same(data + 2, size - 2, data[0], data[1], 0x7e);
	return 0;
}

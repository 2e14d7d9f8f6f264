#include "tools/exchange-sim/deliver.h"

#include <stdlib.h>
#include <string.h>

#define BIT(kind) (UINT64_C(1) << (kind))
#define SPOILS (BIT(FAULT_STALL_DATA) | BIT(FAULT_STALL_STREAM) | BIT(FAULT_HALT) | \
	BIT(FAULT_GAP) | BIT(FAULT_DUPLICATE) | BIT(FAULT_REORDER) | BIT(FAULT_TRUNCATE) | \
	BIT(FAULT_FRAGMENT))

static enum wire_opcode
message_opcode(const struct session *to)
{
	return session_is_binary(to) ? WIRE_BINARY : WIRE_TEXT;
}

static bool
put(struct session *to, struct bytes head, struct bytes payload)
{
	if (!session_queue(to, head, payload))
		return false;
	to->sent++;
	return true;
}

static bool
put_message(struct session *to, struct bytes payload)
{
	unsigned char head[WIRE_HEAD_MAX];
	size_t n = wire_head(head, message_opcode(to), payload.n);

	return put(to, (struct bytes){(const char *)head, n}, payload);
}

bool
deliver_fragments(struct session *to, struct bytes payload, size_t piece)
{
	static const char ping[] = {(char)0x89, 4, 'f', 'r', 'a', 'g'};
	unsigned char head[WIRE_HEAD_MAX];
	bool first = true, last = false;

	while (!last) {
		size_t n = payload.n < piece ? payload.n : piece, head_n;

		last = n == payload.n;
		head_n = wire_head(head, first ? message_opcode(to) : WIRE_CONTINUATION, n);
		if (!last)
			head[0] &= 0x7f; /* FIN */
		if (!session_queue(to, (struct bytes){(const char *)head, head_n},
		    (struct bytes){payload.p, n}))
			return false;
		if (first && !last && !session_queue(to, (struct bytes){ping, sizeof(ping)},
		    BYTES_NONE))
			return false;
		payload.p += n;
		payload.n -= n;
		first = false;
	}
	to->sent++;
	return true;
}

/* Keeps the message until the next one of its stream. False without memory. */
static bool
keep(struct session *to, const struct stream *stream, struct bytes head, struct bytes payload)
{
	to->kept.p = malloc(head.n + payload.n);
	if (to->kept.p == NULL)
		return false;
	memcpy(to->kept.p, head.p, head.n);
	memcpy(to->kept.p + head.n, payload.p, payload.n);
	to->kept.n = head.n + payload.n;
	to->kept.stream = stream;
	return true;
}

static bool
put_kept(struct session *to)
{
	bool good = put(to, (struct bytes){to->kept.p, to->kept.n}, BYTES_NONE);

	free(to->kept.p);
	to->kept.p = NULL;
	to->kept.stream = NULL;
	return good;
}

static bool
deliver_spoiled(struct session *to, const struct stream *stream, struct bytes head,
    struct bytes payload)
{
	struct faults *f = to->desk->faults;
	struct fault_target target = session_target(to);
	const struct fault *fragment;
	bool good;

	target.stream = (struct bytes){stream->name, stream->name_n};
	if (faults_find(f, FAULT_STALL_DATA, &target) != NULL ||
	    faults_find(f, FAULT_STALL_STREAM, &target) != NULL ||
	    faults_find(f, FAULT_HALT, &target) != NULL ||
	    faults_hit(f, FAULT_GAP, &target) != NULL)
		return true;
	if (to->kept.p == NULL && faults_hit(f, FAULT_REORDER, &target) != NULL &&
	    keep(to, stream, head, payload))
		return true;
	if (faults_hit(f, FAULT_TRUNCATE, &target) != NULL)
		return put_message(to, (struct bytes){payload.p, payload.n / 2});
	fragment = faults_hit(f, FAULT_FRAGMENT, &target);
	good = fragment != NULL ? deliver_fragments(to, payload, fragment->bytes)
				: put(to, head, payload);
	if (good && faults_hit(f, FAULT_DUPLICATE, &target) != NULL)
		good = put(to, head, payload);
	if (good && to->kept.stream == stream)
		good = put_kept(to);
	return good;
}

bool
deliver(struct session *to, const struct stream *stream, struct bytes head, struct bytes payload)
{
	if (to->nmute > 0 && session_is_mute(to, stream))
		return true;
	if (to->kept.p != NULL ||
	    (to->desk->faults != NULL && (to->desk->faults->kinds & SPOILS) != 0))
		return deliver_spoiled(to, stream, head, payload);
	return put(to, head, payload);
}

bool
deliver_leaves_out(struct session_desk *desk, const struct stream *stream)
{
	struct fault_target target = {.stream = {stream->name, stream->name_n}};

	return faults_hit(desk->faults, FAULT_HOLE, &target) != NULL;
}

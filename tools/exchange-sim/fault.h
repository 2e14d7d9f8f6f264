/*
 * A fault as somebody writes it: one line of a script or of a request to the
 * control port. Pure.
 *
 *     AT_SECONDS NAME [KEY=VALUE...]
 *
 * A value with blanks stands in '...' or "...". The faults and their keys are
 * listed in fault.def.
 */
#ifndef TOOLS_EXCHANGE_SIM_FAULT_H
#define TOOLS_EXCHANGE_SIM_FAULT_H

#include <stdbool.h>
#include <stdint.h>

#include "feed/base/bytes.h"
#include "feed/base/mono.h"
#include "tools/exchange-sim/stream.h"

enum fault_kind {
#define FAULT(constant, name, phase, keys, count, help) FAULT_##constant,
#include "tools/exchange-sim/fault.def"
#undef FAULT
	FAULT_KINDS
};

enum fault_phase {
	FAULT_ONCE, /* acts at its time */
	FAULT_LINE, /* in force; probability per connection */
	FAULT_EACH, /* in force; probability per occasion */
};

/* kind= of an injected message */
enum fault_inject {
	INJECT_TRUNCATED,  /* JSON that ends too early */
	INJECT_MALFORMED,  /* no JSON at all */
	INJECT_OVERSIZE,   /* valid JSON of bytes= */
	INJECT_FRAGMENTED, /* an unknown event in fragments of bytes= */
	INJECT_UNKNOWN,    /* an event nobody has heard of */
	INJECT_BINARY,     /* a binary message */
	INJECT_EMPTY,      /* a text message of no bytes */
	INJECT_UTF8,       /* a text message that is not UTF-8 */
	INJECT_MASKED,     /* a masked frame: RFC 6455 forbids it to a server */
	INJECT_RESERVED,   /* a frame with a reserved bit */
	INJECT_TEXT,       /* text= as it stands */
};

/* kind= of serverShutdown's envelope */
enum fault_envelope {
	ENVELOPE_AUTO,     /* as the connection's own messages */
	ENVELOPE_RAW,
	ENVELOPE_COMBINED,
	ENVELOPE_API,      /* of the WebSocket API */
};

enum fault_on { FAULT_ON_UPGRADE, FAULT_ON_REST, FAULT_ON_BOTH };

#define FAULT_TEXT_MAX 512
#define FAULT_NAME_MAX 32

struct fault {
	enum fault_kind kind;
	span_t in;             /* from the script's start, or from now */
	span_t lasts;          /* 0: until it is cleared */
	span_t every;          /* 0: once; else repeated so often */
	uint64_t conn;         /* connection id; 0: any */
	char endpoint[FAULT_NAME_MAX];    /* name; empty: any */
	char stream[STREAM_NAME_MAX + 1]; /* pattern with * and ?; empty: any */
	uint64_t count;        /* occasions; 0: without end */
	uint32_t per_million;  /* probability */
	span_t ms;             /* delay, or a clock's error */
	span_t after;
	int code, status, retry_after_s; /* retry_after_s 0: no header */
	int choice;            /* kind=: fault_inject, fault_envelope, cert_fault */
	enum fault_on on;
	uint32_t bytes;
	int64_t factor_milli;
	char text[FAULT_TEXT_MAX]; /* reason= or text= */
};

/*
 * Reads a line. 1: *out is a fault; 0: the line is blank or a comment; -1: a
 * sentence is in error[cap].
 */
int fault_parse(struct bytes line, struct fault *out, char *error, size_t cap);

/* "rst" */
const char *fault_name(enum fault_kind kind);

enum fault_phase fault_phase(enum fault_kind kind);

/* Prints name and meaning of every fault, for --list-faults. */
void fault_print_list(void);

/* May it concern this stream? */
bool fault_wants_stream(const struct fault *f, struct bytes name);

#endif

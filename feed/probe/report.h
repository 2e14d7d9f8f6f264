/*
 * What a probe of one endpoint found out, and how people and machines read it.
 * Pure but for writing to the stream that it is given.
 */
#ifndef FEED_PROBE_REPORT_H
#define FEED_PROBE_REPORT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include <tickring/reasons.h>

#include "feed/base/bytes.h"
#include "feed/base/mono.h"
#include "feed/base/wall.h"
#include "feed/io/resolve.h"
#include "feed/probe/certificate.h"

#define REPORT_DETAIL_MAX 200
#define REPORT_FIELDS_MAX 400

/* In the order of their turn. */
enum probe_step {
	PROBE_DNS,       /* the host's addresses */
	PROBE_TCP,       /* a connection to one of them */
	PROBE_PROXY,     /* the way through the configured proxy */
	PROBE_TLS,       /* handshake and verification */
	PROBE_UPGRADE,   /* to a WebSocket */
	PROBE_SUBSCRIBE, /* one stream, until its acknowledgement */
	PROBE_MESSAGE,   /* until its first message */
	PROBE_CLOCK,     /* the exchange's clock, by REST; whatever became of the others */
	PROBE_STEPS
};

enum probe_outcome {
	PROBE_NOT_REACHED, /* one before it failed */
	PROBE_FINE,
	PROBE_FAILED,
	PROBE_SKIPPED,     /* detail says why */
};

struct probe_result {
	enum probe_outcome outcome;
	span_t took;             /* FINE, FAILED */
	enum tick_reason reason; /* FAILED: of which kind */
	char detail[REPORT_DETAIL_MAX]; /* in words, "" where there are none */
};

struct probe_report {
	char host[254], path[1101];
	uint16_t port;
	struct probe_result step[PROBE_STEPS];
	span_t total;

	struct resolve_answer addresses; /* DNS */
	char address[RESOLVE_ADDRESS_SIZE]; /* TCP: that took the connection; "": none */

	bool has_certificate; /* TLS: it was shown, whether good or not */
	struct certificate certificate;
	char protocol[16], cipher[48]; /* "TLSv1.3" ...; "" where there was no agreement */
	char authority[CERTIFICATE_NAME_MAX]; /* that the chain ends in; "": not verified */
	int chain;            /* certificates in the verified chain, 0: none is */

	int http_status;       /* UPGRADE: 0 when none came */
	int32_t retry_after_s; /* -1 when none came */
	char fields[REPORT_FIELDS_MAX]; /* "server=nginx via=..." */

	char stream[256];      /* SUBSCRIBE; "": none */
	char kind[48];         /* MESSAGE: "trade" ...; "" when none came */
	span_t first_after;    /* from the request to it */
	bool has_age;
	int64_t age_ns;        /* from its own time to its receipt, by two clocks */

	bool has_offset;       /* CLOCK */
	int64_t offset_ns;     /* above 0: the exchange's is ahead */
	int64_t offset_within_ns; /* so much more or less */
};

/* "dns" ...; "?" when it is no step. Never NULL. */
const char *report_step_name(enum probe_step step);

/* The first step that failed; PROBE_STEPS: none did. */
enum probe_step report_failed(const struct probe_report *report);

/* A table, a row per step. */
void report_text(FILE *out, const struct probe_report *report);

/*
 * One JSON object: {"version":1,"ok":BOOL,"endpoints":[...]}, a line. Times of
 * steps in milliseconds; docs/man/feedd.8 has the names.
 */
void report_json(FILE *out, const struct probe_report *report, size_t n);

/*
 * Of the fields of an HTTP answer (status line included, may be cut) those
 * that say who answered: "server=nginx x-cache=Miss", "" for none.
 */
void report_fields(struct bytes answer, char *out, size_t room);

/*
 * The exchange's clock against ours: `answer` is the body of its REST answer
 * ({"serverTime":1499827319559}, ms, or us in 16 digits), asked at `sent` and
 * there at `came` by our clock. False: the body does not say it.
 */
bool report_offset(struct bytes answer, wall_t sent, wall_t came, struct probe_report *report);

#endif

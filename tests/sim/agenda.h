/*
 * What will happen in the simulation, and when: a queue by time, and among
 * equals by the order in which it was planned.
 */
#ifndef TESTS_SIM_AGENDA_H
#define TESTS_SIM_AGENDA_H

#include <stdint.h>

#include "feed/base/mono.h"

enum agenda_kind {
	AGENDA_SAY,      /* market: stream `a` has its next message */
	AGENDA_UP,       /* line is connected; life */
	AGENDA_FAILED,   /* attempt `life` failed: reason a, status b, Retry-After c */
	AGENDA_DOWN,     /* connection ended: attempt `life`, reason a, close code b */
	AGENDA_DATA,     /* message number b of stream a; c: damaged */
	AGENDA_REQUEST,  /* request a reaches the exchange: streams b; c: what, and its fate */
	AGENDA_REPLY,    /* answer to request a */
	AGENDA_REFUSAL,  /* error as answer to request a */
	AGENDA_LIST,     /* list b as answer to request a */
	AGENDA_PINGED,
	AGENDA_PONG,
	AGENDA_ANNOUNCE, /* serverShutdown, the end follows c ns later */
	AGENDA_CUT,      /* the exchange ends the line: reason a, close code b */
	AGENDA_LIFT,     /* silence or missing PINGs of a line end */
	AGENDA_NONSENSE, /* a message that means nothing */
	AGENDA_FAULT,    /* weather: the next fault */
	AGENDA_PHASE,    /* weather: the next phase */
	AGENDA_EVENT,    /* weather: something that belongs to fair weather */
	AGENDA_NOTHING,
	AGENDA_KINDS
};

struct agenda_item {
	mono_t at;
	uint64_t order;
	enum agenda_kind kind;
	unsigned line;
	uint32_t life; /* of the peer when it was planned; FAILED, DOWN: the attempt */
	int64_t a, b, c;
};

void agenda_clear(void);

/* Plans it (`order` is set here). */
void agenda_add(const struct agenda_item *item);

/* What is planned of that kind comes to nothing. */
void agenda_forget(enum agenda_kind kind);

/* When the next item is due, MONO_NEVER: there is none. */
mono_t agenda_deadline(void);

/* Takes the next item; there is one. */
struct agenda_item agenda_take(void);

#endif

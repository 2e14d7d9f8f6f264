/*
 * One of the addresses under which the exchange is reached: all of them serve
 * the same market, each with its own delay. Pure.
 */
#ifndef TOOLS_EXCHANGE_SIM_ENDPOINT_H
#define TOOLS_EXCHANGE_SIM_ENDPOINT_H

#include <stdbool.h>
#include <stdint.h>

#include "feed/base/mono.h"

#define ENDPOINTS_MAX 8
#define ENDPOINT_NAME_MAX 32

struct endpoint {
	char name[ENDPOINT_NAME_MAX];
	uint16_t port;  /* 0: a free one, until it listens */
	span_t delay;   /* of everything sent after the upgrade */
	span_t jitter;  /* 0 to this is added, at random */
	bool binary;    /* SBE instead of JSON */
};

/*
 * Reads NAME=PORT[,delay=MS][,jitter=MS][,sbe]. The name is made of letters, digits,
 * '-', '_' and '.'. False when it is something else.
 */
bool endpoint_parse(const char *text, struct endpoint *out);

#endif

/*
 * The listening sockets: one per endpoint, one for the control port. Opens,
 * closes and reopens them on the same port, accepts, and keeps accepted
 * sockets back. Owns all of these descriptors until it hands them out.
 */
#ifndef TOOLS_EXCHANGE_SIM_GATE_H
#define TOOLS_EXCHANGE_SIM_GATE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "feed/base/mono.h"
#include "tools/exchange-sim/endpoint.h"

#define GATE_DOORS_MAX (ENDPOINTS_MAX + 1)
#define GATE_WAITING_MAX 256

/* Somebody who was let in. */
struct gate_guest {
	int fd;
	uint32_t door;
};

struct gate_door {
	struct sockaddr_storage address;
	socklen_t address_n;
	int guard; /* bound, never listens: keeps the port while the door is closed */
	int fd;    /* listens, or -1: closed */
};

struct gate {
	int epoll;
	uint32_t ndoors;
	struct gate_door door[GATE_DOORS_MAX];
	uint32_t nwaiting;
	struct {
		struct gate_guest guest;
		mono_t until;
	} waiting[GATE_WAITING_MAX];
};

/* 0 or -errno. */
int gate_init(struct gate *g);

void gate_fini(struct gate *g);

/*
 * Adds a door on a numeric address and a port (0: a free one), and opens it.
 * Its port, or -errno; the first door has number 0.
 */
int gate_add(struct gate *g, const char *address, uint16_t port);

/* Opens or closes a door; no effect when it is so already. */
void gate_set_open(struct gate *g, uint32_t door, bool open);

/* The next who has knocked, non-blocking socket; false when nobody has. */
bool gate_accept(struct gate *g, struct gate_guest *out);

/* Keeps one back until a time. With too many of them it is disconnected. */
void gate_postpone(struct gate *g, struct gate_guest guest, mono_t until);

/* The next of those whose time has come. */
bool gate_release(struct gate *g, mono_t now, struct gate_guest *out);

/* When gate_release() has something to do. */
mono_t gate_deadline(const struct gate *g);

#endif

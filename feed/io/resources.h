/*
 * What the process takes of the machine: memory, processor, sockets. A look
 * costs some system calls: once a second is enough. Any thread.
 */
#ifndef FEED_IO_RESOURCES_H
#define FEED_IO_RESOURCES_H

#include <stdbool.h>
#include <stdint.h>

#include "feed/base/mono.h"

/* -1: not measured (yet). */
struct resources_figures {
	int64_t memory_bytes; /* resident */
	int64_t cpu_permille; /* of one processor, all threads, since the look before */
	int64_t sockets;      /* open ones */
};

struct resources {
	struct resources_figures figures;
	int64_t thread_permille; /* of one processor, by the thread that looks; -1 */
	int64_t cpu_ns, thread_ns; /* used until the last look */
	mono_t looked;
};

/* Nothing is measured. */
void resources_init(struct resources *r);

/* Measures memory and processor. */
void resources_look(struct resources *r, mono_t now);

/* Counts the sockets: a system call per open file. */
void resources_count_sockets(struct resources *r);

#endif

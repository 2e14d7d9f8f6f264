/*
 * Which venue a feed speaks to, and with which key: what the configuration's
 * product asks for, or, where that needs an API key and there is none, the
 * venue that does without. Feed thread, at start and reload.
 */
#ifndef FEED_PLAN_CHOICE_H
#define FEED_PLAN_CHOICE_H

#include "feed/conf/config.h"
#include "feed/io/secret.h"
#include "feed/venue/venues.h"

/* Where an API key may come from beside "endpoint.api_key_file". */
#define CHOICE_KEY_VARIABLE "TICKRING_API_KEY"

struct choice {
	const struct venue *venue; /* that is spoken */
	const struct venue *asked; /* the product's */
	struct secret *key;        /* NULL: none is needed, or there is none */
};

/*
 * Chooses, and reads the key if one is needed. Returns 0, or -errno when the
 * key is there and cannot be used (logged). A missing key is logged as a
 * warning: the feed goes on without.
 */
int choice_make(struct choice *choice, const struct config *cfg);

/* Wipes the key. */
void choice_end(struct choice *choice);

/* Endpoint number i of the configuration, as the chosen venue has it. */
void choice_target(const struct choice *choice, const struct config *cfg, unsigned i,
    struct config_target *out);

/*
 * Spells the streams of a configuration as the chosen venue does: text and
 * binary streams have other names for the same thing. Streams that a binary
 * venue does not serve, and those that are never decoded, are logged.
 */
void choice_spell(const struct choice *choice, struct config *cfg);

#endif

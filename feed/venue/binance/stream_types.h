/*
 * The types of streams that Binance's markets have, by market and with their
 * options: what a configuration may ask for. The exchange acknowledges any
 * name and stays silent on one that it does not have, so a misspelt name has to be
 * found here. Pure; constant tables.
 */
#ifndef FEED_VENUE_BINANCE_STREAM_TYPES_H
#define FEED_VENUE_BINANCE_STREAM_TYPES_H

#include <stdbool.h>
#include <stddef.h>

#include "feed/base/bytes.h"
#include "feed/venue/binance/streams.h"

/* Bits: markets that differ in their types. */
enum stream_market {
	STREAM_SPOT = 1,
	STREAM_SBE = 2, /* spot, binary; its types beyond spot's */
	STREAM_USDM = 4,
	STREAM_COINM = 8,
	STREAM_OPTIONS = 16,
};

/* What is wrong with the type of a name that stream_parse() found fine. */
enum stream_type_fault {
	STREAM_TYPE_FINE,
	STREAM_TYPE_UNKNOWN, /* no market has it */
	STREAM_TYPE_ABSENT,  /* other markets have it */
	STREAM_TYPE_OPTION,  /* the type takes other options */
	STREAM_TYPE_FORM,    /* of one symbol where it is of all ('!'), or the other way round */
};

#define STREAM_TYPES_TEXT_MAX 512 /* more than STREAM_NAME_MAX */

/* Have the markets (bits) a stream of that type, form and option? */
enum stream_type_fault stream_type_check(const struct stream_name *name, unsigned markets);

/*
 * The name that was probably meant: in another case, or a letter or two away.
 * Writes it into out[STREAM_NAME_MAX + 1], NUL-terminated. False: nothing is near.
 */
bool stream_type_suggest(struct bytes name, unsigned markets, char *out);

/*
 * What would be right, as a list with commas: the options of the name's type
 * ("100ms, 250ms") for STREAM_TYPE_OPTION, else the markets' types of streams
 * of one symbol. NUL-terminated, in out[STREAM_TYPES_TEXT_MAX].
 */
void stream_type_list(const struct stream_name *name, enum stream_type_fault fault,
    unsigned markets, char *out);

#endif

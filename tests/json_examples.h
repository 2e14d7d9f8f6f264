/*
 * Messages of every kind in the exchange's field orders, with values of our
 * own, and a way to decode a text from memory of exactly the permitted size.
 */
#ifndef TESTS_JSON_EXAMPLES_H
#define TESTS_JSON_EXAMPLES_H

#include "feed/base/bytes.h"
#include "feed/venue/venue.h"

struct json_example {
	const char *text;
	enum event_kind kind;
};

/* Ends with a NULL text. */
extern const struct json_example json_examples[];

/*
 * Decodes a copy of the text with only the promised padding behind it, so that
 * AddressSanitizer sees every read too far. The event points into the copy,
 * which lives until the next call.
 */
enum decode_result json_example_decode(struct bytes text, struct event *out);

/* The same for a C string. */
enum decode_result json_example_decode_text(const char *text, struct event *out);

#endif

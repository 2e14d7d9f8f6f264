/*
 * The little of HTTP/1.1 that the exchange needs: a request's head is read, a
 * response's head is written. Pure.
 */
#ifndef TOOLS_EXCHANGE_SIM_HTTP_H
#define TOOLS_EXCHANGE_SIM_HTTP_H

#include <stdbool.h>

#include "feed/base/bytes.h"
#include "tools/exchange-sim/text.h"

#define HTTP_HEAD_MAX 65536 /* bytes of a request's head; longer: 431 */

struct http_request {
	struct bytes method, path, query; /* as sent, percent signs and all */
	struct bytes ws_key;              /* Sec-WebSocket-Key, or empty */
	struct bytes api_key;             /* X-MBX-APIKEY, or empty */
	bool upgrade;                     /* Upgrade: websocket, version 13 */
	bool keep_alive;
	size_t length; /* of the head with its empty line */
	size_t body;   /* Content-Length */
};

enum http_result { HTTP_MORE, HTTP_OK, HTTP_BAD };

/* Reads the request at the beginning of `in`; its fields point into `in`. */
enum http_result http_parse(struct bytes in, struct http_request *out);

/* Finds `name=value` in a query string; *value stays encoded. */
bool http_query(struct bytes query, const char *name, struct bytes *value);

/*
 * Decodes %XX into out[cap]. Returns the length, or -1 when it is malformed or
 * does not fit. Input and output may be the same memory.
 */
long http_decode(struct bytes in, char *out, size_t cap);

/* Cuts the part up to `separator` off the front of *rest. False when nothing is left. */
bool http_part(struct bytes *rest, char separator, struct bytes *part);

/* Appends a whole response; `headers` are complete lines, or empty. */
void http_response(struct text *t, int status, bool keep_alive, struct bytes headers,
    struct bytes body);

#endif

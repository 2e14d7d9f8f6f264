/*
 * Any answer to the upgrade request: whatever the pieces in which it comes,
 * the same outcome, and what is accepted is what a second, plain reading of
 * the whole answer accepts. What goes into logs is printable.
 *
 * The first byte of the input is the length of the pieces; 0: all at once. In
 * the rest every byte 0x01 stands for the right Sec-WebSocket-Accept, which no
 * fuzzer guesses.
 */
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "feed/io/upgrade.h"
#include "tests/fuzz/fuzz.h"

#define RIGHT "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" /* RFC 6455 section 1.3 */
#define ANSWER_MAX 65536

struct outcome {
	enum upgrade_result result;
	size_t rest;
	struct upgrade u;
};

static const unsigned char nonce[UPGRADE_NONCE] = "the sample nonce";
static char text[ANSWER_MAX + 1];

static size_t
write_answer(const uint8_t *data, size_t size)
{
	size_t n = 0;

	for (size_t i = 0; i < size && n + sizeof(RIGHT) < ANSWER_MAX; i++) {
		if (data[i] == 1) {
			memcpy(text + n, RIGHT, sizeof(RIGHT) - 1);
			n += sizeof(RIGHT) - 1;
		} else {
			text[n++] = (char)data[i];
		}
	}
	text[n] = '\0';
	return n;
}

static bool
take_piece(void *context, struct bytes *in)
{
	struct outcome *out = context;

	out->result = upgrade_next(&out->u, in);
	return out->result == UPGRADE_MORE;
}

static void
take(size_t n, size_t step, struct outcome *out)
{
	char request[UPGRADE_REQUEST_MAX];

	must(upgrade_begin(&out->u, request, "localhost", 9443, "/ws", nonce) > 0, "request");
	out->result = UPGRADE_MORE;
	out->rest = fuzz_in_pieces(text, n, step, take_piece, out);
}

/* ---- a plain reading ------------------------------------------------------------ */

/* Is one of a list's items "upgrade"? */
static bool
names_upgrade(char *list)
{
	char *save, *item;

	for (item = strtok_r(list, ", \t", &save); item; item = strtok_r(NULL, ", \t", &save))
		if (strcasecmp(item, "upgrade") == 0)
			return true;
	return false;
}

static char *
trimmed(char *value)
{
	size_t n;

	value += strspn(value, " \t");
	for (n = strlen(value); n > 0 && strchr(" \t", value[n - 1]); n--)
		value[n - 1] = '\0';
	return value;
}

/* What a header of status 101 has to say so far; each is the last word of its field. */
struct said {
	bool upgrade, connection, accept;
};

/* Returns false when the answer cannot be accepted any more. */
static bool
read_line(char *line, struct said *said)
{
	char *colon = strchr(line, ':'), *value;

	if (colon == NULL || colon == line || strcspn(line, " \t") < (size_t)(colon - line))
		return false;
	*colon = '\0';
	value = trimmed(colon + 1);
	if (strcasecmp(line, "upgrade") == 0)
		said->upgrade = strcasecmp(value, "websocket") == 0;
	else if (strcasecmp(line, "sec-websocket-accept") == 0)
		said->accept = strcmp(value, RIGHT) == 0;
	else if (strcasecmp(line, "connection") == 0)
		said->connection = names_upgrade(value) || said->connection;
	return strcasecmp(line, "sec-websocket-extensions") != 0 &&
	    strcasecmp(line, "sec-websocket-protocol") != 0;
}

/* Where the frames begin when the answer is to be accepted, else 0. */
static size_t
accepted_until(size_t n)
{
	static char copy[ANSWER_MAX + 1];
	struct said said = {false};
	size_t at = 0;

	memcpy(copy, text, n + 1);
	while (at < n) {
		char *line = copy + at, *end = memchr(line, '\n', n - at);
		size_t length;

		if (end == NULL)
			return 0;
		*end = '\0';
		length = (size_t)(end - line);
		if (strlen(line) != length || length >= 1024 || at + length >= UPGRADE_ANSWER_MAX)
			return 0;
		if (length > 0 && line[length - 1] == '\r')
			line[--length] = '\0';
		if (at == 0 && strcmp(line, "HTTP/1.1 101") != 0 &&
		    strncmp(line, "HTTP/1.1 101 ", 13) != 0)
			return 0;
		if (at > 0 && length == 0)
			return said.upgrade && said.connection && said.accept
			    ? (size_t)(end - copy) + 1 : 0;
		if (at > 0 && !read_line(line, &said))
			return 0;
		at = (size_t)(end - copy) + 1;
	}
	return 0;
}

static void
check(const struct outcome *o, size_t n)
{
	size_t until = accepted_until(n);

	must((o->result == UPGRADE_ACCEPTED) == (until > 0), "accepted, or not, and why");
	must(until == 0 || o->rest == n - until, "the frames begin elsewhere");
	must(o->result != UPGRADE_REFUSED || (o->u.status >= 100 && o->u.status != 101), "status");
	must(o->u.retry_after_s >= -1 && o->u.retry_after_s <= 999999999, "Retry-After");
	must(n - o->rest <= UPGRADE_ANSWER_MAX + 1, "an endless answer");
	must((o->result == UPGRADE_REFUSED || o->result == UPGRADE_BROKEN) <=
	        (o->u.detail[0] != '\0'), "an end without words");
	must(memchr(o->u.detail, '\0', sizeof(o->u.detail)) != NULL, "words without an end");
	for (const char *p = o->u.detail; *p != '\0'; p++)
		must(*p >= ' ' && *p < 0x7f, "words that are not printable");
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct outcome whole, cut;
	size_t n;

	if (size < 1)
		return 0;
	n = write_answer(data + 1, size - 1);
	take(n, 0, &whole);
	check(&whole, n);
	for (int i = 0; i < 2; i++) {
		take(n, i == 0 ? 1 : data[0], &cut);
		must(cut.result == whole.result && cut.rest == whole.rest &&
		        cut.u.status == whole.u.status &&
		        cut.u.retry_after_s == whole.u.retry_after_s &&
		        strcmp(cut.u.detail, whole.u.detail) == 0,
		    "the pieces decide");
	}
	return 0;
}

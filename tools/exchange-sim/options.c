#include "tools/exchange-sim/options.h"

#include <arpa/inet.h>
#include <getopt.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "tools/common/cli.h"
#include "tools/exchange-sim/wire.h"

/* How an option's value is read, and into which type. */
enum kind {
	KIND_FLAG,    /* bool; no value */
	KIND_TEXT,    /* const char * */
	KIND_PORT,    /* another endpoint, named by its number */
	KIND_LISTEN,  /* another endpoint, named */
	KIND_COUNT,   /* uint32_t */
	KIND_NUMBER,  /* int64_t */
	KIND_SEED,    /* uint64_t */
	KIND_SECONDS, /* span_t */
	KIND_SPEED,   /* int64_t, thousandths; "max" is 0 */
	KIND_FAULT,   /* enum cert_fault */
	KIND_LEVEL,   /* enum report_level */
	KIND_PRODUCT, /* enum product */
};

struct row {
	const char *name, *value; /* value's name in --help, or NULL */
	enum kind kind;
	size_t offset;
	int64_t min, max; /* of numbers; KIND_SECONDS: milliseconds */
	const char *help;
};

#define AT(field) offsetof(struct options, field)

static const struct row rows[] = {
	{"port", "N", KIND_PORT, 0, 0, 65535, "port to listen on; 0: a free one [0]"},
	{"listen", "NAME=PORT", KIND_LISTEN, 0, 0, 0,
	    "endpoint, also NAME=PORT,delay=MS,jitter=MS,sbe; up to 8"},
	{"port-file", "FILE", KIND_TEXT, AT(port_file), 0, 0,
	    "write the port there once it is open"},
	{"control-port", "N", KIND_NUMBER, AT(control_port), 0, 65535,
	    "plain HTTP on the loopback: POST /fault, POST /clear, GET /state"},
	{"control-port-file", "FILE", KIND_TEXT, AT(control_port_file), 0, 0,
	    "write the control port there"},
	{"faults", "FILE", KIND_TEXT, AT(faults), 0, 0, "script of faults"},
	{"list-faults", NULL, KIND_FLAG, AT(list_faults), 0, 0, "print them and exit"},
	{"strict", NULL, KIND_FLAG, AT(strict), 0, 0,
	    "refuse and ban who connects or sends too often"},
	{"max-connects", "N", KIND_COUNT, AT(connects_max), 1, LIMITER_MAX,
	    "handshakes per five minutes and address, if strict [300]"},
	{"max-weight", "N", KIND_NUMBER, AT(weight_max), 1, 1000000000,
	    "weight of REST requests per minute, if strict [6000]"},
	{"ban", "SECONDS", KIND_SECONDS, AT(ban), 1, 31536000000,
	    "how long a ban lasts, if strict [120]"},
	{"api-key", "KEY", KIND_TEXT, AT(session.api_key), 0, 0,
	    "ask for it at endpoints with sbe [anybody may come]"},
	{"bind", "ADDRESS", KIND_TEXT, AT(bind), 0, 0, "address to listen on [127.0.0.1]"},
	{"dir", "DIR", KIND_TEXT, AT(dir), 0, 0,
	    "keep the CA there (ca.pem, ca.key) [exchange-sim.d]"},
	{"name", "HOST", KIND_TEXT, AT(name), 0, 0,
	    "further host name or address of the certificate"},
	{"cert-fault", "KIND", KIND_FAULT, AT(cert_fault), 0, 0,
	    "wrong-host, self-signed, expired or not-yet-valid"},
	{"symbols", "LIST", KIND_TEXT, AT(symbols), 0, 0,
	    "btcusdt,ethusdt,... or how many [8]"},
	{"product", "NAME", KIND_PRODUCT, AT(product), 0, 0,
	    "form of the synthetic market's messages: spot, usdm or coinm [spot]"},
	{"rate", "N", KIND_NUMBER, AT(rate), 0, 10000000,
	    "messages per second of the synthetic market [1000]"},
	{"seed", "N", KIND_SEED, AT(seed), 0, 0, "of the synthetic market [1]"},
	{"replay", "FILE", KIND_TEXT, AT(replay), 0, 0,
	    "send a capture (.jsonl, .jsonl.zst) instead"},
	{"snapshots", "FILE", KIND_TEXT, AT(snapshots), 0, 0,
	    "index of books that REST serves during the replay"},
	{"speed", "X", KIND_SPEED, AT(speed_milli), 1, 1000000000,
	    "of the replay: 1, 0.5, 10, ... or max [1]"},
	{"list-streams", NULL, KIND_FLAG, AT(list_streams), 0, 0,
	    "print the streams of the capture and exit"},
	{"exit-after-replay", NULL, KIND_FLAG, AT(exit_after_replay), 0, 0,
	    "end when the replay is over and all clients have left"},
	{"life", "SECONDS", KIND_SECONDS, AT(session.life), 1, 31536000000,
	    "close connections at that age [86400]"},
	{"ping-interval", "SECONDS", KIND_SECONDS, AT(session.ping_interval), 1, 31536000000,
	    "between pings to the client [20]"},
	{"pong-timeout", "SECONDS", KIND_SECONDS, AT(session.pong_timeout), 1, 31536000000,
	    "close when a ping stays unanswered so long [60]"},
	{"max-streams", "N", KIND_COUNT, AT(session.streams_max), 1, 2048,
	    "streams per connection [1024]"},
	{"max-messages", "N", KIND_COUNT, AT(session.messages_per_s_max), 1, LIMITER_MAX,
	    "messages per second from a client [5]"},
	{"frames-per-record", "N", KIND_COUNT, AT(frames_per_record), 1, 1024,
	    "WebSocket frames in a TLS record, if as many wait [1]"},
	{"duration", "SECONDS", KIND_SECONDS, AT(duration), 1, 31536000000,
	    "end after that time [until SIGINT or SIGTERM]"},
	{"log-level", "LEVEL", KIND_LEVEL, AT(log_level), 0, 0,
	    "error, warning, info or debug [warning]"},
};

#define ROWS (sizeof(rows) / sizeof(rows[0]))

/* The rows and help and version, as cli.h has them; keys are CLI_LONG + row. */
static struct cli_option table[ROWS + 2] = {[ROWS] = CLI_HELP, [ROWS + 1] = CLI_VERSION};

static const struct cli cli = {
	.program = "exchange-sim",
	.usage = "[options]",
	.about = "A spot exchange on this machine: WebSocket streams and REST over TLS.",
	.more = "Exit codes: 0 ended as asked, 1 could not start or go on, 2 usage.\n",
	.options = table,
	.count = ROWS + 2,
};

static void
fill_table(void)
{
	for (size_t i = 0; i < ROWS; i++)
		table[i] = (struct cli_option){
			CLI_LONG + (int)i, rows[i].name, rows[i].value, rows[i].help};
}

/* Plain digits. */
static bool
read_unsigned(const char *s, uint64_t *out)
{
	*out = 0;
	if (*s == '\0')
		return false;
	for (; *s != '\0'; s++) {
		if (*s < '0' || *s > '9' || __builtin_mul_overflow(*out, 10u, out) ||
		    __builtin_add_overflow(*out, (uint64_t)(*s - '0'), out))
			return false;
	}
	return true;
}

/* A decimal with up to three places, in thousandths. */
static bool
read_milli(const char *s, int64_t *out)
{
	char digits[24];
	const char *point = strchr(s, '.');
	size_t whole = point ? (size_t)(point - s) : strlen(s);
	size_t places = point ? strlen(point + 1) : 0;
	uint64_t value;

	if (whole == 0 || whole > 16 || places > 3 || (point != NULL && places == 0))
		return false;
	memcpy(digits, s, whole);
	memset(digits + whole, '0', 3);
	if (point != NULL)
		memcpy(digits + whole, point + 1, places);
	digits[whole + 3] = '\0';
	if (!read_unsigned(digits, &value) || value > INT64_MAX)
		return false;
	*out = (int64_t)value;
	return true;
}

static bool
in_list(const char *value, const char *const *list, int n, int *out)
{
	for (*out = 0; *out < n; (*out)++)
		if (strcmp(value, list[*out]) == 0)
			return true;
	return false;
}

static bool
read_choice(const struct row *row, const char *value, void *field)
{
	static const char *const faults[] = {
		"none", "wrong-host", "self-signed", "expired", "not-yet-valid"};
	static const char *const levels[] = {"error", "warning", "info", "debug"};
	static const char *const products[] = {"spot", "usdm", "coinm"};
	int i;

	if (row->kind == KIND_PRODUCT) {
		if (!in_list(value, products, 3, &i))
			return false;
		*(enum product *)field = (enum product)i;
		return true;
	}
	if (row->kind == KIND_FAULT) {
		if (!in_list(value, faults, 5, &i))
			return false;
		*(enum cert_fault *)field = (enum cert_fault)i;
		return true;
	}
	if (!in_list(value, levels, 4, &i))
		return false;
	*(enum report_level *)field = (enum report_level)i;
	return true;
}

static bool
in_range(const struct row *row, uint64_t n)
{
	return n >= (uint64_t)row->min && n <= (uint64_t)row->max;
}

/* Adds an endpoint. False when the value is wrong, the name or one too many. */
static bool
add_endpoint(const struct row *row, const char *value, struct options *o)
{
	struct endpoint *e = &o->endpoint[o->nendpoints];
	uint64_t port;

	if (o->nendpoints == ENDPOINTS_MAX)
		return false;
	if (row->kind == KIND_LISTEN) {
		if (!endpoint_parse(value, e))
			return false;
		o->named = true;
	} else {
		if (!read_unsigned(value, &port) || !in_range(row, port))
			return false;
		*e = (struct endpoint){.port = (uint16_t)port};
		snprintf(e->name, sizeof(e->name), "%u", o->nendpoints + 1);
	}
	for (uint32_t i = 0; i < o->nendpoints; i++)
		if (strcmp(o->endpoint[i].name, e->name) == 0)
			return false;
	o->nendpoints++;
	return true;
}

/* Reads a value into its field. False when it is no valid one. */
static bool
read_value(const struct row *row, const char *value, struct options *o)
{
	void *field = (char *)o + row->offset;
	uint64_t n = 0;
	int64_t milli;

	switch (row->kind) {
	case KIND_TEXT:
		*(const char **)field = value;
		return *value != '\0';
	case KIND_PORT:
	case KIND_LISTEN:
		return add_endpoint(row, value, o);
	case KIND_COUNT:
		if (!read_unsigned(value, &n) || !in_range(row, n))
			return false;
		*(uint32_t *)field = (uint32_t)n;
		return true;
	case KIND_NUMBER:
		if (!read_unsigned(value, &n) || !in_range(row, n))
			return false;
		*(int64_t *)field = (int64_t)n;
		return true;
	case KIND_SEED:
		return read_unsigned(value, field);
	case KIND_SECONDS:
		if (!read_milli(value, &milli) || !in_range(row, (uint64_t)milli))
			return false;
		*(span_t *)field = span_ms(milli);
		return true;
	case KIND_SPEED:
		milli = 0;
		if (strcmp(value, "max") != 0 &&
		    (!read_milli(value, &milli) || !in_range(row, (uint64_t)milli)))
			return false;
		*(int64_t *)field = milli;
		return true;
	case KIND_FAULT:
	case KIND_LEVEL:
	case KIND_PRODUCT:
		return read_choice(row, value, field);
	case KIND_FLAG:
		*(bool *)field = true;
		return true;
	}
	return false;
}

/* Checks what no single option can tell. */
static enum options_result
check(const struct options *o)
{
	unsigned char address[16];

	if (inet_pton(AF_INET, o->bind, address) != 1 && inet_pton(AF_INET6, o->bind, address) != 1)
		return cli_wrong(&cli, "--bind %s: not an address", o->bind), OPTIONS_WRONG;
	if (o->name != NULL && (strlen(o->name) > 253 ||
	    strspn(o->name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-:*") !=
	    strlen(o->name)))
		return cli_wrong(&cli, "--name %s: not a host name", o->name), OPTIONS_WRONG;
	if (o->list_streams && o->replay == NULL)
		return cli_wrong(&cli, "--list-streams needs --replay"), OPTIONS_WRONG;
	if (o->exit_after_replay && o->replay == NULL)
		return cli_wrong(&cli, "--exit-after-replay needs --replay"), OPTIONS_WRONG;
	if (o->control_port_file != NULL && o->control_port < 0)
		return cli_wrong(&cli, "--control-port-file needs --control-port"), OPTIONS_WRONG;
	return OPTIONS_RUN;
}

static enum options_result
read_options(struct options *o, int argc, char **argv)
{
	const char *value;
	int key;

	fill_table();
	cli_begin();
	while ((key = cli_next(&cli, argc, argv, &value)) != CLI_END) {
		if (key == CLI_DONE)
			return OPTIONS_EXIT;
		if (key == CLI_INVALID)
			return OPTIONS_WRONG;
		if (!read_value(&rows[key - CLI_LONG], value, o)) {
			cli_wrong(&cli, "--%s %s: not a value of that option",
			    rows[key - CLI_LONG].name, value);
			return OPTIONS_WRONG;
		}
	}
	if (optind == argc)
		return OPTIONS_RUN;
	cli_wrong(&cli, "takes no arguments beside options, not \"%s\"", argv[optind]);
	return OPTIONS_WRONG;
}

enum options_result
options_read(struct options *o, int argc, char **argv)
{
	enum options_result r;

	*o = (struct options){
		.bind = "127.0.0.1",
		.dir = "exchange-sim.d",
		.symbols = "8",
		.rate = 1000,
		.control_port = -1,
		.connects_max = 300,
		.weight_max = 6000,
		.ban = span_s(120),
		.seed = 1,
		.speed_milli = 1000,
		.frames_per_record = 1,
		.log_level = REPORT_WARN,
		.session = {
			.life = span_s(86400),
			.ping_interval = span_s(20),
			.pong_timeout = span_s(60),
			.streams_max = 1024,
			.messages_per_s_max = 5,
		},
	};
	r = read_options(o, argc, argv);
	if (r != OPTIONS_RUN)
		return r;
	if (o->list_faults) {
		fault_print_list();
		return OPTIONS_EXIT;
	}
	if (o->nendpoints == 0)
		snprintf(o->endpoint[o->nendpoints++].name, sizeof(o->endpoint->name), "1");
	return check(o);
}

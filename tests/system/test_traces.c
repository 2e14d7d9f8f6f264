/*
 * Traces: connections, a rotation, resyncs of a book with their snapshots, seen
 * by a collector of the test's own.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/system/http_rig.h"
#include "tests/system/web_server.h"

#define SPANS_MAX 256
#define NS_PER_S INT64_C(1000000000)

struct span {
	char trace[40], id[24], parent[24], name[24], symbol[24];
	int64_t begin, end, status;
};

static struct web_server *collector;
static struct span spans[SPANS_MAX];
static unsigned spans_n, requests_n;

static const char *
text_of(const cJSON *object, const char *name)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);

	return cJSON_IsString(item) ? item->valuestring : "";
}

static void
take_span(const cJSON *json)
{
	struct span *s = &spans[spans_n++];
	const cJSON *attribute;

	assert_true(spans_n < SPANS_MAX);
	snprintf(s->trace, sizeof(s->trace), "%s", text_of(json, "traceId"));
	snprintf(s->id, sizeof(s->id), "%s", text_of(json, "spanId"));
	snprintf(s->parent, sizeof(s->parent), "%s", text_of(json, "parentSpanId"));
	snprintf(s->name, sizeof(s->name), "%s", text_of(json, "name"));
	attribute = cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(json, "attributes"), 0);
	if (strcmp(text_of(attribute, "key"), "tickring.symbol") == 0)
		snprintf(s->symbol, sizeof(s->symbol), "%s",
		    text_of(cJSON_GetObjectItem(attribute, "value"), "stringValue"));
	s->begin = strtoll(text_of(json, "startTimeUnixNano"), NULL, 10);
	s->end = strtoll(text_of(json, "endTimeUnixNano"), NULL, 10);
	s->status = (int64_t)cJSON_GetNumberValue(cJSON_GetObjectItem(
	    cJSON_GetObjectItemCaseSensitive(json, "status"), "code"));
	assert_int_equal(strlen(s->trace), 32);
	assert_int_equal(strlen(s->id), 16);
	assert_int_equal(strspn(s->id, "0123456789abcdef"), 16);
	assert_true(s->begin > 0 && s->end >= s->begin);
	assert_true(s->end / NS_PER_S <= time(NULL) + 1 && s->end / NS_PER_S > time(NULL) - 120);
}

static void
take_request(const char *request)
{
	const char *body = strstr(request, "\r\n\r\n");
	const cJSON *resource, *scope, *span;
	cJSON *json;

	assert_non_null(strstr(request, "POST /v1/traces HTTP/1.1\r\n"));
	assert_non_null(strcasestr(request, "content-type: application/json\r\n"));
	json = cJSON_Parse(body + 4);
	assert_non_null(json);
	cJSON_ArrayForEach(resource, cJSON_GetObjectItem(json, "resourceSpans"))
		cJSON_ArrayForEach(scope, cJSON_GetObjectItem(resource, "scopeSpans"))
			cJSON_ArrayForEach(span, cJSON_GetObjectItem(scope, "spans"))
				take_span(span);
	cJSON_Delete(json);
}

/* A span of that name, in that trace and below that parent; NULL: any. */
static const struct span *
find(const char *name, const char *trace, const char *parent, int64_t status)
{
	for (unsigned i = 0; i < spans_n; i++)
		if (strcmp(spans[i].name, name) == 0 && spans[i].status == status &&
		    (trace == NULL || strcmp(spans[i].trace, trace) == 0) &&
		    (parent == NULL || strcmp(spans[i].parent, parent) == 0))
			return &spans[i];
	return NULL;
}

static const struct span *
expect(const char *name, const char *trace, const char *parent, int64_t status)
{
	mono_t deadline = daemon_deadline();
	const struct span *found;

	while ((found = find(name, trace, parent, status)) == NULL) {
		if (web_server_count(collector) > requests_n)
			take_request(web_server_request(collector, requests_n++));
		else
			daemon_pause(deadline, name);
	}
	return found;
}

static int
setup(void **state)
{
	spans_n = requests_n = 0;
	collector = web_server_start(NULL);
	return http_rig_setup(state);
}

static int
teardown(void **state)
{
	daemon_teardown(state);
	web_server_stop(&collector);
	return 0;
}

static void
start(struct http_rig *rig, const char *further)
{
	char endpoint[96];
	const char *const settings[] = {
		"streams=btcusdt@trade,btcusdt@bookTicker", endpoint, further, NULL};

	snprintf(endpoint, sizeof(endpoint), "tracing.endpoint=http://127.0.0.1:%u/v1/traces",
	    web_server_port(collector));
	if (rig->exchange == 0)
		http_rig_start_sim(rig, NULL);
	http_rig_start_feedd(rig, settings, false);
}

/* The parts follow one another and fill the whole. */
static void
expect_parts(const struct span *whole)
{
	static const char *const names[] = {"connect", "tls", "upgrade", "subscribe"};
	int64_t at = whole->begin;

	for (unsigned i = 0; i < 4; i++) {
		const struct span *part = expect(names[i], whole->trace, whole->id, 1);

		/* The clocks are compared anew for each batch. */
		if (llabs(part->begin - at) > NS_PER_S / 10)
			fail_msg("%s begins %lld ns after the part before it", names[i],
			    (long long)(part->begin - at));
		at = part->end;
	}
	assert_true(llabs(whole->end - at) < NS_PER_S / 10);
}

static void
a_connection_is_traced_with_its_parts(void **state)
{
	struct http_rig *rig = *state;
	const struct span *whole;
	char sample[128];
	mono_t deadline;

	start(rig, NULL);
	whole = expect("connection", NULL, "", 1);
	expect_parts(whole);
	snprintf(sample, sizeof(sample), "tickring_trace_spans_total{feed=\"%s\"}", daemon_feed());
	for (deadline = daemon_deadline(); http_rig_get(rig, "/metrics", "") != 200 ||
	     http_rig_value(rig, sample) < 5;)
		daemon_pause(deadline, sample);
}

static void
both_transports_know_the_parts(void **state)
{
	struct http_rig *rig = *state;

	start(rig, "transport=lws");
	expect_parts(expect("connection", NULL, "", 1));
}

static void
the_connection_of_a_rotation_is_below_it(void **state)
{
	struct http_rig *rig = *state;
	const struct span *rotation, *connection;

	start(rig, "pool.max_connection_age_ms=10000");
	rotation = expect("rotation", NULL, "", 1);
	connection = expect("connection", rotation->trace, rotation->id, 1);
	assert_true(connection->begin >= rotation->begin - NS_PER_S / 10);
	assert_true(connection->end <= rotation->end + NS_PER_S / 10);
	expect_parts(connection);
}

static void
an_attempt_that_fails_is_traced_up_to_where_it_failed(void **state)
{
	struct http_rig *rig = *state;
	const struct span *whole;

	start(rig, "endpoint.host=other.test");
	whole = expect("connection", NULL, "", 2);
	expect("connect", whole->trace, whole->id, 1);
	expect("tls", whole->trace, whole->id, 2);
	assert_null(find("upgrade", whole->trace, NULL, 1));
	assert_null(find("upgrade", whole->trace, NULL, 2));
}

/* A simulator with that fault, and a feed of one book. */
static void
start_book(struct http_rig *rig, const char *faults)
{
	char path[160], endpoint[96], port[32];
	const char *const sim[] = {"--faults", path, NULL};
	const char *const settings[] = {endpoint, port, "streams=btcusdt@depth@100ms",
	    "rest.host=localhost", "rest.address=127.0.0.1", "instruments.refresh_ms=0",
	    "rest.clock_interval_ms=0", NULL};
	FILE *file;

	snprintf(path, sizeof(path), "%s/faults", daemon_folder());
	file = fopen(path, "w");
	assert_non_null(file);
	assert_true(fputs(faults, file) >= 0);
	assert_int_equal(fclose(file), 0);
	http_rig_start_sim(rig, sim);
	snprintf(endpoint, sizeof(endpoint), "tracing.endpoint=http://127.0.0.1:%u/v1/traces",
	    web_server_port(collector));
	snprintf(port, sizeof(port), "rest.port=%u", rig->exchange);
	http_rig_start_feedd(rig, settings, false);
}

/* The snapshot lies in its resync, and its parts fill it. */
static void
expect_snapshot(const struct span *resync)
{
	static const char *const names[] = {"queue", "request", "parse"};
	const struct span *snapshot = expect("snapshot", resync->trace, resync->id, 1);
	int64_t at = snapshot->begin;

	assert_string_equal(resync->symbol, "BTCUSDT");
	assert_string_equal(snapshot->symbol, "BTCUSDT");
	assert_true(snapshot->begin >= resync->begin - NS_PER_S / 10);
	assert_true(snapshot->begin <= resync->end + NS_PER_S / 10);
	for (unsigned i = 0; i < 3; i++) {
		const struct span *part = expect(names[i], snapshot->trace, snapshot->id, 1);

		assert_true(llabs(part->begin - at) < NS_PER_S / 10);
		at = part->end;
	}
	assert_true(llabs(snapshot->end - at) < NS_PER_S / 10);
}

static void
a_book_that_loses_its_sync_is_traced_until_it_is_live_again(void **state)
{
	struct http_rig *rig = *state;
	const struct span *first;
	mono_t deadline = daemon_deadline();
	unsigned resyncs;

	start_book(rig, "2 gap stream=btcusdt@depth@100ms\n5 gap stream=btcusdt@depth@100ms\n"
	    "9 gap stream=btcusdt@depth@100ms\n14 gap stream=btcusdt@depth@100ms\n");
	first = expect("resync", NULL, "", 1); /* from the first change */
	expect_snapshot(first);
	do { /* and from the gap on */
		resyncs = 0;
		for (unsigned i = 0; i < spans_n; i++)
			resyncs += strcmp(spans[i].name, "resync") == 0;
		if (web_server_count(collector) > requests_n)
			take_request(web_server_request(collector, requests_n++));
		else
			daemon_pause(deadline, "a second resync");
	} while (resyncs < 2);
	for (unsigned i = 0; i < spans_n; i++)
		if (strcmp(spans[i].name, "resync") == 0 && &spans[i] != first) {
			assert_string_not_equal(spans[i].trace, first->trace);
			assert_true(spans[i].begin >= first->end - NS_PER_S / 10);
			expect_snapshot(&spans[i]);
			break;
		}
}

static void
a_snapshot_that_is_refused_fails_below_its_resync_and_the_next_follows(void **state)
{
	struct http_rig *rig = *state;
	const struct span *resync, *refused;

	start_book(rig, "0 http on=rest status=503 count=1\n");
	resync = expect("resync", NULL, "", 1);
	expect_snapshot(resync);
	refused = expect("snapshot", resync->trace, resync->id, 2);
	expect("queue", refused->trace, refused->id, 1);
	expect("request", refused->trace, refused->id, 2);
	assert_null(find("parse", refused->trace, refused->id, 1));
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(a_connection_is_traced_with_its_parts),
		TEST(both_transports_know_the_parts),
		TEST(the_connection_of_a_rotation_is_below_it),
		TEST(a_book_that_loses_its_sync_is_traced_until_it_is_live_again),
		TEST(a_snapshot_that_is_refused_fails_below_its_resync_and_the_next_follows),
		TEST(an_attempt_that_fails_is_traced_up_to_where_it_failed),
	};

	return cmocka_run_group_tests(tests, daemon_setup_all, daemon_teardown_all);
}

/* The HTTP client of the operations thread, against a server of the test's own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <arpa/inet.h>
#include <dlfcn.h>
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "feed/io/clock.h"
#include "feed/io/http.h"
#include "feed/ops/ops.h"
#include "tests/system/certs.h"
#include "tests/system/web_server.h"

#define WITHIN_S 20

/* What localhost is looked up to; NULL: as the system says. */
static const char *const *localhost;

/* In place of the library's: /etc/hosts differs between machines. */
int
getaddrinfo(const char *name, const char *service, const struct addrinfo *hints,
    struct addrinfo **out)
{
	__typeof__(&getaddrinfo) of_system =
	    (__typeof__(&getaddrinfo))dlsym(RTLD_NEXT, "getaddrinfo");
	int rc = 0;

	if (localhost == NULL || name == NULL || strcmp(name, "localhost") != 0)
		return of_system(name, service, hints, out);
	for (const char *const *a = localhost; rc == 0 && *a != NULL; out = &(*out)->ai_next, a++)
		rc = of_system(*a, service, hints, out);
	return rc;
}

struct rig {
	int slammed; /* listens; who comes is sent away; -1: nobody does */
	unsigned slams;
	struct ops *ops;
	struct http_client *client;
	struct web_server *server;
	unsigned answers;
	struct http_answer last;
	char body[1 << 19];
};

/* The context is driven by the test itself: the thread of struct ops is not started. */
static int
setup(void **state)
{
	struct rig *rig = calloc(1, sizeof(*rig));
	const struct ops_cfg cfg = {.cpu = -1};
	char why[HTTP_DETAIL_MAX];

	assert_non_null(rig);
	rig->slammed = -1;
	localhost = NULL;
	assert_int_equal(ops_open(&rig->ops, &cfg), 0);
	assert_int_equal(http_open(&rig->client, ops_context(rig->ops), certs_ca_file(), why), 0);
	assert_string_equal(why, "");
	*state = rig;
	return 0;
}

static int
teardown(void **state)
{
	struct rig *rig = *state;

	http_close(&rig->client);
	http_close(&rig->client);
	ops_close(&rig->ops);
	web_server_stop(&rig->server);
	if (rig->slammed >= 0)
		close(rig->slammed);
	localhost = NULL;
	free(rig);
	return 0;
}

static void
on_answer(void *context, const struct http_answer *answer)
{
	struct rig *rig = context;

	rig->answers++;
	rig->last = *answer;
	assert_true(answer->body.n < sizeof(rig->body));
	memcpy(rig->body, answer->body.n > 0 ? answer->body.p : "", answer->body.n);
	rig->body[answer->body.n] = '\0';
}

static void
give_up(void *context)
{
	(void)context;
}

/* Drives the context until so many answers are there. */
static void
wait_for(struct rig *rig, unsigned answers)
{
	struct ops_timer alarm = {.fn = give_up};
	mono_t until = mono_add(clock_mono(), span_s(WITHIN_S));
	int fd;

	while (rig->answers < answers && mono_before(clock_mono(), until)) {
		ops_timer_start(rig->ops, &alarm, span_ms(50));
		lws_service(ops_context(rig->ops), 0);
		fd = rig->slammed < 0 ? -1 : accept4(rig->slammed, NULL, NULL, SOCK_CLOEXEC);
		if (fd >= 0) {
			rig->slams++;
			close(fd);
		}
	}
	ops_timer_stop(&alarm);
	if (rig->answers < answers)
		fail_msg("no answer within %d s", WITHIN_S);
}

static void
serve(struct rig *rig, SSL_CTX *tls, const char *answer)
{
	rig->server = web_server_start(tls);
	if (answer != NULL)
		web_server_answer(rig->server, answer, strlen(answer));
}

static struct http_request
to(const struct rig *rig)
{
	return (struct http_request){.host = "exchange.test", .address = "127.0.0.1",
	    .port = rig->server == NULL ? 1 : web_server_port(rig->server),
	    .path = "/depth?limit=5", .within = span_s(10), .answer_max = 1 << 15};
}

static void
ask(struct rig *rig, const struct http_request *request)
{
	assert_int_equal(http_send(rig->client, request, on_answer, rig), 0);
	assert_int_equal(rig->answers, 0); /* never inside of the call */
	wait_for(rig, 1);
}

static void
a_whole_answer_comes_with_status_weight_and_body(void **state)
{
	struct rig *rig = *state;
	struct http_request request;

	serve(rig, certs_server(CERT_GOOD),
	    "HTTP/1.1 200 OK\r\nX-MBX-USED-WEIGHT-1M: 117\r\nContent-Type: application/json\r\n"
	    "Content-Length: 11\r\n\r\n{\"bids\":[]}");
	request = to(rig);
	ask(rig, &request);
	assert_string_equal(rig->last.detail, "");
	assert_int_equal(rig->last.reason, TICK_REASON_NONE);
	assert_int_equal(rig->last.status, 200);
	assert_int_equal(rig->last.used_weight, 117);
	assert_int_equal(rig->last.retry_after_s, -1);
	assert_string_equal(rig->body, "{\"bids\":[]}");
	assert_non_null(strstr(web_server_request(rig->server, 0),
	    "GET /depth?limit=5 HTTP/1.1\r\n"));
	assert_non_null(strcasestr(web_server_request(rig->server, 0), "host: exchange.test:"));
}

static void
a_chunked_answer_is_joined(void **state)
{
	struct rig *rig = *state;
	struct http_request request;

	serve(rig, certs_server(CERT_GOOD),
	    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
	    "5\r\nabcde\r\n3\r\nfgh\r\n0\r\n\r\n");
	request = to(rig);
	ask(rig, &request);
	assert_int_equal(rig->last.reason, TICK_REASON_NONE);
	assert_string_equal(rig->body, "abcdefgh");
}

static void
a_large_answer_that_ends_with_the_connection_is_whole(void **state)
{
	static const char head[] = "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n";
	const size_t n = 400000;
	struct rig *rig = *state;
	struct http_request request;
	char *answer = malloc(sizeof(head) + n);

	memcpy(answer, head, sizeof(head));
	for (size_t i = 0; i < n; i++)
		answer[sizeof(head) - 1 + i] = (char)('a' + i % 26);
	answer[sizeof(head) - 1 + n] = '\0';
	serve(rig, certs_server(CERT_GOOD), answer);
	request = to(rig);
	request.answer_max = 1 << 20;
	ask(rig, &request);
	assert_int_equal(rig->last.reason, TICK_REASON_NONE);
	assert_int_equal(strlen(rig->body), n);
	assert_string_equal(rig->body, answer + sizeof(head) - 1);
	free(answer);
}

static void
a_refusal_tells_status_and_retry_after(void **state)
{
	struct rig *rig = *state;
	struct http_request request;

	serve(rig, certs_server(CERT_GOOD),
	    "HTTP/1.1 418 I'm a teapot\r\nRetry-After: 33\r\nContent-Length: 2\r\n\r\n{}");
	request = to(rig);
	ask(rig, &request);
	assert_int_equal(rig->last.reason, TICK_REASON_NONE);
	assert_int_equal(rig->last.status, 418);
	assert_int_equal(rig->last.retry_after_s, 33);
	assert_int_equal(rig->last.used_weight, -1);
}

static void
a_redirect_is_told_and_not_followed(void **state)
{
	struct rig *rig = *state;
	struct http_request request;

	serve(rig, certs_server(CERT_GOOD),
	    "HTTP/1.1 302 Found\r\nLocation: https://localhost/\r\nContent-Length: 0\r\n\r\n");
	request = to(rig);
	ask(rig, &request);
	assert_int_equal(rig->last.status, 302);
	assert_int_equal(web_server_count(rig->server), 1);
}

static void
a_body_is_posted_whole(void **state)
{
	struct rig *rig = *state;
	struct http_request request;
	char *body = malloc(20001);
	const char *got;

	memset(body, 'x', 20000);
	body[19999] = 'y';
	body[20000] = '\0';
	serve(rig, certs_server(CERT_GOOD), NULL);
	request = to(rig);
	request.body = (struct bytes){body, 20000};
	request.content_type = "application/json";
	ask(rig, &request);
	assert_int_equal(rig->last.reason, TICK_REASON_NONE);
	assert_int_equal(rig->last.status, 200);
	got = web_server_request(rig->server, 0);
	assert_non_null(strstr(got, "POST /depth?limit=5 HTTP/1.1\r\n"));
	assert_non_null(strcasestr(got, "content-type: application/json\r\n"));
	assert_string_equal(strstr(got, "\r\n\r\n") + 4, body);
	free(body);
}

static void
plain_http_is_for_this_machine_only(void **state)
{
	struct rig *rig = *state;
	struct http_request request;

	serve(rig, NULL, "HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n");
	request = to(rig);
	request.plain = true;
	assert_int_equal(http_send(rig->client, &request, on_answer, rig), -EINVAL);
	request.host = "127.0.0.1";
	request.address = NULL;
	ask(rig, &request);
	assert_int_equal(rig->last.reason, TICK_REASON_NONE);
	assert_int_equal(rig->last.status, 204);
}

static const char *const two_addresses[] = {"127.0.0.2", "127.0.0.1", NULL};

static struct http_request
to_localhost(const struct rig *rig)
{
	struct http_request request = to(rig);

	request.host = "localhost";
	request.address = NULL;
	return request;
}

/* As where localhost is ::1 first, or where IPv6 leads nowhere. */
static void
a_name_is_looked_up_and_its_next_address_tried_where_one_refuses(void **state)
{
	struct rig *rig = *state;
	struct http_request request;

	localhost = two_addresses;
	serve(rig, certs_server(CERT_GOOD), NULL);
	request = to_localhost(rig);
	ask(rig, &request);
	assert_int_equal(rig->last.status, 200);
	request.port = 1; /* each is tried once, and the end is told */
	rig->answers = 0;
	ask(rig, &request);
	assert_int_equal(rig->last.status, 0);
	assert_int_not_equal(rig->last.reason, TICK_REASON_NONE);
}

static void
the_next_request_begins_at_the_address_that_answered(void **state)
{
	struct sockaddr_in at = {.sin_family = AF_INET};
	struct rig *rig = *state;
	struct http_request request;

	localhost = two_addresses;
	serve(rig, certs_server(CERT_GOOD), NULL);
	request = to_localhost(rig);
	at.sin_port = htons(request.port);
	at.sin_addr.s_addr = inet_addr(two_addresses[0]);
	rig->slammed = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(rig->slammed, (struct sockaddr *)&at, sizeof(at)), 0);
	assert_int_equal(listen(rig->slammed, 8), 0);
	for (unsigned i = 0; i < 3; i++) {
		rig->answers = 0;
		ask(rig, &request);
		assert_int_equal(rig->last.status, 200);
		assert_int_equal(rig->slams, 1);
	}
}

static void
a_request_that_went_out_is_not_sent_twice(void **state)
{
	static const char *const twice[] = {"127.0.0.1", "127.0.0.1", NULL};
	struct rig *rig = *state;
	struct http_request request;

	localhost = twice;
	serve(rig, certs_server(CERT_GOOD), "what is this?\r\n\r\n");
	request = to_localhost(rig);
	request.body = BYTES_LIT("once");
	ask(rig, &request);
	assert_int_not_equal(rig->last.reason, TICK_REASON_NONE);
	assert_int_equal(web_server_count(rig->server), 1);
}

static void
every_wrong_certificate_is_refused_by_its_reason(void **state)
{
	static const enum tick_reason want[CERT_KINDS] = {
		[CERT_WRONG_HOST] = TICK_REASON_TLS_HOSTNAME,
		[CERT_UNKNOWN_AUTHORITY] = TICK_REASON_TLS_UNTRUSTED,
		[CERT_SELF_SIGNED] = TICK_REASON_TLS_UNTRUSTED,
		[CERT_EXPIRED] = TICK_REASON_TLS_EXPIRED,
		[CERT_NOT_YET_VALID] = TICK_REASON_TLS_NOT_YET_VALID,
	};
	struct rig *rig = *state;
	struct http_request request;

	for (int kind = CERT_GOOD + 1; kind < CERT_KINDS; kind++) {
		serve(rig, certs_server((enum cert_kind)kind), NULL);
		request = to(rig);
		rig->answers = 0;
		ask(rig, &request);
		assert_int_equal(rig->last.reason, want[kind]);
		assert_int_equal(rig->last.status, 0);
		assert_int_equal(web_server_count(rig->server), 0);
		web_server_stop(&rig->server);
	}
}

static void
no_server_no_answer_and_half_an_answer_are_failures(void **state)
{
	struct rig *rig = *state;
	struct http_request request;

	request = to(rig); /* nobody listens at port 1 */
	ask(rig, &request);
	assert_int_not_equal(rig->last.reason, TICK_REASON_NONE);
	assert_int_equal(rig->last.status, 0);

	serve(rig, certs_server(CERT_GOOD), "");
	request = to(rig);
	request.within = span_ms(300);
	rig->answers = 0;
	ask(rig, &request);
	assert_int_equal(rig->last.reason, TICK_REASON_CONNECT_TIMEOUT);
	web_server_stop(&rig->server);

	serve(rig, certs_server(CERT_GOOD), "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf");
	request = to(rig);
	rig->answers = 0;
	ask(rig, &request);
	assert_int_equal(rig->last.reason, TICK_REASON_PEER_CLOSED);
	assert_string_equal(rig->body, "");
	web_server_stop(&rig->server);

	serve(rig, certs_server(CERT_GOOD), "what is this?\r\n\r\n");
	request = to(rig);
	rig->answers = 0;
	ask(rig, &request);
	assert_int_not_equal(rig->last.reason, TICK_REASON_NONE);
}

static void
an_answer_that_is_too_long_is_given_up(void **state)
{
	struct rig *rig = *state;
	struct http_request request;
	char answer[4096];
	int n = snprintf(answer, sizeof(answer),
	    "HTTP/1.1 200 OK\r\nContent-Length: 2000\r\n\r\n%02000d", 0);

	assert_true(n > 2000);
	serve(rig, certs_server(CERT_GOOD), answer);
	request = to(rig);
	request.answer_max = 1999;
	ask(rig, &request);
	assert_int_equal(rig->last.reason, TICK_REASON_PROTOCOL);
	assert_non_null(strstr(rig->last.detail, "1999"));
	request.answer_max = 2000;
	rig->answers = 0;
	ask(rig, &request);
	assert_int_equal(rig->last.reason, TICK_REASON_NONE);
	assert_int_equal(strlen(rig->body), 2000);
}

static void
requests_beyond_the_limit_wait_with_the_caller(void **state)
{
	struct rig *rig = *state;
	struct http_request request;

	serve(rig, certs_server(CERT_GOOD), NULL);
	request = to(rig);
	for (int i = 0; i < HTTP_AT_ONCE_MAX; i++)
		assert_int_equal(http_send(rig->client, &request, on_answer, rig), 0);
	assert_int_equal(http_send(rig->client, &request, on_answer, rig), -EAGAIN);
	wait_for(rig, HTTP_AT_ONCE_MAX);
	assert_int_equal(web_server_count(rig->server), HTTP_AT_ONCE_MAX);
	assert_int_equal(http_send(rig->client, &request, on_answer, rig), 0);
	wait_for(rig, HTTP_AT_ONCE_MAX + 1);
}

static void
what_is_no_request_is_refused_at_once(void **state)
{
	struct rig *rig = *state;
	struct http_request good = to(rig), bad;

	bad = good;
	bad.path = "depth";
	assert_int_equal(http_send(rig->client, &bad, on_answer, rig), -EINVAL);
	bad = good;
	bad.host = "";
	assert_int_equal(http_send(rig->client, &bad, on_answer, rig), -EINVAL);
	bad = good;
	bad.address = "exchange.test";
	assert_int_equal(http_send(rig->client, &bad, on_answer, rig), -EINVAL);
	bad = good; /* a key in the clear, even on this machine */
	bad.plain = true;
	bad.api_key = "k";
	assert_int_equal(http_send(rig->client, &bad, on_answer, rig), -EINVAL);
	assert_int_equal(rig->answers, 0);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(a_whole_answer_comes_with_status_weight_and_body),
		TEST(a_chunked_answer_is_joined),
		TEST(a_large_answer_that_ends_with_the_connection_is_whole),
		TEST(a_refusal_tells_status_and_retry_after),
		TEST(a_redirect_is_told_and_not_followed),
		TEST(a_body_is_posted_whole),
		TEST(plain_http_is_for_this_machine_only),
		TEST(a_name_is_looked_up_and_its_next_address_tried_where_one_refuses),
		TEST(the_next_request_begins_at_the_address_that_answered),
		TEST(a_request_that_went_out_is_not_sent_twice),
		TEST(every_wrong_certificate_is_refused_by_its_reason),
		TEST(no_server_no_answer_and_half_an_answer_are_failures),
		TEST(an_answer_that_is_too_long_is_given_up),
		TEST(requests_beyond_the_limit_wait_with_the_caller),
		TEST(what_is_no_request_is_refused_at_once),
	};

	return cmocka_run_group_tests(tests, certs_setup_all, certs_teardown_all);
}

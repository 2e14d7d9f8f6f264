/*
 * What a probe found, as people and machines read it; certificates; clocks;
 * endpoints of the command line.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>
#include <cmocka.h>

#include <openssl/evp.h>
#include <openssl/x509v3.h>

#include "feed/probe/command.h"
#include "feed/probe/report.h"

#define DAY INT64_C(86400)

static struct probe_report
good_report(void)
{
	struct probe_report r = {
		.host = "exchange.test", .port = 9443, .path = "/stream", .total = span_us(45600),
		.addresses = {.count = 2, .address = {"192.0.2.1", "2001:db8::1"}},
		.address = "192.0.2.1", .has_certificate = true,
		.certificate = {"CN=exchange.test", "CN=Some CA", "exchange.test, *.exchange.test",
		    2, "2026-01-01", "2026-12-31", 38},
		.protocol = "TLSv1.3", .cipher = "TLS_AES_128_GCM_SHA256",
		.authority = "CN=Root", .chain = 3, .http_status = 101, .retry_after_s = -1,
		.fields = "server=nginx", .stream = "btcusdt@trade", .kind = "trade",
		.first_after = span_us(2500), .has_age = true, .age_ns = 81000000,
		.has_offset = true, .offset_ns = -12300000, .offset_within_ns = 2000000,
	};

	for (enum probe_step step = PROBE_DNS; step < PROBE_STEPS; step++) {
		r.step[step].outcome = PROBE_FINE;
		r.step[step].took = span_us(1250);
	}
	r.step[PROBE_PROXY] = (struct probe_result){PROBE_SKIPPED, .detail = "none"};
	return r;
}

/* Valid until the next call. */
static const char *
text_of(const struct probe_report *report, bool json)
{
	static char text[8192];
	FILE *out = fmemopen(text, sizeof(text), "w");

	assert_non_null(out);
	if (json)
		report_json(out, report, 1);
	else
		report_text(out, report);
	fclose(out);
	return text;
}

static void
a_good_report_is_a_table_with_a_row_per_step(void **state)
{
	struct probe_report r = good_report();

	(void)state;
	assert_string_equal(text_of(&r, false),
	    "exchange.test:9443/stream\n"
	    "  dns        ok           1.2 ms  192.0.2.1, 2001:db8::1\n"
	    "  tcp        ok           1.2 ms  192.0.2.1\n"
	    "  tls        ok           1.2 ms  TLSv1.3, TLS_AES_128_GCM_SHA256, verified by "
	    "CN=Root, chain of 3\n"
	    "                                  certificate CN=exchange.test\n"
	    "                                  issued by CN=Some CA\n"
	    "                                  for exchange.test, *.exchange.test\n"
	    "                                  valid 2026-01-01 to 2026-12-31, 38 days left\n"
	    "  upgrade    ok           1.2 ms  status 101, server=nginx\n"
	    "  subscribe  ok           1.2 ms  btcusdt@trade\n"
	    "  message    ok           1.2 ms  trade, 2.5 ms after the request, 81.0 ms old by "
	    "its own time\n"
	    "  clock      ok           1.2 ms  the exchange's is 12.3 ms behind, +- 2.0 ms\n"
	    "  total      ok          45.6 ms  all good\n");
}

static void
what_failed_is_told_with_its_reason_and_what_follows_was_not_reached(void **state)
{
	struct probe_report r = good_report();

	(void)state;
	r.certificate.days_left = -3;
	r.step[PROBE_UPGRADE] = (struct probe_result){
		PROBE_FAILED, span_us(900), TICK_REASON_RATE_LIMITED, "the server answered: 429"};
	r.http_status = 429;
	r.retry_after_s = 7;
	r.step[PROBE_SUBSCRIBE].outcome = r.step[PROBE_MESSAGE].outcome = PROBE_NOT_REACHED;
	assert_int_equal(report_failed(&r), PROBE_UPGRADE);
	assert_non_null(strstr(text_of(&r, false),
	    "2026-12-31, over for 3 days\n"
	    "  upgrade    FAILED       0.9 ms  rate_limited: the server answered: 429; status 429, "
	    "Retry-After 7 s, server=nginx\n"
	    "  subscribe  -\n"
	    "  message    -\n"));
	assert_non_null(strstr(text_of(&r, false),
	    "  total      FAILED      45.6 ms  failed at upgrade: too many requests (429)\n"));
}

static void
json_says_the_same_and_is_json_whatever_the_texts_hold(void **state)
{
	struct probe_report r = good_report();
	const cJSON *one, *step;
	cJSON *root;

	(void)state;
	snprintf(r.fields, sizeof(r.fields), "server=\"a\\b\"\n\x01");
	r.step[PROBE_MESSAGE] = (struct probe_result){
		PROBE_FAILED, span_ms(10), TICK_REASON_ACKED_SILENT, "no \"message\""};
	r.kind[0] = '\0';
	r.has_offset = false;
	root = cJSON_Parse(text_of(&r, true));
	assert_non_null(root);
	assert_int_equal(cJSON_GetObjectItem(root, "version")->valueint, 1);
	assert_true(cJSON_IsFalse(cJSON_GetObjectItem(root, "ok")));
	one = cJSON_GetArrayItem(cJSON_GetObjectItem(root, "endpoints"), 0);
	assert_string_equal(cJSON_GetObjectItem(one, "failed")->valuestring, "message");
	step = cJSON_GetArrayItem(cJSON_GetObjectItem(one, "steps"), PROBE_MESSAGE);
	assert_string_equal(cJSON_GetObjectItem(step, "reason")->valuestring, "acked_silent");
	assert_string_equal(cJSON_GetObjectItem(step, "detail")->valuestring, "no \"message\"");
	assert_int_equal(cJSON_GetObjectItem(step, "ms")->valueint, 10);
	step = cJSON_GetObjectItem(one, "upgrade");
	assert_string_equal(
	    cJSON_GetObjectItem(step, "fields")->valuestring, "server=\"a\\b\"\n\x01");
	assert_true(cJSON_IsNull(cJSON_GetObjectItem(step, "retry_after_s")));
	assert_true(cJSON_IsNull(cJSON_GetObjectItem(
	    cJSON_GetObjectItem(one, "first_message"), "kind")));
	assert_true(cJSON_IsNull(
	    cJSON_GetObjectItem(cJSON_GetObjectItem(one, "clock"), "offset_ms")));
	cJSON_Delete(root);
}

static void
of_an_answers_fields_those_that_tell_who_answered_are_kept(void **state)
{
	char out[40];

	(void)state;
	report_fields(BYTES_LIT("HTTP/1.1 403 Forbidden\r\nServer: CloudFront\r\nDate: today\r\n"
	                        "X-Cache:  Error\x01\r\n\r\nVia: body\r\n"), out, sizeof(out));
	assert_string_equal(out, "Server=CloudFront X-Cache=Error?");
	report_fields(BYTES_LIT("HTTP/1.1 403 Forbidden\r\nserver"), out, sizeof(out));
	assert_string_equal(out, "");
	report_fields(BYTES_NONE, out, sizeof(out));
	assert_string_equal(out, "");
	report_fields(BYTES_LIT("x\nvia: 0123456789\nvia: 0123456789\nvia: 0123456789\nvia: 0\n"),
	    out, sizeof(out));
	assert_string_equal(out, "via=0123456789 via=0123456789 via=01234");
}

static void
a_clocks_offset_is_taken_at_the_middle_of_the_way(void **state)
{
	const wall_t sent = {INT64_C(1700000000000) * 1000000};
	const wall_t came = {sent.ns + 40000000};
	struct probe_report r = {0};

	(void)state;
	assert_true(report_offset(BYTES_LIT("{\"serverTime\": 1700000000120}"), sent, came, &r));
	assert_true(r.has_offset);
	assert_int_equal(r.offset_ns, 100500000);
	assert_int_equal(r.offset_within_ns, 20500000);
	assert_true(report_offset(BYTES_LIT("{\"serverTime\":1700000000020000}"), sent, came, &r));
	assert_int_equal(r.offset_ns, 500);
	assert_false(report_offset(BYTES_LIT("{\"serverTime\":17}"), sent, came, &r));
	assert_false(report_offset(BYTES_LIT("{\"serverTime\":"), sent, came, &r));
	assert_false(report_offset(BYTES_LIT("{}"), sent, came, &r));
	assert_false(report_offset(
	    BYTES_LIT("{\"serverTime\":99999999999999999999999999}"), sent, came, &r));
}

/* ---- certificates ------------------------------------------------------------ */

static X509 *
certificate(int64_t from_s, int64_t until_s, const char *names)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *cert = X509_new();
	X509_NAME *name = X509_get_subject_name(cert);
	X509_EXTENSION *extension;

	assert_true(key != NULL && cert != NULL);
	ASN1_TIME_set(X509_getm_notBefore(cert), (time_t)from_s);
	ASN1_TIME_set(X509_getm_notAfter(cert), (time_t)until_s);
	X509_NAME_add_entry_by_txt(
	    name, "CN", MBSTRING_UTF8, (const unsigned char *)"a\x01z", -1, -1, 0);
	X509_set_issuer_name(cert, name);
	X509_set_pubkey(cert, key);
	extension = names != NULL ? X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, names)
	                          : NULL;
	if (extension != NULL)
		X509_add_ext(cert, extension, -1);
	X509_EXTENSION_free(extension);
	EVP_PKEY_free(key);
	return cert;
}

static void
a_certificate_is_read_with_its_names_and_days(void **state)
{
	const int64_t start = INT64_C(1767225600); /* 2026-01-01 */
	X509 *cert = certificate(
	    start, start + 10 * DAY, "DNS:a.test,DNS:*.b.test,IP:192.0.2.7,IP:::1");
	struct certificate c;

	(void)state;
	certificate_read(cert, (wall_t){(start + DAY) * 1000000000}, &c);
	assert_string_equal(c.subject, "CN=a\\01z");
	assert_string_equal(c.issuer, c.subject);
	assert_string_equal(c.names, "a.test, *.b.test, 192.0.2.7, ::1");
	assert_int_equal(c.names_n, 4);
	assert_string_equal(c.from, "2026-01-01");
	assert_string_equal(c.until, "2026-01-11");
	assert_int_equal(c.days_left, 9);
	certificate_read(cert, (wall_t){(start + 10 * DAY + 1) * 1000000000}, &c);
	assert_int_equal(c.days_left, -1);
	certificate_read(cert, (wall_t){(start + 15 * DAY) * 1000000000}, &c);
	assert_int_equal(c.days_left, -5);
	X509_free(cert);
}

static void
a_certificate_without_names_and_one_with_too_many_are_read(void **state)
{
	X509 *cert = certificate(0, 1, NULL);
	struct certificate c;
	char names[4096] = "";

	(void)state;
	certificate_read(cert, (wall_t){0}, &c);
	assert_int_equal(c.names_n, 0);
	assert_string_equal(c.names, "");
	X509_free(cert);
	for (int i = 0; i < 100; i++)
		snprintf(names + strlen(names), sizeof(names) - strlen(names), "%sDNS:host-%d.test",
		    i > 0 ? "," : "", i);
	cert = certificate(0, 1, names);
	certificate_read(cert, (wall_t){0}, &c);
	assert_int_equal(c.names_n, 100);
	assert_int_equal(strlen(c.names), sizeof(c.names) - 1);
	X509_free(cert);
}

/* ---- command line ------------------------------------------------------------ */

static void
an_endpoint_of_the_command_line_becomes_overrides(void **state)
{
	char out[PROBE_OVERRIDES][PROBE_OVERRIDE_MAX], long_one[PROBE_OVERRIDE_MAX + 10];
	const char *why;

	(void)state;
	assert_int_equal(probe_overrides("wss://a.test", out, &why), 1);
	assert_string_equal(out[0], "endpoints=a.test:443");
	assert_int_equal(probe_overrides("wss://a.test:9443/ws?x=1", out, &why), 2);
	assert_string_equal(out[0], "endpoints=a.test:9443");
	assert_string_equal(out[1], "endpoint.path=/ws?x=1");
	assert_int_equal(probe_overrides("a.test:9443@192.0.2.1", out, &why), 1);
	assert_string_equal(out[0], "endpoints=a.test:9443@192.0.2.1");
	assert_int_equal(probe_overrides("https://a.test", out, &why), 0);
	assert_string_equal(why, "is no wss:// URL");
	assert_int_equal(probe_overrides("a.test", out, &why), 0);
	assert_non_null(strstr(why, "port"));
	assert_int_equal(probe_overrides("wss://:1", out, &why), 0);
	memset(long_one, 'a', sizeof(long_one));
	memcpy(long_one, "wss://", 6);
	long_one[sizeof(long_one) - 1] = '\0';
	assert_int_equal(probe_overrides(long_one, out, &why), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_good_report_is_a_table_with_a_row_per_step),
		cmocka_unit_test(
		    what_failed_is_told_with_its_reason_and_what_follows_was_not_reached),
		cmocka_unit_test(json_says_the_same_and_is_json_whatever_the_texts_hold),
		cmocka_unit_test(of_an_answers_fields_those_that_tell_who_answered_are_kept),
		cmocka_unit_test(a_clocks_offset_is_taken_at_the_middle_of_the_way),
		cmocka_unit_test(a_certificate_is_read_with_its_names_and_days),
		cmocka_unit_test(a_certificate_without_names_and_one_with_too_many_are_read),
		cmocka_unit_test(an_endpoint_of_the_command_line_becomes_overrides),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * PATCH /config: who may, and what becomes of it. Every attempt is in the log,
 * with the address that it came from.
 */
#include <openssl/crypto.h>
#include <openssl/sha.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "feed/base/log.h"
#include "feed/io/clock.h"
#include "feed/ops/token.h"
#include "feed/ops/web_impl.h"

#define BEARER "Bearer "

/* ---- the token ------------------------------------------------------------------- */

/* False: there is none to be used, which is logged. */
static bool
read_token(const char *file, char token[TOKEN_MAX + 1])
{
	char why[TOKEN_WHY_MAX];

	if (token_read(file, token, why) == 0)
		return true;
	LOG(ERROR, "token_unusable", LOG_STR("file", file), LOG_STR("detail", why),
	    LOG_THEN("nobody can change anything by HTTP"));
	return false;
}

/* The digests are compared, so that time tells neither the characters nor their number. */
static bool
is_token(const char *given, const char *token)
{
	unsigned char a[SHA256_DIGEST_LENGTH], b[SHA256_DIGEST_LENGTH];

	SHA256((const unsigned char *)given, strlen(given), a);
	SHA256((const unsigned char *)token, strlen(token), b);
	return CRYPTO_memcmp(a, b, sizeof(a)) == 0;
}

/* 0: may change; or the status that says why not. */
static int
judge_right(const struct web_conn *conn)
{
	const char *file = conn->web->token_file;
	char token[TOKEN_MAX + 1], given[sizeof(BEARER) + TOKEN_MAX];
	int n, status = 401;

	if (*file == '\0' || !read_token(file, token))
		return 403;
	n = lws_hdr_copy(conn->wsi, given, sizeof(given), WSI_TOKEN_HTTP_AUTHORIZATION);
	if (n > 0 && strncasecmp(given, BEARER, strlen(BEARER)) == 0 &&
	    is_token(given + strlen(BEARER), token))
		status = 0;
	OPENSSL_cleanse(token, sizeof(token));
	OPENSSL_cleanse(given, sizeof(given));
	return status;
}

/* ---- answers ----------------------------------------------------------------------- */

static void
audit_refusal(const struct web_conn *conn, int status, const char *detail)
{
	LOG(WARNING, "config_audit", LOG_STR("by", conn->peer), LOG_STR("result", "refused"),
	    LOG_I64("status", status), LOG_STR("detail", detail), LOG_THEN("nothing is changed"));
}

static int
refuse_right(struct web_conn *conn, int status)
{
	const char *words = status == 401 ? "the token is missing or wrong"
	                                  : "changes by HTTP are off: see ops.token_file";

	conn->web->counts.unauthorized++;
	audit_refusal(conn, status, words);
	return web_reply_text(
	    conn, status, words, status == 401 ? "www-authenticate: Bearer\r\n" : NULL);
}

static int
reply_problems(struct web_conn *conn, const struct config_problems *problems)
{
	char *bytes = NULL;
	size_t n = 0;
	FILE *out = open_memstream(&bytes, &n);

	for (size_t i = 0; i < problems->n; i++)
		audit_refusal(conn, 400, problems->line[i]);
	if (out == NULL)
		return -1;
	config_problems_print(out, problems);
	if (fclose(out) != 0) {
		free(bytes);
		return -1;
	}
	return web_reply(conn, 400, web_page_new(bytes, n, WEB_TEXT), NULL);
}

/* The feed thread has answered. */
static void
on_changed(void *context, enum keeper_outcome outcome)
{
	static const int status[KEEPER_OUTCOMES] = {
		[KEEPER_TAKEN] = 200, [KEEPER_OUT_OF_RANGE] = 400, [KEEPER_EARLY] = 503};
	struct web *web = context;
	struct web_conn *conn = web->changing;

	web->changing = NULL;
	if (outcome == KEEPER_TAKEN)
		LOG_EACH(INFO, "config_audit", LOG_STR("by", web->changing_for),
		    LOG_STR("result", "taken"));
	else
		LOG_EACH(WARNING, "config_audit", LOG_STR("by", web->changing_for),
		    LOG_STR("result", "refused"), LOG_THEN(keeper_outcome_text(outcome)));
	if (conn == NULL || conn->serial != web->changing_serial || conn->state != WEB_CHANGING)
		return; /* who asked is gone */
	if (web_reply_text(conn, status[outcome], keeper_outcome_text(outcome), NULL) != 0)
		web_cut(conn, NULL);
}

/* ---- the request ------------------------------------------------------------------- */

int
web_begin_change(struct web_conn *conn, int64_t length)
{
	if (length < 0)
		return web_refuse(conn, 411, "how long is the body?");
	if (length > WEB_BODY_MAX)
		return web_refuse(conn, 413, "the body is too long");
	conn->denied = judge_right(conn);
	lws_set_timeout(conn->wsi, NO_PENDING_TIMEOUT, 0); /* web.c keeps the time */
	if (length == 0)
		return web_on_body_end(conn);
	conn->state = WEB_BODY;
	conn->since = clock_mono();
	conn->body_room = conn->denied == 0 ? (size_t)length : 0;
	conn->body = malloc(conn->body_room + 1);
	conn->body_n = 0;
	return conn->body == NULL ? -1 : 0;
}

/* What comes without the right to is not kept. */
int
web_on_body(struct web_conn *conn, struct bytes piece)
{
	if (conn->state != WEB_BODY)
		return -1;
	conn->taken = web_taken(conn); /* what is behind the piece came along with it */
	if (conn->denied != 0)
		return 0;
	if (piece.n > conn->body_room - conn->body_n)
		return -1;
	memcpy(conn->body + conn->body_n, piece.p, piece.n);
	conn->body_n += piece.n;
	return 0;
}

int
web_on_body_end(struct web_conn *conn)
{
	struct web *web = conn->web;
	struct config_problems problems = {0};
	struct bytes text = {conn->body, conn->body_n};
	int rc;

	if (conn->state != WEB_BODY && conn->state != WEB_WAITING)
		return -1;
	if (conn->denied != 0)
		return refuse_right(conn, conn->denied);
	if (conn->body == NULL) {
		audit_refusal(conn, 400, "no body");
		return web_reply_text(conn, 400, "a JSON object with the keys to change is wanted",
		    NULL);
	}
	conn->state = WEB_CHANGING;
	conn->since = clock_mono();
	rc = keeper_amend(web->keeper, "PATCH", text, &problems, on_changed, web);
	if (rc == 0) {
		web->changing = conn;
		web->changing_serial = conn->serial;
		snprintf(web->changing_for, sizeof(web->changing_for), "%s", conn->peer);
		return 0;
	}
	if (rc == -EINVAL) {
		rc = reply_problems(conn, &problems);
	} else {
		audit_refusal(conn, 503, "another change is under way");
		rc = web_reply_text(conn, 503, "another change is under way", NULL);
	}
	config_problems_free(&problems);
	return rc;
}

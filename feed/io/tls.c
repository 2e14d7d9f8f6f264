#include "feed/io/tls.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "feed/base/host.h"

static pthread_once_t once = PTHREAD_ONCE_INIT;
static int peer_index = -1;

static void
reserve_index(void)
{
	peer_index = SSL_get_ex_new_index(0, NULL, NULL, NULL, NULL);
}

static struct tls_peer *
peer_of(const SSL *ssl)
{
	return peer_index < 0 ? NULL : SSL_get_ex_data(ssl, peer_index);
}

static enum tick_reason
reason_of(int error)
{
	switch (error) {
	case X509_V_ERR_HOSTNAME_MISMATCH:
	case X509_V_ERR_IP_ADDRESS_MISMATCH:
		return TICK_REASON_TLS_HOSTNAME;
	case X509_V_ERR_CERT_HAS_EXPIRED:
		return TICK_REASON_TLS_EXPIRED;
	case X509_V_ERR_CERT_NOT_YET_VALID:
		return TICK_REASON_TLS_NOT_YET_VALID;
	case X509_V_ERR_OUT_OF_MEM:
	case X509_V_ERR_UNSPECIFIED:
	case X509_V_ERR_INVALID_CALL:
	case X509_V_ERR_APPLICATION_VERIFICATION:
		return TICK_REASON_TLS_ERROR;
	default:
		return TICK_REASON_TLS_UNTRUSTED;
	}
}

/* The common name of a subject or issuer; "-" when it has none. */
static const char *
name_text(const X509_NAME *name, char *out, int room)
{
	if (X509_NAME_get_text_by_NID((X509_NAME *)name, NID_commonName, out, room) < 0)
		snprintf(out, (size_t)room, "-");
	for (char *p = out; *p != '\0'; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			*p = '?'; /* goes into logs */
	return out;
}

/* "2026-08-31"; "?" when the certificate's time makes no sense. */
static const char *
day_text(const ASN1_TIME *time, char *out, size_t room)
{
	struct tm tm;

	if (ASN1_TIME_to_tm(time, &tm) != 1 || strftime(out, room, "%Y-%m-%d", &tm) == 0)
		snprintf(out, room, "?");
	return out;
}

static void
describe_refusal(struct tls_peer *peer, int error, X509 *cert)
{
	char subject[40], issuer[40], from[16], until[16];

	peer->reason = reason_of(error);
	if (cert == NULL) {
		snprintf(peer->detail, sizeof(peer->detail), "%.60s: %s", peer->host,
		    X509_verify_cert_error_string(error));
		return;
	}
	snprintf(peer->detail, sizeof(peer->detail), "%.40s: %.38s; %.20s by %.20s, %.10s to %.10s",
	    peer->host, X509_verify_cert_error_string(error),
	    name_text(X509_get_subject_name(cert), subject, sizeof(subject)),
	    name_text(X509_get_issuer_name(cert), issuer, sizeof(issuer)),
	    day_text(X509_get0_notBefore(cert), from, sizeof(from)),
	    day_text(X509_get0_notAfter(cert), until, sizeof(until)));
}

/* No exceptions: what OpenSSL found stands. */
static int
accept_no_excuse(int ok, X509_STORE_CTX *store)
{
	(void)store;
	return ok;
}

static bool
expect_host(X509_VERIFY_PARAM *param, const char *host)
{
	X509_VERIFY_PARAM_set_hostflags(param, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
	if (host_is_numeric(host))
		return X509_VERIFY_PARAM_set1_host(param, NULL, 0) == 1 &&
		    X509_VERIFY_PARAM_set1_ip_asc(param, host) == 1;
	return X509_VERIFY_PARAM_set1_ip(param, NULL, 0) == 1 &&
	    X509_VERIFY_PARAM_set1_host(param, host, 0) == 1;
}

/* For who wants to see it, whatever becomes of it. */
static void
show(const struct tls_peer *peer, X509 *cert)
{
	if (peer->shown == NULL || cert == NULL || X509_up_ref(cert) != 1)
		return;
	X509_free(*peer->shown);
	*peer->shown = cert;
}

/*
 * The whole verification of the server's certificate. It runs in place of
 * OpenSSL's own, so that whatever a library put on the SSL before (callback,
 * host name) has no say.
 */
static int
verify_server(X509_STORE_CTX *store, void *unused)
{
	SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
	struct tls_peer *peer = ssl == NULL ? NULL : peer_of(ssl);
	int error;

	(void)unused;
	if (peer == NULL || peer->host == NULL || peer->host[0] == '\0' ||
	    !expect_host(X509_STORE_CTX_get0_param(store), peer->host)) {
		X509_STORE_CTX_set_error(store, X509_V_ERR_APPLICATION_VERIFICATION);
		return 0;
	}
	show(peer, X509_STORE_CTX_get0_cert(store));
	X509_STORE_CTX_set_verify_cb(store, accept_no_excuse);
	if (X509_verify_cert(store) == 1)
		return 1;
	error = X509_STORE_CTX_get_error(store);
	if (error == X509_V_OK)
		X509_STORE_CTX_set_error(store, error = X509_V_ERR_UNSPECIFIED);
	describe_refusal(peer, error, X509_STORE_CTX_get_current_cert(store));
	return 0;
}

static int
load_authorities(SSL_CTX *ctx, const char *ca_file, char *why)
{
	FILE *file;
	int c;

	if (ca_file[0] == '\0') {
		if (SSL_CTX_set_default_verify_paths(ctx) == 1)
			return 0;
		snprintf(why, TLS_DETAIL_MAX, "the system's certificate store cannot be read");
		return -ENOENT;
	}
	errno = 0;
	file = fopen(ca_file, "re");
	c = file == NULL ? EOF : getc(file);
	if (c == EOF && errno != 0) {
		snprintf(why, TLS_DETAIL_MAX, "%.110s: %.40s", ca_file, strerror(errno));
		if (file != NULL)
			fclose(file);
		return -ENOENT;
	}
	fclose(file);
	if (c != EOF && SSL_CTX_load_verify_file(ctx, ca_file) == 1)
		return 0;
	ERR_clear_error();
	snprintf(why, TLS_DETAIL_MAX, "%.110s: no certificate in it", ca_file);
	return -EBADMSG;
}

int
tls_context(SSL_CTX **out, const char *ca_file, char *why)
{
	SSL_CTX *ctx;
	int rc;

	pthread_once(&once, reserve_index);
	ctx = peer_index < 0 ? NULL : SSL_CTX_new(TLS_client_method());
	if (ctx == NULL || SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION) != 1) {
		SSL_CTX_free(ctx);
		snprintf(why, TLS_DETAIL_MAX, "out of memory for a TLS context");
		return -ENOMEM;
	}
	SSL_CTX_set_security_level(ctx, 2); /* 112 bits: RSA from 2048, no SHA-1 signatures */
	SSL_CTX_set_options(ctx, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION);
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
	SSL_CTX_set_info_callback(ctx, tls_on_info);
	SSL_CTX_set_cert_verify_callback(ctx, verify_server, NULL);
	rc = load_authorities(ctx, ca_file, why);
	if (rc != 0) {
		SSL_CTX_free(ctx);
		return rc;
	}
	*out = ctx;
	return 0;
}

int
tls_guard(SSL *ssl, struct tls_peer *peer)
{
	static const unsigned char alpn[] = "\x08http/1.1";
	const char *sni = host_is_numeric(peer->host) ? NULL : peer->host;

	peer->reason = TICK_REASON_NONE;
	peer->detail[0] = '\0';
	SSL_set_verify(ssl, SSL_VERIFY_PEER, NULL);
	if (SSL_set_tlsext_host_name(ssl, sni) != 1 ||
	    SSL_set_alpn_protos(ssl, alpn, sizeof(alpn) - 1) != 0 ||
	    SSL_set_ex_data(ssl, peer_index, peer) != 1)
		return -ENOMEM;
	return 0;
}

void
tls_release(SSL *ssl)
{
	if (ssl != NULL && peer_index >= 0)
		SSL_set_ex_data(ssl, peer_index, NULL);
}

bool
tls_is_guarded(const SSL *ssl)
{
	return peer_of(ssl) != NULL;
}

void
tls_on_info(const SSL *ssl, int where, int ret)
{
	struct tls_peer *peer = peer_of(ssl);
	const char *words = NULL;

	/* The first finding is the cause, what follows is its consequence. */
	if (peer == NULL || peer->reason != TICK_REASON_NONE)
		return;
	if ((where & SSL_CB_READ_ALERT) == SSL_CB_READ_ALERT && (ret >> 8) == SSL3_AL_FATAL)
		words = SSL_alert_desc_string_long(ret);
	else if ((where & SSL_CB_WRITE_ALERT) == SSL_CB_WRITE_ALERT
	             ? (ret >> 8) == SSL3_AL_FATAL
	             : (where & SSL_CB_CONNECT_EXIT) == SSL_CB_CONNECT_EXIT && ret <= 0)
		words = ERR_reason_error_string(ERR_peek_error());
	if (words == NULL)
		return;
	peer->reason = TICK_REASON_TLS_ERROR;
	snprintf(peer->detail, sizeof(peer->detail), "%.44s: TLS: %s%.60s", peer->host,
	    (where & SSL_CB_READ) ? "the server sent the alert " : "", words);
}

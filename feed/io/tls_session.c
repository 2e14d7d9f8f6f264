#include "feed/io/tls_session.h"

#include <stdio.h>
#include <string.h>

#include <openssl/x509.h>

static void
forget(struct tls_session *session)
{
	SSL_SESSION_free(session->kept);
	session->kept = NULL;
}

/* OpenSSL's callback: 1 keeps the reference. */
static int
on_session(SSL *ssl, SSL_SESSION *fresh)
{
	struct tls_session *session = SSL_get_app_data(ssl);

	if (session == NULL || session->off)
		return 0;
	forget(session);
	session->kept = fresh;
	return 1;
}

void
tls_sessions_keep(struct tls_sessions *s, SSL_CTX *context)
{
	s->n = 0;
	SSL_CTX_set_session_cache_mode(
	    context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
	SSL_CTX_sess_set_new_cb(context, on_session);
}

void
tls_sessions_fini(struct tls_sessions *s)
{
	for (unsigned i = 0; i < s->n; i++)
		forget(&s->at[i]);
	s->n = 0;
}

static struct tls_session *
find(struct tls_sessions *s, const char *host, uint16_t port)
{
	struct tls_session *session;

	for (unsigned i = 0; i < s->n; i++)
		if (s->at[i].port == port && strcmp(s->at[i].host, host) == 0)
			return &s->at[i];
	if (s->n == TLS_SESSIONS_MAX || strlen(host) > TLS_SESSION_HOST_MAX)
		return NULL;
	session = &s->at[s->n++];
	*session = (struct tls_session){.port = port};
	snprintf(session->host, sizeof(session->host), "%s", host);
	return session;
}

static bool
is_valid(SSL_SESSION *session)
{
	const X509 *server = SSL_SESSION_get0_peer(session);

	return SSL_SESSION_is_resumable(session) && server != NULL &&
	    X509_cmp_current_time(X509_get0_notAfter(server)) > 0;
}

bool
tls_sessions_offer(struct tls_sessions *s, SSL *ssl, const char *host, uint16_t port)
{
	struct tls_session *session = find(s, host, port);
	bool offered;

	SSL_set_app_data(ssl, session);
	if (session == NULL || session->kept == NULL)
		return false;
	offered = is_valid(session->kept) && SSL_set_session(ssl, session->kept) == 1;
	forget(session);
	return offered;
}

void
tls_sessions_distrust(SSL *ssl)
{
	struct tls_session *session = SSL_get_app_data(ssl);

	if (session == NULL)
		return;
	session->off = true;
	forget(session);
}

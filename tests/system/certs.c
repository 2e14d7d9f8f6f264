#include "tests/system/certs.h"

#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define DAY_S 86400L

struct signer {
	X509 *cert;
	EVP_PKEY *key;
};

static struct signer authority, stranger;
static long serial = 1;

#define MUST(x) ((x) ? (void)0 : must_failed(#x))

static void
must_failed(const char *what)
{
	fprintf(stderr, "certs: %s failed\n", what);
	ERR_print_errors_fp(stderr);
	abort();
}

static void
extend(X509 *cert, int nid, const char *value)
{
	X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, nid, value);

	MUST(extension != NULL);
	MUST(X509_add_ext(cert, extension, -1) == 1);
	X509_EXTENSION_free(extension);
}

/* `by` NULL: signed by itself; `san` NULL: an authority. */
static struct signer
make(const char *name, const struct signer *by, const char *san, long from_s, long until_s)
{
	struct signer new = {X509_new(), EVP_EC_gen("P-256")};
	X509_NAME *subject;

	MUST(new.cert != NULL && new.key != NULL);
	MUST(X509_set_version(new.cert, 2) == 1);
	MUST(ASN1_INTEGER_set(X509_get_serialNumber(new.cert), serial++) == 1);
	MUST(X509_gmtime_adj(X509_getm_notBefore(new.cert), from_s) != NULL);
	MUST(X509_gmtime_adj(X509_getm_notAfter(new.cert), until_s) != NULL);
	subject = X509_get_subject_name(new.cert);
	MUST(X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, (const unsigned char *)name,
	         -1, -1, 0) == 1);
	MUST(X509_set_issuer_name(new.cert,
	         by == NULL ? subject : X509_get_subject_name(by->cert)) == 1);
	MUST(X509_set_pubkey(new.cert, new.key) == 1);
	if (san == NULL)
		extend(new.cert, NID_basic_constraints, "critical,CA:TRUE");
	else
		extend(new.cert, NID_subject_alt_name, san);
	MUST(X509_sign(new.cert, by == NULL ? new.key : by->key, EVP_sha256()) > 0);
	return new;
}

static void
forget(struct signer *signer)
{
	X509_free(signer->cert);
	EVP_PKEY_free(signer->key);
	*signer = (struct signer){NULL, NULL};
}

void
certs_open(const char *ca_file)
{
	FILE *file = fopen(ca_file, "w");

	authority = make("Test Authority", NULL, NULL, -DAY_S, 30 * DAY_S);
	stranger = make("Stranger", NULL, NULL, -DAY_S, 30 * DAY_S);
	MUST(file != NULL);
	MUST(PEM_write_X509(file, authority.cert) == 1);
	MUST(fclose(file) == 0);
}

void
certs_close(void)
{
	forget(&authority);
	forget(&stranger);
}

SSL_CTX *
certs_server(enum cert_kind kind)
{
	static const char names[] = "DNS:exchange.test,DNS:localhost,IP:127.0.0.1,IP:::1";
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
	struct signer server;

	MUST(ctx != NULL);
	switch (kind) {
	case CERT_WRONG_HOST:
		server = make("elsewhere.test", &authority, "DNS:elsewhere.test", -DAY_S, DAY_S);
		break;
	case CERT_UNKNOWN_AUTHORITY:
		server = make("exchange.test", &stranger, names, -DAY_S, DAY_S);
		break;
	case CERT_SELF_SIGNED:
		server = make("exchange.test", NULL, names, -DAY_S, DAY_S);
		break;
	case CERT_EXPIRED:
		server = make("exchange.test", &authority, names, -2 * DAY_S, -DAY_S);
		break;
	case CERT_NOT_YET_VALID:
		server = make("exchange.test", &authority, names, DAY_S, 2 * DAY_S);
		break;
	default:
		server = make("exchange.test", &authority, names, -DAY_S, DAY_S);
		break;
	}
	MUST(SSL_CTX_use_certificate(ctx, server.cert) == 1);
	MUST(SSL_CTX_use_PrivateKey(ctx, server.key) == 1);
	forget(&server);
	return ctx;
}

/* ---- for a group of tests ---------------------------------------------------- */

static char folder[64], ca_file[96];

int
certs_setup_all(void **state)
{
	(void)state;
	snprintf(folder, sizeof(folder), "/tmp/tickring-test-XXXXXX");
	if (mkdtemp(folder) == NULL)
		return -1;
	snprintf(ca_file, sizeof(ca_file), "%s/ca.pem", folder);
	certs_open(ca_file);
	return 0;
}

int
certs_teardown_all(void **state)
{
	(void)state;
	certs_close();
	unlink(ca_file);
	return rmdir(folder);
}

const char *
certs_ca_file(void)
{
	return ca_file;
}

#include "tools/exchange-sim/ca.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define DAY 86400L
#define CA_DAYS 3650
#define SERVER_DAYS 397

void
cert_free(struct cert *c)
{
	EVP_PKEY_free(c->key);
	X509_free(c->x509);
	*c = (struct cert){0};
}

static int
failed(char *error, size_t cap, const char *what)
{
	snprintf(error, cap, "%s: %s", what,
	    ERR_peek_last_error() != 0 ? ERR_reason_error_string(ERR_peek_last_error())
				       : strerror(errno));
	ERR_clear_error();
	return -1;
}

static bool
add_extension(X509 *x509, X509 *issuer, int nid, const char *value)
{
	X509V3_CTX ctx;
	X509_EXTENSION *ext;
	bool added;

	X509V3_set_ctx(&ctx, issuer, x509, NULL, NULL, 0);
	ext = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	added = ext != NULL && X509_add_ext(x509, ext, -1) == 1;
	X509_EXTENSION_free(ext);
	return added;
}

/* A key and a certificate without extensions and signature. */
static bool
begin(struct cert *c, const char *common_name, long from_s, long to_s)
{
	unsigned char serial[16];
	BIGNUM *number = NULL;
	X509_NAME *name;
	bool good;

	c->key = EVP_EC_gen("P-256");
	c->x509 = X509_new();
	if (c->key == NULL || c->x509 == NULL || RAND_bytes(serial, sizeof(serial)) != 1)
		return false;
	serial[0] &= 0x7f; /* positive */
	name = X509_get_subject_name(c->x509);
	number = BN_bin2bn(serial, sizeof(serial), NULL);
	good = number != NULL && X509_set_version(c->x509, X509_VERSION_3) == 1 &&
	    BN_to_ASN1_INTEGER(number, X509_get_serialNumber(c->x509)) != NULL &&
	    X509_gmtime_adj(X509_getm_notBefore(c->x509), from_s) != NULL &&
	    X509_gmtime_adj(X509_getm_notAfter(c->x509), to_s) != NULL &&
	    X509_set_pubkey(c->x509, c->key) == 1 &&
	    X509_NAME_add_entry_by_txt(name, "O", MBSTRING_ASC,
		(const unsigned char *)"Tickring exchange simulator", -1, -1, 0) == 1 &&
	    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
		(const unsigned char *)common_name, -1, -1, 0) == 1;
	BN_free(number);
	return good;
}

static bool
make_ca(struct cert *ca)
{
	return begin(ca, "Tickring simulator CA", -DAY, CA_DAYS * DAY) &&
	    X509_set_issuer_name(ca->x509, X509_get_subject_name(ca->x509)) == 1 &&
	    add_extension(ca->x509, ca->x509, NID_basic_constraints,
		"critical,CA:TRUE,pathlen:0") &&
	    add_extension(ca->x509, ca->x509, NID_key_usage, "critical,keyCertSign,cRLSign") &&
	    add_extension(ca->x509, ca->x509, NID_subject_key_identifier, "hash") &&
	    X509_sign(ca->x509, ca->key, EVP_sha256()) > 0;
}

/* Opens DIR/NAME for writing under a temporary name. */
static FILE *
open_new(const char *dir, const char *name, mode_t mode, char tmp[PATH_MAX])
{
	int fd;
	FILE *f;

	snprintf(tmp, PATH_MAX, "%s/.%s.%ld", dir, name, (long)getpid());
	unlink(tmp);
	fd = open(tmp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
	f = fd < 0 ? NULL : fdopen(fd, "w");
	if (f == NULL && fd >= 0)
		close(fd);
	return f;
}

static int
close_new(FILE *f, bool good, const char *tmp, const char *path)
{
	good = fclose(f) == 0 && good;
	if (good && rename(tmp, path) == 0)
		return 0;
	unlink(tmp);
	return -1;
}

static int
store_ca(const struct cert *ca, const char *dir, const char *pem, const char *key)
{
	char tmp[PATH_MAX];
	FILE *f = open_new(dir, "ca.key", 0600, tmp);

	if (f == NULL || close_new(f, PEM_write_PrivateKey(f, ca->key, NULL, NULL, 0, NULL,
	    NULL) == 1, tmp, key) != 0)
		return -1;
	f = open_new(dir, "ca.pem", 0644, tmp);
	return f == NULL ? -1 : close_new(f, PEM_write_X509(f, ca->x509) == 1, tmp, pem);
}

/* Reads both files. False when one is missing or unusable, or they do not belong together. */
static bool
load_ca(struct cert *ca, const char *pem, const char *key)
{
	FILE *f = fopen(key, "re");

	if (f == NULL)
		return false;
	ca->key = PEM_read_PrivateKey(f, NULL, NULL, NULL);
	fclose(f);
	f = fopen(pem, "re");
	if (f == NULL)
		return false;
	ca->x509 = PEM_read_X509(f, NULL, NULL, NULL);
	fclose(f);
	return ca->key != NULL && ca->x509 != NULL &&
	    X509_check_private_key(ca->x509, ca->key) == 1 &&
	    X509_cmp_time(X509_get0_notAfter(ca->x509), NULL) > 0;
}

int
ca_open(struct cert *ca, const char *dir, char *error, size_t cap)
{
	char pem[PATH_MAX], key[PATH_MAX], lock[PATH_MAX];
	int fd, r = 0;

	*ca = (struct cert){0};
	if (snprintf(pem, sizeof(pem), "%s/ca.pem", dir) > PATH_MAX - 32) {
		errno = ENAMETOOLONG;
		return failed(error, cap, dir);
	}
	snprintf(key, sizeof(key), "%s/ca.key", dir);
	snprintf(lock, sizeof(lock), "%s/.lock", dir);
	if (mkdir(dir, 0755) != 0 && errno != EEXIST)
		return failed(error, cap, dir);
	/* Two simulators that start at once must agree on one CA. */
	fd = open(lock, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0 || flock(fd, LOCK_EX) != 0)
		r = failed(error, cap, lock);
	if (r == 0 && !load_ca(ca, pem, key)) {
		cert_free(ca);
		ERR_clear_error();
		if (!make_ca(ca) || store_ca(ca, dir, pem, key) != 0)
			r = failed(error, cap, pem);
	}
	if (fd >= 0)
		close(fd);
	if (r != 0)
		cert_free(ca);
	return r;
}

/* The subjectAltName of a good certificate, or of one for another host. */
static int
alternative_names(char *out, size_t cap, const char *name, enum cert_fault fault)
{
	unsigned char address[16];
	const char *kind = "DNS";

	if (fault == CERT_WRONG_HOST)
		return snprintf(out, cap, "DNS:wrong-host.invalid");
	if (name == NULL)
		return snprintf(out, cap, "DNS:localhost,IP:127.0.0.1,IP:::1");
	if (inet_pton(AF_INET, name, address) == 1 || inet_pton(AF_INET6, name, address) == 1)
		kind = "IP";
	return snprintf(out, cap, "DNS:localhost,IP:127.0.0.1,IP:::1,%s:%s", kind, name);
}

int
ca_issue(const struct cert *ca, const char *name, enum cert_fault fault, struct cert *out,
    char *error, size_t cap)
{
	long from = -DAY, to = SERVER_DAYS * DAY;
	const struct cert *issuer = fault == CERT_SELF_SIGNED ? out : ca;
	char names[512];

	*out = (struct cert){0};
	if (fault == CERT_EXPIRED) {
		from = -30 * DAY;
		to = -DAY;
	} else if (fault == CERT_NOT_YET_VALID) {
		from = DAY;
	}
	alternative_names(names, sizeof(names), name, fault);
	if (begin(out, fault == CERT_WRONG_HOST ? "wrong-host.invalid" : "localhost", from, to) &&
	    X509_set_issuer_name(out->x509, X509_get_subject_name(issuer->x509)) == 1 &&
	    add_extension(out->x509, issuer->x509, NID_basic_constraints, "critical,CA:FALSE") &&
	    add_extension(out->x509, issuer->x509, NID_key_usage, "critical,digitalSignature") &&
	    add_extension(out->x509, issuer->x509, NID_ext_key_usage, "serverAuth") &&
	    add_extension(out->x509, issuer->x509, NID_subject_key_identifier, "hash") &&
	    add_extension(out->x509, issuer->x509, NID_authority_key_identifier, "keyid") &&
	    add_extension(out->x509, issuer->x509, NID_subject_alt_name, names) &&
	    X509_sign(out->x509, issuer->key, EVP_sha256()) > 0)
		return 0;
	cert_free(out);
	return failed(error, cap, "server certificate");
}

#include "feed/probe/certificate.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <openssl/x509v3.h>

static void
clean(char *text)
{
	for (char *p = text; *p != '\0'; p++)
		if ((unsigned char)*p < ' ' || (unsigned char)*p > '~')
			*p = '?';
}

static void
read_name(const X509_NAME *name, char *out)
{
	BIO *bio = BIO_new(BIO_s_mem());
	int n = -1;

	if (bio != NULL && X509_NAME_print_ex(bio, name, 0, XN_FLAG_RFC2253) >= 0)
		n = BIO_read(bio, out, CERTIFICATE_NAME_MAX - 1);
	out[n > 0 ? n : 0] = '\0';
	clean(out);
	BIO_free(bio);
}

/* Another one behind those in out[CERTIFICATE_NAMES_MAX]. */
static void
add_name(struct certificate *out, const char *name, int n)
{
	size_t have = strlen(out->names);

	snprintf(out->names + have, sizeof(out->names) - have, "%s%.*s",
	    out->names_n++ > 0 ? ", " : "", n, name);
}

static void
add_address(struct certificate *out, const ASN1_OCTET_STRING *address)
{
	int n = ASN1_STRING_length(address);
	char text[INET6_ADDRSTRLEN] = "?";

	if (n == 4 || n == 16)
		inet_ntop(n == 4 ? AF_INET : AF_INET6, ASN1_STRING_get0_data(address), text,
		    sizeof(text));
	add_name(out, text, (int)strlen(text));
}

static void
read_names(const X509 *cert, struct certificate *out)
{
	GENERAL_NAMES *names = X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);

	for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
		const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);

		if (name->type == GEN_DNS)
			add_name(out, (const char *)ASN1_STRING_get0_data(name->d.dNSName),
			    ASN1_STRING_length(name->d.dNSName));
		else if (name->type == GEN_IPADD)
			add_address(out, name->d.iPAddress);
	}
	GENERAL_NAMES_free(names);
	clean(out->names);
}

static void
read_day(const ASN1_TIME *time, char *out, size_t room)
{
	struct tm tm;

	if (ASN1_TIME_to_tm(time, &tm) != 1 || strftime(out, room, "%Y-%m-%d", &tm) == 0)
		snprintf(out, room, "?");
}

void
certificate_read(const X509 *cert, wall_t now, struct certificate *out)
{
	ASN1_TIME *today = ASN1_TIME_set(NULL, (time_t)(now.ns / 1000000000));
	int days = 0, seconds = 0;

	*out = (struct certificate){0};
	read_name(X509_get_subject_name(cert), out->subject);
	read_name(X509_get_issuer_name(cert), out->issuer);
	read_names(cert, out);
	read_day(X509_get0_notBefore(cert), out->from, sizeof(out->from));
	read_day(X509_get0_notAfter(cert), out->until, sizeof(out->until));
	if (today != NULL && ASN1_TIME_diff(&days, &seconds, today, X509_get0_notAfter(cert)) == 1)
		out->days_left = days == 0 && seconds < 0 ? -1 : days;
	ASN1_TIME_free(today);
}

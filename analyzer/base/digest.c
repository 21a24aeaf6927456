/* digest.c - see digest.h. */
#include "digest.h"

#include <gcrypt.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum { SHA256 = 32, SHA1 = 20 };

void digest_ready(void)
{
	if (gcry_control(GCRYCTL_INITIALIZATION_FINISHED_P))
		return;
	gcry_check_version(NULL);
	gcry_control(GCRYCTL_DISABLE_SECMEM, 0);
	gcry_control(GCRYCTL_INITIALIZATION_FINISHED, 0);
}

static void sum_of(const char *text, uint8_t sum[static SHA256])
{
	digest_ready();
	gcry_md_hash_buffer(GCRY_MD_SHA256, sum, text, strlen(text));
}

const char *digest_hex(const char *text, char buf[static DIGEST_HEX])
{
	uint8_t sum[SHA256];
	sum_of(text, sum);
	for (int i = 0; i < SHA256; i++)
		snprintf(buf + 2 * i, 3, "%02x", sum[i]);
	return buf;
}

/* RFC 4648, section 4: n bytes, two more than a multiple of three, become `size` - 2
 * characters and one of padding. A zero lies behind the bytes. */
static const char *base64(const uint8_t *bytes, char *buf, int size)
{
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	for (int i = 0; i < size - 2; i++) {
		int bit = 6 * i;
		unsigned two = (unsigned)(bytes[bit / 8] << 8 | bytes[bit / 8 + 1]);
		buf[i] = alphabet[two >> (10 - bit % 8) & 63];
	}
	buf[size - 2] = '=';
	buf[size - 1] = '\0';
	return buf;
}

const char *digest_base64(const char *text, char buf[static DIGEST_BASE64])
{
	uint8_t sum[SHA256 + 1] = { 0 };
	sum_of(text, sum);
	return base64(sum, buf, DIGEST_BASE64);
}

const char *sha1_base64(struct bytes b, char buf[static SHA1_BASE64])
{
	uint8_t sum[SHA1 + 1] = { 0 };
	digest_ready();
	gcry_md_hash_buffer(GCRY_MD_SHA1, sum, b.p, b.n);
	return base64(sum, buf, SHA1_BASE64);
}

/* digest.c - see digest.h. */
#include "digest.h"

#include <gcrypt.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum { SHA256 = 32 };

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

/* RFC 4648, section 4: 32 bytes are 43 characters and one of padding. */
const char *digest_base64(const char *text, char buf[static DIGEST_BASE64])
{
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	uint8_t sum[SHA256 + 1] = { 0 };
	sum_of(text, sum);
	for (int i = 0; i < DIGEST_BASE64 - 1; i++) {
		int bit = 6 * i;
		unsigned two = bit / 8 < SHA256 ? (unsigned)(sum[bit / 8] << 8 | sum[bit / 8 + 1]) : 0;
		buf[i] = alphabet[two >> (10 - bit % 8) & 63];
	}
	buf[DIGEST_BASE64 - 2] = '=';
	buf[DIGEST_BASE64 - 1] = '\0';
	return buf;
}

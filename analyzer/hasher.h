/* hasher.h - SHA-256 of what is read, worked out in a thread of its own.
 *
 * Whoever reads goes on with a block while it is hashed, and waits before it is overwritten:
 * nothing is copied, and the one is never more than a block ahead of the other.
 *
 * Owns     the thread; ended by hasher_free().
 * Borrows  the bytes given, until the next call of any function here.
 * Errors   none: a libgcrypt without SHA-256, or a system without threads, ends the process.
 */
#ifndef HASHER_H
#define HASHER_H

#include "bytes.h"

enum { SHA256_HEX = 65 };          /* with the closing NUL */

struct hasher;

struct hasher *hasher_new(void);

/* Hash these bytes next, after those given before. One thread at a time may call this. */
void hasher_give(struct hasher *, struct bytes);

/* Until nothing that was given is needed any more. */
void hasher_wait(struct hasher *);

/* Of all that was given; nothing can be given afterwards. */
const char *hasher_sum(struct hasher *, char hex[static SHA256_HEX]);

void hasher_free(struct hasher *);                             /* NULL is fine */

#endif

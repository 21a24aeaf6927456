/* thread.h - begin a thread that works for the one that begins it.
 *
 * Errors  none: a system that gives no thread ends the process.
 */
#ifndef THREAD_H
#define THREAD_H

#include <pthread.h>

/* Signals stay with the thread that begins it, whose handlers expect them. */
void thread_begin(pthread_t *, void *(*run)(void *), void *context);

#endif

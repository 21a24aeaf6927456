/* thread.c - see thread.h. */
#include "thread.h"

#include <signal.h>

#include "err.h"

void thread_begin(pthread_t *thread, void *(*run)(void *), void *context)
{
	sigset_t all, before;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	if (pthread_create(thread, NULL, run, context))
		die("no thread can be begun");
	pthread_sigmask(SIG_SETMASK, &before, NULL);
}

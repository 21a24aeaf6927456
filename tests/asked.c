/* asked.c - the times that a request asks for. */
#include <stdlib.h>
#include <string.h>

#include "asked.h"
#include "check.h"

int check_failed;

static const struct { const char *target, *head, *times; } rows[] = {
	{ NULL, NULL, "[]" },
	{ "/", "GET / HTTP/1.1\nHost: x\n\n", "[]" },
	{ "/stop?t=20", NULL, "[{\"name\":\"query_t\",\"as\":\"t=20\",\"seconds\":20,\"named\":1}]" },
	{ "/?id=7&timeout=1.5s", NULL,
	  "[{\"name\":\"query_id\",\"as\":\"id=7\",\"seconds\":7,\"named\":0},"
	  "{\"name\":\"query_timeout\",\"as\":\"timeout=1.5s\",\"seconds\":1.5,\"named\":1}]" },
	{ "/?wait=500ms#t=3", NULL, "[{\"name\":\"query_wait\",\"as\":\"wait=500ms\",\"seconds\":0.5,\"named\":1}]" },
	{ "/?timeoutMs=2500", NULL,
	  "[{\"name\":\"query_timeoutMs\",\"as\":\"timeoutMs=2500\",\"seconds\":2.5,\"named\":1}]" },
	{ "/?items=20", NULL, "[{\"name\":\"query_items\",\"as\":\"items=20\",\"seconds\":20,\"named\":0}]" },
	/* no numbers, no plain names, no units of time */
	{ "/?t=&t&=5&t=x&t=1.2.3&t=123456789&a-b=3&size=5kb&\"=1&t=.5", NULL, "[]" },
	{ "/", "GET / HTTP/1.1\nPrefer: respond-async, wait=30\n\n",
	  "[{\"name\":\"header_prefer_wait\",\"as\":\"prefer_wait=30\",\"seconds\":30,\"named\":1}]" },
	{ "/", "GET / HTTP/1.1\nkeep-alive: timeout=5, max=100\n",
	  "[{\"name\":\"header_keep_alive_timeout\",\"as\":\"keep_alive_timeout=5\",\"seconds\":5,\"named\":1}]" },
	{ "/", "GET / HTTP/1.1\nGrpc-Timeout: 1500m\nX-Envoy-Expected-Rq-Timeout-Ms: 15000",
	  "[{\"name\":\"header_grpc_timeout\",\"as\":\"grpc_timeout=1500m\",\"seconds\":1.5,\"named\":1},"
	  "{\"name\":\"header_x_envoy_timeout\",\"as\":\"x_envoy_timeout=15000\",\"seconds\":15,\"named\":1}]" },
	{ "/", "GET / HTTP/1.1\nPrefer: wait=soon\nno colon\n:\nGrpc-Timeout:\n", "[]" },
};

int main(void)
{
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char *got = asked_times(rows[i].target, rows[i].head);
		CHECK(strcmp(got, rows[i].times) == 0);
		if (strcmp(got, rows[i].times) != 0)
			fprintf(stderr, "   %s\n", got);
		free(got);
	}
	char many[512] = "/?";
	for (int i = 0; i < 40; i++)
		strcat(many, "t=1&");
	char *got = asked_times(many, NULL);
	int n = 0;
	for (const char *p = got; (p = strchr(p, '{')); p++)
		n++;
	CHECK(n == 16);
	free(got);
	return check_failed != 0;
}

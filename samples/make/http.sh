#!/bin/sh
# http.sh CASE - keep-alive, health checks, and HTTP that is only unusual.
#
# nginx closes a connection that was idle for 5 s (its keepalive_timeout here).
# Whether the client's next request comes before that, after it, or crosses the
# FIN on the wire makes the difference between the keepalive cases. Captures are
# taken on the server, except cross-keepalive (client, 60 ms of round trip).
. "$(dirname "$0")/lib.sh"
CLIENT=192.168.10.21 SERVER=192.168.20.80
ORDERS="$PY $HERE/tcp_peers.py orders $SERVER 8080"

# keepalive NAME GAP...: a POST, then one more after each gap.
keepalive() {
	name=$1; shift
	path $CLIENT $SERVER
	nginx_at server ''
	capture server eth0 "$name.pcap"
	ask client $ORDERS "$@"
}

# orders N: so many of them in JSON, some 70 bytes each.
orders() {
	awk -v n="$1" 'BEGIN {
		for (i = 1; i <= n; i++)
			printf "%s{\"id\":%d,\"item\":\"SKU-%05d\",\"quantity\":%d,\"price\":\"%d.%02d\"}",
			       i == 1 ? "[" : ",\n ", 4000 + i, i * 7919 % 99991, i % 9 + 1, i * 83, i * 7
		print "]"
	}'
}

# request ID LINE...: one of a service, for curl -K; the lines say what is asked.
request() {
	id=$1; shift
	printf '%s\n' "$@" 'user-agent = order-svc/3.2' "header = \"X-Request-Id: $id\"" \
		'header = "Accept-Language: en"' 'header = "Authorization: Bearer t0p.s3cr3t"' next
}

case ${1:-} in
keepalive-stale-reuse)
	keepalive keepalive-stale-reuse 1 2 5.8 1
	;;
keepalive-ok)
	keepalive keepalive-ok 1 2 4.5 4.5
	;;
cross-keepalive)    # a race of some 10 ms: run it again if it is missed
	long_path $CLIENT $SERVER 30
	nginx_at server ''
	capture client eth0 cross-keepalive.client.pcap
	ask client $ORDERS 1 2 4.99 1
	;;
idle-close-ok)      # a client that does look before it sends
	path $CLIENT $SERVER
	nginx_at server ''
	capture server eth0 idle-close-ok.pcap
	ask client $PY "$HERE/idle_session.py" http://$SERVER:8080/api/v1/orders 1 7 1
	;;
http-probe)         # HAProxy asks /check/health every 2 s, and brings real requests too
	PROXY=192.168.20.2
	path $CLIENT $SERVER
	ip -n "$RUN-router" addr add $PROXY/32 dev lo
	IDLE_S=65 nginx_at server ''
	cat > "$WORK/haproxy.cfg" <<-X
		defaults
		  mode http
		  timeout connect 3s
		  timeout client 30s
		  timeout server 30s
		frontend web
		  bind $PROXY:80
		  default_backend app
		backend app
		  option httpchk GET /check/health
		  server app1 $SERVER:8080 check inter 2000 source $PROXY
	X
	capture server eth0 http-probe.pcap
	serve router haproxy -f "$WORK/haproxy.cfg" -db
	sleep 3
	for pause in 1.2 3.4 2.7 4.1 1.8 2.2 3.9 1.1 4.6 2.5 3.3 1.6; do
		ask client curl -s -o /dev/null http://$PROXY/api/v1/orders/${pause#*.}
		sleep $pause
		ask client curl -s -o /dev/null -d '{"q":1}' http://$PROXY/api/v1/items
	done
	sleep 22
	;;
http-variety-ok)    # no router: HEAD, 204, 304, 206, gzip, HTTP/1.0, pipelining, OPTIONS
	SERVER=192.168.10.80 U=http://192.168.10.80:8080
	host client server
	cable client $CLIENT/24 eth0 server $SERVER/24 eth0
	mkdir -p "$WORK/www"
	head -c 60000 /dev/urandom | base64 > "$WORK/www/big.txt"
	yes hello | head -n 20 > "$WORK/www/i.html"
	nginx_at server 'location = /none { return 204; }' \
		'gzip on; gzip_min_length 10; gzip_types text/plain application/json;'
	serve server $PY "$HERE/close_delimited_server.py" 8090
	modified=$(at client curl -sI $U/big.txt | tr -d '\r' | sed -n 's/^Last-Modified: //p')
	capture server eth0 http-variety-ok.pcap
	ask client curl -sI $U/big.txt
	for target in api/a none i.html big.txt missing; do echo "url=$U/$target"; done > "$WORK/urls"
	ask client curl -s -K "$WORK/urls"
	ask client curl -s -H "If-Modified-Since: $modified" $U/big.txt
	ask client curl -s -r 100-299 $U/big.txt
	ask client curl -s --compressed $U/i.html
	ask client curl -s -0 $U/api/b
	ask client curl -s -0 http://$SERVER:8090/old
	printf '%s\r\nHost: a\r\n\r\n' 'GET /api/p1 HTTP/1.1' 'HEAD /big.txt HTTP/1.1' \
		'GET /none HTTP/1.1' 'GET /api/p4 HTTP/1.0' > "$WORK/pipelined"
	ask client nc -q 2 $SERVER 8080 < "$WORK/pipelined"
	ask client curl -s -X OPTIONS $U/api/o
	;;
http-keepalive-busy)   # no router: five clients at once, 40 exchanges each on one connection
	SERVER=192.168.10.80 U=http://192.168.10.80:8080
	host client server
	cable client $CLIENT/24 eth0 server $SERVER/24 eth0
	mkdir -p "$WORK/www"
	for n in 5 8 11 14 18; do orders $n > "$WORK/www/orders-$n"; done
	nginx_at server "location = /orders { return 201 '$(orders 6)'; add_header Location /orders/4001;
		add_header Cache-Control no-store; }"
	for i in $(seq 8); do
		for n in 5 8 11 14; do request $i-$n "url = $U/orders-$n?page=$i&sort=price"; done
		request $i-18 "url = $U/orders" "data = @$WORK/www/orders-$((i % 4 * 3 + 5))" \
			'header = "Content-Type: application/json"'
	done > "$WORK/requests"
	capture server eth0 http-keepalive-busy.pcap
	clients=''
	for client in 1 2 3 4 5; do
		ask client curl -s -K "$WORK/requests" & clients="$clients $!"
	done
	wait $clients
	;;
*) usage ;;
esac
end_captures

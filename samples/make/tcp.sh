#!/bin/sh
# tcp.sh CASE - how connections begin, stall and break, below any protocol.
#
# A client (192.168.10.21), a router, and a server (192.168.20.80). Ports that
# are closed, packets that the router drops or answers in the server's name,
# servers that stop reading, forget their connections or close early, and
# clients that abort. The capture is taken on the client unless its name or the
# case below says otherwise.
. "$(dirname "$0")/lib.sh"
CLIENT=192.168.10.21 SERVER=192.168.20.80 URL=http://192.168.20.80:8080
PEERS="$PY $HERE/tcp_peers.py"
path $CLIENT $SERVER

# From now on the router lets nothing through, and says nothing.
go_dark() {
	at router iptables -I FORWARD -p tcp --dport 8080 -j DROP
	at router iptables -I FORWARD -p tcp --sport 8080 -j DROP
}

case ${1:-} in
refused)
	capture client eth0 refused.pcap
	ask client curl -sS -m 3 --retry 3 --retry-connrefused --retry-delay 1 \
		http://$SERVER:8081/api/v1/items
	;;
syn-blackhole)
	go_dark
	capture client eth0 syn-blackhole.pcap
	ask client curl -sS --connect-timeout 20 $URL/
	;;
blackhole-established)
	nginx_at server ''
	capture client eth0 blackhole-established.pcap
	ask client $PEERS gives-up $SERVER 8080 & client=$!
	sleep 1.5; go_dark
	wait $client; sleep 3
	;;
zero-window-upload)
	serve server $PEERS slow-reader 8080 6
	capture client eth0 zero-window-upload.pcap -s 200
	ask client $PEERS upload $SERVER 8080 900000
	;;
unread-data-rst)
	a_file upload 60000
	serve server $PEERS unread 8080
	capture client eth0 unread-data-rst.pcap
	ask client curl -sS -H Expect: --data-binary "@$WORK/www/upload" $URL/upload
	;;
write-after-fin)
	serve server $PEERS bye 9000
	capture client eth0 write-after-fin.pcap
	ask client $PEERS writes-on $SERVER 9000
	;;
linger0-abort)      # on the server
	nginx_at server ''
	capture server eth0 linger0-abort.pcap
	ask client $PEERS aborts $SERVER 8080
	;;
port-reuse)
	serve server $PEERS items 8080
	capture client eth0 port-reuse.pcap
	ask client $PEERS same-port $SERVER 8080 40000
	;;
halfclose-ok)       # on the server
	serve server $PEERS slow-answer 8080 2
	capture server eth0 halfclose-ok.pcap
	ask client $PEERS half-close $SERVER 8080
	;;
middlebox-rst)      # on both sides
	nginx_at server ''
	at router iptables -I FORWARD -p tcp --dport 8080 -m string --string forbidden-word \
		--algo bm -j REJECT --reject-with tcp-reset
	capture client eth0 middlebox-rst.client.pcap
	capture server eth0 middlebox-rst.server.pcap
	ask client curl -sS $URL/api/v1/ok $URL/api/v1/ok2
	ask client curl -sS "$URL/api/v1/search?q=forbidden-word"
	sleep 7
	;;
loss-2pct)          # on the client; no offload, so that the losses are single packets
	a_file big.bin 614400
	nginx_at server ''
	for cable in 'server eth0' 'client eth0' 'router eth1' 'router eth2'; do
		set -- $cable
		at "$1" ethtool -K "$2" tso off gso off gro off tx off > "$WORK/ethtool.log" 2>&1 || :
	done
	at router iptables -I FORWARD -p tcp --sport 8080 \
		-m statistic --mode random --probability 0.02 -j DROP
	capture client eth0 loss-2pct.client.pcap
	ask client curl -sS -o /dev/null $URL/big.bin
	;;
server-restart)     # nginx keeps listening; its open connections vanish without a FIN
	nginx_at server ''
	capture client eth0 server-restart.pcap
	ask client $PEERS orders $SERVER 8080 1 3.5 1 & client=$!
	sleep 2
	at server iptables -I OUTPUT -p tcp --sport 8080 -j DROP
	kill -9 $(cat "$WORK/nginx-server/pid"); sleep 0.3   # its worker stays
	at server ss -K sport = 8080 > "$WORK/ss.log"
	at server iptables -D OUTPUT -p tcp --sport 8080 -j DROP
	wait $client
	;;
midstream-http)     # tcpdump starts 2.2 s into the download
	a_file big.bin 600000
	nginx_at server 'limit_rate 120k;'
	ask client curl -sS -o /dev/null $URL/big.bin & client=$!
	sleep 2.2
	capture client eth0 midstream-http.pcap
	wait $client
	;;
snaplen-96)         # on the server
	a_file big.bin 614400
	nginx_at server ''
	capture server eth0 snaplen-96.pcap -s 96
	ask client curl -sS -o /dev/null -o /dev/null -o /dev/null \
		"$URL/api/v1/orders?id=123456789012345678901234567890" $URL/big.bin $URL/check/health
	;;
any-dup)            # on the router, all its interfaces at once
	a_file big.bin 120000
	nginx_at server ''
	capture router any any-dup.pcap
	ask client curl -sS -o /dev/null -o /dev/null $URL/api/v1/orders $URL/big.bin
	ask client curl -sS -m 2 http://$SERVER:8081/
	;;
pcapng-http)        # on the server, by dumpcap
	a_file big.bin 50000
	nginx_at server ''
	ip netns exec "$RUN-server" dumpcap -q -i eth0 -w "$OUT/pcapng-http.pcapng" 2> "$WORK/dumpcap.log" &
	CAPTURES=$!
	sleep 1.5
	ask client curl -sS -o /dev/null -o /dev/null $URL/api/v1/orders $URL/big.bin
	ask client curl -sS -m 2 http://$SERVER:8081/
	;;
*) usage ;;
esac
end_captures

#!/bin/sh
# idle.sh CASE - connections that a NAT forgets while nobody speaks.
#
# A client (172.18.219.65) connects to a service address (10.108.33.37:2222). The
# router sends each new connection to one of two backends (DNAT) and remembers
# which in its connection table. When that entry is gone (expired, flushed), the
# next segment of an open connection counts as new: it may go to the other
# backend, which has never heard of it and answers with a bare reset. Captures
# are taken on the client, on the router (-i any: every packet twice, before and
# after NAT) and on the second backend.
LIMIT=1200
. "$(dirname "$0")/lib.sh"
SERVICE=10.108.33.37 B1=172.18.166.131 B2=172.18.166.130 VIA=172.18.166.1

nat() { at router iptables -t nat -A "$@"; }
to_backend() { nat PREROUTING -d $SERVICE -p tcp --dport 2222 "$@"; }
b1_every_second() { to_backend -m statistic --mode nth --every 2 --packet 0 -j DNAT --to-destination $B1:2222; }
the_rest_to_b2() { to_backend -j DNAT --to-destination $B2:2222; }
timeout_s() { at router sysctl -qw net.netfilter.nf_conntrack_tcp_timeout_established="$1"; }

# client ACTION...: what it does, in order; see idle_client.py.
client() { ask client $PY "$HERE/idle_client.py" $SERVICE 2222 "$@"; }

host client b1 b2
router router
leg client 172.18.219.65 router cali0
leg b1 $B1 router cali1
leg b2 $B2 router cali2
at router iptables -A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT

case ${1:-} in
idle-conntrack-flush | idle-conntrack-flush-one-backend)
	if [ "$1" = idle-conntrack-flush ]; then
		b1_every_second; the_rest_to_b2
		capture b2 eth0 "$1.backend2.pcap"
	else
		to_backend -j DNAT --to-destination $B1:2222
	fi
	timeout_s 432000
	for b in b1 b2; do serve $b $PY "$HERE/echo_server.py" 2222 --silent; done
	capture client eth0 "$1.client.pcap"
	capture router any "$1.router.pcap"
	client 1 send 6 send 2 send 2 & client=$!
	sleep 4
	at router conntrack -F
	wait $client
	;;
idle-conntrack-snat)    # address and port change on the far side, too
	b1_every_second; the_rest_to_b2
	at router ip addr add $VIA/32 dev lo
	nat POSTROUTING -d 172.18.166.0/24 -j SNAT --to-source $VIA --random-fully
	timeout_s 20
	for b in b1 b2; do serve $b $PY "$HERE/echo_server.py" 2222; done
	capture client eth0 "$1.client.pcap"
	capture router any "$1.router.pcap"
	client 0.5 send 0.3 read 30 send 0.5 read 0.5
	;;
idle-conntrack-drop)    # a firewall that drops what it does not know, and says nothing
	b1_every_second; the_rest_to_b2
	at router sysctl -qw net.netfilter.nf_conntrack_tcp_loose=0
	at router iptables -A FORWARD -m conntrack --ctstate INVALID -j DROP
	at router ip route add blackhole $SERVICE/32
	timeout_s 20
	for b in b1 b2; do serve $b $PY "$HERE/echo_server.py" 2222 --silent; done
	capture client eth0 "$1.client.pcap"
	client 0.5 send 35 send 45
	;;
idle-conntrack-keepalive-ok)    # keep-alive every 10 s, timeout 20 s
	b1_every_second; the_rest_to_b2
	timeout_s 20
	for b in b1 b2; do serve $b $PY "$HERE/echo_server.py" 2222; done
	capture client eth0 "$1.client.pcap"
	client --keep-alive 10 0.5 send 0.3 read 62 send 0.3 read 0.5
	;;
idle-conntrack-900)     # seven connections, 15 minutes: some die, some survive by chance
	to_backend -m statistic --mode random --probability 0.5 -j DNAT --to-destination $B1:2222
	the_rest_to_b2
	timeout_s 900
	for b in b1 b2; do serve $b $PY "$HERE/echo_server.py" 2222; done
	capture client eth0 "$1-tcp.client.pcap"
	capture router any "$1-tcp.router.pcap"
	capture b2 eth0 "$1-tcp.backend2.pcap"
	ask client $PY "$HERE/idle_clients.py" $SERVICE 2222 7 912 600
	;;
*) usage ;;
esac
end_captures

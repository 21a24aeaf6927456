#!/bin/sh
# amqp.sh CASE - RabbitMQ, its heartbeats, and the ways an AMQP connection ends.
#
# A real RabbitMQ broker (192.168.44.112:5672, default heartbeat 60 s) and pika
# clients. Both sides must send something every half heartbeat; a client that
# sleeps instead is dropped between two and three heartbeats after its last
# frame. The other cases are paths that die, brokers that freeze or close, health
# checks, proxies with less patience, and everything in order. The capture is
# taken on the broker, on the cable towards the client, unless said otherwise.
LIMIT=600
. "$(dirname "$0")/lib.sh"
BROKER=192.168.44.112 INSIDE=172.16.5.20

rabbit() {
	at broker env -i PATH=/usr/lib/rabbitmq/bin:/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 \
		HOME="$WORK/rabbit" RABBITMQ_NODENAME=rabbit@localhost ERL_EPMD_ADDRESS=127.0.0.1 \
		RABBITMQ_MNESIA_BASE="$WORK/rabbit" RABBITMQ_LOG_BASE="$WORK/rabbit" \
		RABBITMQ_CONFIG_FILE="$WORK/rabbit/rabbitmq" RABBITMQ_PID_FILE="$WORK/rabbit/pid" \
		RABBITMQ_ENABLED_PLUGINS_FILE="$WORK/rabbit/plugins" "/usr/lib/rabbitmq/bin/$@"
}

# broker [LINGER]: RabbitMQ's own default is to close with a reset (linger on, 0 s).
broker() {
	router broker
	ip -n "$RUN-broker" addr add $BROKER/32 dev lo
	ip -n "$RUN-broker" addr add $INSIDE/32 dev lo
	mkdir -p "$WORK/rabbit"
	cat > "$WORK/rabbit/rabbitmq.conf" <<-X
		loopback_users = none
		listeners.tcp.1 = 0.0.0.0:5672
		tcp_listen_options.linger.on = ${1:-true}
		tcp_listen_options.linger.timeout = 0
	X
	echo '[].' > "$WORK/rabbit/plugins"
	rabbit rabbitmq-server > "$WORK/rabbit.log" 2>&1 &
	for i in $(seq 60); do
		grep -q 'completed with' "$WORK/rabbit.log" && return
		sleep 1
	done
	cat "$WORK/rabbit.log" >&2
	exit 1
}

# app NAME ADDRESS: a host with a cable to the broker; the device there is called NAME.
app() { host "$1"; leg "$1" "$2" broker "$1"; }

# pika HOST MODE HEARTBEAT_S SECONDS [ADDRESS]: see pika_client.py.
pika() { ask "$1" $PY "$HERE/pika_client.py" "$2" "${5:-$BROKER}" "$3" "$4"; }

# one NAME ADDRESS MODE HEARTBEAT_S SECONDS: one client, captured from its first packet.
one() {
	app app "$2"
	capture broker app "$1.pcap" tcp port 5672
	pika app "$3" "$4" "$5"
}

# proxy ADDRESS OUTSIDE CLIENT TIMEOUT_S [check]: HAProxy between a client and the broker.
proxy() {
	app proxy "$1"
	host app
	cable proxy "$2/24" eth1 app "$3/24" eth0
	cat > "$WORK/haproxy.cfg" <<-X
		defaults
		  mode tcp
		  timeout connect 3s
		  timeout client ${4}s
		  timeout server ${4}s
		frontend amqp
		  bind $2:5672
		  default_backend rabbit
		backend rabbit
		  server rmq1 $INSIDE:5672 ${5:-}
	X
}

case ${1:-} in
pika-missed-hb60)       # publishes, sleeps, publishes; the broker resets
	broker
	one "$1" 172.17.0.19 sleeper server 330
	;;
pika-missed-hb60-fin)   # the broker closes with a FIN, as older ones did
	broker false
	one "$1" 172.17.0.19 sleeper server 330
	;;
pika-missed-hb60-fin.rot)   # the same capture in two files, as tcpdump -G writes them
	editcap -F pcap -r "$OUT/pika-missed-hb60-fin.pcap" "$OUT/$1"0.pcap 1-32
	editcap -F pcap "$OUT/pika-missed-hb60-fin.pcap" "$OUT/$1"1.pcap 1-32
	exit
	;;
pika-slow-consumer-hb5) # a callback that takes longer than the heartbeat allows
	broker
	one "$1" 172.17.0.24 slow-consumer 5 40
	;;
pika-hb-ok-60)
	broker
	one "$1" 172.17.0.21 good 60 330
	;;
pika-clean-close)
	broker
	one "$1" 172.17.0.25 clean 60 0
	;;
pika-channel-error)
	broker
	one "$1" 172.17.0.42 channel-error 10 1
	;;
pika-forced-close)      # an administrator closes the connection
	broker
	app app 172.17.0.41
	capture broker app "$1.pcap" tcp port 5672
	pika app idle 10 40 & client=$!
	sleep 16
	rabbit rabbitmqctl close_all_connections 'maintenance window'
	wait $client
	;;
pika-confirms)          # publishes that the broker confirms: one by one, one comes back, then a burst
	broker
	one "$1" 172.17.0.51 confirms 60 0
	;;
pika-consumer-acks)     # a consumer that acknowledges one, several, none, and gives back
	broker
	one "$1" 172.17.0.52 consumer-acks 60 0
	;;
pika-precondition)      # 406: the queue is there with other arguments; a tag is acknowledged twice
	broker
	one "$1" 172.17.0.53 precondition 60 0
	;;
pika-blocked)           # a low memory watermark: the broker blocks its publishers for 6 s
	broker
	app app 172.17.0.54
	capture broker app "$1.pcap" tcp port 5672
	pika app confirms-slowly 60 14 & client=$!
	sleep 4
	rabbit rabbitmqctl set_vm_memory_high_watermark absolute 1MB
	sleep 6
	rabbit rabbitmqctl set_vm_memory_high_watermark 0.4
	wait $client
	;;
amqp-tools-ok)          # the command-line tools of librabbitmq: publish, get, consume
	broker
	app app 172.17.0.55
	capture broker app "$1.pcap" tcp port 5672
	ask app amqp-declare-queue -s $BROKER -q tools -d
	for i in 1 2 3; do ask app amqp-publish -s $BROKER -r tools -b "message $i"; done
	ask app amqp-get -s $BROKER -q tools
	ask app amqp-consume -s $BROKER -q tools -c 2 cat
	;;
midstream-amqp-hb5)     # tcpdump starts 4 s after the connection
	broker
	app app 172.17.0.44
	pika app sleeper 5 40 & client=$!
	sleep 4
	capture broker app "$1.pcap" tcp port 5672
	wait $client
	;;
amqp-blackhole-hb5)     # the path dies; the client does everything right
	broker
	app app 172.17.0.45
	capture broker app "$1.pcap" tcp port 5672
	pika app idle 5 40 & client=$!
	sleep 8
	at app iptables -I OUTPUT -p tcp --dport 5672 -j DROP
	at app iptables -I INPUT -p tcp --sport 5672 -j DROP
	wait $client
	sleep 12
	;;
amqp-server-frozen-hb5) # the broker's process stops; its kernel goes on
	broker
	app app 172.17.0.46
	capture broker app "$1.pcap" tcp port 5672
	pika app idle 5 40 & client=$!
	sleep 9
	for pid in $(ip netns pids "$RUN-broker"); do
		case $(cat /proc/$pid/comm) in beam*) kill -STOP $pid ;; esac
	done
	wait $client
	;;
amqp-haproxy-timeout)   # a proxy that cuts after 10 s; on the client
	broker
	proxy 172.16.5.11 10.2.0.1 10.2.0.7 10
	capture app eth0 "$1.client.pcap" tcp port 5672
	serve proxy haproxy -f "$WORK/haproxy.cfg" -db
	pika app sleeper server 25 10.2.0.1
	;;
haproxy-probe)          # HAProxy's TCP check every 2 s, and real traffic from the same address
	broker
	proxy 172.16.5.10 10.1.0.1 10.1.0.7 120 'check inter 2000'
	capture broker proxy "$1.pcap" tcp port 5672
	serve proxy haproxy -f "$WORK/haproxy.cfg" -db
	sleep 5
	pika app good 30 55 10.1.0.1
	sleep 8
	;;
slb-probe)              # two balancers that connect and reset; on all interfaces of the broker
	broker
	app slb1 100.97.10.5
	app slb2 100.97.10.6
	app app 172.17.0.31
	capture broker any "$1.pcap" tcp port 5672
	ask slb1 $PY "$HERE/rst_probe.py" $BROKER 5672 2 80 & slb1=$!
	ask slb2 $PY "$HERE/rst_probe.py" $BROKER 5672 5 80 & slb2=$!
	pika app good 20 75
	wait $slb1 $slb2
	;;
ordinary-ok)            # an hour of good traffic in a minute: HTTP and AMQP, many clients, all closes
	broker
	mkdir -p "$WORK/www"
	for i in $(seq 24); do head -c $((i == 24 ? 9000 : i * 25)) /dev/urandom | base64 > "$WORK/www/part$i.txt"; done
	{ echo '<!doctype html><title>parts</title>'
	  for i in $(seq 24); do echo "<img src=part$i.txt><iframe src=part$i.txt?frame></iframe>"; done
	} > "$WORK/www/index.html"
	PORT=80 nginx_at broker 'types { text/html html; text/plain txt; }'
	for i in 1 2 3 4; do app "app$i" 172.17.0.7$i; done
	U=http://$BROKER
	capture broker any "$1.pcap" tcp port 5672 or tcp port 80
	for i in $(seq 60); do
		ask app1 curl -s "$U/part$((i % 24 + 1)).txt" "$U/api/items/$i"
		ask app1 curl -s -d "{\"nr\": $i}" -H 'Content-Type: application/json' "$U/api/orders"
	done
	ask app1 ab -q -n 60 -c 4 -k "$U/api/kept"
	ask app1 ab -q -n 40 -c 4 "$U/api/once"
	ask app2 $PY "$HERE/http_clients.py" $BROKER 6 12
	for i in 1 2 3; do
		ask app3 chromium --headless --no-sandbox --disable-gpu --user-data-dir="$WORK/chromium$i" \
			--dump-dom "$U/?visit=$i"
	done
	for i in $(seq 12); do pika app4 clean 60 0; done
	pika app4 confirms 60 0; pika app4 consumer-acks 60 0
	ask app4 amqp-declare-queue -s $BROKER -q tools -d
	for i in $(seq 20); do ask app4 amqp-publish -s $BROKER -r tools -b "message $i"; sleep 0.3; done
	ask app4 amqp-consume -s $BROKER -q tools -c 20 cat
	;;
*) usage ;;
esac
end_captures 2

# lib.sh - hosts, cables and captures, for the scripts of this folder.
#
# A host is a network namespace of this run; no packet leaves them. Whatever
# happens, the namespaces and all processes in them are gone when the script
# ends, and it ends after LIMIT seconds at the latest.
#
#   OUT    where the captures go (./captures)
#   WORK   a temporary folder: configurations, logs
set -eu
[ "$(id -u)" = 0 ] || { echo "$0: network namespaces need root" >&2; exit 2; }

# Once more from the start, with a time limit.
if [ -z "${LIMITED:-}" ]; then
	export LIMITED=1
	exec timeout -k 30 "${LIMIT:-120}" "$0" "$@"
fi

HERE=$(cd "$(dirname "$0")" && pwd)
OUT=${OUT:-$PWD/captures}
WORK=$(mktemp -d)
RUN=tcpwhy-$$
HOSTS='' CAPTURES=''
PY=/usr/bin/python3
mkdir -p "$OUT"

clean_up() {
	for host in $HOSTS; do
		kill $(ip netns pids "$RUN-$host") 2>/dev/null || :
	done
	sleep 0.5
	for host in $HOSTS; do
		kill -9 $(ip netns pids "$RUN-$host") 2>/dev/null || :
		ip netns del "$RUN-$host" || :
	done
	rm -rf "$WORK"
}
trap clean_up EXIT
trap 'exit 1' INT TERM HUP

# host NAME...: new namespaces.
host() {
	for new; do
		ip netns add "$RUN-$new"
		HOSTS="$HOSTS $new"
		ip -n "$RUN-$new" link set lo up
	done
}

# at HOST COMMAND: run it there.
at() { on=$1; shift; ip netns exec "$RUN-$on" "$@"; }

# ask HOST COMMAND: a client that may fail, since that is often the point.
ask() { at "$@" >> "$WORK/client.log" 2>&1 || :; }

# serve HOST COMMAND: in the background, until the script ends.
serve() { at "$@" >> "$WORK/server.log" 2>&1 & sleep 0.6; }

router() {
	host "$1"
	ip -n "$RUN-$1" addr add 169.254.1.1/32 dev lo
	at "$1" sysctl -qw net.ipv4.ip_forward=1 \
		net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.default.rp_filter=0
}

# leg HOST ADDRESS ROUTER DEVICE: a cable from eth0 of the host to a device of
# the router. Addresses are single (/32), as those of containers are.
leg() {
	ip link add name eth0 netns "$RUN-$1" type veth peer name "$4" netns "$RUN-$3"
	ip -n "$RUN-$1" addr add "$2/32" dev eth0
	ip -n "$RUN-$1" link set eth0 up
	ip -n "$RUN-$1" route add 169.254.1.1 dev eth0 scope link
	ip -n "$RUN-$1" route add default via 169.254.1.1 dev eth0
	at "$3" sysctl -qw "net.ipv4.conf.$4.proxy_arp=1" "net.ipv4.neigh.$4.proxy_delay=0"
	ip -n "$RUN-$3" link set "$4" up
	ip -n "$RUN-$3" route add "$2/32" dev "$4"
}

# cable HOST ADDRESS/LEN DEVICE HOST ADDRESS/LEN DEVICE: without a router.
cable() {
	ip link add name "$3" netns "$RUN-$1" type veth peer name "$6" netns "$RUN-$4"
	ip -n "$RUN-$1" addr add "$2" dev "$3"; ip -n "$RUN-$1" link set "$3" up
	ip -n "$RUN-$4" addr add "$5" dev "$6"; ip -n "$RUN-$4" link set "$6" up
}

# path CLIENT_ADDRESS SERVER_ADDRESS: client -- router -- server.
path() {
	host client server
	router router
	leg client "$1" router eth1
	leg server "$2" router eth2
}

# long_path CLIENT_ADDRESS SERVER_ADDRESS DELAY_MS: two routers, and between
# them a wire on which every packet takes its time.
long_path() {
	host client server
	router near; router far
	leg client "$1" near eth1
	leg server "$2" far eth1
	serve near "$PY" "$HERE/wire.py" wire0 wire1 "$3"
	ip -n "$RUN-near" link set wire1 netns "$RUN-far"
	ip -n "$RUN-near" link set wire0 up; ip -n "$RUN-near" route add "$2/32" dev wire0
	ip -n "$RUN-far" link set wire1 up; ip -n "$RUN-far" route add "$1/32" dev wire1
}

# capture HOST DEVICE FILE [tcpdump arguments]: into $OUT, from now on.
capture() {
	on=$1 device=$2 file=$3; shift 3
	ip netns exec "$RUN-$on" tcpdump -Z root -U -i "$device" -w "$OUT/$file" "$@" \
		2> "$WORK/$file.log" &
	CAPTURES="$CAPTURES $!"
	for i in $(seq 50); do
		grep -q 'listening on' "$WORK/$file.log" && return
		sleep 0.1
	done
	cat "$WORK/$file.log" >&2
	exit 1
}

# end_captures: after a moment for what is still on its way.
end_captures() {
	sleep "${1:-1.5}"
	kill $CAPTURES
	wait $CAPTURES || :
	CAPTURES=''
}

# nginx_at HOST SERVER_DIRECTIVES [HTTP_DIRECTIVES]: two small answers, and the
# files of a folder. PORT, ROOT and IDLE_S (keepalive_timeout) say otherwise.
nginx_at() {
	dir=$WORK/nginx-$1
	mkdir -p "$dir" "$WORK/www"
	cat > "$dir/nginx.conf" <<-X
		worker_processes 1; daemon off; user root;
		pid $dir/pid; error_log $dir/error.log info;
		events { worker_connections 64; }
		http {
			access_log $dir/access.log; default_type application/json;
			client_body_temp_path $dir/body; proxy_temp_path $dir/proxy;
			fastcgi_temp_path $dir/fastcgi; uwsgi_temp_path $dir/uwsgi; scgi_temp_path $dir/scgi;
			keepalive_timeout ${IDLE_S:-5}s; ${3:-}
			server {
				listen ${PORT:-8080}; root ${ROOT:-$WORK/www};
				location /api/ { return 200 '{"ok":true}\n'; }
				location = /check/health { return 200 '{"status":"UP"}\n'; }
				$2
			}
		}
	X
	at "$1" nginx -q -t -c "$dir/nginx.conf"
	serve "$1" nginx -c "$dir/nginx.conf"
}

# a_file NAME BYTES: something to download or upload.
a_file() { mkdir -p "$WORK/www"; head -c "$2" /dev/urandom > "$WORK/www/$1"; }

usage() {
	echo "usage: $0 CASE, one of:" >&2
	sed -n 's/^\([a-z][a-z0-9.| -]*\)).*/  \1/p' "$0" >&2
	exit 2
}

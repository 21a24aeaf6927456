#!/bin/sh
# docker.sh CASE - a client that waits no longer than it asked the server to take.
#
# `docker stop` with t=20 asks the daemon to give the container 20 seconds. A
# client whose own deadline is 20 s as well closes its connection (FIN) just
# before the answer comes, and its host answers the late 204 with a reset. The
# client is the real docker SDK; the daemon imitates dockerd's answers on the
# same HTTP stack (Go net/http). The capture is taken on the docker host, except
# that of cross-docker-stop: there FIN and answer cross on the wire.
. "$(dirname "$0")/lib.sh"
CLIENT=192.168.1.133 DAEMON=172.16.5.245 ID=b1f8bb98a25d

build() {
	(cd "$HERE/$1" && GO111MODULE=off GOPATH=/usr/share/gocode GOCACHE="$WORK/go" \
		go build -o "$WORK/$1" .)
}

# stop NAME LATE_MS CLIENT_PROGRAM ARGUMENT...
stop() {
	name=$1 late_ms=$2 program=$3; shift 3
	build dockerd; build "$program"
	path $CLIENT $DAEMON
	serve server "$WORK/dockerd" $DAEMON:2375 "$late_ms"
	capture server eth0 "$name.pcap" host $CLIENT and port 2375
	ask client "$WORK/$program" tcp://$DAEMON:2375 "$@"
}

case ${1:-} in
docker-stop-race)       # deadline 20 s, t=20
	stop docker-stop-race 110 dockerstop 20 20 $ID
	;;
docker-stop-race.cut)   # tcpdump was killed, or the disk was full
	head -c -31 "$OUT/docker-stop-race.pcap" > "$OUT/docker-stop-race.cut.pcap"
	exit
	;;
docker-stop-ok)         # deadline 20 s, t=10
	stop docker-stop-ok 110 dockerstop 20 10 $ID
	;;
docker-agent-session)   # create, start, and three stops; two of them with deadline 5 s and t=5
	stop docker-agent-session 60 dockersession
	;;
cross-docker-stop)      # 60 ms of round trip
	build dockerd; build dockerstop
	long_path $CLIENT $DAEMON 30
	serve server "$WORK/dockerd" $DAEMON:2375 5
	capture client eth0 cross-docker-stop.client.pcap
	ask client "$WORK/dockerstop" tcp://$DAEMON:2375 5.085 5 $ID
	;;
*) usage ;;
esac
end_captures 2

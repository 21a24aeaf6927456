#!/bin/sh
# browse.sh: the real program in a real terminal (tmux), as a user sees it.
#
# What tmux has on its screen must be the canvas that tests/screens/screen.c prints for the
# same keys: after one key that opens the cause of each incident, in three sizes, and one that
# is too small. Then how it ends: by q, by a signal, by a crash, by Ctrl-Z and back; each time
# the terminal must be as it was before.
#
# Prints what is not so; exit status 1 if anything is. Needs TCPWHY, SAMPLES, BUILD as run.sh
# sets them, and tmux.
set -u
work=$(mktemp -d)
socket=tcpwhy-test-$$
failed=0
mux() { tmux -L "$socket" -f /dev/null "$@"; }
trap 'mux kill-server 2> /dev/null; rm -rf "$work"' EXIT

complain() { failed=1; echo "$1"; }

# What the terminal shows, without blanks at the ends of lines and of the page.
shown() { mux capture-pane -p -t t | sed 's/ *$//' | sed -e :a -e '/^\n*$/{$d;N;ba' -e '}'; }

# Wait until a command succeeds; programs under sanitizers are slow.
wait_for() {
	tries=0
	until "$@"; do
		tries=$((tries + 1))
		[ "$tries" -lt 150 ] || return 1
		sleep 0.1
	done
}
shows()   { shown > "$work/shown"; grep -qF -- "$1" "$work/shown"; }
shows_all_of() { shown > "$work/shown"; cmp -s "$work/shown" "$1"; }

# begin COLS ROWS CAPTURE ENVIRONMENT: a terminal with the browser on a capture.
begin() {
	mux kill-session -t t 2> /dev/null
	cat > "$work/go" << END
stty -g > "$work/before"
cd "$work" || exit
set -m                                       # a stopped program is a job, as in a user's shell
sh -c 'echo \$\$ > "$work/pid"; exec env $4 "$TCPWHY" browse $3'
status=\$?
[ \$status -ne 148 ] || { echo "stopped"; read line; fg > /dev/null; status=\$?; }
echo "exit status \$status"
stty -g > "$work/after"
END
	mux new-session -d -s t -x "$1" -y "$2" "sh $work/go; sleep 60"
	wait_for shows "${5:-Findings}" || complain "$3: nothing is shown: $(shown)"
}

canvas() {
	size=$1 name=$2
	shift 2
	(cd "$work" && "$BUILD/tests/screens/screen" "$name.db" "$size" "$@") | sed 's/^.//; s/ *$//' | sed -e :a -e '/^\n*$/{$d;N;ba' -e '}'
}

compare() {
	canvas "$1" "$2" Enter > "$work/canvas"
	wait_for shows_all_of "$work/canvas" || { complain "$2 at $1 is not the canvas:"; diff -u "$work/canvas" "$work/shown"; }
}

ended() {
	wait_for shows "exit status" || complain "$1: it did not end: $(shown)"
	wait_for test -s "$work/after"
	cmp -s "$work/before" "$work/after" || complain "$1: the terminal is not as it was"
}

mux new-session -d -s keep 'sleep 900'       # or the server would end with each terminal

case $BUILD in /*) ;; *) BUILD=$PWD/$BUILD ;; esac

# ---- the incidents ----

for capture in docker-stop-race idle-conntrack-900-tcp.client pika-missed-hb60-fin expect-100-417 \
               idle-conntrack-flush.client keepalive-stale-reuse amqp-blackhole-hb5 php-curl-timeout; do
	name=$capture.pcap
	[ -e "$SAMPLES/$name" ] || { complain "there is no $name"; continue; }
	cp "$SAMPLES/$name" "$work/"
	(cd "$work" && "$TCPWHY" -o "$name.db" "$name" > /dev/null 2>&1)
	begin 80 24 "$name" "LC_ALL=C.UTF-8 TERM=tmux-256color"
	mux send-keys -t t Enter
	compare 80x24 "$name"
	mux resize-window -t t -x 200 -y 50
	compare 200x50 "$name"
	mux resize-window -t t -x 60 -y 15
	compare 60x15 "$name"
	mux send-keys -t t q q
	ended "$name"
	rm -f "$work/after"
done

# ---- too small, and back ----

name=docker-stop-race.pcap
begin 40 10 "$name" "LC_ALL=C.UTF-8 TERM=tmux-256color" "60x15 is needed"
mux resize-window -t t -x 80 -y 24
mux send-keys -t t Enter
compare 80x24 "$name"
mux send-keys -t t Q
ended "a small terminal"
rm -f "$work/after"

# ---- no colours, no UTF-8 ----

begin 80 24 "$name" "LC_ALL=C TERM=vt100"
shown | LC_ALL=C grep -q '[^ -~]' && complain "LC_ALL=C: more than ASCII is shown"
mux send-keys -t t C-c
ended "Ctrl-C"
rm -f "$work/after"

# ---- signals, a crash ----

for signal in TERM HUP SEGV; do
	# sanitizers would take SIGSEGV for themselves
	begin 80 24 "$name" "LC_ALL=C.UTF-8 TERM=tmux-256color ASAN_OPTIONS=${ASAN_OPTIONS:-}:handle_segv=0"
	kill -"$signal" "$(cat "$work/pid")"
	ended "SIG$signal"
	rm -f "$work/after"
done

# ---- a signal while a capture is read that brings nothing more for now ----

mkfifo "$work/fifo"
{ head -c 3000 "$SAMPLES/$name"; sleep 60; } > "$work/fifo" &
writer=$!
begin 80 24 "- < $work/fifo" "LC_ALL=C.UTF-8 TERM=tmux-256color" "read no further"
mux resize-window -t t -x 100 -y 30
sleep 0.5
kill -TERM "$(cat "$work/pid")"
ended "SIGTERM while reading"
kill "$writer" 2> /dev/null
rm -f "$work/after"

# ---- stopped, and gone on ----

begin 80 24 "$name" "LC_ALL=C.UTF-8 TERM=tmux-256color"
mux send-keys -t t C-z
wait_for shows "stopped" || complain "Ctrl-Z: it is not stopped"
mux send-keys -t t Enter
wait_for shows "Findings" || complain "Ctrl-Z: it did not come back"
mux send-keys -t t Enter
compare 80x24 "$name"
mux send-keys -t t q q
ended "Ctrl-Z"

# ---- no terminal: the report ----

(cd "$work" && "$TCPWHY" browse "$name" > report 2> /dev/null < /dev/null; "$TCPWHY" "$name" > text 2> /dev/null; cmp -s report text) ||
	complain "without a terminal it does not print the report"

exit $failed

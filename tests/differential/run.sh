#!/bin/sh
# run.sh FOLDER...   the captures of the folders, with tcpwhy and with tshark and libhtp
#
# First every count and mark of every connection (compare.py), then every mark of
# random connections (random_flows.py), then the bytes of a sample of streams
# (streams.py), AMQP method by method (amqp.py) and HTTP messages (http.py), all beside
# tshark. Of samples/ alone, what the browser shows: the fields of every packet
# (described.py), and who said what in which order (turns.py). HTTP messages are held
# beside libhtp, too (libhtp.py), with random ones (random_http.py). What is not installed is skipped, in so many words. The status is 1
# where one of them finds a difference that is not accepted. A CATALOG.tsv beside a folder
# says which captures lost most.
set -u
cd "$(dirname "$0")/../.."
BUILD=${BUILD:-build}
catalog=
for folder; do
	[ ! -f "$folder/../CATALOG.tsv" ] || catalog=$folder/../CATALOG.tsv
done
status=0
if command -v tshark > /dev/null; then
	python3 tests/differential/compare.py "$BUILD/tcpwhy" "$@" || status=1
	echo
	python3 tests/differential/random_flows.py "$BUILD/tcpwhy" || status=1
	echo
	python3 tests/differential/streams.py ${catalog:+--catalog "$catalog"} \
		"$BUILD/tests/differential/streams" "$@" || status=1
	echo
	python3 tests/differential/amqp.py ${catalog:+--catalog "$catalog"} "$BUILD/tcpwhy" "$@" || status=1
	echo
	python3 tests/differential/http.py "$BUILD/tcpwhy" "$@" || status=1
	echo
	python3 tests/differential/described.py "$BUILD/tests/differential/described" samples || status=1
	echo
	python3 tests/differential/turns.py "$BUILD/tests/differential/pieces" samples || status=1
else
	echo "skipped: tshark is not installed, nothing was compared with it"
fi
echo
libhtp=$BUILD/tests/differential/libhtp
if [ -x "$libhtp" ]; then
	python3 tests/differential/libhtp.py "$BUILD/tcpwhy" "$libhtp" "$@" || status=1
	echo
	python3 tests/differential/random_http.py "$BUILD/tcpwhy" "$libhtp" || status=1
else
	echo "skipped: libhtp is not installed, nothing was compared with it"
fi
exit $status

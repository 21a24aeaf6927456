#!/bin/sh
# run.sh                 run all tests; the last line is "N passed, N failed"
# run.sh --accept NAME   rewrite what tests/cases/NAME expects
# run.sh --accept-plans  rewrite tests/plans/
# run.sh --accept-screens [NAME ...]  rewrite what tests/screens/NAME.screen expects; all of them
#
# The kinds:
#   unit     tests/*.c, a program each; it prints what is not so and exits with 1
#   pieces   the HTTP conversations of samples/ told whole and in pieces (tests/http1.c)
#   cases    tests/cases/NAME: the shell lines in `cmd`, run with $TCPWHY,
#            $SAMPLES and $TESTS set; what they print, and their exit status, is
#            `expect`. Each X.pkt there (tests/pkt/pkt.c) is X.pcap where they run
#   plans    what SQLite means to do for each rule (tests/plan/plan.c)
#   screens  tests/screens/NAME.screen: a capture of samples/, or of a story of the folder
#            (NAME.pkt), or several (--separate), and keys for the browser; NAME.COLSxROWS is
#            the canvas after them (tests/screens/screen.c), in three sizes, and with --ascii
#            where it says so; a line `before COMMAND` is done first, beside a copy of all.
#            Then whether three keys lead to cause and proof of each sample (three_keys.py),
#            random keys (monkey.c), and, where tmux is installed, the program itself in a
#            terminal (tests/browse.sh)
#   rules    docs/rules.md is what the program writes
#   samples  every capture of samples/ against its truth (tests/samples.py)
#   browser  where Chromium is installed: it opens the pages that the cases made
#   others   where they are installed: what tshark and libhtp read in every capture
#            of samples/ beside what we do (tests/differential/)
set -u
cd "$(dirname "$0")/.."
ROOT=$PWD
BUILD=${BUILD:-build}
export BUILD
export TCPWHY="$ROOT/$BUILD/tcpwhy" SAMPLES="$ROOT/samples" TESTS="$ROOT/tests" NO_COLOR=1 LC_ALL=C.UTF-8 TZ=UTC
export ASAN_OPTIONS=abort_on_error=0:exitcode=99 UBSAN_OPTIONS=print_stacktrace=1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
passed=0 failed=0

ok()     { passed=$((passed + 1)); }
not_ok() { failed=$((failed + 1)); echo "FAILED $1"; }

# What a case prints: its output and errors, then its exit status. Paths of this
# machine do not belong into an expectation.
case_output() {
	mkdir -p "$work/$1"
	for story in "$TESTS/cases/$1"/*.pkt; do
		[ ! -e "$story" ] || "$BUILD/pkt" "$story" > "$work/$1/$(basename "$story" .pkt).pcap"
	done
	(cd "$work/$1" && sh -e "$ROOT/tests/cases/$1/cmd" 2>&1; echo "exit status $?") |
		sed "s|$SAMPLES|samples|g; s|$work/$1|.|g" |
		sed 's/\(\(Rule set\|rules_sha256\).*\)[0-9a-f]\{64\}/\1(SHA-256)/'     # changes with every rule
}

if [ "${1:-}" = --accept ]; then
	for name in ${2:?which case}; do
		case_output "$name" > "tests/cases/$name/expect"
		git --no-pager diff --stat -- "tests/cases/$name/expect" || :
	done
	exit 0
fi

# The canvas of tests/screens/NAME.screen in a size. The case of its captures is made once; keys
# may write into a copy of it.
screen_output() {
	captures=$(sed -n 's/^capture //p' "tests/screens/$1.screen")
	case=$(echo "$captures" | tr ' ' '+').db
	mkdir -p "$work/screens"
	for capture in $captures; do
		[ -e "$work/screens/$capture" ] || cp "$SAMPLES/$capture" "$work/screens/" 2> /dev/null ||
			"$BUILD/pkt" "tests/screens/${capture%.pcap}.pkt" > "$work/screens/$capture"
	done
	if [ ! -e "$work/screens/$case" ]; then
		(cd "$work/screens" && "$TCPWHY" --separate -o "$case" $captures > /dev/null 2>&1) || :
	fi
	keys=$(sed -n 's/^keys //p' "tests/screens/$1.screen" | tr '\n' ' ')
	rm -rf "$work/screen" && mkdir "$work/screen"
	(cd "$work/screens" && cp $captures "$case" "$work/screen/")
	(cd "$work/screen" && eval "$(sed -n 's/^before //p' "$ROOT/tests/screens/$1.screen")")
	(cd "$work/screen" && eval "\"$ROOT/$BUILD/tests/screens/screen\" $(sed -n 's/^options //p' "$ROOT/tests/screens/$1.screen") \"$case\" $2 $keys" 2>&1) |
		sed 's/\(Rule set *\)[0-9a-f]\{64\}/\1(SHA-256)/'
}
SIZES="60x15 80x24 200x50"

if [ "${1:-}" = --accept-screens ]; then
	shift
	[ $# -gt 0 ] || set -- $(cd tests/screens && ls *.screen | sed 's/\.screen$//')
	for name; do
		for size in $SIZES; do screen_output "$name" "$size" > "tests/screens/$name.$size"; done
	done
	git --no-pager diff --stat -- tests/screens || :
	exit 0
fi

if [ "${1:-}" = --accept-plans ]; then
	rm -f tests/plans/*.plan
	"$BUILD/tests/plan/plan" tests/plans
	git --no-pager diff --stat -- tests/plans || :
	exit 0
fi

for test in tests/*.c; do
	name=$(basename "$test" .c)
	if "$BUILD/tests/$name" > "$work/out" 2>&1; then ok
	else not_ok "unit $name"; cat "$work/out"; fi
done

# The HTTP conversations of samples/, whole and in pieces.
if "$BUILD/tests/http1" "$BUILD"/talks/*.talk > "$work/out" 2>&1; then ok
else not_ok "HTTP conversations in pieces"; head -50 "$work/out"; fi

for dir in tests/cases/*/; do
	name=$(basename "$dir")
	if case_output "$name" > "$work/out" && diff -u "$dir/expect" "$work/out" > "$work/diff"; then ok
	else not_ok "case $name"; cat "$work/diff"; fi
done

for file in tests/screens/*.screen; do
	name=$(basename "$file" .screen)
	for size in $SIZES; do
		if screen_output "$name" "$size" > "$work/out" && diff -u "tests/screens/$name.$size" "$work/out" > "$work/diff"; then ok
		else not_ok "screen $name $size (make accept-screens SCREEN=$name)"; cat "$work/diff"; fi
	done
done

# Prints a line a capture, as tests/samples.py does.
python3 tests/screens/three_keys.py "$TCPWHY" "$BUILD/tests/screens/screen" samples > "$work/out" 2>&1 || :
grep -v '^ok ' "$work/out"
passed=$((passed + $(grep -c '^ok ' "$work/out")))
failed=$((failed + $(grep -vc '^ok ' "$work/out")))

# 20,000 random keys over the cases of all screens.
mkdir -p "$work/monkey"
if (cd "$work/monkey" && "$ROOT/$BUILD/tests/screens/monkey" 1 20000 "$work"/screens/*.db) > "$work/out" 2>&1; then ok
else not_ok "random keys in the browser"; tail -50 "$work/out"; fi

if ! command -v tmux > /dev/null; then
	echo "tmux is not installed: the browser was not seen in a terminal"
elif tests/browse.sh > "$work/out" 2>&1; then ok
else not_ok "the browser in a terminal"; cat "$work/out"; fi

if "$TCPWHY" rules list --format md > "$work/out" 2>&1 && cmp -s docs/rules.md "$work/out"; then ok
else not_ok "docs/rules.md is not what the rules say (make docs)"; diff docs/rules.md "$work/out" | head -20; fi

# Another SQLite plans otherwise: then there is nothing to compare.
mkdir "$work/plans"
if ! "$BUILD/tests/plan/plan" "$work/plans" > "$work/out" 2>&1; then
	not_ok "query plans"; cat "$work/out"
elif ! cmp -s "$work/plans/sqlite-version" tests/plans/sqlite-version; then
	echo "query plans were made with SQLite $(cat tests/plans/sqlite-version): nothing was compared"
elif diff -ru tests/plans "$work/plans" > "$work/out"; then ok
else not_ok "query plans (make accept-plans, after looking at them)"; cat "$work/out"; fi

# Prints a line a capture: "ok NAME", or "FAILED NAME: why".
python3 tests/samples.py "$TCPWHY" samples > "$work/out" 2>&1 || :
grep -v '^ok ' "$work/out"
passed=$((passed + $(grep -c '^ok ' "$work/out")))
failed=$((failed + $(grep -vc '^ok ' "$work/out")))

if tests/differential/run.sh samples > "$work/out" 2>&1; then ok; grep '^skipped: ' "$work/out"
else not_ok "comparison with tshark and libhtp"; cat "$work/out"; fi

# Pages of the cases, of hostile packets among them, in a real browser.
if ! command -v chromium > /dev/null; then
	echo "chromium is not installed: no page was opened in a browser"
elif tests/browser.sh "$work"/report.h*/*.html > "$work/out" 2>&1; then ok
else not_ok "pages in a browser"; cat "$work/out"; fi

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]

#!/bin/sh
# browser.sh FILE.html…: opens each page in Chromium and prints what is wrong: a message on
# its console, a request for anything, an element that a packet made. Exit status 1 then.
set -u
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
status=0

# The browser asks its maker's servers now and then, whatever is open.
requests() {
	grep -o '"url":"[a-z]*:[^"]*"' "$1" |
		grep -v 'google\.com\|googleapis\.com\|gvt1\.com\|"url":"\(data\|chrome\|chrome-[a-z]*\|about\|devtools\):'
}

for page; do
	chromium --headless --no-sandbox --disable-gpu --no-first-run --disable-background-networking \
		--disable-component-update --disable-sync --user-data-dir="$work/profile" --enable-logging=stderr \
		--log-net-log="$work/net" --dump-dom "file://$(realpath "$page")" > "$work/dom" 2> "$work/messages"
	grep -q '</html>' "$work/dom" || { echo "$page: was not shown"; status=1; }
	! grep CONSOLE "$work/messages" || status=1
	! requests "$work/net" || status=1
	! grep -i '<script\|<img\|<iframe\|javascript:' "$work/dom" | cut -c 1-200 | grep . || status=1
done
exit $status

#!/bin/sh
# expect.sh CASE - a POST that asks first: Expect: 100-continue.
#
# A shop (192.168.1.1, PHP's curl) posts a receipt of some 4 kB to a payment
# service (192.168.7.154). It sends the headers, waits for "100 Continue" for one
# second at most, then sends the body. What the server makes of that, and what a
# PHP script behind nginx can do to a response, are the cases. The capture is
# taken on the server.
. "$(dirname "$0")/lib.sh"
CLIENT=192.168.1.1 SERVER=192.168.7.154
path $CLIENT $SERVER

# pay NAME PORT TARGET EXPECT TIMEOUT_S [COUNT]: capture while the shop posts.
pay() {
	capture server eth0 "$1.pcap" host $CLIENT and tcp port "$2"
	ask client php "$HERE/pay_client.php" "http://$SERVER:$2$3" 4096 "$4" "$5" "${6:-1}"
}

# small NAME PORT HABIT: against a small server with that habit.
small() {
	serve server $PY "$HERE/expect_server.py" "$2" "$3"
	pay "$1" "$2" /third/apple/pay on 10
}

# nginx on port 29000, and php-fpm behind it.
fpm() {
	cat > "$WORK/fpm.conf" <<-X
		[global]
		error_log = $WORK/fpm.log
		daemonize = no
		[www]
		user = root
		group = root
		listen = $WORK/fpm.sock
		pm = static
		pm.max_children = 4
		request_slowlog_timeout = 2s
		slowlog = $WORK/slow.log
	X
	serve server php-fpm8.2 -R -y "$WORK/fpm.conf"
	PORT=29000 ROOT=$HERE/www nginx_at server "client_max_body_size 8m;
		location = /third/apple/pay { rewrite ^ /pay.php; }
		location ~ \.php\$ {
			include /etc/nginx/fastcgi_params; fastcgi_pass unix:$WORK/fpm.sock;
			fastcgi_param SCRIPT_FILENAME \$document_root\$fastcgi_script_name;
		}" 'fastcgi_buffering off;'
}

case ${1:-} in
expect-100-never)         small "$1" 29001 never ;;
expect-100-417)           small "$1" 29002 417 ;;
expect-100-403close)      small "$1" 29004 403 ;;
expect-100-late-0.7)      small "$1" 29005 late:0.7 ;;
expect-100-rstmid)        small "$1" 29007 reset ;;
expect-100-nginx-fpm)     fpm; pay "$1" 29000 /third/apple/pay on 10 2 ;;
expect-disabled-ok)       fpm; pay "$1" 29000 /third/apple/pay off 10 2 ;;
fpm-short-content-length) fpm; pay "$1" 29000 /short.php on 10 ;;
fpm-slowlog-sleep5)       fpm; pay "$1" 29000 /sleep5.php on 10 ;;
php-curl-timeout)         fpm; pay "$1" 29000 /slow0.php on 3; sleep 5 ;;
*) usage ;;
esac
end_captures

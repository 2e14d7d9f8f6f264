#!/bin/sh
# feedd against an independent server, exchange-sim against independent clients:
# the npm packages ws and @binance/connector (tests/node/package.json), installed
# into the build folder.
# Skipped (77) only where node is missing or npm cannot be reached.
set -u

name=interop
here=$(cd "$(dirname "$0")/interop" && pwd) || exit 1
. "$here/../../feed_rig.sh"
modules=$bin/node/node_modules

skip() { # TEXT
	echo "interop: $1"
	exit 77
}

install() {
	sh "$here/../../node/install.sh" "$bin/node" >"$work/npm.log" 2>&1
	case $? in
	0) ;;
	77) skip "$(tail -n 1 "$work/npm.log")" ;;
	*) fail "npm install failed" ;;
	esac
}

certificate() {
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 \
	    -subj /CN=localhost -addext subjectAltName=DNS:localhost,IP:127.0.0.1 \
	    -keyout "$work/key.pem" -out "$work/cert.pem" >"$work/openssl.log" 2>&1 ||
	    fail "no certificate"
}

expect() { # WHAT WANTED GOT
	[ "$2" = "$3" ] || fail "$1: $3 instead of $2"
}

result() { # JAVASCRIPT, of `r`
	node -p "const r = JSON.parse(require('fs').readFileSync('$work/result')); $1"
}

feed_against_ws() { # TRANSPORT DEFLATE
	rm -f "$work/port" "$work/result"
	node "$here/server.js" "$modules" "$work/key.pem" "$work/cert.pem" "$work/port" \
	    "$work/result" >"$work/server.log" 2>&1 &
	server=$!
	others=$server
	wait_for_file "$work/port"
	port=$(cat "$work/port")
	start_feedd --set endpoint.address=127.0.0.1 --set endpoint.ca_file="$work/cert.pem" \
	    --set streams=btcusdt@trade --set transport="$1" --set permessage_deflate="$2" \
	    --set pool.initial_connections=1 --set pool.max_connections=1 \
	    --set reconnect.base_delay_ms=10 --set failover.failures_max=100
	wait_for_file "$work/result"
	want=$(result r.trades)
	for _ in $(seq 200); do
		[ "$(counter trades)" = "$want" ] && break
		sleep 0.1
	done
	expect "trades" "$want" "$(counter trades)"
	expect "gaps" 0 "$(counter gaps)"
	expect "malformed" 0 "$(counter malformed)"
	expect "binary messages" 7 "$(counter binary)"
	expect "unknown messages" 1 "$(counter unknown)"
	expect "trades in order" "$want" "$("$bin"/shm-inspect -f --drain --from oldest -t trade \
	    -o tsv "$feed" | awk -F'\t' '$1 == "trade" && $4 == n + 1 {n++} END {print n}')"
	stop TERM $feedd
	feedd=''
	wait "$server" || fail "the server found fault"
	others=''
	expect "lines with compression" "$([ "$2" = true ] && echo 5 || echo 0)" \
	    "$(result "r.extensions.filter((e) => e.includes('permessage-deflate')).length")"
	expect "lines with other extensions" 0 \
	    "$(result "r.extensions.filter((e) => e !== '' && !e.includes('deflate')).length")"
	expect "wrong PONGs" 0 "$(result r.wrong_pongs)"
	# Between 1 to 39 fragments, between three more, and two alone.
	expect "PONGs" $((38 * 39 / 2 + 2 + 2)) "$(result r.pongs)"
	# A code is answered with the same, none with 1000; 1006 is none at all.
	expect "close codes" "1001 4000 1000 1006 1000" \
	    "$(result "r.lines.map((line) => line.close).join(' ')")"
	echo "feedd ($1, permessage_deflate $2) and npm ws:" \
	    "$want trades, $(result r.pongs) PONGs"
	rm -f /dev/shm/"$feed".*
}

simulator_against() { # SCRIPT
	node "$here/$1" "$modules" "$port" >"$work/client.log" 2>&1 ||
	    fail "$1 found fault"
	cat "$work/client.log"
}

install
certificate
feed_against_ws uring false
feed_against_ws uring true
# A busy client answers several PINGs at once, beside its requests: five messages a second.
start_sim --symbols 8 --rate 2000 --ping-interval 2.5
NODE_EXTRA_CA_CERTS=$work/ca.pem
export NODE_EXTRA_CA_CERTS
simulator_against client_ws.js
simulator_against client_connector.js

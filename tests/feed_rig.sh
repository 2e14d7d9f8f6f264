# Sourced by scripts that run a feed on a simulated exchange. It gives them a
# folder and the name of a feed, both gone at the end, with every process:
#
#	bin, work, feed   where the programs are; the folder; the feed's name
#	sim, feedd        process ids, '' while there is none
#	port              of the exchange, since start_sim
#	others            more processes to be killed at the end
#
# usage: name=NAME; . PATH/feed_rig.sh        NAME: of the script, for its messages

bin=${TICKRING_BUILD:?run make test}
feed=$name-$$
work=$(mktemp -d "${TMPDIR:-/tmp}/tickring-$name-XXXXXX") || exit 1
sim='' feedd='' others='' port=''

# Ends processes and waits for them.
stop() { # SIGNAL PID...
	signal=$1
	shift
	for pid in "$@"; do
		kill -"$signal" "$pid" 2>/dev/null
		wait "$pid" 2>/dev/null
	done
}

rig_clean() {
	stop KILL $others
	stop TERM $feedd
	stop INT $sim
	rm -f "/dev/shm/$feed".*
	rm -rf "$work"
}
trap rig_clean EXIT
trap 'exit 1' INT TERM HUP

fail() { # TEXT
	echo "$name: $1" >&2
	tail -n 30 "$work"/*.log >&2 2>/dev/null
	exit 1
}

# Until it is there and not empty; a minute at the most.
wait_for_file() { # FILE
	for _ in $(seq 600); do
		[ -s "$1" ] && return 0
		sleep 0.1
	done
	fail "$1 did not appear"
}

start_sim() { # OPTION...
	rm -f "$work/port"
	"$bin"/exchange-sim --dir "$work" --port 0 --port-file "$work/port" "$@" \
	    >"$work/sim.log" 2>&1 &
	sim=$!
	wait_for_file "$work/port"
	port=$(cat "$work/port")
}

# On the exchange of start_sim.
start_feedd() { # OPTION...
	"$bin"/feedd --set feed="$feed" --set endpoint.host=127.0.0.1 \
	    --set endpoint.port="$port" --set endpoint.ca_file="$work/ca.pem" "$@" \
	    2>>"$work/feedd.log" &
	feedd=$!
}

# The status of the feed, tab-separated.
status() {
	"$bin"/shm-inspect --status -o tsv "$feed" 2>/dev/null
}

# A counter of it.
counter() { # NAME
	status | awk -F'\t' -v name="$1" '$1 == "counter" && $2 == name {print $3}'
}

#!/bin/sh
# deps.sh on a system without the packages, made of stand-ins for dpkg-query, apt-get,
# sudo and id: who may not install is told the one command to copy, who may gets them.
set -u

: "${TICKRING_BUILD:?run make test}"
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
trap 'exit 1' INT TERM HUP
deps=$PWD/tools/deps.sh
bad=0

complain() { # TEXT
	echo "deps: $1"
	sed 's/^/	/' "$work/said"
	bad=1
}

stand_in() { # NAME BODY
	[ ! -L "$work/bin/$1" ] || exit 1
	printf '#!/bin/sh\n%s\n' "$2" >"$work/bin/$1"
	chmod +x "$work/bin/$1"
}

# Its exit code is in $code, what it says in $work/said.
run() { # ARGUMENT...
	PATH=$work/bin $work/bin/sh "$deps" "$@" >"$work/said" 2>&1 </dev/null
	code=$?
}

mkdir "$work/bin"
for c in awk cat cp env mktemp rm sh tail; do
	ln -s "$(command -v $c)" "$work/bin/$c"
done
stand_in dpkg-query "cat $work/installed"
stand_in id 'echo 1000'
stand_in sleep :
stand_in apt-get "echo \"\$@\" >>$work/asked
case \"\$*\" in *install*) cp $work/all $work/installed ;; esac"
: >"$work/installed"

run
command=$(tail -n 1 "$work/said")
[ "$code" -ne 0 ] || complain "packages are missing and all is well"
case $command in
'apt-get update && apt-get install -y --no-install-recommends '*gcc*libwebsockets-dev*) ;;
*) complain "without root and sudo the last line is no command" ;;
esac
run clang
case $(tail -n 1 "$work/said") in
*' clang '*) ;;
*) complain "the command has no clang" ;;
esac
[ ! -e "$work/asked" ] || complain "it asked apt-get without being root"

# What the command names is all that it wants.
for p in ${command##*--no-install-recommends }; do
	echo "installed $p"
done >"$work/all"

stand_in sudo '[ "$1" != -n ]'
run
[ "$code" -ne 0 ] && [ "$(tail -n 1 "$work/said")" = "$command" ] ||
    complain "where sudo wants a password and there is no terminal, there is no command"

stand_in sudo '[ "$1" != -n ] || shift; "$@"'
run
[ "$code" -eq 0 ] && grep -q '^deps: installing .*gcc' "$work/said" ||
    complain "with sudo they are not installed"
run
[ "$code" -eq 0 ] && [ ! -s "$work/said" ] || complain "with all of them it says something"

# The lists of packages were there, and apt-get fails.
: >"$work/installed"
stand_in apt-get 'echo "E: no network"; exit 100'
run
[ "$code" -ne 0 ] && grep -q 'no network' "$work/said" &&
    [ "$(tail -n 1 "$work/said")" = "$command" ] || complain "apt-get's words are lost"
exit $bad

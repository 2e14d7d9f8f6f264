# Reads C files, prints what breaks the order of the layers (layers.sh).

# Layer of a path; tools and tests stand beside the tower.
function layer(path)
{
	if (path ~ /^include\//) return 0
	if (path ~ /^shm\//) return 1
	if (path ~ /^feed\/base\//) return 2
	if (path ~ /^feed\/(venue|core)\//) return 3
	if (path ~ /^feed\/conf\//) return 4
	if (path ~ /^feed\/io\//) return 5
	if (path ~ /^feed\/pipeline\//) return 6
	if (path ~ /^feed\/plan\//) return 7
	if (path ~ /^feed\/store\//) return 8
	if (path ~ /^feed\/ops\//) return 9
	if (path ~ /^feed\/status\//) return 10
	if (path ~ /^feed\/replay\//) return 11
	if (path ~ /^feed\/probe\//) return 12
	if (path ~ /^feed\/app\//) return 13
	if (path ~ /^feed\/main\.[ch]$/) return 14
	if (path ~ /^tools\//) return 20
	return 30
}

function is_simulator(path)
{
	return path ~ /^tools\/(exchange[-_])?sim/
}

function exists(path,   line, found)
{
	if (!(path in known)) {
		found = (getline line <path) >= 0
		close(path)
		known[path] = found
	}
	return known[path]
}

# The file of this tree that is meant, or "".
function resolve(from, name, quoted,   dir)
{
	dir = from
	sub(/[^\/]*$/, "", dir)
	if (quoted && exists(dir name))
		return dir name
	if (exists(name))
		return name
	if (exists("include/" name))
		return "include/" name
	return ""
}

function complain(text)
{
	print FILENAME ":" FNR ": " text
	bad = 1
}

# Why `from` may not include `to`, or "".
function forbidden(from, to)
{
	if (to ~ /\.c$/)
		return "a .c file"
	if (from ~ /^tests\//)
		return ""
	if (to ~ /^tests\//)
		return "tests are for tests only"
	if (from ~ /^tools\//) {
		if (to !~ /^feed\//)
			return ""
		if (!is_simulator(from))
			return "tools never include feed/"
		if (to ~ /^feed\/(venue|base)\// || to ~ /^feed\/io\/wsframe\.h$/)
			return ""
		return "the simulator may use feed/venue, feed/base and feed/io/wsframe only"
	}
	if (to ~ /^tools\//)
		return "tools are nobody's library"
	if (from ~ /^feed\/venue\// && to ~ /^feed\/core\//)
		return "the venue knows nothing of the core"
	if (from ~ /^feed\/core\// && to ~ /^feed\/venue\// && to != "feed/venue/venue.h")
		return "the core knows no venue but venue.h"
	if (layer(to) > layer(from))
		return "L" layer(from) " includes L" layer(to)
	return ""
}

/^[ \t]*#[ \t]*include[ \t]*["<]/ {
	quoted = index($0, "\"") > 0
	name = $0
	sub(/^[^"<]*["<]/, "", name)
	sub(/[">].*$/, "", name)
	to = resolve(FILENAME, name, quoted)
	if (to == "") {
		if (quoted)
			complain("\"" name "\" is not in the tree")
		next
	}
	why = forbidden(FILENAME, to)
	if (why != "")
		complain("must not include " to ": " why)
	edges[FILENAME] = edges[FILENAME] " " to
}

# Depth first; `trail` is the way here.
function visit(file, trail,   list, n, i)
{
	if (state[file] == "done")
		return
	if (state[file] == "open") {
		print file ": includes itself:" trail " " file
		bad = 1
		return
	}
	state[file] = "open"
	n = split(edges[file], list, " ")
	for (i = 1; i <= n; i++)
		visit(list[i], trail " " file)
	state[file] = "done"
}

END {
	for (f in edges)
		visit(f, "")
	exit bad
}

# Reads C files, those of the product before those of the tests; prints the
# functions of the product that nothing but tests calls, and macros that
# nobody uses (unused.sh). By words: comments and texts do not count.

function is_product(path)
{
	return path ~ /^(include|shm|feed|tools)\//
}

BEGIN {
	split(allow, list, " ")
	for (i in list)
		allowed[list[i]] = 1
}

FNR == 1 {
	comment = 0
}

{
	s = $0
	if (comment) {
		if (!match(s, /\*\//))
			next
		s = substr(s, RSTART + 2)
		comment = 0
	}
	gsub(/"([^"\\]|\\.)*"/, "", s)
	gsub(/\/\*([^*]|\*+[^*\/])*\*+\//, " ", s)
	if (match(s, /\/\*/)) {
		s = substr(s, 1, RSTART - 1)
		comment = 1
	}
	# What others may call: it begins in column 0, its type stands on the line before.
	if (FILENAME ~ /^(shm|feed|tools)\/.*\.c$/ && match(s, /^[a-z][a-z0-9_]*\(/) &&
	    before !~ /^(static|[^a-z]|$)/ && before !~ /[;{}]$/)
		defined[substr(s, 1, RLENGTH - 1)] = FILENAME ":" FNR
	if (match(s, /^[ \t]*#[ \t]*define[ \t]+[A-Za-z0-9_]+/) && FILENAME !~ /^include\//) {
		name = substr(s, RSTART, RLENGTH)
		sub(/.*[ \t]/, "", name)
		if (!(name in macro))
			macro[name] = FILENAME ":" FNR
	}
	before = s
	n = split(s, word, /[^A-Za-z0-9_]+/)
	for (i = 1; i <= n; i++) {
		seen[word[i]]++
		if (is_product(FILENAME))
			used[word[i]]++
		if (FILENAME ~ /\.h$/)
			declared[word[i]]++
	}
}

END {
	for (name in defined)
		if (name !~ /^(main|tick_.*)$/ && !(name in allowed) &&
		    used[name] - (declared[name] > 0) < 2) {
			print defined[name] ": " name "(): nothing but tests calls it"
			bad = 1
		}
	for (name in macro)
		if (seen[name] < 2 && name !~ /_H$/) {
			print macro[name] ": " name ": a macro that nobody uses"
			bad = 1
		}
	exit bad
}

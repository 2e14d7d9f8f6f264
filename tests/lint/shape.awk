# Reads C files (or, with plain=1, other text), prints what is out of shape (shape.sh).

BEGIN {
	lines_max = 500
	columns_max = 100
	function_max = 70
	machine_max = 120
	# In two pieces, for this file is read too.
	unfinished = "(^|[^A-Za-z0-9_])(TO" "DO|FIX" "ME|XX" "X)([^A-Za-z0-9_]|$)"
	banned = "(^|[^A-Za-z0-9_])(gets|strcpy|strcat|sprintf|vsprintf|strtok|atoi|atol|atof|" \
	    "rand|system|popen|alloca)[ \t]*[(]"
	verbs = "^(handle|process|do|manage|util)_"
	floats = "(^|[^A-Za-z0-9_])(double|float)([^A-Za-z0-9_]|$)"
	exact = "^(feed/venue/|feed/base/fixed|feed/pipeline|shm/|include/)"
}

function complain(line, text)
{
	print file ":" line ": " text
	bad = 1
}

function columns(s,   n, i, parts, width)
{
	n = split(s, parts, "\t")
	for (i = 1; i <= n; i++) {
		width += length(parts[i])
		if (i < n)
			width += 8 - width % 8
	}
	return width
}

# The line without comments and without what literals hold.
function code_of(s,   out, token, c)
{
	out = ""
	while (s != "") {
		if (in_comment) {
			c = index(s, "*/")
			if (!c)
				return out
			s = substr(s, c + 2)
			in_comment = 0
			out = out " "
			continue
		}
		if (!match(s, /\/\*|\/\/|["']/))
			return out s
		token = substr(s, RSTART, RLENGTH)
		out = out substr(s, 1, RSTART - 1)
		s = substr(s, RSTART + RLENGTH)
		if (token == "/*") {
			in_comment = 1
		} else if (token == "//") {
			return out
		} else {
			out = out token token
			while (s != "") {
				c = substr(s, 1, 1)
				s = substr(s, c == "\\" ? 3 : 2)
				if (c == token)
					break
			}
		}
	}
	return out
}

function guard_of(path)
{
	sub(/^include\//, "", path)
	gsub(/[^A-Za-z0-9]/, "_", path)
	return toupper(path)
}

function end_of_file()
{
	if (file == "")
		return
	if (lines > lines_max)
		complain(lines, "file of " lines " lines, " lines_max " at most")
	if (!plain && file ~ /\.h$/ && guards < 2)
		complain(1, "include guard " guard_of(file) " is missing")
}

FNR == 1 {
	end_of_file()
	file = FILENAME
	in_comment = depth = guards = machine_line = head_line = 0
	in_macro = in_function = 0
	head = before = ""
}

{
	lines = FNR
	if (columns($0) > columns_max)
		complain(FNR, columns($0) " columns, " columns_max " at most")
	if ($0 ~ /[ \t]$/)
		complain(FNR, "trailing blanks")
	if ($0 ~ unfinished)
		complain(FNR, "unfinished work is left")
	if (plain)
		next
	if ($0 ~ /^[ \t]*\/\* FSM \*\/$/)
		machine_line = FNR

	was_comment = in_comment
	code = code_of($0)
	if (!was_comment)
		indentation()
	if (code ~ banned)
		complain(FNR, "call of a banned function")
	if (file ~ exact && code ~ floats)
		complain(FNR, "floating point where numbers are exact")
	if (file ~ /^feed\/core\// && code ~ /(^|[^A-Za-z0-9_])default[ \t]*:/)
		complain(FNR, "default: hides an event that a state does not name")

	if (in_macro || code ~ /^[ \t]*#/) {
		if (!in_macro)
			guard()
		in_macro = $0 ~ /\\$/
		next
	}
	structure(code)
}

# The guard's two lines are the first two directives.
function guard(   words)
{
	if (guards >= 2 || guards < 0 || file !~ /\.h$/)
		return
	split(code, words, " ")
	if (words[1] == (guards ? "#define" : "#ifndef") && words[2] == guard_of(file))
		guards++
	else
		guards = -1
}

# Tabs; blanks after them only where a statement or an initializer goes on.
function indentation(   blanks, begun)
{
	match($0, /^[ \t]*/)
	blanks = substr($0, 1, RLENGTH)
	begun = before ~ /=[ \t]*{[ \t]*$/ || before ~ /^[ \t]*for [(][^)]*;[ \t]*$/ || \
	    (before !~ /[;{}][ \t]*$/ && before !~ /^[ \t]*(case .*|[a-z_]+):[ \t]*$/ && \
	    before != "")
	if (blanks ~ / \t/ || (blanks ~ / / && !begun && !in_macro))
		complain(FNR, "indentation is not by tabs")
	if (code !~ /^[ \t]*$/ && code !~ /^[ \t]*#/)
		before = code
}

# Follows the braces; `head` is what stands before one outside of all.
function structure(s,   c)
{
	if (s ~ /^}/ && depth > 1)
		depth = 1
	while (match(s, /[{};]/)) {
		c = substr(s, RSTART, 1)
		if (depth == 0)
			add_head(substr(s, 1, RSTART - 1))
		s = substr(s, RSTART + 1)
		if (c == "{") {
			if (depth == 0 && head ~ /^[ \t]*extern ""[ \t]*$/) {
				head = ""
				continue
			}
			if (depth++ == 0)
				begin_function()
		} else if (c == "}") {
			if (depth > 0 && --depth == 0 && in_function)
				end_function()
		} else if (depth == 0) {
			head = ""
		}
	}
	if (depth == 0)
		add_head(s)
}

function add_head(s)
{
	if (s ~ /^[ \t]*$/)
		return
	if (head == "")
		head_line = FNR
	head = head "\n" FNR ":" s
}

# A brace opened outside of all: is it a function's? Sets in_function.
function begin_function(   text, n, parts, i, name, in_column_0)
{
	text = head
	gsub(/__attribute__[ \t]*[(][(].*[)][)]/, "", text)
	in_function = text ~ /[)][ \t\n]*$/ && text !~ /=/
	if (!in_function)
		return
	n = split(text, parts, "\n")
	for (i = 1; i <= n; i++)
		if (match(parts[i], /[A-Za-z_][A-Za-z0-9_]*[ \t]*[(]/)) {
			name = substr(parts[i], RSTART, RLENGTH)
			sub(/[ \t]*[(]$/, "", name)
			in_column_0 = parts[i] ~ ("^[0-9]+:" name "[(]")
			function_line = parts[i] + 0
			break
		}
	function_name = name
	is_machine = machine_line && machine_line >= head_line - 3
	if (name ~ verbs)
		complain(function_line, name "(): a name that says nothing")
	if (!in_column_0 && text !~ /(^|[^A-Za-z0-9_])inline[^A-Za-z0-9_]/)
		complain(function_line, name "(): the name does not stand in column 0")
}

function end_function(   size, most)
{
	size = FNR - function_line + 1
	most = is_machine ? machine_max : function_max
	if (size > most)
		complain(function_line, function_name "(): " size " lines, " most " at most")
	in_function = machine_line = 0
	head = ""
}

END {
	end_of_file()
	exit bad
}

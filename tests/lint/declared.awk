# Reads preprocessed C with line markers; prints the functions that the files
# of include/tickring declare and do not define.

/^# [0-9]+ "/ {
	ours = $3 ~ /include\/tickring\//
	next
}

!ours {
	next
}

{
	s = $0
	while (match(s, /[{};]/)) {
		c = substr(s, RSTART, 1)
		if (depth == 0)
			text = text " " substr(s, 1, RSTART - 1)
		s = substr(s, RSTART + 1)
		if (c == "{") {
			# A body, not the fields of a type.
			if (depth++ == 0)
				body = text ~ /[)][ \t]*$/
		} else if (c == "}") {
			if (--depth == 0 && body)
				text = ""
		} else if (depth == 0) {
			if (text !~ /typedef/ && match(text, /tick_[a-z0-9_]+[ \t]*[(]/)) {
				name = substr(text, RSTART, RLENGTH)
				sub(/[ \t]*[(]/, "", name)
				print name
			}
			text = ""
		}
	}
	if (depth == 0)
		text = text " " s
}

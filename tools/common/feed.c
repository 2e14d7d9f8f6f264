#include "tools/common/feed.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <tickring/reader.h>

#include "tools/common/clock.h"
#include "tools/common/stop.h"

#define NAME_LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-"

bool
feed_wait(struct feed_wait *wait)
{
	int64_t now_ns = clock_mono_ns();

	if (!wait->told)
		wait->begun_ns = now_ns;
	if (!wait->wanted || stop_asked() ||
	    (wait->ns_max > 0 && now_ns - wait->begun_ns >= wait->ns_max))
		return false;
	if (!wait->told)
		fprintf(stderr, "%s: waiting for feed \"%s\"\n", wait->program, wait->feed);
	wait->told = true;
	clock_sleep_ns(pace_on_idle(&wait->pace));
	return true;
}

const char *
feed_others(const char *folder, const char *suffix, char *out, size_t room)
{
	struct dirent **entry = NULL;
	int n = scandir(folder, &entry, NULL, alphasort), found = 0;
	size_t used = 0;

	out[0] = '\0';
	for (int i = 0; i < n; i++) {
		const char *name = entry[i]->d_name, *dot = strrchr(name, '.');

		/* Anybody may put files there, with any name. */
		if (dot != NULL && dot > name && strcmp(dot + 1, suffix) == 0 &&
		    name[strspn(name, NAME_LETTERS)] == '\0' && used < room &&
		    ++found <= FEED_OTHERS_MAX)
			used += (size_t)snprintf(out + used, room - used, "%s%.*s",
			    found == 1 ? "; feeds here: " : ", ", (int)(dot - name), name);
		free(entry[i]);
	}
	if (found > FEED_OTHERS_MAX && used < room)
		snprintf(out + used, room - used, ", and %d more", found - FEED_OTHERS_MAX);
	free(entry);
	return out;
}

const char *
feed_writer_word(int outcome)
{
	switch (outcome) {
	case TICK_END:
		return "alive";
	case TICK_E_STALE:
		return "stale";
	case TICK_E_DEAD:
		return "dead";
	case TICK_E_REPLACED:
		return "replaced";
	default:
		return "unknown";
	}
}

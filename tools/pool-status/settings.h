/* The configuration that a feed says is in force, as rows. Pure. */
#ifndef TOOLS_POOL_STATUS_SETTINGS_H
#define TOOLS_POOL_STATUS_SETTINGS_H

#include <tickring/status.h>

#define SETTINGS_MAX 256

struct setting_row {
	const char *key, *value;
	const char *set; /* "*" where it is not the default, else "" */
};

struct settings {
	struct setting_row row[SETTINGS_MAX];
	unsigned rows;
	char text[TICK_KEYS_MAX]; /* that the rows point into */
};

/*
 * Takes the lines of tick_status.keys; what is no such line is left out, and
 * so is everything beyond SETTINGS_MAX.
 */
void settings_take(struct settings *out, const char keys[TICK_KEYS_MAX]);

#endif

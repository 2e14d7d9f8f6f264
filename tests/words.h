/* The words of a command line, for tests of options. */
#ifndef TESTS_WORDS_H
#define TESTS_WORDS_H

#include <assert.h>
#include <string.h>

#define WORDS_MAX 16

struct words {
	char text[256], program[2];
	int argc;
	char *argv[WORDS_MAX]; /* the first is the program, "x" */
};

/* Cuts the text at blanks. What argv points to lives as long as *words. */
static inline void
words_cut(struct words *words, const char *text)
{
	char *rest = words->text, *word;

	assert(strlen(text) < sizeof(words->text));
	memcpy(words->text, text, strlen(text) + 1);
	words->argc = 1;
	memcpy(words->program, "x", 2);
	words->argv[0] = words->program;
	while ((word = strsep(&rest, " ")) != NULL)
		if (*word != '\0') {
			assert(words->argc < WORDS_MAX);
			words->argv[words->argc++] = word;
		}
}

#endif

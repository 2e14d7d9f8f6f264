#include "tools/common/term.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "tools/common/clock.h"

static struct termios before;
static bool taken, keys;

static bool
dumb(void)
{
	const char *term = getenv("TERM");

	return term == NULL || term[0] == '\0' || strcmp(term, "dumb") == 0;
}

bool
term_colour(FILE *out)
{
	const char *no = getenv("NO_COLOR");

	return isatty(fileno(out)) && !dumb() && (no == NULL || no[0] == '\0');
}

void
term_size(int *columns, int *rows)
{
	struct winsize ws;

	*columns = 80;
	*rows = 24;
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &ws) != 0)
		return;
	if (ws.ws_col > 0)
		*columns = ws.ws_col;
	if (ws.ws_row > 0)
		*rows = ws.ws_row;
}

bool
term_take(void)
{
	static bool registered;

	if (!isatty(STDOUT_FILENO) || dumb())
		return false;
	if (!registered && atexit(term_restore) != 0)
		return false;
	registered = true;
	if (isatty(STDIN_FILENO) && tcgetattr(STDIN_FILENO, &before) == 0) {
		struct termios raw = before;

		raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
		raw.c_cc[VMIN] = 0;
		raw.c_cc[VTIME] = 0;
		keys = tcsetattr(STDIN_FILENO, TCSANOW, &raw) == 0;
	}
	fputs("\033[?1049h\033[?25l\033[2J", stdout);
	fflush(stdout);
	taken = true;
	return true;
}

void
term_restore(void)
{
	if (!taken)
		return;
	taken = false;
	fputs("\033[0m\033[?25h\033[?1049l", stdout);
	fflush(stdout);
	if (keys)
		tcsetattr(STDIN_FILENO, TCSANOW, &before);
	keys = false;
}

int
term_key(int64_t wait_ns)
{
	struct pollfd pfd = {.fd = STDIN_FILENO, .events = POLLIN};
	struct timespec ts = {.tv_sec = wait_ns / NS_PER_S, .tv_nsec = wait_ns % NS_PER_S};
	unsigned char c;

	if (!keys) {
		clock_sleep_ns(wait_ns);
		return 0;
	}
	if (ppoll(&pfd, 1, &ts, NULL) <= 0)
		return 0;
	if (read(STDIN_FILENO, &c, 1) == 1)
		return c;
	return -1;
}

void
term_paint(const char *text, size_t n)
{
	const char *end = text + n;

	fputs("\033[H", stdout);
	while (text < end) {
		const char *eol = memchr(text, '\n', (size_t)(end - text));
		size_t length = (size_t)((eol != NULL ? eol : end) - text);

		fwrite(text, 1, length, stdout);
		fputs("\033[K", stdout);
		if (eol == NULL)
			break;
		text = eol + 1;
		if (text < end)
			fputs("\r\n", stdout); /* not after the last: it would scroll */
	}
	fputs("\033[J", stdout);
	fflush(stdout);
}

#include <tickring/reasons.h>

struct row {
	const char *label, *text;
};

static const struct row rows[] = {
#define TICK_REASON(NAME, label, text) {#label, text},
#include <tickring/reasons.def>
#undef TICK_REASON
};

const char *
tick_reason_label(long long reason)
{
	return reason >= 0 && reason < TICK_REASON_COUNT ? rows[reason].label : "unknown";
}

const char *
tick_reason_text(long long reason)
{
	return reason >= 0 && reason < TICK_REASON_COUNT ? rows[reason].text : "unknown reason";
}

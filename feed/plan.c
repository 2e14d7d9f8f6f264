#include "feed/plan.h"

#include <stdlib.h>

#include "feed/base/log.h"
#include "feed/venue/binance/limits.h"
#include "feed/venue/binance/request.h"

/* Jitter of the network between us and the exchange's counter of messages. */
#define SEND_WINDOW_MARGIN_MS 100
#define STABLE_AFTER_S 60
#define DRAIN_WITHIN_S 3


/*
 * The exchange's JSON for events of the synthetic market: field order, number
 * formats and time units of the spot streams, or field order of the futures'
 * (2024; numbers stay formatted as on spot). Pure.
 */
#ifndef TOOLS_EXCHANGE_SIM_MESSAGE_H
#define TOOLS_EXCHANGE_SIM_MESSAGE_H

#include "tools/exchange-sim/market.h"
#include "tools/exchange-sim/text.h"

enum time_unit { UNIT_MS, UNIT_US };

/* Appends the bare payload of a stream message. */
void message_event(struct text *t, const struct market_event *e, enum time_unit unit);

/* Appends the body of GET /api/v3/depth, or the futures': up to `limit` levels a side. */
void message_snapshot(struct text *t, const struct market *m, int limit, wall_t now);

/* Appends an element of GET .../historicalTrades, .../aggTrades. */
void message_past_trade(struct text *t, const struct market *m, const struct past_trade_kept *p);
void message_past_aggregate(struct text *t, const struct market *m,
    const struct past_aggregate *p);

/* Appends the entry of one symbol of GET /api/v3/exchangeInfo. */
void message_symbol_info(struct text *t, const struct instrument *what, bool halted);

#endif

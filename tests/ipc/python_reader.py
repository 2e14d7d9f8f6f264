"""What tests/ipc/test_python.c runs: python_reader.py WHAT [FEED]."""

import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../tools/python"))

import tickring  # noqa: E402  pylint: disable=wrong-import-position
import tickring_layout as layout  # noqa: E402  pylint: disable=wrong-import-position

MASK = (1 << 64) - 1


def signed(value):
    """The low 64 bits as an int64_t."""
    return (value & MASK ^ 1 << 63) - (1 << 63)


def print_layout():
    """A C file that compiles when the module has the layout and numbers of the headers."""
    print("#include <tickring/board.h>\n#include <tickring/reader.h>\n"
          "#include <tickring/reasons.h>\n#include <tickring/status.h>")

    def claim(what, value):
        print(f'_Static_assert({what} == {value}, "{what}");')

    for struct, (size, fields) in layout.LAYOUT.items():
        claim(f"sizeof(struct {struct})", size)
        for field, (offset, size) in fields.items():
            claim(f"offsetof(struct {struct}, {field})", offset)
            claim(f"sizeof(((struct {struct} *)0)->{field})", size)
    for outcome in layout.Outcome:
        claim("TICK_" + ("" if outcome >= 0 else "E_") + outcome.name, outcome.value)
    for name in ("TRADE", "AGG_TRADE", "QUOTE", "BOOK_DELTA", "BOOK_CLEAR", "KLINE",
                 "FEED_EVENT", "NO_INSTRUMENT", "REASON_RESTART", "MAGIC", "BYTE_ORDER",
                 "ABI_MAJOR", "HEADER_BYTES", "LINES_MAX", "COUNTERS_MAX",
                 *(name for name in dir(layout) if name.startswith("FLAG_"))):
        claim("TICK_" + name, f"{getattr(layout, name)}ull")
    claim("(uint64_t)TICK_ABSENT", f"{layout.ABSENT & MASK}ull")
    claim("TICK_TYPE_COUNT", len(layout.TYPES))
    claim("TICK_COUNTER_COUNT", len(layout.COUNTERS))
    claim("TICK_LINE_STATE_COUNT", len(layout.LINE_STATES))


def print_names():
    """Names by number; the caller compares them with the library's."""
    for of, names in (("type", layout.TYPES), ("counter", layout.COUNTERS),
                      ("line", layout.LINE_STATES)):
        for i, name in enumerate(names):
            print(of, i, name)


def is_whole(tick, n):
    """Does every word follow from the number? shm_fixture_publish() with id = number."""
    t = n * 10
    return tick == (n, 0, layout.TRADE, 3, 3, t, t + 1, [t + 2, t + 3, t + 4, t + 5], n, t + 6,
                    t + 7, t + 8, [t + 9, ~n, n ^ 0x5555, n + 1])


def race(feed, enough):
    """Reads until the writer is gone; says when it has enough."""
    torn = idle = 0
    said = False
    with tickring.Reader(feed) as reader:
        print("ready", flush=True)
        while idle < 2:
            try:
                tick = reader.next()
                if tick is not None:
                    idle = 0
                    torn += not is_whole(tick, reader.stats.next - 1)
            except tickring.Overrun:
                pass
            except tickring.Stale:
                pass
            except tickring.Dead:
                idle += 1  # a last look: it may have published since the one before
            if not said and reader.stats.received >= enough and reader.stats.overruns > 0:
                said = True
                print("enough", flush=True)
        s = reader.stats
    print(f"{s.received} {s.lost} {s.next} {s.overruns} {torn}")


def control(feed):
    """Believes the sequence word once and never asks again: must see torn ticks."""
    torn = n = 0
    with tickring.Reader(feed) as reader:
        print("ready", flush=True)
        words, slots, mask = reader._words, reader._slots, reader._mask
        while torn == 0 and reader.check() != tickring.Outcome.DEAD:
            n += 1
            at = slots + (n & mask) * layout.SLOT_WORDS
            seq = words[at]
            row = words[at + 1:at + layout.SLOT_WORDS].tolist()
            number = seq // 2 - 1
            torn += seq != 0 and seq % 2 == 0 and (row[7] != number or row[14] != number + 1)
    print("enough", flush=True)
    print(f"0 0 0 0 {torn}")


def board_race(feed, enough):
    """Quotes and books under a writer: each is of one piece."""
    seen = {"quote": 0, "book": 0}
    busy = torn = 0
    last = -1
    with tickring.Board(feed) as board:
        print("ready", flush=True)
        while min(seen.values()) < enough:
            try:
                quote = board.quote(0)
                if quote:
                    seen["quote"] += 1
                    torn += quote != tuple(quote.recv_ns + i for i in range(7))
                    torn += quote.recv_ns < last
                    last = quote.recv_ns
            except tickring.Busy:
                busy += 1
            try:
                book = board.book(0)
                if book:
                    seen["book"] += 1
                    n = book.recv_ns
                    bids, asks = 1 + n % 5, 1 + n % 3
                    torn += book[:3] != (n, n + 1, n + 2) or \
                        book.bids != [(n + i, n - i) for i in range(bids)] or \
                        book.asks != [(n + i, n + i) for i in range(asks)]
            except tickring.Busy:
                busy += 1
    print("enough", flush=True)
    print(f"{seen['quote']} {seen['book']} {busy} 0 {torn}")


def outcomes(feed, count):
    """Opens FEED0.ring, FEED1.ring ... and reads until the writer's state is told. Prints the
    outcome of open, that state and the account."""
    states = (tickring.Outcome.DEAD, tickring.Outcome.REPLACED, tickring.Outcome.STALE)
    for i in range(count):
        state, account = tickring.Outcome.END, (0, 0, 0, 0)
        try:
            with tickring.Reader(f"{feed}{i}", "oldest") as reader:
                while state not in states:
                    try:
                        reader.next()
                    except tickring.TickError as error:
                        state = error.outcome
                s = reader.stats
                account = s.received, s.lost, s.damaged, s.next
                reader.instruments()
            outcome = tickring.Outcome.END
        except tickring.TickError as error:
            outcome = error.outcome
        print(i, int(outcome), int(state), *account, flush=True)


def board_control(feed):
    """As board_race(), but believes what it read without asking again."""
    def careless(segment, _, at, n):
        return segment.words[at:at + n].tolist()

    tickring.Segment.stable = careless
    board_race(feed, 20000)


def expect(what, got, wanted):
    """Ends with a message when they differ."""
    if got != wanted:
        sys.exit(f"{what}: {got} here, {wanted} in shm-inspect")


def rows(kind):
    """Records of one kind of the JSON of shm-inspect on standard input."""
    return [row for row in map(json.loads, sys.stdin) if kind in ("*", row["kind"])]


def fixed(mantissa, exponent):
    """A decimal as shm-inspect prints it in JSON."""
    value = tickring.decimal(mantissa, exponent)
    return None if value is None else f"{value:f}"


def compare_board(feed):
    """Standard input: shm-inspect -b -o json."""
    given = rows("board")
    with tickring.Reader(feed) as reader, tickring.Board(feed) as board:
        instruments = reader.instruments()
        expect("instruments", len(instruments), len(given))
        for i, row in zip(instruments, given):
            quote, trade, data = board.quote(i.id), board.trade(i.id), board.data(i.id)
            none = (layout.ABSENT,) * 7
            q, t = quote or tickring.Quote(*none), trade or tickring.Trade(*none)
            px, qty = i.price_exponent, i.qty_exponent
            states = ("none", "syncing", "live", "stale", "halted")
            expect(i.symbol, {
                "symbol": i.symbol, "data": states[data.state] if data else "none",
                "bid_qty": fixed(q.bid_qty, qty), "bid_px": fixed(q.bid_px, px),
                "ask_px": fixed(q.ask_px, px), "ask_qty": fixed(q.ask_qty, qty),
                "last_px": fixed(t.price, px), "last_qty": fixed(t.qty, qty),
                "taker": "-" if not trade else "sell" if t.flags & layout.FLAG_SIDE else "buy",
                "quote_id": None if q.id == layout.ABSENT else q.id,
            }, {key: row[key] for key in row if key not in ("kind", "quote_age")})
        try:
            board.quote(len(instruments) + 1000)
            sys.exit("an instrument beyond the board is no error")
        except tickring.TickError as error:
            expect("outcome", error.outcome, tickring.Outcome.RANGE)
        print(len(given), "instruments alike")


def compare_status(feed):
    """Standard input: shm-inspect -s -o json."""
    given = rows("*")
    with tickring.Status(feed) as status:
        st = status.read()
    assert st is not None

    def present(value):
        return None if value == layout.ABSENT else value

    rest = iter(given)
    row = next(rest)
    expect("feed", (st.at_ns, st.started_ns, st.version, st.transport, len(st.lines),
                    st.lines_live, st.streams, st.instruments, st.messages_per_s,
                    st.ticks_per_s),
           tuple(row[key] for key in ("at", "started", "version", "transport", "lines",
                                      "lines_live", "streams", "instruments",
                                      "messages_per_s", "ticks_per_s")))
    for latency in (st.publish, st.arrival):
        row = next(rest)
        expect(row["of"], tuple(latency),
               tuple(row[key] for key in ("count", "p50", "p90", "p99", "p99_9", "max")))
    for line in st.lines:
        row = next(rest)
        expect("line", (line.endpoint, layout.LINE_STATES[line.state], line.streams_wanted,
                        line.streams_acknowledged, line.messages, line.bytes, line.attempts,
                        line.connects, present(line.pings), line.close_code),
               tuple(row[key] for key in ("endpoint", "state", "wanted", "acked", "messages",
                                          "bytes", "attempts", "connects", "pings", "code")))
    expect("counters", st.counters, {row["counter"]: row["value"] for row in rest})
    print(len(given), "records alike")


def main():
    """Runs what the first argument names."""
    what, *rest = sys.argv[1:]
    feed = rest[0] if rest else ""
    run = {"layout": print_layout, "names": print_names, "race": lambda: race(feed, int(rest[1])),
           "control": lambda: control(feed), "board-race": lambda: board_race(feed, int(rest[1])),
           "outcomes": lambda: outcomes(feed, int(rest[1])),
           "board-control": lambda: board_control(feed),
           "board": lambda: compare_board(feed), "status": lambda: compare_status(feed)}
    run[what]()


if __name__ == "__main__":
    main()

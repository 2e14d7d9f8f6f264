"""Records, layout and outcomes of ABI version 1, for tickring.py: the one place where
offsets stand. A test compares all of it with the C headers."""

from decimal import Decimal
from enum import IntEnum
from typing import Dict, List, NamedTuple, NoReturn, Optional, Tuple

ABSENT = -1 << 63  # a price, quantity, id or time that the message did not have
NO_INSTRUMENT = 0xffffffff  # tick.instrument of an event that concerns the whole feed

TYPES = ("empty", "trade", "agg_trade", "block_trade", "quote", "book_delta", "book_clear",
         "kline", "ticker_24h", "mini_ticker", "avg_price", "mark_price", "liquidation",
         "reference_price", "instrument_status", "feed_event")
TRADE, AGG_TRADE, QUOTE, BOOK_DELTA, BOOK_CLEAR, KLINE, FEED_EVENT = 1, 2, 4, 5, 6, 7, 15
FLAG_FIRST, FLAG_LAST, FLAG_REPLAY, FLAG_GAP_BEFORE = 0x01, 0x02, 0x04, 0x08
FLAG_STALE, FLAG_KERNEL_STAMP, FLAG_SIDE, FLAG_CLOCK_DOUBT = 0x10, 0x20, 0x40, 0x80
LINE_STATES = ("idle", "connecting", "handshake", "subscribing", "live", "draining", "backoff",
               "open_circuit")
REASON_RESTART = 3
COUNTERS = tuple("""messages message_bytes ticks trades agg_trades quotes depths partial_depths
    klines replies error_replies server_shutdowns malformed unfit oversize unknown binary
    no_instrument duplicates gaps gap_ids off_market connects connect_failures disconnects
    requests controls_dropped log_dropped late held id_resets captured capture_bytes
    capture_dropped snapshots snapshots_too_old book_syncs book_gaps books_crossed
    book_levels_dropped block_trades mini_tickers tickers avg_prices reference_prices mark_prices
    liquidations statuses arrays foreign backfill_gaps backfill_unasked backfill_ids
    backfill_missing backfill_requests backfill_refused books_starved lists_refused
    trading_proven connects_limited parse_alarms memory_alarms cpu_alarms socket_leaks""".split())


class Tick(NamedTuple):
    """One tick. Which value is which word of v and w, by type: docs/SHM.md, "Tick"."""
    number: int
    instrument: int  # index into the directory, or NO_INSTRUMENT
    type: int
    flags: int
    leg: int
    exch_ns: int
    recv_ns: int
    v: List[int]
    id: int
    first_id: int
    trade_ns: int
    mono_ns: int
    w: List[int]

    def levels(self) -> List[Tuple[int, int]]:
        """Price and quantity of the levels of a BOOK_DELTA."""
        words = self.v + self.w
        return [pair for pair in zip(words[::2], words[1::2]) if pair[0] != ABSENT]


class Instrument(NamedTuple):
    """An entry of the directory. price = mantissa x 10^price_exponent."""
    id: int
    venue: int
    trading: int
    symbol_bytes: int
    price_exponent: int
    qty_exponent: int
    price_step: int
    qty_step: int
    symbol: str


class Quote(NamedTuple):
    """The latest best prices."""
    recv_ns: int
    exch_ns: int
    id: int
    bid_px: int
    bid_qty: int
    ask_px: int
    ask_qty: int


class Trade(NamedTuple):
    """The last trade; FLAG_SIDE: the buyer was the maker."""
    recv_ns: int
    exch_ns: int
    trade_ns: int
    id: int
    price: int
    qty: int
    flags: int


class Data(NamedTuple):
    """State of an instrument's data: 0 none, 1 syncing, 2 live, 3 stale, 4 halted."""
    state: int
    since_ns: int
    reason: int
    trade_id: int
    agg_trade_id: int
    quote_id: int
    depth_id: int


class Book(NamedTuple):
    """The book image, best first: (price, qty) a level."""
    recv_ns: int
    exch_ns: int
    id: int
    bids: List[Tuple[int, int]]
    asks: List[Tuple[int, int]]


class Latency(NamedTuple):
    """In ns, of the last second with messages."""
    count: int
    p50: int
    p90: int
    p99: int
    p999: int
    max: int


class Line(NamedTuple):
    """One connection: struct tick_line_status."""
    state: int
    since_ns: int
    attempts: int
    connects: int
    reason: int
    close_code: int
    retry_at_ns: int
    connected_ns: int
    last_message_ns: int
    streams_wanted: int
    streams_sent: int
    streams_acknowledged: int
    messages: int
    bytes: int
    pings: int
    role: int
    leg: int
    peer: int
    retire_at_ns: int
    round_trip_ns: int
    pongs_permille: int
    sends_used: int
    wins: int
    duplicates: int
    endpoint: str


class FeedStatus(NamedTuple):
    """What a feed says of itself: struct tick_status."""
    at_ns: int
    at_mono_ns: int
    started_ns: int
    messages_per_s: int
    ticks_per_s: int
    lines_live: int
    instruments: int
    streams: int
    publish: Latency
    arrival: Latency
    counters: Dict[str, int]
    lines: List[Line]
    transport: str
    version: str


class Stats(NamedTuple):
    """received + lost == next - start, always; a seek moves start along. damaged: of the lost."""
    received: int
    lost: int
    overruns: int
    restarts: int
    next: int
    start: int
    damaged: int


Fields = Dict[str, Tuple[int, int]]  # name: (offset, bytes)


def _words(at: int, *names: str) -> Fields:
    return {name: (at + 8 * i, 8) for i, name in enumerate(names)}


# Name of the struct: its size, its fields. Opening a segment compares its header with it.
MAGIC, BYTE_ORDER, ABI_MAJOR, HEADER_BYTES = 0x31474e49524b4354, 0x01020304, 1, 4096
LINES_MAX, COUNTERS_MAX = 64, 128
NUMBER_MAX = (1 << 62) - 1  # of ticks
HEADER: Fields = {
    "magic": (0, 8), "byte_order": (8, 4), "kind": (12, 4), "abi_major": (16, 4),
    "abi_minor": (20, 4), "header_bytes": (24, 4), "record_bytes": (28, 4),
    **_words(32, "records", "records_at", "directory_at", "directory_max", "total_bytes", "first",
             "generation", "created_ns"), "board_depth": (96, 4), "lineage": (168, 8),
    "epoch": (256, 4), "state": (260, 4), "hint": (384, 8), "instruments": (512, 4),
    **_words(264, "heartbeat_ns", "heartbeat_every_ns", "epoch_first")}
INSTRUMENT: Fields = {
    "id": (0, 4), "venue": (4, 2), "trading": (6, 1), "symbol_bytes": (7, 1),
    "price_exponent": (8, 1), "qty_exponent": (9, 1), "price_step": (16, 8), "qty_step": (24, 8),
    "symbol": (32, 48)}
LAYOUT: Dict[str, Tuple[int, Fields]] = {
    "tick_segment_header": (768, HEADER),
    "tick_instrument": (128, INSTRUMENT),
    "tick": (128, {
        "seq": (0, 8), "instrument": (8, 4), "type": (12, 1), "flags": (13, 1), "leg": (14, 2),
        **_words(16, "exch_ns", "recv_ns"), "v": (32, 32),
        **_words(64, "id", "first_id", "trade_ns", "mono_ns"), "w": (96, 32)}),
    "tick_level": (16, _words(0, "price", "qty")),
    "tick_board_entry": (256, {"quote": (0, 64), "trade": (64, 64), "state": (128, 64),
                               "book": (192, 64)}),
    "tick_board_quote": (64, _words(0, "seq", *Quote._fields)),
    "tick_board_trade": (64, _words(0, "seq", *Trade._fields)),
    "tick_board_state": (64, _words(0, "seq", *Data._fields)),
    "tick_board_book": (64, _words(0, "seq", *Book._fields)),
    "tick_status_record": (1163264, {"copy": (0, 114688), "stream": (114688, 1048576)}),
    "tick_status_block": (57344, {"seq": (0, 8), "status": (128, 57200)}),
    "tick_status": (57200, {
        **_words(0, *FeedStatus._fields[:5], "lines", *FeedStatus._fields[5:8]),
        "publish": (256, 48), "arrival": (304, 48), "counter": (352, 8 * COUNTERS_MAX),
        "line": (1376, 256 * LINES_MAX), "transport": (17760, 16), "version": (17776, 32)}),
    "tick_latency": (48, _words(0, *Latency._fields)),
    "tick_line_status": (256, {**_words(0, *Line._fields[:-1]), "endpoint": (192, 64)}),
}
SLOT_WORDS = LAYOUT["tick"][0] // 8
STATUS = LAYOUT["tick_status"][1]


class Outcome(IntEnum):
    """As enum tick_outcome."""
    MORE = 1
    END = 0
    OVERRUN = -1
    STALE = -2
    DEAD = -3
    RESTARTED = -4
    REPLACED = -5
    ABI = -6
    ABSENT = -7
    FOREIGN = -8
    TRUNCATED = -9
    ACCESS = -10
    BUSY = -11
    RANGE = -12
    SYSTEM = -13
    DAMAGED = -14


class TickError(Exception):
    """Anything but a tick: `outcome` says what; those below have classes of their own."""
    TEXTS = {
        Outcome.OVERRUN: "the writer lapped this reader",
        Outcome.STALE: "the writer's heartbeat is old: it hangs or was stopped",
        Outcome.DEAD: "there is no writer",
        Outcome.RESTARTED: "the writer was started again",
        Outcome.REPLACED: "the segment was replaced by another one",
        Outcome.ABI: "the segment has another ABI version or byte order",
        Outcome.ABSENT: "there is no such segment",
        Outcome.FOREIGN: "the file is no tickring segment of this kind",
        Outcome.TRUNCATED: "the file is shorter than its header says",
        Outcome.ACCESS: "permission denied",
        Outcome.BUSY: "it was being written at each attempt",
        Outcome.RANGE: "no such instrument, or a bad argument",
        Outcome.SYSTEM: "the system refused",
        Outcome.DAMAGED: "the ring is damaged here",
    }

    def __init__(self, outcome: Outcome, lost: int = 0) -> None:
        super().__init__(self.TEXTS[outcome] + (f", {lost} ticks lost" if lost else ""))
        self.outcome = outcome
        self.lost = lost


class Overrun(TickError):
    """Lapped: exactly `lost` ticks were not delivered; the next call goes on."""


class Damaged(TickError):
    """Words of the ring contradict each other; `lost` ticks were there, the next call goes on."""


class Restarted(TickError):
    """A writer started anew; said once, the next call goes on."""


class Stale(TickError):
    """The writer holds its lock, but its heartbeat is old."""


class Dead(TickError):
    """There is no writer; one may come back."""


class Replaced(TickError):
    """Another segment took the name: Reader.reattach(), or open board and status anew."""


class Busy(TickError):
    """Being written at each of 64 attempts: keep the last value."""


_CLASSES = {Outcome.OVERRUN: Overrun, Outcome.RESTARTED: Restarted, Outcome.STALE: Stale,
            Outcome.DEAD: Dead, Outcome.REPLACED: Replaced, Outcome.BUSY: Busy,
            Outcome.DAMAGED: Damaged}


def fail(outcome: Outcome, lost: int = 0) -> NoReturn:
    raise _CLASSES.get(outcome, TickError)(outcome, lost)


def decimal(mantissa: int, exponent: int) -> Optional[Decimal]:
    """The exact value, whatever the decimal context; None for ABSENT."""
    return None if mantissa == ABSENT else Decimal(f"{mantissa}E{exponent}")


def type_name(number: int) -> str:
    """Name of a type of ticks."""
    return TYPES[number] if number < len(TYPES) else "unknown"


def clean_text(raw: bytes) -> str:
    """UTF-8 up to the first NUL; '?' for what is none and for control characters."""
    text = raw.split(b"\0")[0].decode("utf-8", "surrogateescape")
    return "".join("?" if c < " " or "\x7f" <= c < "\xa0" or "\ud800" <= c <= "\udfff" else c
                   for c in text)

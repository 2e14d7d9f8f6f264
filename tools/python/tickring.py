#!/usr/bin/env python3
"""Reads ring, board and status of a Tickring feed (docs/SHM.md); see tickring(3).

Standard library only. Some hundred times slower than libtickring: a few hundred
thousand ticks a second. Whoever is too slow is lapped and told the exact loss.

    with Reader("binance", "oldest") as reader:
        while True:
            try:
                reader.wait()
                for tick in reader:              # all that is there now
                    print(tick)
            except Replaced:
                reader.reattach()
            except TickError as told:            # Overrun, Restarted, Stale, Dead, Damaged
                print(told)

Why a tick that next() returns is whole. The reader loads the sequence word, then
the words, then the sequence word again, and believes the words only when both
were the one that it wants; board and status likewise. docs/SHM.md has the proof;
it needs whole 8-byte loads, in that order. Python has no words for either: it
knows no atomic load and no acquire fence. What stands in for them is CPython
on x86-64, not the language:

* Item access and tolist() of a memoryview cast to 'Q' or 'q' are one 8-byte
  memcpy an item, which compilers make one load; aligned, it is atomic there.
* Between two items lie calls that the compiler cannot see through (an int is
  made), so it keeps the loads in their order. Nothing here is copied in bulk.
* An x86-64 processor does not reorder loads (TSO), so the missing fences would
  be no instructions anyway.

Other processors do reorder loads, and other Pythons may load otherwise: there
everything here refuses, unless told `unsafe=True`; then a torn tick is possible.
"""

import argparse
import os
import struct
import sys
import time
from typing import Callable, Dict, Iterator, List, NoReturn, Optional, TextIO

from tickring_layout import (
    ABSENT, AGG_TRADE, COUNTERS, COUNTERS_MAX, FEED_EVENT, LAYOUT, LINES_MAX, NO_INSTRUMENT,
    QUOTE, REASON_RESTART, SLOT_WORDS, STATUS, TRADE, Book, Busy, Damaged, Data, Dead,
    FeedStatus, Instrument, Latency, Line, Outcome, Overrun, Quote, Replaced, Restarted, Stale,
    Stats, Tick, TickError, Trade, clean_text, decimal, fail, type_name)
from tickring_segment import Ring, Segment

__all__ = ["Board", "Book", "Busy", "Damaged", "Data", "Dead", "FeedStatus", "Instrument",
           "Latency", "Line", "Outcome", "Overrun", "Quote", "Reader", "Replaced", "Restarted",
           "Stale", "Stats", "Status", "Tick", "TickError", "Trade", "decimal", "type_name"]


class _Handle:
    """What ring, board and status have in common; a context manager."""

    def __init__(self, segment: Segment) -> None:
        self._segment = segment

    def __enter__(self):
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Unmaps; nothing can be read any more."""
        self._segment.close()

    def check(self) -> Outcome:
        """How is the writer? Outcome.END: fine; STALE, DEAD, REPLACED."""
        return self._segment.check()


class Reader(_Handle):
    """Every tick in order, from the 'newest' (the next to come) or the 'oldest' on."""

    def __init__(self, feed: str, start: str = "newest", *, unsafe: bool = False) -> None:
        if start not in ("newest", "oldest"):
            fail(Outcome.RANGE)
        self._segment: Ring
        super().__init__(Ring(feed, unsafe))
        self._feed, self._unsafe = feed, unsafe
        self._use_mapping()
        self._received = self._lost = self._overruns = self._restarts = self._damaged = 0
        self._told = Outcome.END
        self._ended = 0  # number at which it last found nothing
        self._next = self._segment.find_end()
        if start == "oldest":
            self._next = self._segment.oldest_safe(self._next)
        self._start = self._next

    def _use_mapping(self) -> None:
        ring = self._segment
        self._words, self._seqs, self._mask, self._slots = \
            ring.words, ring.seqs, ring.mask, ring.slots
        self._epoch = self._segment.word("epoch")
        self._owes_restart = False
        self._idle, self._looked, self._health = 0, 0.0, Outcome.END

    def next(self) -> Optional[Tick]:
        """The next tick, None when there is none yet. Raises Overrun, Damaged, Restarted, and
        Stale, Dead, Replaced (looked at after 64 calls that found nothing)."""
        number = self._next
        at = self._slots + (number & self._mask) * SLOT_WORDS
        wanted = 2 * number + 2
        if self._seqs[at] != wanted:
            self._not_there()
            return None
        if self._owes_restart:
            self._tell_restart(self._segment.word("epoch"))
        row = self._words[at + 1:at + SLOT_WORDS].tolist()
        if self._seqs[at] != wanted:
            self._not_there()
            return None
        meta = row[0]
        kind = meta >> 32 & 0xff
        if kind == FEED_EVENT and row[3] == REASON_RESTART and row[4] & 0xffffffff > self._epoch:
            self._tell_restart(row[4] & 0xffffffff)
        self._next = number + 1
        self._received += 1
        return Tick(number, meta & 0xffffffff, kind, meta >> 40 & 0xff, meta >> 48 & 0xffff,
                    row[1], row[2], row[3:7], row[7], row[8], row[9], row[10], row[11:])

    def __iter__(self) -> Iterator[Tick]:
        """The ticks that are there now. Raises Overrun, Damaged, Restarted in their place; what
        wait() and next() say of the writer is no part of it. Iterate again to go on."""
        while self._segment.seq(self._next) >= 2 * self._next + 2:
            tick = self.next()
            if tick is not None:
                yield tick

    def wait(self, timeout: Optional[float] = None) -> bool:
        """Sleeps, 50 us to 1 ms at a time, until there is something for next(), or for
        `timeout` seconds: False. Raises a state of the writer (Stale, Dead, Replaced) that
        the last wait did not raise."""
        begun = looked = time.monotonic()
        nap = 50e-6
        while self._segment.seq(self._next) < 2 * self._next + 2:
            now = time.monotonic()
            over = timeout is not None and now - begun >= timeout
            if over or now - looked >= 0.05:
                looked = now
                self._look()
                told, self._told = self._told, self._health
                if self._health not in (Outcome.END, told):
                    fail(self._health)
            if over:
                return False
            time.sleep(nap)
            nap = min(2 * nap, 1e-3)
        self._told = Outcome.END
        return True

    def _look(self) -> None:
        """Looks after the writer and, while there is nothing to read, for damage."""
        self._looked, self._health = time.monotonic(), self.check()
        ring, number = self._segment, self._next
        if self._health == Outcome.TRUNCATED:
            return  # touch nothing more
        hint, seq = ring.hint(), ring.seq(number)
        if seq == 2 * number + 2 or not ring.credible(hint):
            return
        if number < hint and seq < 2 * number + 2:
            self._skip_damage(hint)
        if number > hint + ring.slack:
            # A damaged hint led beyond the end. Nothing was lost, it was only not there yet.
            self._move(min(ring.find_end(), number))
            fail(Outcome.DAMAGED)

    def _nothing(self) -> None:
        # Ticks were found since the writer was called ill: the news is old.
        moved = self._health != Outcome.END and self._next != self._ended
        self._ended = self._next
        self._idle += 1
        if self._idle % 64 and self._health == Outcome.END:
            return
        if moved or time.monotonic() - self._looked >= 0.01:
            self._look()
        if self._health != Outcome.END:
            fail(self._health)

    def _not_there(self) -> None:
        """The slot does not hold our tick: it is to come, gone, or damaged."""
        ring, number = self._segment, self._next
        before, seq, after = ring.hint(), ring.seq(number), ring.hint()
        at, fits = (seq - 1) // 2, ring.fits(number, seq)
        if seq == 2 * number + 2:
            return  # there after all
        if seq < 2 * number + 2:
            self._nothing()
        elif fits and at + ring.mask + 1 >= before and at <= after + ring.slack:
            self._lose(max(ring.oldest_safe(max(at, after)), number + 1), Outcome.OVERRUN)
        elif fits and not ring.credible(after):
            self._lose(max(ring.oldest_safe(at), number + 1), Outcome.OVERRUN)
        elif number < after:
            self._skip_damage(after)
        else:
            self._nothing()

    def _skip_damage(self, hint: int) -> NoReturn:
        """Past our tick, which was published and is not in its slot, and all like it."""
        to = self._next + 1
        while to < hint and to - self._next <= self._mask and self._segment.seq(to) < 2 * to + 2:
            to += 1
        self._damaged += to - self._next
        self._lose(to, Outcome.DAMAGED)

    def _lose(self, to: int, outcome: Outcome) -> NoReturn:
        lost = to - self._next
        self._lost += lost
        self._overruns += 1
        self._next = to
        self._note_epoch()
        fail(outcome, lost)

    def _move(self, to: int) -> None:
        self._start += to - self._next
        self._next = to

    def _note_epoch(self) -> None:
        if self._segment.word("epoch") != self._epoch and \
                self._segment.word("epoch_first") < self._next:
            self._owes_restart = True

    def _tell_restart(self, epoch: int) -> NoReturn:
        self._epoch = epoch
        self._owes_restart = False
        self._restarts += 1
        fail(Outcome.RESTARTED)

    def seek(self, number: int) -> None:
        """Goes to tick `number`; raises Overrun (it is gone; on to the oldest that is safely
        there) or TickError (it lies in the future)."""
        end = self._segment.find_end()
        if not 0 <= number <= end:
            fail(Outcome.RANGE)
        self._move(number)
        self._note_epoch()
        if number < end and self._segment.seq(number) != 2 * number + 2:
            self._lose(max(self._segment.oldest_safe(end), number + 1), Outcome.OVERRUN)

    def reattach(self) -> None:
        """After Replaced: maps the segment that has the name now. What was missed over it
        is counted. On failure (TickError) the old mapping stays."""
        ring, old = Ring(self._feed, self._unsafe), self._segment
        old.close()
        self._segment = ring
        self._told = Outcome.END
        self._use_mapping()
        end = ring.find_end()
        oldest = ring.oldest_safe(end)
        if ring.header["lineage"] != old.header["lineage"] or self._next > end:
            self._move(oldest)  # another count: there is nothing to compare
        elif self._next < oldest:
            self._lost += oldest - self._next
            self._next = oldest

    @property
    def stats(self) -> Stats:
        """Counters since open."""
        return Stats(self._received, self._lost, self._overruns, self._restarts, self._next,
                     self._start, self._damaged)

    @property
    def lag(self) -> int:
        """How many ticks the writer is ahead, by its hint: at most 64 too few."""
        return max(self._segment.hint() - self._next, 0)

    @property
    def epoch(self) -> int:
        """Grows by one at each start of a writer."""
        return self._segment.word("epoch")

    def instruments(self) -> List[Instrument]:
        """The directory; entry i has id i."""
        n = min(self._segment.word("instruments"), self._segment.header["directory_max"])
        return [self._entry(i) for i in range(n)]

    def instrument(self, number: int) -> Optional[Instrument]:
        """One entry, or None when there is none of that id."""
        n = min(self._segment.word("instruments"), self._segment.header["directory_max"])
        return self._entry(number) if 0 <= number < n else None

    def _entry(self, number: int) -> Instrument:
        at = self._segment.header["directory_at"] // 8 + number * 16
        raw = struct.pack("16q", *self._words[at:at + 16].tolist())
        *numbers, symbol = struct.unpack("IHBBbb6xqq48s48x", raw)
        return Instrument(*numbers, clean_text(symbol))


class Board(_Handle):
    """The latest of each instrument. None: nothing of the kind has come yet; raises Busy,
    and TickError for an instrument beyond the board."""

    def __init__(self, feed: str, *, unsafe: bool = False) -> None:
        super().__init__(Segment(feed, "board", unsafe))

    @property
    def depth(self) -> int:
        """Levels a side that the book image has room for."""
        return self._segment.header["board_depth"]

    def _part(self, instrument: int, part: str, n: int) -> Optional[List[int]]:
        header = self._segment.header
        if not 0 <= instrument < header["records"]:
            fail(Outcome.RANGE)
        at = header["records_at"] + instrument * header["record_bytes"] + \
            LAYOUT["tick_board_entry"][1][part][0]
        return self._segment.stable(at // 8, at // 8 + 1, n)

    def quote(self, instrument: int) -> Optional[Quote]:
        """The last quote."""
        row = self._part(instrument, "quote", 7)
        return Quote(*row) if row else None

    def trade(self, instrument: int) -> Optional[Trade]:
        """The last trade."""
        row = self._part(instrument, "trade", 7)
        return Trade(*row) if row else None

    def data(self, instrument: int) -> Optional[Data]:
        """State of the data."""
        row = self._part(instrument, "state", 7)
        return Data(*row) if row else None

    def book(self, instrument: int) -> Optional[Book]:
        """The book image."""
        row = self._part(instrument, "book", 7 + 4 * self.depth)
        if not row:
            return None
        levels = list(zip(row[7::2], row[8::2]))
        bids, asks = (max(0, min(n, self.depth)) for n in row[3:5])
        return Book(*row[:3], levels[:bids], levels[self.depth:self.depth + asks])


class Status(_Handle):
    """Counters, lines and latencies of a feed."""

    def __init__(self, feed: str, *, unsafe: bool = False) -> None:
        super().__init__(Segment(feed, "status", unsafe))

    def read(self) -> Optional[FeedStatus]:
        """A consistent copy; None before the first one was written. Raises Busy."""
        words = self._newest()
        if words is None:
            return None
        n = len(words)
        raw = struct.pack(f"{n}q", *words)
        head = words[:9]
        lines = [self._line(raw, i) for i in range(max(0, min(head[5], LINES_MAX)))]
        counters = struct.unpack_from(f"{COUNTERS_MAX}Q", raw, STATUS["counter"][0])
        publish, arrival = (Latency(*struct.unpack_from("6q", raw, STATUS[name][0]))
                            for name in ("publish", "arrival"))
        transport, version = (clean_text(raw[at:at + size]) for at, size in
                              (STATUS["transport"], STATUS["version"]))
        return FeedStatus(*head[:5], *head[6:], publish, arrival, dict(zip(COUNTERS, counters)),
                          lines, transport, version)

    def _newest(self) -> Optional[List[int]]:
        """The copy that was finished last; None: none was. Raises Busy."""
        block, fields = LAYOUT["tick_status_block"]
        n = LAYOUT["tick_status"][0] // 8
        for _ in range(64):
            first = self._segment.header["records_at"]
            seqs = [self._segment.seqs[(first + i * block) // 8] for i in (0, 1)]
            done = [0 if seq & 1 else seq for seq in seqs]
            if not any(done):
                return None
            at = first + (block if done[1] > done[0] else 0)
            words = self._segment.words[(at + fields["status"][0]) // 8:][:n].tolist()
            if self._segment.seqs[at // 8] == max(done):
                return words
        fail(Outcome.BUSY)

    @staticmethod
    def _line(raw: bytes, number: int) -> Line:
        size, fields = LAYOUT["tick_line_status"]
        at = STATUS["line"][0] + number * size
        endpoint, n = fields["endpoint"]
        return Line(*struct.unpack_from(f"{len(fields) - 1}q", raw, at),
                    clean_text(raw[at + endpoint:at + endpoint + n]))


TSV_HEAD = "\t".join("type symbol n id first_id last_id v0 v1 v2 v3 flags leg exch_ns recv_ns "
                     "trade_ns mono_ns w0 w1 w2 w3".split())


class _Printer:
    """Ticks as lines of text."""

    def __init__(self, reader: Reader, tsv: bool) -> None:
        self.reader = reader
        self.line = self.tsv if tsv else self.plain
        self.known: Dict[int, Optional[Instrument]] = {NO_INSTRUMENT: None}

    def entry(self, number: int) -> Optional[Instrument]:
        """The instrument, looked up once."""
        if self.known.get(number) is None and number != NO_INSTRUMENT:
            self.known[number] = self.reader.instrument(number)
        return self.known[number]

    def tsv(self, tick: Tick) -> str:
        """As `shm-inspect -f -o tsv`: raw integers, - for absent."""
        entry = self.entry(tick.instrument)
        last = tick.v[2] if tick.type == AGG_TRADE else ABSENT
        values = (f"{tick.id}\t{tick.first_id}\t{last}\t{_tabs(tick.v)}\t{tick.flags}\t{tick.leg}"
                  f"\t{tick.exch_ns}\t{tick.recv_ns}\t{tick.trade_ns}\t{tick.mono_ns}"
                  f"\t{_tabs(tick.w)}")
        return (f"{type_name(tick.type)}\t{entry.symbol if entry else '-'}\t{tick.number}\t"
                f"{values.replace(str(ABSENT), '-')}\n")

    def plain(self, tick: Tick) -> str:
        """Number, symbol, type; prices and quantities where it has some."""
        entry = self.entry(tick.instrument)
        values: List[object] = list(tick.v)
        if entry and tick.type in (TRADE, AGG_TRADE, QUOTE):
            values = [decimal(value, exponent) for value, exponent in
                      zip(tick.v, (entry.price_exponent, entry.qty_exponent) * 2)]
            values = values[:2] if tick.type != QUOTE else values
        return (f"{tick.number} {entry.symbol if entry else '-'} {type_name(tick.type)} "
                f"{' '.join(str(value) for value in values)}\n")


def _tabs(values: List[int]) -> str:
    return "\t".join(map(str, values))


def _follow(reader: Reader, out: TextIO, count: float, drain: bool, line: Callable[[Tick], str]
            ) -> None:
    """Prints until `count` ticks were printed or (drain) all that is there."""
    names = {Overrun: "overrun", Restarted: "restarted", Stale: "stale", Dead: "dead",
             Replaced: "replaced", Damaged: "damaged"}
    while count > 0:
        try:
            for tick in reader:
                out.write(line(tick))
                count -= 1
                if count <= 0:
                    return
            out.flush()
            if drain:
                return
            reader.wait()
        except TickError as told:
            if isinstance(told, Replaced):
                before = reader.stats.lost
                reader.reattach()
                told.lost = reader.stats.lost - before
            elif told.outcome == Outcome.TRUNCATED:
                raise
            out.write(f"# {names[type(told)]}\tlost={told.lost}\tepoch={reader.epoch}\t{told}\n")


def main() -> int:
    """The command line. Exit codes: 0 fine, 1 a problem with the feed, 2 usage."""
    parser = argparse.ArgumentParser(description="Prints the ticks of a feed.")
    parser.add_argument("feed", metavar="FEED", help="its name, or the path of its ring")
    parser.add_argument("-n", type=int, metavar="N", help="stop after N ticks")
    parser.add_argument("--tsv", action="store_true", help="as shm-inspect -f -o tsv")
    parser.add_argument("--from", choices=("newest", "oldest"), default="newest", dest="start")
    parser.add_argument("--drain", action="store_true", help="stop when everything is read")
    parser.add_argument("--unsafe", action="store_true", help="also where reads may be torn")
    o = parser.parse_args()
    try:
        with Reader(o.feed, o.start, unsafe=o.unsafe) as reader, \
                open(1, "w", buffering=1 << 16, encoding="utf-8", closefd=False) as out:
            if o.tsv:
                out.write(TSV_HEAD + "\n")
            printer = _Printer(reader, o.tsv)
            _follow(reader, out, float("inf") if o.n is None else o.n, o.drain, printer.line)
    except (TickError, RuntimeError) as error:
        print(f"tickring.py: feed \"{o.feed}\": {error}", file=sys.stderr)
        return 1
    except BrokenPipeError:
        os._exit(0)  # who read it has enough; a flush at exit would fail again
    except KeyboardInterrupt:
        pass
    return 0


if __name__ == "__main__":
    sys.exit(main())

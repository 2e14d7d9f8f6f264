"""The reading side of any segment, for tickring.py: find the file, check it, map it
read-only, load words from it, ask whether its writer lives. Why a copy is whole
stands in tickring.py."""

import errno
import fcntl
import mmap
import os
import stat
import struct
import sys
import time
from typing import Dict, List, Optional

from tickring_layout import (
    ABI_MAJOR, BYTE_ORDER, HEADER, HEADER_BYTES, LAYOUT, MAGIC, NUMBER_MAX, SLOT_WORDS, Outcome,
    TickError, fail)


class Segment:
    """A segment, mapped read-only after the checks of docs/SHM.md, "Attaching"."""

    KINDS = {"ring": (1, "tick"), "board": (2, "tick_board_entry"),
             "status": (3, "tick_status_record")}
    ERRORS = {errno.ENOENT: Outcome.ABSENT, errno.EACCES: Outcome.ACCESS,
              errno.EPERM: Outcome.ACCESS, errno.ELOOP: Outcome.FOREIGN,
              errno.EISDIR: Outcome.FOREIGN, errno.ENXIO: Outcome.FOREIGN}

    def __init__(self, feed: str, suffix: str, unsafe: bool) -> None:
        machine = (sys.implementation.name, os.uname().machine, struct.calcsize("P"))
        if machine != ("cpython", "x86_64", 8) and not unsafe:
            raise RuntimeError("a consistent read is only sure with CPython on x86-64 "
                               "(unsafe=True reads all the same)")
        self.path = self._path(feed, suffix)
        self.fd = -1
        try:
            self.fd = os.open(self.path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW |
                              os.O_NONBLOCK)
            self._check_and_map(*self.KINDS[suffix])
        except OSError as error:
            self.close()
            raise TickError(self.ERRORS.get(error.errno or 0, Outcome.SYSTEM)) from error
        except BaseException:
            self.close()
            raise

    @staticmethod
    def _path(feed: str, suffix: str) -> str:
        if "/" in feed:
            return (feed[:-5] if feed.endswith(".ring") else feed) + "." + suffix
        letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-"
        if not 0 < len(feed) < 64 or feed[0] == "." or feed.strip(letters):
            fail(Outcome.RANGE)
        return f"/dev/shm/{feed}.{suffix}"

    def _check_and_map(self, kind: int, record: str) -> None:
        status = os.fstat(self.fd)
        if not stat.S_ISREG(status.st_mode):
            fail(Outcome.FOREIGN)
        if status.st_size < HEADER_BYTES:
            fail(Outcome.TRUNCATED)
        raw = os.pread(self.fd, HEADER_BYTES, 0)
        h = {name: int.from_bytes(raw[at:at + n], sys.byteorder)
             for name, (at, n) in HEADER.items()}
        if h["magic"] == int.from_bytes(MAGIC.to_bytes(8, "little"), "big"):
            fail(Outcome.ABI)
        if h["magic"] != MAGIC:
            fail(Outcome.FOREIGN)
        if (h["byte_order"], h["abi_major"], h["header_bytes"]) != \
                (BYTE_ORDER, ABI_MAJOR, HEADER_BYTES):
            fail(Outcome.ABI)
        if h["kind"] != kind:
            fail(Outcome.FOREIGN)
        if h["total_bytes"] > status.st_size:
            fail(Outcome.TRUNCATED)
        if not self._fits(h, record):
            fail(Outcome.FOREIGN)
        self.header = h  # of it, what is constant: all up to `lineage`
        self.map = mmap.mmap(self.fd, h["total_bytes"], mmap.MAP_SHARED |
                             getattr(mmap, "MAP_POPULATE", 0), mmap.PROT_READ)
        whole = memoryview(self.map)[:h["total_bytes"] & ~7]
        self.words = whole.cast("q")   # the values
        self.seqs = whole.cast("Q")    # the same for sequence words and the like
        self.halves = whole.cast("I")  # the same for the 32-bit words of the header

    @staticmethod
    def _fits(h: Dict[str, int], record: str) -> bool:
        def inside(at: int, bytes_all: int) -> bool:
            return at >= HEADER_BYTES and at % 128 == 0 and at + bytes_all <= h["total_bytes"]
        size, n = LAYOUT[record][0], h["records"]
        if record == "tick":
            entries = h["directory_max"]
            if n == 0 or n & (n - 1) or not 0 < entries < 1 << 32 or h["first"] > NUMBER_MAX or \
                    not inside(h["directory_at"], entries * LAYOUT["tick_instrument"][0]):
                return False
        elif record == "tick_board_entry":
            size = (size + 2 * LAYOUT["tick_level"][0] * h["board_depth"] + 127) & ~127
            if h["board_depth"] > 100000:
                return False
        elif n != 1:
            return False
        return h["record_bytes"] == size and inside(h["records_at"], n * size)

    def word(self, name: str) -> int:
        """A word of the header that changes."""
        at, size = HEADER[name]
        if size == 4:
            return self.halves[at // 4]
        return (self.words if name.endswith("_ns") else self.seqs)[at // 8]

    def stable(self, seq_at: int, at: int, n: int) -> Optional[List[int]]:
        """n words that belong together, by their sequence word; None: never written."""
        for _ in range(64):
            before = self.seqs[seq_at]
            if before & 1:
                continue
            copy = self.words[at:at + n].tolist()
            if self.seqs[seq_at] == before:
                return copy if before else None
        fail(Outcome.BUSY)

    def check(self) -> Outcome:
        """How is the writer? END: fine; STALE, DEAD, REPLACED, TRUNCATED."""
        status = os.fstat(self.fd)
        if status.st_size < self.header["total_bytes"]:
            return Outcome.TRUNCATED  # a page of the mapping behind its end is a SIGBUS
        if self.word("state") == 3 or (status.st_nlink == 0 and os.path.exists(self.path)):
            return Outcome.REPLACED
        lock = struct.pack("hhqqi4x", fcntl.F_RDLCK, os.SEEK_SET, 0, 1, 0)
        try:
            lock = fcntl.fcntl(self.fd, fcntl.F_OFD_GETLK, lock)
        except OSError:
            return Outcome.DEAD
        if struct.unpack_from("h", lock)[0] == fcntl.F_UNLCK:
            return Outcome.DEAD
        every = self.word("heartbeat_every_ns")
        limit = max(10 * (every if 0 <= every <= 10 ** 10 else 10 ** 10), 10 ** 9)
        age = time.clock_gettime_ns(time.CLOCK_MONOTONIC) - self.word("heartbeat_ns")
        return Outcome.STALE if abs(age) > limit else Outcome.END

    def close(self) -> None:
        """Unmaps; a second time does nothing."""
        if hasattr(self, "map"):
            for view in (self.words, self.seqs, self.halves):
                view.release()
            self.map.close()
            del self.map
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1


class Ring(Segment):
    """The numbers in a ring, and which of them can be believed when words are damaged:
    docs/SHM.md, "Damage"."""

    def __init__(self, feed: str, unsafe: bool) -> None:
        super().__init__(feed, "ring", unsafe)
        self.mask = self.header["records"] - 1
        self.slots = self.header["records_at"] // 8
        # How far a number in a slot can be ahead of a hint that was read after it.
        self.slack = min(self.mask + 1, 128)

    def seq(self, number: int) -> int:
        """The sequence word of the slot of tick `number`."""
        return self.seqs[self.slots + (number & self.mask) * SLOT_WORDS]

    def hint(self) -> int:
        """How many ticks were published, at most 64 too few."""
        return self.word("hint")

    def fits(self, number: int, seq: int) -> bool:
        """Can this sequence word stand in the slot of `number`?"""
        return seq != 0 and ((seq - 1) // 2 ^ number) & self.mask == 0 and seq // 2 < 1 << 62

    def credible(self, hint: int) -> bool:
        """Does the slot before it hold that tick or a younger one, not much younger?"""
        if hint == 0 or hint >= 1 << 62:
            return hint == 0
        seq = self.seq(hint - 1)
        return self.fits(hint - 1, seq) and seq >= 2 * hint and \
            seq // 2 <= self.hint() + self.slack

    def find_end(self) -> int:
        """Number of the next tick to come."""
        number, first = self.hint(), self.header["first"]
        if number > first and not self.credible(number):
            seqs = ((i, self.seq(i)) for i in range(self.mask + 1))
            return max([first, *(seq // 2 for i, seq in seqs if self.fits(i, seq))])
        for _ in range(self.mask + 1):
            seq = self.seq(number)
            if seq < 2 * number + 2:
                break
            if self.fits(number, seq) and seq // 2 <= self.hint() + self.slack:
                number = seq // 2
            else:
                number += 1  # damaged, but behind it there may be more
        return number

    def oldest_safe(self, published: int) -> int:
        """The oldest number to start from: half a ring behind."""
        half, first = (self.mask + 1) // 2, self.header["first"]
        return published - half if published > first + half else first

"""/proc/cpuinfo of x86 and Arm: one record per processor, and whether they are all there.

What people publish is often the first processor only. The number of records is a number of
processors only where the text itself shows that nothing was cut.
"""

import re
from collections import Counter

import msgspec

from hwdoctor.probing.interpret.reading import positive_number, whole_number

Record = dict[str, str]

_FIRST_LINE = re.compile(r"^processor\s*:\s*(\d{1,5})\s*$")
_TELLING = {"cpu implementer", "model name", "vendor_id", "flags", "features"}
"""Lines that somebody searched for, without the one that numbers the processor."""
_BOARD = ("hardware", "revision", "serial", "model")


class Cpuinfo(msgspec.Struct, frozen=True):
    """The parsed file."""

    processors: tuple[Record, ...]
    """In order; a text without numbered processors gives one record."""
    numbers: tuple[int, ...]
    board: Record
    """What stands behind the last processor on Arm boards."""
    closed: bool
    """The text ends as the kernel ends it: with a blank line, or with the board."""
    broken: bool
    """A line that begins a processor is missing."""

    @property
    def complete(self) -> bool:
        """Whether every processor of the machine is listed, as far as the text can show it."""
        if self.broken or not self.numbers or self.numbers != tuple(range(len(self.numbers))):
            return False
        if any("siblings" in record for record in self.processors):
            return self._all_siblings_listed()
        return self.closed and len(self.numbers) > 1

    def _all_siblings_listed(self) -> bool:
        listed = Counter(record.get("physical id") for record in self.processors)
        return all(
            listed[record.get("physical id")] == whole_number(record.get("siblings"))
            for record in self.processors
        )

    @property
    def physical_cores(self) -> int | None:
        """Distinct cores of a complete x86 file, where its own counts agree."""
        if not self.complete:
            return None
        cores = {(r.get("physical id"), r.get("core id")) for r in self.processors}
        promised = {
            r.get("physical id"): positive_number(r.get("cpu cores")) for r in self.processors
        }
        if any(None in pair for pair in cores) or None in promised.values():
            return None
        return len(cores) if len(cores) == sum(n or 0 for n in promised.values()) else None

    @property
    def features(self) -> frozenset[str] | None:
        """Instruction sets that every listed processor has."""
        lines = [r.get("flags") or r.get("features") for r in self.processors]
        sets = [frozenset(line.split()) for line in lines if line]
        return frozenset.intersection(*sets) if sets else None

    def identifiers(self) -> list[tuple[int, int]]:
        """Implementer and part of each Arm processor that tells both."""
        pairs = [
            (_hexadecimal(r.get("cpu implementer")), _hexadecimal(r.get("cpu part")))
            for r in self.processors
        ]
        return [(i, p) for i, p in pairs if i is not None and p is not None]

    def first(self, key: str) -> str | None:
        """A value of the first processor that has it."""
        return next((r[key] for r in self.processors if r.get(key)), None)


def parse(text: str) -> Cpuinfo:
    """Split at the lines that number the processors."""
    lines = text.splitlines()
    records: list[Record] = []
    numbers: list[int] = []
    header: Record = {}
    board: Record = {}
    blank = broken = False
    for line in lines:
        key, separator, value = (part.strip() for part in line.partition(":"))
        if match := _FIRST_LINE.match(line.strip()):
            numbers.append(int(match[1]))
            records.append({})
        elif separator and records:
            behind = bool(board) or (blank and key.lower() in _BOARD)
            broken = broken or (blank and not behind)
            (board if behind else records[-1])[key.lower()] = value
        elif separator:
            header[key.lower()] = value
        blank = not line.strip()
    if not records and not _TELLING.isdisjoint(header):
        records = [header]
    closed = bool(board) or (bool(lines) and not lines[-1].strip())
    return Cpuinfo(tuple(records), tuple(numbers), board, closed, broken)


def _hexadecimal(text: str | None) -> int | None:
    match = re.fullmatch(r"0x([0-9a-fA-F]{1,4})", text or "")
    return int(match[1], 16) if match else None

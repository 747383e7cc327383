"""The side-car of a run: outcomes one a line, and the check that was made with the run.

ASV's file cannot say why a value is missing; these can. A line is written whole or not at all,
so that a kill at any moment costs at most the line in flight. One process writes a side-car.
"""

import os
from dataclasses import dataclass
from pathlib import Path

from hwdoctor.model import CheckReport, Outcome, encode_line
from hwdoctor.model.files import write_atomically
from hwdoctor.results import reading
from hwdoctor.results.reading import ResultFileError

OUTCOMES_SUFFIX = ".outcomes.jsonl"
CHECK_SUFFIX = ".check.jsonl"
MOST_BAD_LINES = 100
"""A file with more of them is something else."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BadLine:
    """A line that is no outcome, and why."""

    number: int
    reason: str
    cut_off: bool
    """The last line, without its newline: what a crash in mid-write leaves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sidecar:
    """What a side-car file holds."""

    outcomes: tuple[Outcome, ...]
    bad_lines: tuple[BadLine, ...] = ()


def read(path: Path) -> Sidecar:
    """All outcomes of a side-car; single bad lines are told, not raised.

    Raises:
        ResultFileError: the file cannot be read, is empty, or is no side-car at all.
    """
    outcomes: list[Outcome] = []
    bad: list[BadLine] = []
    for number, line in reading.lines(path):
        try:
            outcomes.append(reading.document(line, Outcome, where=f"{path}:{number}"))
        except ResultFileError as error:
            cut_off = not line.endswith(b"\n")
            bad.append(BadLine(number=number, reason=error.reason, cut_off=cut_off))
            if len(bad) > MOST_BAD_LINES:
                raise ResultFileError(
                    str(path), f"more than {MOST_BAD_LINES} bad lines, the last: {error.reason}"
                ) from None
    if bad and not outcomes:
        raise ResultFileError(f"{path}:{bad[0].number}", bad[0].reason)
    return Sidecar(outcomes=tuple(outcomes), bad_lines=tuple(bad))


def append(path: Path, outcome: Outcome) -> None:
    """Add one outcome; it is on disk when this returns.

    A torn last line, left by a crash, is cut away first, lest it spoil this one too. The first
    line comes into being together with the file: an empty side-car would be no side-car.

    Raises:
        OSError: the disk is full, or the file may not be written.
    """
    line = encode_line(outcome)
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        write_atomically(path, line)
        return
    descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CLOEXEC)
    try:
        _finish_last_line(descriptor, path)
        written = os.write(descriptor, line)
        if written != len(line):
            raise OSError(f"{path}: only {written} of {len(line)} bytes could be written")
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_check(path: Path, line: bytes) -> None:
    """Save the check of a run, encoded as one line."""
    write_atomically(path, line)


def read_check(path: Path) -> CheckReport:
    """The check that was saved with a run.

    Raises:
        ResultFileError: the file cannot be read, or does not hold exactly one check report.
    """
    found = list(reading.lines(path))
    if len(found) != 1:
        raise ResultFileError(
            str(path), f"expected one line with a check report, found {len(found)}"
        )
    number, line = found[0]
    return reading.document(line, CheckReport, where=f"{path}:{number}")


def stem_of(path: Path) -> str:
    """`1234abcd-hw-py3.11.outcomes.jsonl` -> `1234abcd-hw-py3.11`."""
    return path.name.removesuffix(OUTCOMES_SUFFIX).removesuffix(CHECK_SUFFIX)


def check_beside(path: Path) -> Path:
    """Where the check is that belongs to a side-car."""
    return path.with_name(stem_of(path) + CHECK_SUFFIX)


def _finish_last_line(descriptor: int, path: Path) -> None:
    """Let the file end in a newline: cut away a torn line, close a whole one."""
    length = os.fstat(descriptor).st_size
    if length == 0 or os.pread(descriptor, 1, length - 1) == b"\n":
        return
    begin = max(0, length - reading.LARGEST_LINE_BYTES)
    line = os.pread(descriptor, length - begin, begin).rpartition(b"\n")[2]
    try:
        reading.document(line, Outcome, where=str(path))
    except ResultFileError:
        os.ftruncate(descriptor, length - len(line))
    else:
        os.write(descriptor, b"\n")

"""What a child says: the lines on its own descriptor, and the ends of its stdout and stderr.

The child may be a crashing framework or worse, so nothing it writes is trusted: lines and totals
are limited, JSON is strict (NaN and infinities become null: a number that is none is unknown),
and text is made safe to print.
"""

import json
import re
from typing import Any

REPORT_BYTES = 64 * 1024 * 1024
"""All that is read of one child's report; more is garbage."""
LINE_BYTES = 32 * 1024 * 1024
STAGES = 10_000
STAGE_CHARACTERS = 300
TAIL_BYTES = 4096

# C0 and C1 control characters except newline and tab, and what reorders text on a terminal.
_UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
_ESCAPE_SEQUENCE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-_])")


def printable(text: str) -> str:
    """The text without terminal control sequences and control characters."""
    return _UNPRINTABLE.sub("", _ESCAPE_SEQUENCE.sub("", text))


class Report:
    """Reads JSON lines: `{"stage": ...}` markers, then one object with a `status`."""

    def __init__(self) -> None:
        self.stages: list[str] = []
        self.final: dict[str, Any] | None = None
        self.overflow = False
        self._total = 0
        self._pending = bytearray()

    def feed(self, data: bytes) -> list[str]:
        """Take what arrived; returns the stages announced in it."""
        if self.overflow:
            return []
        self._total += len(data)
        before = len(self.stages)
        lines: list[bytes] = []
        self._pending += data
        if b"\n" in data:
            *lines, rest = bytes(self._pending).split(b"\n")
            self._pending = bytearray(rest)
        self.overflow = self._total > REPORT_BYTES or len(self._pending) > LINE_BYTES
        for line in lines:
            self._take(line)
        return self.stages[before:]

    def finish(self) -> None:
        """The child closed its descriptor: a last line may lack its newline."""
        line, self._pending = bytes(self._pending), bytearray()
        if not self.overflow:
            self._take(line)

    def _take(self, line: bytes) -> None:
        try:
            message = json.loads(line.decode("utf-8"), parse_constant=lambda _: None)
        except (ValueError, RecursionError):
            return
        if not isinstance(message, dict):
            return
        if isinstance(message.get("status"), str):
            self.final = message
        elif isinstance(stage := message.get("stage"), str) and len(self.stages) < STAGES:
            self.stages.append(printable(stage)[:STAGE_CHARACTERS])


class Tail:
    """Keeps the end of a stream of any length."""

    def __init__(self) -> None:
        self._end = bytearray()

    def feed(self, data: bytes) -> None:
        """Take what arrived."""
        self._end += data
        if len(self._end) > 16 * TAIL_BYTES:
            del self._end[:-TAIL_BYTES]

    def text(self) -> str:
        """The last characters, safe to print."""
        return printable(self._end[-TAIL_BYTES:].decode("utf-8", errors="replace"))

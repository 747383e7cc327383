"""One part of the micro suite in a process of its own: `python -m hwdoctor.measure.micro.child`.

Reads pytest's arguments, a list of texts, on standard input. Every benchmark is written to the
file `SPOOL` of the current folder as soon as it is finished, so that neither a crash nor Ctrl-C
costs what was done before; the given descriptor gets a stage per benchmark and pytest's exit
status. A benchmark counts only if its whole test passed: what is wrong afterwards is not kept.
"""

import argparse
import json
import math
import os
import sys
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import pytest

SPOOL = "finished.jsonl"
DIGITS = 6
"""A clock tells no more; result files are kept for years."""


class Recorder:
    """pytest's plug-in: says what is running, keeps what is finished."""

    def __init__(self, spool: Path, tell: Callable[[dict[str, Any]], None]) -> None:
        """Write to this file and to the parent."""
        self._spool = spool
        self._tell = tell

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        """A benchmark begins."""
        self._tell({"stage": nodeid})

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """A phase of a test is over."""
        report = yield
        if report.skipped:
            self._missing(item.nodeid, "skipped", _skip_reason(report))
        elif report.failed:
            self._missing(item.nodeid, "failed", _failure(report))
        elif report.when == "call":
            self._measured(item)
        return report

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """A file of the suite cannot be imported."""
        if report.failed:
            self._missing(report.nodeid, "failed", _failure(report))

    def _measured(self, item: pytest.Item) -> None:
        fixture = getattr(item, "funcargs", {}).get("benchmark")
        if fixture is not None and fixture.stats is not None and not fixture.has_error:
            self._keep({"measured": rounded(fixture.stats.as_dict())})

    def _missing(self, name: str, outcome: str, reason: str) -> None:
        self._keep({"missing": {"name": name, "outcome": outcome, "reason": reason}})

    def _keep(self, entry: dict[str, Any]) -> None:
        with self._spool.open("ab") as stream:
            stream.write(json.dumps(entry, default=repr).encode() + b"\n")


def rounded(value: Any) -> Any:
    """The same JSON value with every number to `DIGITS` digits; what is no number is null."""
    if isinstance(value, float):
        return float(f"{value:.{DIGITS}g}") if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: rounded(member) for key, member in value.items()}
    if isinstance(value, list | tuple):
        return [rounded(member) for member in value]
    return value


def _skip_reason(report: pytest.TestReport) -> str:
    found = report.longrepr
    text = found[2] if isinstance(found, tuple) else str(found)
    return text.removeprefix("Skipped: ")


def _failure(report: pytest.TestReport | pytest.CollectReport) -> str:
    """What was raised, without the trace."""
    crash = getattr(report.longrepr, "reprcrash", None)
    text = crash.message if crash is not None else str(report.longrepr)
    return " ".join(text.removeprefix("Failed: ").split())[:500]


def main(argv: list[str] | None = None) -> int:
    """Entry point of the child."""
    parser = argparse.ArgumentParser(prog="hwdoctor.measure.micro.child")
    parser.add_argument("--fd", type=int, default=1)
    descriptor = parser.parse_args(argv).fd

    def tell(message: dict[str, Any]) -> None:
        data = json.dumps(message).encode() + b"\n"
        while data:
            data = data[os.write(descriptor, data) :]

    arguments = json.loads(sys.stdin.buffer.read())
    status = pytest.main(arguments, plugins=[Recorder(Path(SPOOL).resolve(), tell)])
    tell({"status": "ok", "exit_status": int(status)})
    return 0


if __name__ == "__main__":
    sys.exit(main())

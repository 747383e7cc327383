"""What the micro suite measured, as a table: median, spread between the quartiles, rounds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from hwdoctor.report.console import words
from hwdoctor.report.quantities import counted, duration

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hwdoctor.measure.micro.conduct import Micro
    from hwdoctor.measure.micro.plan import Missing

    Entry = Mapping[str, Any]

MOST_NAMES = 6
"""More things that are missing for one reason are counted instead of listed."""


def summary(machine: str, micro: Micro) -> RenderableType:
    """A block per group of benchmarks; then what went wrong, and what cannot run here."""
    groups: dict[str, list[Entry]] = {}
    for entry in micro.measured:
        groups.setdefault(str(entry["group"] or ""), []).append(entry)
    parts: list[RenderableType] = [words(f"measured on {machine}", "label")]
    for title, entries in groups.items():
        parts += [Text(), words(title, "label"), _table(entries)]
    wrong = [missing for missing in micro.missing if missing.outcome != "skipped"]
    skipped = [missing for missing in micro.missing if missing.outcome == "skipped"]
    parts += _listed("disturbed (measure again when nothing else runs)", _disturbed(micro))
    parts += _wrong(wrong)
    parts += _listed("not run here", [(_plain_name(m.name), m.reason) for m in skipped])
    return Group(*parts)


def _table(entries: Sequence[Entry]) -> Table:
    grid = Table.grid(padding=(0, 2))
    grid.add_column()
    for _ in ("median", "spread", "rounds"):
        grid.add_column(justify="right", no_wrap=True)
    for entry in entries:
        stats = entry["stats"]
        grid.add_row(
            words(f"  {label(entry)}"),
            Text(duration(stats["median"])),
            Text(f"IQR {duration(stats['iqr'])}"),
            Text(counted(stats["rounds"], "round")),
        )
    return grid


def label(entry: Entry) -> str:
    """A benchmark as a person would call it: `black_scholes.price numba-cpu float64`."""
    given = entry["params"] or {}
    if "workload" in given:
        case = f"{given['workload']}.{given['task']}"
        return f"{case} {given['configuration']} {given['precision']}"
    return _plain_name(str(entry["name"]))


def _plain_name(name: str) -> str:
    """`file.py::test_reading_files[linux]` -> `reading files: linux`."""
    function, bracket, identifier = name.rpartition("::")[2].partition("[")
    said = function.removeprefix("test_").replace("_", " ")
    return f"{said}: {identifier.removesuffix(']')}" if bracket else said


def _wrong(missing: Sequence[Missing]) -> list[RenderableType]:
    if not missing:
        return []
    lines = [
        words(f"  {_plain_name(entry.name)}  {entry.outcome}", "bad") + words(f": {entry.reason}")
        for entry in missing
    ]
    return [Text(), words("not timed", "label"), *lines]


def _disturbed(micro: Micro) -> list[tuple[str, str]]:
    """Who was disturbed; by how much, which differs from part to part, is in the file."""
    who = [label(entry) for entry in micro.measured if "disturbed" in entry["extra_info"]]
    return [(name, "other processes were busy") for name in who]


def _named(names: Sequence[str]) -> str:
    return ", ".join(names) if len(names) <= MOST_NAMES else f"{len(names)} benchmarks"


def _listed(title: str, who_and_why: Sequence[tuple[str, str]]) -> list[RenderableType]:
    """A line per reason, with those whom it concerns."""
    if not who_and_why:
        return []
    who: dict[str, list[str]] = {}
    for name, reason in who_and_why:
        who.setdefault(reason, []).append(name)
    lines = [words(f"  {reason}: {_named(names)}") for reason, names in sorted(who.items())]
    return [Text(), words(title, "label"), *lines]

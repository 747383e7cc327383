"""`hwdoctor compare` for people, for spreadsheets and for a pull request."""

import csv
import io
from collections.abc import Iterator
from typing import Final

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from hwdoctor.model.comparison import ComparedCell, Comparison, ComparisonSummary
from hwdoctor.report.console import Fitting, words
from hwdoctor.report.quantities import counted
from hwdoctor.results.printable import printable

_STYLES: Final = {"faster": "good", "slower": "bad", "ambiguous": "doubt"}
_COLUMNS: Final = (
    "benchmark",
    "parameters",
    "machine",
    "ratio",
    "low",
    "high",
    "verdict",
    "reason",
)
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


def console(comparison: Comparison, differences: tuple[str, ...] = ()) -> RenderableType:
    """Who was compared, every cell with a ratio, why the others have none, and the summary."""
    parts: list[RenderableType] = list(_sides(comparison))
    parts += [words(line) for line in differences]
    parts += [Fitting(_table(comparison), Group(*_lines(comparison)))]
    parts += _incomparable(comparison)
    told = (yardstick_line(summary) for summary in comparison.summary)
    parts += [words(line, "quiet") for line in told if line is not None]
    return Group(*parts, Text(), *(_unbroken(summary_line(s)) for s in comparison.summary))


def summary_line(summary: ComparisonSummary) -> str:
    """`m4: 0.63x [0.6, 0.66] the baseline's time: 10 faster, 1 same, 3 incomparable`."""
    counts = ", ".join(f"{n} {verdict}" for verdict, n in summary.counts.items() if n)
    if summary.geometric_mean_ratio is None:
        return f"{summary.machine}: nothing could be compared: {counts or 'no cells'}"
    mean = f"{summary.geometric_mean_ratio:.3g}x{_interval(summary.interval)}"
    return f"{summary.machine}: {mean} the baseline's time (geometric mean): {counts}"


def yardstick_line(summary: ComparisonSummary) -> str | None:
    """By what the cells were judged; None: nothing was."""
    if summary.noise_floor is None:
        return None
    origin = "measured" if summary.noise_floor_measured else "assumed; measure it: bench --noise"
    line = f"{summary.machine}: noise floor {summary.noise_floor:.1%} ({origin})"
    fixed = summary.fixed_work_ratio
    return line if fixed is None else f"{line}; the same fixed work took {fixed:.2f}x the time"


def as_csv(comparison: Comparison) -> str:
    """One line a cell. Text that a spreadsheet would take for a formula is made plain."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(_COLUMNS)
    for cell in comparison.cells:
        low, high = cell.interval or (None, None)
        parameters = ";".join(f"{name}={value}" for name, value in cell.parameters.items())
        texts = [_harmless(text) for text in (cell.benchmark, parameters, cell.machine)]
        writer.writerow([*texts, cell.ratio, low, high, cell.verdict, _harmless(cell.reason or "")])
    return stream.getvalue()


def markdown(comparison: Comparison) -> str:
    """A table and the summary."""
    head = ("benchmark", "parameters", "machine", "ratio", "verdict")
    lines = [f"| {' | '.join(head)} |", "|---|---|---|---:|---|"]
    for cell in comparison.cells:
        ratio = "" if cell.ratio is None else f"{cell.ratio:.3g}x{_interval(cell.interval)}"
        verdict = cell.verdict + (f": {cell.reason}" if cell.reason else "")
        row = (cell.benchmark, _parameters(cell), cell.machine, ratio, verdict)
        lines.append(f"| {' | '.join(_escaped(text) for text in row)} |")
    lines += ["", f"Baseline: {_escaped(comparison.baseline)}. Below 1 is faster.", ""]
    lines += [f"- {_escaped(summary_line(summary))}" for summary in comparison.summary]
    return "\n".join(lines) + "\n"


def _unbroken(text: str) -> Text:
    """Never broken into lines: a script that reads the last line gets the whole summary."""
    return Text(printable(text), style="label", no_wrap=True, overflow="ignore")


def _sides(comparison: Comparison) -> Iterator[RenderableType]:
    for machine in comparison.machines:
        role = " (baseline)" if machine.name == comparison.baseline else ""
        chip = f", {machine.chip}" if machine.chip else ""
        read = f"{counted(machine.rows_read, 'row')} in {counted(machine.files, 'file')}"
        yield words(f"{machine.name}{role}{chip}: {read}", "label")
        for skipped in machine.rows_skipped:
            yield words(f"  {skipped.count} not used: {skipped.reason}")


def _table(comparison: Comparison) -> RenderableType:
    several = len(comparison.summary) > 1
    table = Table(box=box.SIMPLE, expand=False)
    for heading in ("benchmark", "parameters", *(["machine"] if several else [])):
        table.add_column(heading, overflow="fold")
    table.add_column("ratio", justify="right")
    table.add_column("verdict", overflow="fold")
    for cell in _with_ratio(comparison):
        table.add_row(
            words(cell.benchmark),
            words(_parameters(cell)),
            *([words(cell.machine)] if several else []),
            words(_ratio(cell)),
            words(_verdict(cell), _STYLES.get(cell.verdict, "")),
        )
    return table


def _lines(comparison: Comparison) -> Iterator[Text]:
    for cell in _with_ratio(comparison):
        where = f"{cell.benchmark} ({_parameters(cell)}) on {cell.machine}"
        yield words(f"{where}: {_ratio(cell)} {_verdict(cell)}")


def _incomparable(comparison: Comparison) -> Iterator[RenderableType]:
    """One line for all cells of a machine that lack a ratio for the same reason."""
    grouped: dict[tuple[str, str], int] = {}
    for cell in comparison.cells:
        if cell.ratio is None:
            key = (cell.machine, cell.reason or "no reason was recorded")
            grouped[key] = grouped.get(key, 0) + 1
    for (machine, reason), count in grouped.items():
        yield words(f"{machine}: {counted(count, 'cell')} incomparable: {reason}", "quiet")


def _with_ratio(comparison: Comparison) -> list[ComparedCell]:
    return [cell for cell in comparison.cells if cell.ratio is not None]


def _parameters(cell: ComparedCell) -> str:
    return ", ".join(cell.parameters.values())


def _ratio(cell: ComparedCell) -> str:
    return f"{cell.ratio:.3g}x{_interval(cell.interval)}"


def _interval(interval: tuple[float, float] | None) -> str:
    return "" if interval is None else f" [{interval[0]:.3g}, {interval[1]:.3g}]"


def _verdict(cell: ComparedCell) -> str:
    return cell.verdict + (f": {cell.reason}" if cell.reason else "")


def _harmless(text: str) -> str:
    plain = printable(text)
    return f"'{plain}" if plain.startswith(_FORMULA) else plain


def _escaped(text: str) -> str:
    """Text for a cell of a Markdown table."""
    plain = printable(text)
    for character in "\\`*_{}[]<>#|":
        plain = plain.replace(character, f"\\{character}")
    return plain

"""What became of each backend, in words."""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Final

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from hwdoctor.model import BackendFacts, Facts, OperationFacts
from hwdoctor.report.console import Fitting, joined, words

_OUTCOMES: Final = ("ok", "wrong", "unsupported", "error")
DASH: Final = "-"


def backends(facts: Facts) -> RenderableType:
    """Every backend that was looked at; those not installed share one line."""
    probed = facts.backends or ()
    present = [backend for backend in probed if backend.status != "missing"]
    absent = [backend.name for backend in probed if backend.status == "missing"]
    parts: list[RenderableType] = []
    if present:
        parts.append(Fitting(_table(present), Group(*_list(present))))
    if absent:
        parts.append(Text("not installed: ", style="quiet") + words(", ".join(absent)))
    return Group(*parts)


def state(backend: BackendFacts) -> tuple[str, str]:
    """What happened, and the style to say it in."""
    stage = f" at {backend.stage}" if backend.stage else ""
    said = f": {_first_line(backend.detail)}" if backend.detail else ""
    wrong = [operation for operation in backend.operations if operation.status == "wrong"]
    match backend.status:
        case "ok" if wrong:
            return f"wrong results: {', '.join(_described(one) for one in wrong)}", "doubt"
        case "ok":
            return "works", "good"
        case "error":
            return f"fails{stage}{said}", "bad"
        case "timeout":
            return f"hangs{stage}", "bad"
        case "crashed":
            return f"crashes{stage} ({backend.signal or 'no signal'})", "bad"
        case "out-of-memory":
            return f"runs out of memory{stage}", "bad"
        case "garbage":
            return f"its answer cannot be read{stage}", "bad"
        case "not-probed":
            return f"not probed{said}", "quiet"
        case "missing":
            return "not installed", "quiet"


def tally(operations: Iterable[OperationFacts]) -> str:
    """`24 ok, 2 wrong`."""
    counts = Counter(operation.status for operation in operations)
    return ", ".join(f"{counts[kind]} {kind}" for kind in _OUTCOMES if counts[kind])


def _table(present: Iterable[BackendFacts]) -> RenderableType:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="label", pad_edge=False)
    for header in ("backend", "version", "devices", "operations"):
        table.add_column(header, overflow="fold")
    table.add_column("state", overflow="fold", ratio=1)
    for backend in present:
        table.add_row(
            words(backend.name),
            words(backend.version or DASH),
            words(" ".join(backend.devices) or DASH),
            Text(tally(backend.operations) or DASH),
            words(*state(backend)),
        )
    return table


def _list(present: Iterable[BackendFacts]) -> Iterator[RenderableType]:
    for backend in present:
        name = " ".join(part for part in (backend.name, backend.version) if part)
        yield joined([words(name, "label"), words(*state(backend))], ": ")
        facts = [" ".join(backend.devices), tally(backend.operations)]
        line = "; ".join(fact for fact in facts if fact)
        if line:
            yield Padding(words(line), (0, 0, 0, 2))


def _described(operation: OperationFacts) -> str:
    return f"{operation.name} {operation.dtype} on {operation.device}"


def _first_line(text: str) -> str:
    return next((line.strip() for line in text.splitlines() if line.strip()), "")

"""`nvidia-smi --query-gpu=... --format=csv`, with and without header and units."""

import csv
import re

from hwdoctor.model import Accelerator
from hwdoctor.probing.interpret.nvidia_gpu import gpu as built
from hwdoctor.probing.interpret.reading import lines_of

_QUERY = "--query-gpu"
_UNIT = re.compile(r"^([^\[]*)\[([^\]]*)\]$")
# Columns that say which GPU it is; a table without any of them is about something else.
_TELLING = {"name", "gpu_name", "memory.total"}
_MEBIBYTES = "MiB"
_PATTERNS = {
    "index": re.compile(r"^\d{1,3}$"),
    "uuid": re.compile(r"^GPU-"),
    "gpu_uuid": re.compile(r"^GPU-"),
    "driver_version": re.compile(r"^\d{2,4}\.\d"),
    "memory.total": re.compile(r"^(?:\d{1,9}(?: MiB)?|\[.*\]|N/A)$"),
}
# The messages of a driver that does not answer stand on stdout, in place of the table.
_TROUBLE = re.compile(
    r"failed (?:to|because)|unable to|couldn't|version mismatch|command not found|no such file",
    re.IGNORECASE,
)


def gpus(argv: tuple[str, ...], text: str) -> tuple[Accelerator, ...] | None:
    """A GPU for each row; None where this is no such table or its columns are not known."""
    if _TROUBLE.search(text):
        return None
    lines = [line.strip() for line in lines_of(text) if line.strip()]
    header = next((n for n, line in enumerate(lines) if _is_header(line)), None)
    if header is not None:
        columns, rows = _cells(lines[header]), lines[header + 1 :]
    else:
        columns, rows = _asked(argv), lines
    names = [_name_of(column) for column in columns]
    units = dict(zip(names, map(_unit_of, columns), strict=True))
    if not _TELLING & set(names):
        return None
    cells = [cell for row in rows if len(cell := _cells(row)) == len(columns)]
    if len(cells) != len(rows) or not cells:
        return None  # something else stands between the rows
    table = [dict(zip(names, row, strict=True)) for row in cells]
    if header is None and not all(_fits(row) for row in table):
        return None  # the answer to some other question
    return tuple(_gpu(row, units) for row in table)


def _fits(row: dict[str, str]) -> bool:
    """Whether a row without a header holds what was asked for, where that can be told."""
    checks = [
        pattern.match(row[column]) is not None
        for column, pattern in _PATTERNS.items()
        if column in row
    ]
    return bool(checks) and all(checks)


def _gpu(row: dict[str, str], units: dict[str, str | None]) -> Accelerator:
    memory = row.get("memory.total")
    if memory and memory.isdecimal():
        # `nounits` leaves the unit to the header, which says MiB; without header it is MiB too.
        memory = f"{memory} {units['memory.total'] or _MEBIBYTES}"
    return built(
        name=row.get("name") or row.get("gpu_name"),
        memory=memory,
        driver=row.get("driver_version"),
        index=row.get("index"),
    )


def _is_header(line: str) -> bool:
    return any(_name_of(cell) in _TELLING for cell in _cells(line))


def _name_of(column: str) -> str:
    """`memory.total [MiB]` is the column `memory.total`."""
    return _UNIT.sub(r"\1", column).strip()


def _unit_of(column: str) -> str | None:
    match = _UNIT.match(column)
    return match[2] if match else None


def _asked(argv: tuple[str, ...]) -> list[str]:
    """The columns as asked for, where the header was left out."""
    words = " ".join(argv).replace(f"{_QUERY} ", f"{_QUERY}=").split()
    queries = [word.removeprefix(f"{_QUERY}=") for word in words if word.startswith(f"{_QUERY}=")]
    return [cell.strip() for cell in queries[0].split(",")] if len(queries) == 1 else []


def _cells(line: str) -> list[str]:
    try:
        rows = list(csv.reader([line], skipinitialspace=True, strict=True))
    except csv.Error:
        return []
    return [cell.strip() for cell in rows[0]] if rows else []

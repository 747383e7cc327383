"""ASV's two result formats brought to one shape: per benchmark, values under column names.

Also the careful conversions that reading them needs: a value in a stranger's JSON may be of any
type, and whatever is not what it should be becomes None.
"""

import math
from collections.abc import Iterator, Mapping
from typing import Any

Columns = Mapping[str, Any]
"""Column name of version 2 to its value: a list with one entry per combination, or a scalar."""


def columns(
    document: Mapping[str, Any], results: Mapping[str, Any], version: int
) -> Iterator[tuple[str, Columns]]:
    """Each benchmark's name and columns."""
    if version == 1:
        for name, value in results.items():
            yield name, _of_version_1(name, value, document)
        return
    titles = [str(title) for title in as_list(document.get("result_columns"))]
    for name, row in results.items():
        # A row may be shorter than the titles: trailing nulls are trimmed.
        yield name, dict(zip(titles, as_list(row), strict=False))


def _of_version_1(name: str, value: Any, document: Mapping[str, Any]) -> Columns:
    entry = value if isinstance(value, dict) else {"result": value}
    result, taken, stats = entry.get("result"), entry.get("samples"), entry.get("stats")
    if result is not None and not isinstance(result, list):
        result, taken, stats = [result], [taken], [stats]
    stats = [entry if isinstance(entry, dict) else {} for entry in as_list(stats)]
    intervals = [as_list(entry.get("ci_99")) for entry in stats]
    return {
        "result": result,
        "params": entry.get("params"),
        "version": _member(document.get("benchmark_version"), name),
        "started_at": _member(document.get("started_at"), name),
        "stats_ci_99_a": [i[0] if len(i) == 2 else None for i in intervals],
        "stats_ci_99_b": [i[1] if len(i) == 2 else None for i in intervals],
        "stats_q_25": [entry.get("q_25") for entry in stats],
        "stats_q_75": [entry.get("q_75") for entry in stats],
        "stats_number": [entry.get("number") for entry in stats],
        "stats_repeat": [entry.get("repeat") for entry in stats],
        "samples": taken,
    }


def at(column: Any, index: int) -> Any:
    """The entry of one combination; a scalar stands for the only one."""
    if isinstance(column, list):
        return column[index] if index < len(column) else None
    return column if index == 0 else None


def number(value: Any) -> float | None:
    """A number, NaN and infinities included; booleans are none."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return float(value)
    except OverflowError:
        return None


def finite(value: Any) -> float | None:
    """A number that is not NaN and not infinite."""
    found = number(value)
    return found if found is not None and math.isfinite(found) else None


def whole(value: Any) -> int | None:
    """A count."""
    found = finite(value)
    return None if found is None else int(found)


def pair(named: Columns, low: str, high: str, index: int) -> tuple[float, float] | None:
    """Two finite numbers; ASV writes Infinity where one sample gives no interval."""
    below, above = finite(at(named.get(low), index)), finite(at(named.get(high), index))
    return None if below is None or above is None else (below, above)


def samples(value: Any) -> tuple[float, ...]:
    """The finite numbers of a list."""
    found = (finite(sample) for sample in as_list(value))
    return tuple(sample for sample in found if sample is not None)


def as_list(value: Any) -> list[Any]:
    """A list, or an empty one."""
    return value if isinstance(value, list) else []


def as_text(value: Any) -> str | None:
    """A text, or nothing. Halves of surrogate pairs, which no encoding takes, become `?`."""
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else None


def _member(value: Any, name: str) -> Any:
    return value.get(name) if isinstance(value, dict) else None

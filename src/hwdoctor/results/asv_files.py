"""Reader of ASV's result files, version 1 and 2, of our own runs and of any other project.

ASV's format is positional, untyped and not strict JSON: columns are named by `result_columns`,
trailing nulls are trimmed, parameters are `repr` strings, NaN means "skipped" (or "not
selected", or that a benchmark returned NaN) and null means "failed" (in any way). The reader
keeps these apart and guesses nothing; units and parameter names come from `benchmarks.json`
where that is at hand. Checked against asv 0.6.6, `asv.results.Results` and its `update_to_2`.
"""

import itertools
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from hwdoctor.results import asv_columns, reading
from hwdoctor.results.asv_columns import (
    Columns,
    as_list,
    as_text,
    at,
    finite,
    number,
    pair,
    samples,
    whole,
)
from hwdoctor.results.reading import ResultFileError

MOST_COMBINATIONS = 100_000
"""Of the parameters of one benchmark."""

State = Literal["ok", "nan", "null", "not-a-number"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Described:
    """What `benchmarks.json` tells of a benchmark."""

    parameter_names: tuple[str, ...] = ()
    unit: str | None = None
    kind: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AsvRow:
    """One combination of parameters of one benchmark in one result file."""

    machine: str
    source: str
    """Name of the result file."""
    commit: str | None
    environment: str | None
    benchmark: str
    parameters: Mapping[str, str]
    """Parameter name to `repr` of its value; unnamed ones are `parameter 1`, ..."""
    state: State
    """`null` failed, `nan` skipped or not selected, `not-a-number` text, structure, infinity."""
    value: float | None
    """In `unit`; times in seconds per call."""
    unit: str | None
    kind: str | None
    """ASV's type of benchmark: time, peakmemory, track, ..."""
    version: str | None
    started_at_ms: float | None
    interval_99: tuple[float, float] | None
    quartiles: tuple[float, float] | None
    number: int | None
    repeat: int | None
    samples: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AsvFile:
    """Rows of one result file, and what in it could not be used."""

    rows: tuple[AsvRow, ...]
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Header:
    machine: str
    source: str
    commit: str | None
    environment: str | None
    described: Mapping[str, Described] = field(default_factory=dict)


def read_benchmarks(path: Path) -> dict[str, Described]:
    """The descriptions in a `benchmarks.json`.

    Raises:
        ResultFileError: unreadable, or not such a file.
    """
    document = reading.lenient_json(path)
    if not isinstance(document, dict):
        raise ResultFileError(str(path), "not a benchmarks.json of ASV")
    return {
        name: Described(
            parameter_names=tuple(as_text(n) or "" for n in as_list(entry.get("param_names"))),
            unit=as_text(entry.get("unit")),
            kind=as_text(entry.get("type")),
        )
        for name, entry in document.items()
        if isinstance(entry, dict)
    }


def read(path: Path, *, machine: str, described: Mapping[str, Described]) -> AsvFile:
    """The rows of one result file.

    Raises:
        ResultFileError: unreadable, not JSON, or not a result file of ASV.
    """
    return of_document(reading.lenient_json(path), path, machine=machine, described=described)


def of_document(
    document: Any, path: Path, *, machine: str, described: Mapping[str, Described]
) -> AsvFile:
    """The rows of a file that was read and parsed already.

    Raises:
        ResultFileError: it is not a result file of ASV.
    """
    results = document.get("results") if isinstance(document, dict) else None
    if not isinstance(results, dict) or "commit_hash" not in document:
        raise ResultFileError(str(path), "not a result file of ASV")
    version = document.get("version", 1)
    if version not in (1, 2):
        raise ResultFileError(str(path), f"version {version!r} of ASV's result format is not known")
    header = _Header(
        machine=machine,
        source=path.name,
        commit=as_text(document.get("commit_hash")),
        environment=as_text(document.get("env_name")),
        described=described,
    )
    rows: list[AsvRow] = []
    problems: list[str] = []
    for name, named in asv_columns.columns(document, results, version):
        try:
            rows.extend(_rows(name, named, header))
        except ValueError as error:
            problems.append(f"{as_text(name)}: {error}")
    return AsvFile(rows=tuple(rows), problems=tuple(problems))


def _rows(name: str, named: Columns, header: _Header) -> Iterator[AsvRow]:
    described = header.described.get(name, Described())
    for index, values in enumerate(_combinations(named.get("params"), named.get("result"))):
        result = at(named.get("result"), index)
        yield AsvRow(
            machine=header.machine,
            source=header.source,
            commit=header.commit,
            environment=header.environment,
            benchmark=as_text(name) or "",
            parameters=_parameters(described.parameter_names, values),
            state=_state(result),
            value=finite(result),
            unit=described.unit,
            kind=described.kind,
            version=as_text(named.get("version")),
            started_at_ms=finite(named.get("started_at")),
            interval_99=pair(named, "stats_ci_99_a", "stats_ci_99_b", index),
            quartiles=pair(named, "stats_q_25", "stats_q_75", index),
            number=whole(at(named.get("stats_number"), index)),
            repeat=whole(at(named.get("stats_repeat"), index)),
            samples=samples(at(named.get("samples"), index)),
        )


def _parameters(names: tuple[str, ...], values: tuple[str, ...]) -> dict[str, str]:
    """Values by name; by number where no names are known or they do not fit."""
    if len(set(names)) != len(values):
        names = tuple(f"parameter {n}" for n in range(1, len(values) + 1))
    return dict(zip(names, values, strict=True))


def _combinations(params: Any, result: Any) -> list[tuple[str, ...]]:
    """All combinations of parameters, the last one changing fastest.

    Raises:
        ValueError: their number is not that of the results, or absurd. It is counted before
            any list is built: a few long axes multiply to more than a memory holds.
    """
    axes = [[as_text(value) or repr(value) for value in as_list(axis)] for axis in as_list(params)]
    expected = math.prod(len(axis) for axis in axes)
    if expected > MOST_COMBINATIONS:
        raise ValueError(f"more than {MOST_COMBINATIONS} combinations of parameters")
    # A benchmark that failed altogether has null in place of the list.
    given = expected if result is None else len(result) if isinstance(result, list) else 1
    if given != expected:
        raise ValueError(f"{given} results for {expected} combinations of parameters")
    return list(itertools.product(*axes))


def _state(value: Any) -> State:
    found = number(value)
    if value is None:
        return "null"
    if found is None or math.isinf(found):
        return "not-a-number"
    return "nan" if math.isnan(found) else "ok"

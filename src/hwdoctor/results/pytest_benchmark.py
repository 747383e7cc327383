"""Reader of pytest-benchmark's JSON: of `hwdoctor bench --micro`, and of any other project.

Rows come out in the shape of ASV's, so that everything that compares and queries takes them:
a benchmark is a test function, its parameters are pytest's, the value is the median in seconds
per call. pytest-benchmark saves the samples themselves with `--benchmark-json` or
`--benchmark-save-data`; without them there is a ratio but no interval. The host name in
`machine_info` is never read. Checked against pytest-benchmark 5.3.1, `stats.Metadata.as_dict`.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from hwdoctor.model import Cpu, Facts, machine_slug
from hwdoctor.results.asv_columns import as_list, as_text, finite
from hwdoctor.results.asv_files import AsvRow
from hwdoctor.results.machines import Machine
from hwdoctor.results.printable import name as printable_name
from hwdoctor.results.reading import ResultFileError

SUFFIX = ".micro.jsonl"
"""Of the files that `hwdoctor bench --micro` writes into a machine's folder."""
MOST_BENCHMARKS = 100_000
MOST_CORES = 1 << 16
LARGEST_COUNT = 1 << 53
"""Larger counts of calls are no counts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchmarkFile:
    """Rows of one file, and what in it could not be used."""

    rows: tuple[AsvRow, ...]
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Header:
    """What all rows of a file have in common."""

    machine: str
    source: str
    commit: str | None
    environment: str
    started_at_ms: float | None
    ours: bool


def is_one(document: object) -> bool:
    """Whether a JSON document is pytest-benchmark's."""
    return (
        isinstance(document, dict)
        and isinstance(document.get("benchmarks"), list)
        and isinstance(document.get("machine_info"), dict)
    )


def machine_of(document: Mapping[str, Any]) -> Machine:
    """The machine of a file that does not lie in a machine's folder: named after its processor."""
    info = document["machine_info"]
    cpu = info.get("cpu")
    cpu = cpu if isinstance(cpu, dict) else {}
    brand = as_text(cpu.get("brand_raw")) or as_text(cpu.get("brand"))
    cores = cpu.get("count")
    known = isinstance(cores, int) and not isinstance(cores, bool) and 0 < cores <= MOST_CORES
    counted = cores if known else None
    return Machine(
        name=machine_slug(Facts(cpu=Cpu(brand=brand, logical_cores=counted))),
        cpu=printable_name(brand) if brand else None,
        cores=str(counted) if counted else None,
        system=_shown(info.get("system")),
        architecture=_shown(info.get("machine")),
    )


def read(document: Mapping[str, Any], path: Path, *, machine: str) -> BenchmarkFile:
    """The rows of a document that `is_one`.

    Raises:
        ResultFileError: it holds more benchmarks than anyone has.
    """
    entries = document["benchmarks"]
    if len(entries) > MOST_BENCHMARKS:
        raise ResultFileError(str(path), f"more than {MOST_BENCHMARKS} benchmarks")
    header = _header(document, path, machine)
    names = Counter(_full_name(entry) for entry in entries)
    identities = Counter(_identity(entry) for entry in entries)
    rows: list[AsvRow] = []
    problems: list[str] = []
    for number, entry in enumerate(entries, start=1):
        name = _full_name(entry)
        if name is None or names[name] > 1:
            reason = "no name" if name is None else "several entries of this name"
            problems.append(f"benchmark {number} ({name or 'unnamed'}): {reason}")
            continue
        try:
            rows.append(_row(entry, header, by_id=identities[_identity(entry)] > 1))
        except ValueError as error:
            problems.append(f"benchmark {number} ({name}): {error}")
    return BenchmarkFile(rows=tuple(rows), problems=tuple(problems))


def _header(document: Mapping[str, Any], path: Path, machine: str) -> _Header:
    commit = document.get("commit_info")
    version = as_text(document.get("version"))
    return _Header(
        machine=machine,
        source=path.name,
        commit=as_text(commit.get("id")) if isinstance(commit, dict) else None,
        environment=f"pytest-benchmark {version}" if version else "pytest-benchmark",
        started_at_ms=_moment_ms(document.get("datetime")),
        ours=path.name.endswith(SUFFIX),
    )


def _row(entry: Mapping[str, Any], header: _Header, *, by_id: bool) -> AsvRow:
    """One benchmark.

    Raises:
        ValueError: it has no median, or something among its samples is no time.
    """
    stats = entry.get("stats")
    stats = stats if isinstance(stats, dict) else {}
    median = finite(stats.get("median"))
    if median is None:
        raise ValueError("no median")
    function, parameters = _identity(entry, by_id=by_id)
    quartiles = finite(stats.get("q1")), finite(stats.get("q3"))
    return AsvRow(
        machine=header.machine,
        source=header.source,
        commit=header.commit,
        environment=header.environment,
        benchmark=function,
        parameters=dict(parameters),
        state="ok",
        value=median,
        unit="seconds",
        kind="time",
        version=_version(entry) if header.ours else None,
        started_at_ms=header.started_at_ms,
        interval_99=None,
        quartiles=None if None in quartiles else quartiles,  # type: ignore[arg-type]
        number=_count(stats.get("iterations")),
        repeat=_count(stats.get("rounds")),
        samples=_samples(stats),
    )


def _full_name(entry: object) -> str | None:
    if not isinstance(entry, dict):
        return None
    return as_text(entry.get("fullname")) or as_text(entry.get("name")) or None


def _identity(entry: object, *, by_id: bool = False) -> tuple[str, tuple[tuple[str, str], ...]]:
    """The test function and its parameters.

    Parameters that JSON cannot hold were written as the `repr` of some object, which is another
    one in the next run; there, and where values alone do not tell two benchmarks apart, pytest's
    id of the parameters stands for them.
    """
    name = _full_name(entry)
    if name is None or not isinstance(entry, dict):
        return "", ()
    identifier = as_text(entry.get("param"))
    if identifier is None or not name.endswith(f"[{identifier}]"):
        return name, ()
    function = name.removesuffix(f"[{identifier}]")
    given = entry.get("params")
    if not by_id and isinstance(given, dict) and given:
        texts = {as_text(key) or "": _parameter(value) for key, value in given.items()}
        if all(text is not None for text in texts.values()):
            return function, tuple((key, text) for key, text in texts.items() if text is not None)
    return function, (("id", identifier),)


def _parameter(value: object) -> str | None:
    """As ASV writes parameters, `repr`; None for what has no value of its own."""
    if isinstance(value, str):
        text = as_text(value) or ""
        return None if text.startswith("UNSERIALIZABLE[") else repr(text)
    return repr(value) if value is None or isinstance(value, int | float) else None


def _samples(stats: Mapping[str, Any]) -> tuple[float, ...]:
    given = as_list(stats.get("data"))
    found = tuple(sample for value in given if (sample := finite(value)) is not None)
    if len(found) != len(given) or any(sample < 0 for sample in found):
        raise ValueError("something among its samples is no time")
    return found


def _version(entry: Mapping[str, Any]) -> str | None:
    extra = entry.get("extra_info")
    return as_text(extra.get("workload_version")) if isinstance(extra, dict) else None


def _count(value: object) -> int | None:
    found = finite(value)
    return int(found) if found is not None and 0 < found <= LARGEST_COUNT else None


def _moment_ms(value: object) -> float | None:
    """Milliseconds since 1970; a time without a zone is UTC, as pytest-benchmark writes it."""
    text = as_text(value)
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000
    except (ValueError, OverflowError):
        return None


def _shown(value: object) -> str | None:
    text = as_text(value)
    return printable_name(text) if text else None

"""The runs that lie in a results folder, oldest first: ASV's history without a repository."""

import json
from dataclasses import dataclass
from pathlib import Path

from hwdoctor.measure.run import HASH_LENGTH

RESULT_FILES = "*/*.json"
NOT_RESULTS = ("machine.json", "benchmarks.json")


@dataclass(frozen=True, kw_only=True)
class PastRun:
    """One result file's header."""

    commit: str
    date_ms: int
    label: str | None
    """The run's identifier, where its side-car tells."""


def runs(results: Path) -> list[PastRun]:
    """Every run with a readable result file, by date; one that cannot be read is left out."""
    found: dict[str, PastRun] = {}
    for path in sorted(results.glob(RESULT_FILES)):
        if path.name in NOT_RESULTS:
            continue
        past = _read(path)
        if past is not None:
            found[past.commit] = past
    return sorted(found.values(), key=lambda past: (past.date_ms, past.commit))


def _read(path: Path) -> PastRun | None:
    try:
        header = json.loads(path.read_bytes())
        commit, date = header["commit_hash"], header["date"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None  # ASV itself warns about such a file by name
    if not isinstance(commit, str) or not isinstance(date, int) or len(commit) < HASH_LENGTH:
        return None
    return PastRun(commit=commit, date_ms=date, label=_label(path))


def _label(path: Path) -> str | None:
    sidecar = path.with_suffix(".outcomes.jsonl")
    try:
        with sidecar.open("rb") as lines:
            label = json.loads(lines.readline())["run"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None
    return label if isinstance(label, str) else None

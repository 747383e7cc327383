"""From paths to a `ResultSet`: which files there are, whose they are, and what is wrong with them.

A file that the user named must be good. A bad one found inside a directory is listed with its
reason and the rest is used. Directories are walked to a limited depth, links to directories
are not followed, and only files that the layout knows are opened.
"""

import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hwdoctor.model import Outcome
from hwdoctor.results import (
    asv_files,
    machines,
    night_marks,
    noise_files,
    pytest_benchmark,
    reading,
    sidecar,
)
from hwdoctor.results.asv_files import AsvRow, Described
from hwdoctor.results.machines import Machine
from hwdoctor.results.printable import printable
from hwdoctor.results.reading import ResultFileError
from hwdoctor.results.result_set import ResultSet, SavedCheck, SavedNoise, SavedOutcome, SkippedRows

DEEPEST = 5
"""Levels of directories below the one named: results/<machine>/ and whatever people sort by."""
MOST_FILES = 50_000

_BENCHMARKS_FILE = "benchmarks.json"
_DESCRIBING = (".run.jsonl", night_marks.SUFFIX)
"""How a run was set up, so that it can be resumed, and how a night was judged; no results."""
_NOT_WALKED = frozenset({"html", "env", "node_modules", "__pycache__"})


def load(paths: Sequence[Path]) -> ResultSet:
    """Read result directories and files.

    Raises:
        UsageError: a path is missing, or a file named here is bad.
    """
    reader = _Reader()
    for path in paths:
        if path.is_dir():
            for found in _walk(path):
                reader.read_found(found)
        else:
            reader.read_named(path)
    return reader.result()


def _walk(directory: Path) -> Iterator[Path]:
    """The files in a directory that may be results, in a stable order."""
    count = 0
    for parent, folders, names in os.walk(directory):
        depth = len(Path(parent).relative_to(directory).parts)
        folders[:] = sorted(f for f in folders if _is_walked(f)) if depth < DEEPEST else []
        for name in sorted(names):
            if name.startswith(".") or not name.endswith((".json", ".jsonl")):
                continue
            count += 1
            if count > MOST_FILES:
                raise ResultFileError(str(directory), f"holds more than {MOST_FILES} files")
            yield Path(parent) / name


def _is_description(path: Path) -> bool:
    """A file that describes results and holds none."""
    described = (machines.FILE_NAME, _BENCHMARKS_FILE)
    return path.name in described or path.name.endswith(_DESCRIBING)


def _is_walked(folder: str) -> bool:
    return not folder.startswith(".") and folder not in _NOT_WALKED


@dataclass
class _Reader:
    """Gathers what the files hold; the one thing in here that changes."""

    machines: dict[str, Machine] = field(default_factory=dict)
    outcomes: list[SavedOutcome] = field(default_factory=list)
    checks: dict[tuple[str, str], SavedCheck] = field(default_factory=dict)
    asv_rows: list[AsvRow] = field(default_factory=list)
    noise: list[SavedNoise] = field(default_factory=list)
    skipped: list[SkippedRows] = field(default_factory=list)
    files: Counter[str] = field(default_factory=Counter)
    _seen_files: set[str] = field(default_factory=set)
    _seen_rows: set[tuple[object, ...]] = field(default_factory=set)
    _machine_of: dict[Path, Machine] = field(default_factory=dict)
    _described: dict[Path, Mapping[str, Described]] = field(default_factory=dict)

    def result(self) -> ResultSet:
        """What was gathered."""
        return ResultSet(
            machines=tuple(self.machines[name] for name in sorted(self.machines)),
            outcomes=tuple(self.outcomes),
            checks=tuple(self.checks.values()),
            asv_rows=tuple(self.asv_rows),
            noise=tuple(self.noise),
            rows_skipped=tuple(self.skipped),
            files=dict(self.files),
        )

    def read_named(self, path: Path) -> None:
        """Read a file that the user named, and the check that lies beside a side-car.

        Raises:
            ResultFileError: anything is wrong with it, but for a last line that a crash cut off.
        """
        if _is_description(path):
            raise ResultFileError(str(path), "describes results and holds none; name its directory")
        if not self._is_new(path):
            return
        self._read(path, named=True)
        if path.name.endswith(sidecar.OUTCOMES_SUFFIX):
            beside = sidecar.check_beside(path)
            if beside.exists() and self._is_new(beside):
                self._read(beside, named=True)

    def read_found(self, path: Path) -> None:
        """Read a file found in a directory; a bad one is listed."""
        if _is_description(path) or not self._is_new(path):
            return
        try:
            self._read(path, named=False)
        except ResultFileError as error:
            self._skip(path, error)

    def _read(self, path: Path, *, named: bool) -> None:
        if path.name.endswith(sidecar.CHECK_SUFFIX):
            self._read_check(path)
        elif path.name.endswith(noise_files.SUFFIX):
            self._read_noise(path)
        elif path.name.endswith(pytest_benchmark.SUFFIX):
            self._read_pytest_benchmark(path, reading.lenient_json(path), named=named)
        elif path.name.endswith(sidecar.OUTCOMES_SUFFIX) or (named and path.suffix == ".jsonl"):
            self._read_outcomes(path, named=named)
        elif path.suffix == ".jsonl":
            raise ResultFileError(str(path), "not a side-car")
        else:
            document = reading.lenient_json(path)
            if pytest_benchmark.is_one(document):
                self._read_pytest_benchmark(path, document, named=named)
            else:
                self._read_asv(path, document, named=named)

    def _read_outcomes(self, path: Path, *, named: bool) -> None:
        found = sidecar.read(path)
        for line in found.bad_lines:
            reason = "the last line is cut off, as by a crash" if line.cut_off else line.reason
            error = ResultFileError(f"{path}:{line.number}", reason)
            if named and not line.cut_off:
                raise error
            self._skip(path, error)
        machine = self._machine(path).name
        self.files[machine] += 1
        for outcome in found.outcomes:
            if _key(outcome) in self._seen_rows:
                self._skip(path, ResultFileError(str(path), "the row was read already"))
                continue
            self._seen_rows.add(_key(outcome))
            stem = sidecar.stem_of(path)
            self.outcomes.append(SavedOutcome(machine=machine, stem=stem, outcome=outcome))

    def _read_check(self, path: Path) -> None:
        report = sidecar.read_check(path)
        machine, stem = self._machine(path).name, sidecar.stem_of(path)
        self.checks[machine, stem] = SavedCheck(machine=machine, stem=stem, report=report)

    def _read_noise(self, path: Path) -> None:
        machine, stem = self._machine(path).name, path.name.removesuffix(noise_files.SUFFIX)
        found = noise_files.read(path)
        self.noise.append(SavedNoise(machine=machine, stem=stem, noise=found))

    def _read_asv(self, path: Path, document: Any, *, named: bool) -> None:
        machine = self._machine(path)
        described = self._descriptions(path)
        found = asv_files.of_document(document, path, machine=machine.name, described=described)
        self._take_rows(path, machine, found.rows, found.problems, named=named)

    def _read_pytest_benchmark(self, path: Path, document: Any, *, named: bool) -> None:
        """One of ours lies in its machine's folder; any other says itself what machine it is of."""
        if not pytest_benchmark.is_one(document):
            raise ResultFileError(str(path), "not a result file of pytest-benchmark")
        ours = path.name.endswith(pytest_benchmark.SUFFIX)
        machine = self._machine(path) if ours else pytest_benchmark.machine_of(document)
        found = pytest_benchmark.read(document, path, machine=machine.name)
        self.machines.setdefault(machine.name, machine)
        self._take_rows(path, machine, found.rows, found.problems, named=named)

    def _take_rows(
        self,
        path: Path,
        machine: Machine,
        rows: Sequence[AsvRow],
        problems: Sequence[str],
        *,
        named: bool,
    ) -> None:
        for problem in problems:
            error = ResultFileError(str(path), problem)
            if named:
                raise error
            self._skip(path, error, machine.name)
        self.files[machine.name] += 1
        self.asv_rows.extend(rows)

    def _machine(self, path: Path) -> Machine:
        """Whose file this is; a bad description is listed and the folder's name serves."""
        folder = path.resolve().parent
        if folder not in self._machine_of:
            self._machine_of[folder] = machines.unnamed(folder)
            try:
                self._machine_of[folder] = machines.read(folder)
            except ResultFileError as error:
                self._skip(path, error)
            machine = self._machine_of[folder]
            self.machines.setdefault(machine.name, machine)
        return self._machine_of[folder]

    def _descriptions(self, path: Path) -> Mapping[str, Described]:
        results = path.resolve().parent.parent
        if results not in self._described:
            self._described[results] = {}
            described = results / _BENCHMARKS_FILE
            try:
                if described.exists():
                    self._described[results] = asv_files.read_benchmarks(described)
            except ResultFileError as error:
                self._skip(path, error)
        return self._described[results]

    def _is_new(self, path: Path) -> bool:
        """A file that two arguments name is read once."""
        real = os.path.realpath(path)
        new = real not in self._seen_files
        self._seen_files.add(real)
        return new

    def _skip(self, path: Path, error: ResultFileError, machine: str | None = None) -> None:
        self.skipped.append(
            SkippedRows(
                machine=machine or self._machine(path).name,
                source=printable(error.source),
                reason=printable(error.reason),
            )
        )


def _key(outcome: Outcome) -> tuple[object, ...]:
    """Two rows that agree in this are copies of one."""
    cell = outcome.parameters
    return (
        outcome.benchmark,
        (cell.configuration, cell.precision, cell.size),
        (outcome.run, outcome.process, outcome.started_at),
        (outcome.outcome, outcome.samples_seconds),
    )

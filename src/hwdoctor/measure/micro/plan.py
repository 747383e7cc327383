"""What the micro suite runs: its parts, each in a process of its own.

hwdoctor's own paths are a part per file. Kernels are a part per configuration and precision:
either needs environment variables before its framework is imported, two accelerators'
frameworks never share a process, and a framework that crashes takes down nothing but its part.
"""

import importlib.util
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from hwdoctor.backends import backend, configurations, known
from hwdoctor.measure import engine
from hwdoctor.measure.cell import Cell
from hwdoctor.measure.run import Run
from hwdoctor.model import Configuration, Precision, UsageError
from hwdoctor.probing import locate

NEEDED = {"pytest": "pytest", "pytest_benchmark": "pytest-benchmark"}
"""Import name to distribution: the extra `micro`."""
OWN_SECONDS = 120.0
KERNEL_SECONDS = 90.0
"""Wall-clock deadlines of a part: several times what it takes on two slow cores."""


@dataclass(frozen=True, kw_only=True)
class Case:
    """One kernel of one workload, on a batch that stays in the cache of a core."""

    workload: str
    task: str
    items: int


KERNELS = (
    # Twelve arrays of 4096 float64 are 384 KiB: within the level-2 cache of what is sold today.
    Case(workload="black_scholes", task="price", items=4096),
    # Three matrices of 128 x 128 float64 are 384 KiB too.
    Case(workload="limits", task="matrix_product", items=128),
)
KERNEL_PRECISIONS: tuple[Precision, ...] = ("float64", "float32")


@dataclass(frozen=True, kw_only=True)
class Part:
    """What one process of pytest measures."""

    name: str
    file: str
    """In the suite's folder."""
    options: tuple[str, ...] = ()
    environment: Mapping[str, str]
    """Variables over those of this process."""
    seconds: float
    own: bool
    """One of hwdoctor's own paths: unlike a framework, it has to work."""


@dataclass(frozen=True, kw_only=True)
class Missing:
    """Something that was not measured."""

    name: str
    outcome: str
    """`skipped`, `failed`, `crashed`, `timeout` or `out-of-memory`."""
    reason: str
    own: bool = False


OWN_PARTS = tuple(
    Part(name=name, file=file, environment={}, seconds=OWN_SECONDS, own=True)
    for name, file in (
        ("start-up", "test_startup.py"),
        ("check", "test_check.py"),
        ("reading", "test_reading.py"),
        ("statistics", "test_statistics.py"),
    )
)


def suite() -> Path:
    """The folder of the suite. It is no package, or ASV would import it with its own suites."""
    return locate.benchmarks() / "micro"


def check_installed() -> None:
    """Whether the suite can run at all; imports neither of the two.

    Raises:
        UsageError: pytest or its plug-in is not installed.
    """
    missing = [shown for name, shown in NEEDED.items() if importlib.util.find_spec(name) is None]
    if missing:
        raise UsageError(f"--micro needs {' and '.join(missing)}: pip install 'hwdoctor[micro]'")


def chosen(names: Sequence[str]) -> list[Configuration]:
    """The configurations whose kernels are timed; no names: all, without the variants.

    Raises:
        UsageError: there is no such configuration.
    """
    return [known(name) for name in names] or [c for c in configurations() if c.variant is None]


def parts(run: Run, kernels_of: Sequence[Configuration]) -> tuple[list[Part], list[Missing]]:
    """What to run, and which kernels this machine cannot run at all."""
    wanted, missing = list(OWN_PARTS), []
    for configuration in kernels_of:
        for precision in KERNEL_PRECISIONS:
            found = _kernels(configuration, precision, run)
            if isinstance(found, Part):
                wanted.append(found)
            else:
                missing.append(found)
    return wanted, missing


def _kernels(configuration: Configuration, precision: Precision, run: Run) -> Part | Missing:
    """The part of a configuration, or why no kernel of it can run here."""
    name = f"kernels {configuration.name} {precision}"
    described = backend(configuration.backend)
    reasons = []
    for case in KERNELS:
        cell = Cell(
            source=case.workload,
            workload=case.workload,
            task=case.task,
            configuration=configuration,
            precision=precision,
            size="smoke",
        )
        workload, task = cell.resolve()
        reason = engine.skip_reason(cell, workload, task, described, run)
        if reason is None:
            threads = () if run.threads is None else ("--threads", str(run.threads))
            return Part(
                name=name,
                file="test_kernels.py",
                options=("--configuration", configuration.name, "--precision", precision, *threads),
                environment=engine.worker_environment(cell, described, run),
                seconds=KERNEL_SECONDS,
                own=False,
            )
        reasons.append(reason)
    return Missing(name=name, outcome="skipped", reason=reasons[0])

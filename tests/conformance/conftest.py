"""Reports from processes that have the environment a configuration asks for.

No framework is imported by the process that runs the tests.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest
from devices import unavailable

from hwdoctor.backends import backend
from hwdoctor.model import Precision

HERE = Path(__file__).parent


def ask(
    program: str,
    *arguments: str,
    name: str,
    device: str,
    precisions: list[Precision],
    threads: int | None = None,
    environment: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """The JSON that a report program of this folder prints; warnings are errors in it."""
    wanted = backend(name).environment(device, precisions[0], threads)
    done = subprocess.run(
        [sys.executable, "-W", "error", str(HERE / program), *arguments],
        env={**os.environ, **wanted, **(environment or {})},
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )
    assert done.returncode == 0, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def precision_groups(name: str, device: str) -> Iterator[list[Precision]]:
    """Precisions that need the same environment, and so can share a process."""
    described = backend(name)

    def environment(precision: Precision) -> str:
        return json.dumps(described.environment(device, precision, None), sort_keys=True)

    for _, group in groupby(described.precisions(device), key=environment):
        yield list(group)


def without_a_process(name: str, device: str) -> dict[str, Any]:
    """The report on a device that cannot be had; empty: start a process and see."""
    why = unavailable(name, device)
    precisions = backend(name).precisions(device) if why is not None else ()
    return {precision: {"unavailable": why} for precision in precisions}


@cache
def runtime_report(
    name: str,
    device: str,
    only: tuple[Precision, ...] = (),
    faults: tuple[str, ...] = (),
    threads: int | None = None,
    environment: tuple[tuple[str, str], ...] = (),
) -> dict[str, Any]:
    """`runtime_report.py` of one backend: {precision: {unavailable | checks, faults, threads}}."""
    found = without_a_process(name, device)
    if found:
        return found
    planted = [f"--fault={fault}" for fault in faults]
    for group in [list(only)] if only else precision_groups(name, device):
        arguments = (name, device, *group, *planted)
        found |= ask(
            "runtime_report.py",
            *arguments,
            name=name,
            device=device,
            precisions=group,
            threads=threads,
            environment=dict(environment),
        )
    return found


@cache
def kernel_report(source: str, name: str, device: str, *items: str) -> dict[str, Any]:
    """`kernel_report.py` of one backend: {precision: {task: verdict}}; items: `task=n`."""
    found = without_a_process(name, device)
    if found:
        return found
    for group in precision_groups(name, device):
        arguments = (source, name, device, *group, *(f"--items={pair}" for pair in items))
        found |= ask("kernel_report.py", *arguments, name=name, device=device, precisions=group)
    return found


@pytest.fixture(scope="session")
def runtime_reports() -> Callable[..., dict[str, Any]]:
    """Each process's report is asked for once."""
    return runtime_report


@pytest.fixture(scope="session")
def kernel_reports() -> Callable[..., dict[str, Any]]:
    """Each process's report is asked for once."""
    return kernel_report

"""Verdicts from processes that have the environment a configuration asks for."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest
from devices import unavailable

from hwdoctor.backends import backend
from hwdoctor.model import Precision

REPORT = Path(__file__).parent / "lengths_report.py"

Verdicts = Callable[..., dict[str, Any]]


@cache
def report(
    source: str, task: str, name: str, device: str, lengths: tuple[int, ...]
) -> dict[str, Any]:
    """{precision: {length: verdict}} for the precisions that NumPy has."""
    described = backend(name)
    found: dict[str, Any] = {}

    def environment(precision: Precision) -> dict[str, str]:
        return described.environment(device, precision, None)

    wanted = [p for p in described.precisions(device) if p in {"float64", "float32"}]
    why = unavailable(name, device)
    if why is not None:
        return {precision: {"unavailable": why} for precision in wanted}
    for _, group in groupby(wanted, key=lambda p: json.dumps(environment(p), sort_keys=True)):
        precisions = list(group)
        done = subprocess.run(
            [
                # PyTorch's compiler uses what PyTorch deprecates; that a kernel was not compiled
                # is a RuntimeWarning, and an error here.
                *(sys.executable, "-W", "error", "-W", "ignore::DeprecationWarning", str(REPORT)),
                *(source, task, name, device),
                *("--precision", *precisions, "--items", *map(str, lengths)),
            ],
            env={**os.environ, **environment(precisions[0])},
            capture_output=True,
            text=True,
            check=False,
            timeout=280,
        )
        assert done.returncode == 0, done.stderr
        found |= json.loads(done.stdout)
    return found


@pytest.fixture(scope="session")
def verdict_on() -> Verdicts:
    """`verdict_on(source, task, name, device, lengths, precision, items)`."""

    def verdict(*asked: Any) -> dict[str, Any]:
        *process, precision, items = asked
        answer = report(*process)[precision]
        if "unavailable" in answer:
            pytest.skip(answer["unavailable"])
        found: dict[str, Any] = answer[str(items)]
        return found

    return verdict

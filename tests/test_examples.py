"""The example is right on every backend it names, and its documentation is complete."""

import dataclasses
import importlib.util
import json
import os
import statistics
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hwdoctor.backends import backend
from hwdoctor.backends.base import HostArray
from hwdoctor.measure.rounding import round_all
from hwdoctor.measure.verify import check_values
from hwdoctor.model import Precision
from hwdoctor.workloads import Problem, Task, Tolerance, Workload, find

ROOT = Path(__file__).parents[1]
EXAMPLE = ROOT / "examples" / "my_workload.py"
GUIDE = ROOT / "docs" / "workloads.md"
REPORT = ROOT / "tests" / "conformance" / "kernel_report.py"
WINDOW = 20


@pytest.fixture(scope="module")
def example() -> Workload:
    return find(str(EXAMPLE))


@pytest.mark.parametrize("precision", ["float64", "float32"])
@pytest.mark.parametrize("name", ["numpy", "numba", "jax"])
def test_an_example_kernel_agrees_with_the_reference(name: str, precision: Precision) -> None:
    if importlib.util.find_spec(name) is None:
        pytest.skip(f"{name} is not installed")
    items = "--items=zscore=70"
    done = subprocess.run(
        [sys.executable, "-W", "error", str(REPORT), str(EXAMPLE), name, "cpu", precision, items],
        env={**os.environ, **backend(name).environment("cpu", precision, None)},
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )
    assert done.returncode == 0, done.stderr
    verdict = json.loads(done.stdout)[precision]["zscore"]
    assert verdict["outcome"] == "ok", verdict["reason"]


def test_reading_the_example_imports_no_framework() -> None:
    program = (
        "import sys; from hwdoctor.workloads import find; find(sys.argv[1]);"
        "print(sorted({'numba', 'jax', 'torch', 'mlx'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(EXAMPLE)], capture_output=True, check=True
    )
    assert done.stdout.strip() == b"[]"


def test_the_example_reference_is_the_textbook_definition(example: Workload) -> None:
    task = example.tasks[0]
    host = task.inputs(2, 1)
    z = task.reference(host)["z"]
    assert np.isnan(z[:, : WINDOW - 1]).all()
    for bar in (WINDOW - 1, 500, 999):
        window = host["prices"][1, bar - WINDOW + 1 : bar + 1].tolist()
        expected = (window[-1] - statistics.fmean(window)) / statistics.pstdev(window)
        assert z[1, bar] == pytest.approx(expected, rel=1e-9, abs=1e-12)


def running_sums(prices: HostArray) -> HostArray:
    """The formula to avoid: sums that run on, and a mean of squares less the square of a mean."""
    total = np.cumsum(prices, axis=1)
    squares = np.cumsum(prices * prices, axis=1)
    total[:, WINDOW:] -= total[:, :-WINDOW].copy()
    squares[:, WINDOW:] -= squares[:, :-WINDOW].copy()
    mean = total / WINDOW
    with np.errstate(invalid="ignore", divide="ignore"):
        z = (prices - mean) / np.sqrt(squares / WINDOW - mean * mean)
    z[:, : WINDOW - 1] = np.nan
    return z


def warm_up_filled(prices: HostArray) -> HostArray:
    """A right answer that also answers where there is none."""
    z = np.zeros_like(prices)
    windows = np.lib.stride_tricks.sliding_window_view(prices, WINDOW, axis=1)
    z[:, WINDOW - 1 :] = (windows[:, :, -1] - windows.mean(axis=-1)) / windows.std(axis=-1)
    return z


def sample_deviation(prices: HostArray) -> HostArray:
    """Divided by 19 where the specification says 20."""
    z: HostArray = warm_up_filled(prices) * np.sqrt((WINDOW - 1) / WINDOW)
    z[:, : WINDOW - 1] = np.nan
    return z


@pytest.mark.parametrize("precision", ["float64", "float32"])
@pytest.mark.parametrize("fault", [running_sums, warm_up_filled, sample_deviation])
def test_the_example_tolerance_refuses_a_wrong_kernel(
    example: Workload, fault: Callable[[HostArray], HostArray], precision: Precision
) -> None:
    task = example.tasks[0]
    host = round_all(task.inputs(20, 1), precision)
    outputs = {"z": fault(host["prices"].astype(precision))}
    assert check_values(outputs, task.reference(host), task, precision).outcome == "wrong-result"


@pytest.mark.parametrize("kind", [Workload, Task, Tolerance, Problem])
def test_the_guide_explains_every_field_of_the_protocol(kind: Any) -> None:
    text = GUIDE.read_text()
    missing = [field.name for field in dataclasses.fields(kind) if f"`{field.name}" not in text]
    assert missing == []


def test_the_guide_shows_the_specification_of_the_example() -> None:
    shown = GUIDE.read_text().partition("```python\n")[2].partition("```")[0]
    assert shown.strip()
    assert shown in EXAMPLE.read_text()

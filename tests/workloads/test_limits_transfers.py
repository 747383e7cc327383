"""Transfers: nothing is transferred on a CPU, and no framework's cache may answer for a device."""

import importlib.util
import os
import subprocess
import sys
from typing import get_args

import pytest

from hwdoctor.backends import backend, configurations
from hwdoctor.measure import engine
from hwdoctor.measure.cell import Cell
from hwdoctor.measure.run import Run
from hwdoctor.model import Configuration, Precision
from hwdoctor.workloads.limits import DEVICE_TO_HOST, HOST_TO_DEVICE, WORKLOAD

TRANSFERS = (HOST_TO_DEVICE, DEVICE_TO_HOST)
RUN = Run(
    id="20260101T000000Z-000000",
    machine="m",
    results="/nowhere",
    fingerprint="f",
    facts_digest="d",
    seed=1,
    memory_limit_bytes=None,
    apis=None,
)


def reason(configuration: Configuration, task: str, precision: Precision) -> str | None:
    cell = Cell(
        source="limits",
        workload="limits",
        task=task,
        configuration=configuration,
        precision=precision,
        size="smoke",
    )
    described = backend(configuration.backend)
    return engine.skip_reason(cell, WORKLOAD, WORKLOAD.task(task), described, RUN)


@pytest.mark.parametrize("precision", ["float64", "float32"])
@pytest.mark.parametrize("task", [task.name for task in TRANSFERS])
@pytest.mark.parametrize(
    "configuration", [c for c in configurations() if c.device == "cpu"], ids=lambda c: c.name
)
def test_on_a_cpu_a_transfer_is_skipped_without_starting_anything(
    configuration: Configuration, task: str, precision: Precision
) -> None:
    told = reason(configuration, task, precision)
    assert told == "the CPU's memory is the host's: nothing is transferred"


@pytest.mark.parametrize(
    "configuration", [c for c in configurations() if c.device != "cpu"], ids=lambda c: c.name
)
def test_every_other_device_is_asked(configuration: Configuration) -> None:
    told = reason(configuration, "host_to_device", "float32")
    assert told is None or "nothing is transferred" not in told


def test_a_transfer_is_not_defined_in_what_numpy_does_not_have() -> None:
    for task in TRANSFERS:
        for tolerance in task.tolerances.values():
            assert set(get_args(Precision)) - set(tolerance.limits) == {"bfloat16"}


def test_bytes_are_counted_once() -> None:
    for task in TRANSFERS:
        assert task.work is not None
        assert task.bytes_moved is not None
        assert (task.work(1000, 8), task.bytes_moved(1000, 8)) == (8000.0, 8000.0)


REMEMBERING = """
import jax, numpy as np
from hwdoctor.backends import backend
from hwdoctor.workloads import Problem, workload

runtime = backend("jax").open("cpu", "bfloat16")  # no buffer protocol: NumPy asks JAX for a copy
problem = Problem(items=4, precision="bfloat16", seed=1)
kernel = workload("limits").kernel("jax", "device_to_host")(problem, runtime)
source = runtime.put(np.arange(4.0))
source._npy_value = np.full(4, 7.0, source.dtype)  # what JAX remembers of an earlier read
print(np.asarray(source).tolist(), kernel({"source": source})["target"].tolist())
"""


@pytest.mark.skipif(importlib.util.find_spec("jax") is None, reason="jax is not installed")
def test_a_copy_that_jax_remembers_is_not_sold_as_a_transfer() -> None:
    done = subprocess.run(
        [sys.executable, "-c", REMEMBERING],
        env={**os.environ, **backend("jax").environment("cpu", "bfloat16", None)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == "[7.0, 7.0, 7.0, 7.0] [0.0, 1.0, 2.0, 3.0]\n", "the trap, and the kernel"
